"""`kgan evaluate RUN --pairs`: translations of held-out pictures and their targets."""

import dataclasses
import pathlib
from collections.abc import Sequence

import numpy as np

import kgan
from kgan import checks, metrics
from kgan.cli import dataset, fitting, run_folder, text_table
from kgan.cli.picture_sets import PictureSets
from kgan.data import chunks
from kgan.types import ArrayLike, Shape
from kgan.version import versions
from kgan_cli.settings import EvaluateSettings
from kgan_cli.status import Status


def run(settings: EvaluateSettings, paths: Sequence[str]) -> int:
    """Prints the mean absolute errors, and returns the exit status.

    Args:
        settings: The settings of the command.
        paths: The value of `--pairs`.
    """
    model = run_folder.load_translator(pathlib.Path(settings.fakes))
    pairs = _load(settings, paths, model)
    drawn = model.translate(pairs.sources, as_uint8=True)
    values = {"mae": _error(drawn, pairs.samples)}
    if pairs.sources.shape == pairs.samples.shape:
        values["mae_of_copy"] = _error(pairs.sources, pairs.samples)
    protocol = {
        "pairs": pairs.count,
        "targets_sha256": kgan.data.fingerprint(pairs.samples),
        **pairs.fingerprint(),
        **versions(),
    }
    rows = [["of the translations", f"{values['mae']:.4g}"]]
    if "mae_of_copy" in values:
        rows.append(["of the sources themselves", f"{values['mae_of_copy']:.4g}"])
    counted = checks.counted(pairs.count, "pair")
    print(f"Mean absolute error of {counted}, pixels of 0 to 255:\n")
    print("\n".join(text_table.lines(rows)))
    if settings.json:
        found = [metrics.Result(name, value, protocol) for name, value in values.items()]
        metrics.save(found, settings.json)
    return Status.DONE


def _load(
    settings: EvaluateSettings, paths: Sequence[str], model: run_folder.Translator
) -> PictureSets:
    """Loads pairs as the run of a model loads its own, each side in its own shape."""
    run = fitting.options_of_run(settings.fakes)
    kept = [name for name in ("crop", "background") if name not in settings.given]
    fit = {name: getattr(run, name) for name in kept}
    settings = dataclasses.replace(settings, **fit)
    target = checks.shape(shape=model.sample_shape)
    # A generator for pictures of any size has no size of its sources.
    sides = zip(model.conditions.each[0].shape, target, strict=True)
    source = tuple(side or other for side, other in sides)
    if source[:2] == target[:2]:
        settings = dataclasses.replace(settings, size=(target[0], target[1]))
    if source[2] == target[2]:
        settings = dataclasses.replace(settings, channels=target[2])
    pairs = dataset.load_sets(settings, "pairs", paths)
    return PictureSets(
        _fitted(pairs.sources, source, settings),
        _fitted(pairs.samples, target, settings),
        paired=True,
    )


def _fitted(pictures: ArrayLike, shape: Shape, settings: EvaluateSettings) -> ArrayLike:
    """Returns pictures in a shape; pictures of another shape are loaded again."""
    if tuple(pictures.shape[1:]) == tuple(shape):
        return pictures
    height, width, channels = checks.shape(shape=shape)
    fitted, _ = kgan.data.load(
        pictures,
        size=(height, width),
        channels=channels,
        crop=settings.crop,
        background=settings.background,
    )
    return fitted


def _error(pictures: ArrayLike, targets: ArrayLike) -> float:
    """Returns the mean absolute difference of the pixels of two sets."""
    parts = zip(chunks(pictures), chunks(targets), strict=True)
    sums = [np.abs(x.astype("float32") - y).sum(dtype="float64") for x, y in parts]
    return float(sum(sums) / np.prod(targets.shape))
