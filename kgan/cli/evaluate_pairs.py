"""`kgan evaluate RUN --pairs`: translations of held-out pictures and their targets."""

import dataclasses
import pathlib
from collections.abc import Sequence

import numpy as np

import kgan
from kgan import checks, metrics
from kgan.cli import dataset, run_folder, text_table
from kgan.data import chunks
from kgan.types import ArrayLike
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
    height, width, channels = checks.shape(shape=model.sample_shape)
    if model.conditions.each[0].shape[-1] == channels:
        settings = dataclasses.replace(settings, channels=channels)
    settings = dataclasses.replace(settings, size=(height, width))
    pairs = dataset.load_sets(settings, "pairs", paths)
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


def _error(pictures: ArrayLike, targets: ArrayLike) -> float:
    """Returns the mean absolute difference of the pixels of two sets."""
    parts = zip(chunks(pictures), chunks(targets), strict=True)
    sums = [np.abs(x.astype("float32") - y).sum(dtype="float64") for x, y in parts]
    return float(sum(sums) / np.prod(targets.shape))
