"""Loads and describes the data of a command, and draws a grid of its samples."""

import collections
import contextlib
import dataclasses
import hashlib
import sys
import warnings
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

import kgan
from kgan import checks
from kgan.cli import picture_sets
from kgan.cli.picture_sets import PictureSets
from kgan.data import LoadedData, Report, reason_lines
from kgan.files import atomic_path
from kgan.types import ArrayLike, PathLike
from kgan_cli.settings import EvaluateSettings, ImageSettings, ModelSettings

# The largest number of sizes or classes that a line lists.
_LISTED = 10

AnyData = LoadedData | PictureSets


def load(settings: ModelSettings | EvaluateSettings) -> LoadedData:
    """Loads the data that `--data` names, and prints warnings."""
    options = kgan.data.Options(**_options(settings))
    with _shown_warnings():
        return kgan.data.load_all(settings.data, options)


def load_training(settings: ModelSettings) -> AnyData:
    """Loads the data of a training, and prints warnings."""
    return load_sets(settings, *settings.sides) if settings.translates else load(settings)


def load_sets(
    settings: ModelSettings | EvaluateSettings, name: str, paths: Sequence[str]
) -> PictureSets:
    """Loads the pictures of image to image, and prints warnings.

    Args:
        settings: The settings of the command.
        name: `"pairs"` or `"unpaired"`.
        paths: The paths of both sets, or one path.
    """
    with _shown_warnings():
        return picture_sets.load(name, paths, _options(settings))


def _options(settings: ModelSettings | EvaluateSettings) -> dict[str, Any]:
    """Returns the options of `kgan.data.load`, by name."""
    names = [*(field.name for field in dataclasses.fields(ImageSettings)), "seed"]
    return {name: getattr(settings, name) for name in names}


@contextlib.contextmanager
def _shown_warnings() -> Iterator[None]:
    """Context that prints warnings as lines of a command."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        yield
    for warning in caught:
        warn(str(warning.message))


def warn(text: str) -> None:
    """Prints a warning of a command."""
    print(f"Warning: {text}", file=sys.stderr)


def describe(data: AnyData) -> list[str]:
    """Returns lines that describe the data, and name its unusual properties."""
    if isinstance(data, PictureSets):
        return [f"{data}."]
    samples, labels, classes, report = data
    lines = [f"{len(samples):,} samples of shape {samples.shape[1:]}, {samples.dtype}."]
    lines += _classes(labels, classes)
    if copies := duplicates(samples):
        lines.append(f"{copies:,} of them are exact copies of others.")
    if isinstance(samples, kgan.data.Store):
        lines.append("The samples exceed the memory limit, so they stay on disk.")
    return lines + ([] if report is None else _files(report))


def duplicates(samples: ArrayLike) -> int:
    """Returns the number of samples that equal an earlier sample."""
    seen = set()
    for part in kgan.data.chunks(samples):
        for sample in np.ascontiguousarray(part):
            seen.add(hashlib.blake2b(sample.data, digest_size=16).digest())
    return len(samples) - len(seen)


def left_out(reasons: dict[str, str]) -> list[str]:
    """Returns lines that list the files that are left out.

    Args:
        reasons: The reason for each file, by file name.
    """
    if not reasons:
        return []
    files = [f"  {line}" for line in reason_lines(reasons)]
    return [f"{kgan.data.left_out(len(reasons))}:", *files]


def save_grid(samples: ArrayLike, seed: int, path: PathLike) -> None:
    """Saves a grid of 64 random samples, as the networks see them.

    Args:
        samples: uint8 or float images.
        seed: Seed of the random choice.
        path: Where to save the image.
    """
    chosen = np.random.default_rng(seed).permutation(len(samples))[:64]
    with atomic_path(path) as temporary:
        kgan.data.grid(samples[chosen], 8, 8).save(temporary, format="PNG")


def _classes(labels: np.ndarray | None, classes: list[str] | None) -> list[str]:
    if labels is None:
        return ["They have no labels."]
    values, counts = np.unique(labels, return_counts=True)
    names = classes or [str(value) for value in values]
    pairs = zip(names, counts, strict=True)
    items = [f"{_visible(name)} {count:,}" for name, count in pairs]
    return [f"{checks.counted(len(counts), 'class', 'classes')}: {_first(items)}"]


def _visible(name: str) -> str:
    """Returns the name of a folder on one line: a name may have any characters."""
    return "".join(c if c.isprintable() else ascii(c)[1:-1] for c in name)


def _files(report: Report) -> list[str]:
    sizes = collections.Counter(report.sizes).most_common()
    fit = report.fit
    items = [f"{height}x{width} ({count:,})" for (height, width), count in sizes]
    modes = [f"{mode} ({count:,})" for mode, count in report.modes.items()]
    enlarged = sum(n for (h, w), n in sizes if h < fit.height or w < fit.width)
    lines = [f"Sizes, height x width: {_first(items)}", f"Modes: {', '.join(modes)}."]
    if enlarged:
        lines.append(f"{enlarged:,} are smaller than {fit.height}x{fit.width}: enlarged.")
    if report.animated:
        lines.append(f"{report.animated:,} are animated: the first frame of each.")
    return lines + left_out(report.left_out)


def _first(items: list[str]) -> str:
    """Returns the first items as the end of a sentence."""
    return ", ".join(items[:_LISTED]) + (", ..." if len(items) > _LISTED else ".")
