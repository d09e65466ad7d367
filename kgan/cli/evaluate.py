"""`kgan evaluate`."""

import argparse
import pathlib
import sys
from typing import Any

import numpy as np

import kgan
from kgan import metrics
from kgan.cli import pictures, run_folder, types

_RESIZES = ("tf1", "pytorch", "clean")
_EXTRACTORS = ("classifier", *(f"inception-{name}" for name in _RESIZES))


def add_to(commands: Any) -> None:
    """Adds the command to the parser."""
    parser = commands.add_parser(
        "evaluate",
        help="how good samples are, in numbers that say how they were made",
        description="Compares samples of a run or a saved GAN, or a folder of pictures "
        "by any generator, with real pictures.",
    )
    add = parser.add_argument
    add("fakes", metavar="RUN|MODEL|FOLDER",
        help="run folder, .keras file, or pictures, see kgan.data.load")  # fmt: skip
    add("--data", required=True, metavar="X", help="the real ones; see `kgan train`")
    pictures.add_to(parser.add_argument_group("pictures, see kgan.data.load"))
    add("--metrics", default="fd,kd,precision,recall", metavar="NAME,...",
        help="fid, kid, fd, kd, fd_infinity, is, precision, recall, density, coverage; "
        "with how many fakes behind, such as fd10k; by default what there is, up to "
        "10k")  # fmt: skip
    add("--extractor", choices=_EXTRACTORS, default="classifier",
        help="a classifier trained on the labels of --data, without labels an untrained "
        "network; or the network of FID with one of its three resizes (default: "
        "classifier)")  # fmt: skip
    add("--weights", metavar="FILE.pth",
        help="of Inception; by default $KGAN_INCEPTION, or a download")  # fmt: skip
    add("--download", action="store_true", help="download Inception's weights, 96 MB")
    add("--seed", type=types.seed, default=0, metavar="N", help="of latents and subsets")
    add("--features", metavar="FOLDER", help="keep the reals' features there")
    add("--json", metavar="FILE", help="write the numbers and how they were made")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Evaluates, and returns the exit status."""
    gan = _gan(pathlib.Path(arguments.fakes))
    if gan is not None:
        arguments.size, arguments.channels = gan.sample_shape[:2], gan.sample_shape[2]
    loaded = _load(arguments)
    metrics.check_images(loaded.samples)
    extractor, fakes = _extractor(arguments, loaded), None
    if gan is None:
        fakes = _load(_of_fakes(arguments, loaded.samples.shape[1:])).samples
    names = _names(arguments.metrics, 10_000 if fakes is None else len(fakes))
    evaluation = metrics.Evaluation(
        loaded.samples, extractor, names, arguments.seed, arguments.features
    )
    results = (
        evaluation(_some(fakes, evaluation.count, arguments.seed))
        if gan is None
        else evaluation.of(gan.sample)
    )
    for result in results:
        print(result)
    if arguments.json:
        metrics.save(results, arguments.json)
    return 0


def _gan(path: pathlib.Path) -> kgan.GAN | None:
    """Returns the GAN at a path, or None if it is of pictures."""
    if path.suffix != ".keras" and not (path / "gan.keras").exists():
        return None
    gan = run_folder.load_gan(path)
    if not kgan.data.is_image_shape(gan.sample_shape):
        raise ValueError(
            "Metrics of samples that are no pictures take features of your own: see "
            f"kgan.metrics. Received: {path}, samples of shape {gan.sample_shape}"
        )
    return gan


def _load(arguments: argparse.Namespace) -> Any:
    loaded = pictures.load(arguments)
    if loaded.report is not None:
        for line in pictures.left_out(loaded.report.left_out):
            print(line, file=sys.stderr)
    return loaded


def _of_fakes(arguments: argparse.Namespace, shape: tuple) -> argparse.Namespace:
    """Returns the arguments by which fakes are made like the real ones."""
    alike = {"size": shape[:2], "channels": shape[2], "labels": "none", "flip": False}
    return argparse.Namespace(**{**vars(arguments), "data": arguments.fakes, **alike})


def _some(fakes: Any, count: int, seed: int) -> Any:
    # Files lie in an order, and a metric takes the first ones.
    order = np.random.default_rng(seed).permutation(len(fakes))
    return fakes[order[:count]]


def _extractor(arguments: argparse.Namespace, loaded: Any) -> metrics.Extractor:
    if arguments.extractor == "classifier":
        return metrics.default_extractor(loaded.samples, loaded.labels)
    return metrics.Inception(
        arguments.weights, arguments.extractor.partition("-")[2], arguments.download
    )


def _names(text: str, there: int) -> list[str]:
    """Metrics' names, to which a count is given that has none."""
    count = min(there, 10_000)
    shown = f"{count // 1000}k" if count % 1000 == 0 else str(count)
    names = [name.strip() for name in text.split(",")]
    return [name if name[-1:].isdigit() or name[-2:-1].isdigit() else f"{name}{shown}"
            for name in names]  # fmt: skip
