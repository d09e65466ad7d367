"""`kgan evaluate`."""

import dataclasses
import pathlib
import sys

import numpy as np

import kgan
from kgan import checks, metrics
from kgan.cli import dataset, measures, run_folder
from kgan.data import LoadedData
from kgan.types import ArrayLike, Shape
from kgan_cli.settings import EvaluateSettings


def run(settings: EvaluateSettings) -> int:
    """Computes and prints the metrics, and returns the exit status."""
    gan = _gan(pathlib.Path(settings.fakes))
    if gan is not None:
        settings = _settings_with_shape(settings, gan.sample_shape)
    reals = _load(settings)
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
        else evaluation.of(gan.sample, gan.sample_range)
    )
    for result in results:
        print(result)
    if settings.json:
        metrics.save(results, settings.json)
    return 0


def _gan(path: pathlib.Path) -> kgan.GAN | None:
    """Returns the GAN at a path, or None for a path of images."""
    folder = run_folder.RunFolder(path)
    if path.suffix != ".keras" and not folder.gan.exists():
        return None
    gan = run_folder.load_gan(path)
    if not kgan.data.is_image_shape(gan.sample_shape):
        raise ValueError(
            "`kgan evaluate` needs images; for other samples, pass your own features to "
            f"the functions of kgan.metrics. Received: {path}, samples of shape "
            f"{gan.sample_shape}"
        )
    return gan


def _load(settings: EvaluateSettings) -> LoadedData:
    data = dataset.load(settings)
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
