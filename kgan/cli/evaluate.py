"""`kgan evaluate`."""

import dataclasses
import pathlib
import sys
from collections.abc import Callable, Sequence

import numpy as np

import kgan
from kgan import checks, metrics
from kgan.cli import dataset, evaluate_pairs, measures, run_folder, text_table
from kgan.cli.record import Record
from kgan.data import LoadedData
from kgan.metrics.result import shared_protocol
from kgan.models.compiled import CompiledModel
from kgan.models.conditions import sampler
from kgan.types import ArrayLike, Shape
from kgan_cli import paths
from kgan_cli.option import spellings
from kgan_cli.settings import EvaluateSettings, ImageSettings


def run(settings: EvaluateSettings) -> int:
    """Computes and prints the metrics, and returns the exit status."""
    if settings.pairs is not None:
        return evaluate_pairs.run(settings, settings.pairs)
    measures.check(settings, settings.metrics)
    record = _record(settings) if settings.data is None else None
    gan = _gan(pathlib.Path(settings.fakes))
    if gan is not None:
        settings = _settings_with_shape(settings, gan.sample_shape)
    reals = _with_reasons(record.load_data()) if record else _load(settings)
    metrics.check_images(reals.samples)
    extractor, fakes = measures.extractor(settings, reals), None
    if gan is None:
        fakes = _load(_settings_for_fakes(settings, reals.samples.shape[1:])).samples
    num_fakes = measures.COUNT if fakes is None else len(fakes)
    names = measures.names(settings.metrics, num_fakes)
    evaluation = metrics.Evaluation(
        reals.samples, extractor, names, settings.seed, settings.features
    )
    results = (
        evaluation(_random_subset(fakes, evaluation.count, settings.seed))
        if gan is None
        else evaluation.of(_sampler(gan, settings.fakes), gan.sample_range)
    )
    results = [
        dataclasses.replace(result, halves=half)
        for result, half in zip(results, evaluation.of_halves(), strict=True)
    ]
    _print(results, len(reals.samples))
    if settings.json:
        metrics.save(results, settings.json)
    return 0


def _record(settings: EvaluateSettings) -> Record:
    """Returns the run whose data are the real images.

    Raises:
        ValueError: If the fakes are no run, or there are options for other images.
    """
    folder = run_folder.run_of(settings.fakes)
    if not (folder.config.exists() and folder.gan.exists()):
        raise ValueError(
            "--data is needed, unless the samples come from a run: a folder with "
            "config.json and gan.keras, or a .keras file in this folder. Received: "
            f"{settings.fakes}"
        )
    fields = dataclasses.fields(ImageSettings)
    given = [f for f in fields if getattr(settings, f.name) != f.default]
    if given:
        options = [f"{spellings(f)[0]} {getattr(settings, f.name)}" for f in given]
        raise ValueError(
            "Options for images need --data, because the run has its own. "
            f"Received: {', '.join(options)}"
        )
    return Record.read(str(folder))


def _print(results: Sequence[metrics.Result], reals: int) -> None:
    """Prints a table of the numbers, and the facts on which the numbers depend."""
    shared = shared_protocol(results)
    rows = [["", "samples", "two halves of the reals", ""]]
    for result in results:
        own = {k: v for k, v in result.protocol.items() if k not in shared}
        numbers = result.value, result.halves
        values = [f"{x:.6g}" if np.isfinite(x) else "-" for x in numbers]
        facts = ", ".join(f"{name} {value}" for name, value in own.items())
        rows.append([result.name, *values, facts])
    print("\n".join(text_table.lines(rows, align="<>>")))
    print(
        f"\nThe halves have {reals // 2:,} and {reals - reals // 2:,} reals. A Fréchet "
        "distance of fewer samples is larger."
    )
    print(f"Protocol: {metrics.Result('', 0, shared).facts()}")


def _gan(path: pathlib.Path) -> CompiledModel | None:
    """Returns the GAN at a path, or None for a path of images."""
    folder = run_folder.RunFolder(path)
    is_saved = path.suffix == ".keras" or folder.gan.exists()
    if not (is_saved or paths.is_trained_gan(path)):
        return None
    gan = run_folder.load_model(path)
    if isinstance(gan, run_folder.TRANSLATORS):
        raise ValueError(
            f"A {type(gan).__name__} is measured on held-out pairs: add --pairs, the "
            f"pictures to translate and their targets. Received: {path} without --pairs"
        )
    if not kgan.data.is_image_shape(gan.sample_shape):
        raise ValueError(
            "`kgan evaluate` needs images; for other samples, pass your own features to "
            f"the functions of kgan.metrics. Received: {path}, samples of shape "
            f"{gan.sample_shape}"
        )
    return gan


def _sampler(gan: kgan.GAN, path: str) -> Callable[..., np.ndarray]:
    """Returns the function that draws samples: with the captions of a run, if any."""
    file = run_folder.run_of(path).vectors
    return sampler(gan, np.load(file) if file.exists() else None)


def _load(settings: EvaluateSettings) -> LoadedData:
    return _with_reasons(dataset.load(settings))


def _with_reasons(data: LoadedData) -> LoadedData:
    """Prints why files are left out, and returns the data."""
    if data.report is not None:
        for line in dataset.left_out(data.report.left_out):
            print(line, file=sys.stderr)
    return data


def _settings_with_shape(settings: EvaluateSettings, shape: Shape) -> EvaluateSettings:
    """Returns settings that load images in this shape."""
    height, width, channels = checks.shape(shape=shape)
    return dataclasses.replace(settings, size=(height, width), channels=channels)


def _settings_for_fakes(
    settings: EvaluateSettings, shape: tuple[int, ...]
) -> EvaluateSettings:
    """Returns settings that load the fakes, in the shape of the real images."""
    return dataclasses.replace(
        _settings_with_shape(settings, shape),
        data=settings.fakes,
        labels="none",
        flip=False,
    )


def _random_subset(fakes: ArrayLike, count: int, seed: int) -> ArrayLike:
    # Shuffled: files may be sorted by content, and a metric takes the first samples.
    order = np.random.default_rng(seed).permutation(len(fakes))
    return fakes[order[:count]]
