"""The data of a command: its options, how it is loaded, and what there is to say."""

import argparse
import collections
import hashlib
from typing import Any

import numpy as np

import kgan
from kgan.cli import types
from kgan.data import LoadedData, Report, reason_lines

_OPTIONS = (
    "size", "channels", "labels", "crop", "background", "flip", "on_error", "max_bad",
    "cache", "workers", "seed",
)  # fmt: skip
# How many of each kind are named.
_NAMED = 10


def add_to(group: Any) -> None:
    """Adds the options that say how pictures are made alike."""
    add = group.add_argument
    add("--size", type=types.size, metavar="N|HxW",
        help="side, or height x width, to make pictures; by default theirs if all have "
        "the same up to 256, or a power of two up to 64")  # fmt: skip
    add("--channels", type=int, choices=(1, 2, 3, 4),
        help="1 grey, 2 with alpha, 3 RGB, 4 RGBA; by default what all need")  # fmt: skip
    add("--labels", choices=("folder", "none"), default="folder",
        help="the folders below the root are the classes, or there are none")  # fmt: skip
    add("--crop", choices=("center", "random", "pad", "none"), default="center",
        help="what becomes of other proportions (default: center); random windows "
        "follow --seed")  # fmt: skip
    add("--background", default="white", metavar="COLOR",
        help="what transparency is laid on without alpha (default: white)")  # fmt: skip
    add("--flip", action="store_true",
        help="add each picture's mirror image")  # fmt: skip
    add("--on-error", "--on_error", choices=("raise", "skip"), default="raise",
        help="stop at a file that can't be trained on, or go on without it")  # fmt: skip
    add("--max-bad", "--max_bad", type=float, default=0.1, metavar="SHARE",
        help="of files that may be skipped (default: 0.1)")  # fmt: skip
    add("--cache", metavar="FOLDER",
        help="keep the decoded pictures there for the next run")  # fmt: skip
    add("--workers", type=types.count, metavar="N",
        help="threads that decode; by default as many as cores, up to 8")  # fmt: skip


def load(arguments: argparse.Namespace) -> LoadedData:
    """Loads a command's data."""
    options = {name: getattr(arguments, name) for name in _OPTIONS}
    return kgan.data.load_all(arguments.data, kgan.data.Options(**options))


def settle(arguments: argparse.Namespace, data: LoadedData) -> None:
    """Fills in what the data has settled, for the run's record."""
    if data.report is not None:
        fit = data.report.fit
        arguments.size, arguments.channels = [fit.height, fit.width], fit.channels


def describe(data: LoadedData) -> list[str]:
    """Returns lines on what there is, and on what is odd about it."""
    samples, labels, classes, report = data
    lines = [f"{len(samples):,} samples of shape {samples.shape[1:]}, {samples.dtype}."]
    lines += _classes(labels, classes)
    if copies := duplicates(samples):
        lines.append(f"{copies:,} of them are exact copies of others.")
    if isinstance(samples, kgan.data.Store):
        lines.append("They take more than the memory set apart, and stay on disk.")
    return lines + ([] if report is None else _found(report))


def duplicates(samples: Any) -> int:
    """Returns how many samples are the same as an earlier one."""
    seen = set()
    for part in kgan.data.chunks(samples):
        for sample in np.ascontiguousarray(part):
            seen.add(hashlib.blake2b(sample.data, digest_size=16).digest())
    return len(samples) - len(seen)


def _classes(labels: np.ndarray | None, classes: list[str] | None) -> list[str]:
    if labels is None:
        return ["They have no labels."]
    found, counts = np.unique(labels, return_counts=True)
    names = classes or [str(number) for number in found]
    pairs = zip(names, counts, strict=True)
    each = [f"{ascii(name)[1:-1]} {count:,}" for name, count in pairs]
    return [f"{len(counts)} classes: {_some(each)}."]


def _found(report: Report) -> list[str]:
    sizes = collections.Counter(report.sizes).most_common()
    fit = report.fit
    each = [f"{height}x{width} ({count:,})" for (height, width), count in sizes]
    modes = [f"{mode} ({count:,})" for mode, count in report.modes.items()]
    enlarged = sum(n for (h, w), n in sizes if h < fit.height or w < fit.width)
    lines = [f"Sizes, height x width: {_some(each)}.", f"Modes: {', '.join(modes)}."]
    if enlarged:
        lines.append(f"{enlarged:,} are smaller than {fit.height}x{fit.width}: enlarged.")
    if report.animated:
        lines.append(f"{report.animated:,} are animated: the first picture of each.")
    return lines + left_out(report.left_out)


def left_out(reasons: dict[str, str]) -> list[str]:
    """Returns lines on all files that are not trained on."""
    if not reasons:
        return []
    named = [f"  {line}" for line in reason_lines(reasons)]
    return [f"{len(reasons):,} files are left out:", *named]


def _some(items: list[str]) -> str:
    return ", ".join(items[:_NAMED]) + (", ..." if len(items) > _NAMED else "")
