"""Reads all pictures of a source into one array, directly or by way of the cache."""

import collections
import contextlib
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from kgan.data.checks import convert_labels
from kgan.data.options import Options
from kgan.data.reading import decoding
from kgan.data.reading.cache import Cache, Facts
from kgan.data.reading.entries import Source, count_common_folders
from kgan.data.reading.pictures import Fit, Header
from kgan.data.reading.reports import Report, check_bad_files
from kgan.data.store import Store, Writer, in_memory
from kgan.files import atomic_path
from kgan.types import ArrayLike


class LoadedData(NamedTuple):
    """Samples, and facts about the samples.

    Args:
        samples: Array `(n, ...)`, or a `kgan.data.Store`.
        labels: int64 array `(n,)`, or None.
        classes: List of the names of classes 0, 1, ..., or None.
        report: A `Report` about the pictures; None if the source holds no pictures.
    """

    samples: ArrayLike
    labels: np.ndarray | None
    classes: list[str] | None = None
    report: Report | None = None


def read_pictures(source: Source, options: Options, argument: str) -> LoadedData:
    """Reads all pictures of a source.

    Args:
        source: A `Source`.
        options: Options of `kgan.data.load`.
        argument: Name of the argument with its value, for the errors.

    Raises:
        ValueError: If there are no pictures, or too many bad files.
    """
    store, facts = _decode_or_load(source, options, argument)
    check_bad_files(facts.bad, facts.others, len(facts.names), options, argument)
    sizes = {(height, width): count for height, width, count in facts.sizes}
    fit = _make_fit(facts.shape[1:], options)
    report = Report(
        facts.bad,
        sizes,
        facts.modes,
        facts.animated,
        facts.others,
        fit,
        facts.peaks,
        facts.names,
    )
    labels, classes = _labels(facts.names, facts.labels, options)
    if options.flip and labels is not None:
        labels = labels.repeat(2)
    return LoadedData(in_memory(store, options.memory), labels, classes, report)


def _decode_or_load(
    source: Source, options: Options, argument: str
) -> tuple[Store, Facts]:
    """Loads images from the cache, or decodes the pictures and fills the cache."""
    if options.cache is None or not source.from_files:
        fit = _choose_fit(source, options, argument)
        return _decode(source, options, fit, Writer(fit.shape))
    cache = Cache(options.cache, source.stamps(), options.decoding)
    cached = cache.load()
    if cached is not None:
        return cached
    fit = _choose_fit(source, options, argument)
    with atomic_path(cache.pixels) as path:
        writer = Writer(fit.shape, path)
        with contextlib.closing(writer):
            _, facts = _decode(source, options, fit, writer)
        # Decoding stops at a bad file, and an incomplete set must not be cached.
        if options.on_error == "raise":
            num_good = len(facts.names)
            check_bad_files(facts.bad, facts.others, num_good, options, argument)
    return cache.save_facts(facts), facts


def _make_fit(shape: Sequence[int], options: Options) -> Fit:
    height, width, channels = shape
    return Fit(height, width, channels, options.crop, options.rgb, options.seed)


def _choose_fit(source: Source, options: Options, argument: str) -> Fit:
    """Returns the fit that the options ask for, completed from the pictures' headers."""
    sides, channels = options.sides, options.channels
    if sides is None or channels is None:
        results = list(decoding.read_headers(source, options.threads))
        bad: dict[str, str] = {}
        for result in results:
            if result.reason is not None:
                bad[_unique(result.entry.name, bad)] = result.reason
        num_good = len(results) - len(bad)
        check_bad_files(bad, source.others, num_good, options, argument)
        proposed = decoding.propose_format(results, source.from_files)
        sides, channels = sides or proposed[0], channels or proposed[1]
    return _make_fit((*sides, channels), options)


def _decode(
    source: Source, options: Options, fit: Fit, writer: Writer
) -> tuple[Store, Facts]:
    names: list[str] = []
    labels: list[ArrayLike | None] = []
    bad: dict[str, str] = {}
    sizes: collections.Counter[tuple[int, int]] = collections.Counter()
    modes: collections.Counter[str] = collections.Counter()
    peaks: dict[str, list[int]] = {}
    animated = 0
    results = decoding.decode(source, fit, options.threads)
    with contextlib.closing(results):
        for entry, header, pixels, reason in results:
            if header is None or pixels is None:
                bad[_unique(entry.name, bad)] = reason or ""
                if options.on_error == "raise":
                    break
                continue
            names.append(entry.name)
            labels.append(entry.label)
            sizes[header.height, header.width] += 1
            modes[header.mode] += 1
            _note_peak(peaks, header)
            animated += header.frames > 1
            writer.write(pixels)
            if options.flip:
                writer.write(pixels[:, ::-1])
    store, others = writer.finish(), list(source.others)
    size_rows = [[*size, count] for size, count in sizes.items()]
    shape, modes_found = store.shape, dict(modes)
    facts = Facts(
        shape, names, labels, bad, size_rows, modes_found, peaks, animated, others
    )
    return store, facts


def _note_peak(peaks: dict[str, list[int]], header: Header) -> None:
    """Keeps the brightest pixel of each Pillow mode."""
    if header.peak is not None:
        highest, full = peaks.get(header.mode, (-1, 1))
        if header.peak[0] * full > highest * header.peak[1]:
            peaks[header.mode] = list(header.peak)


def _unique(name: str, names: dict[str, str]) -> str:
    """Returns a name that is not taken: an archive may hold one name twice."""
    unique = name
    while unique in names:
        unique = f"{name} ({len(names) + 1})"
    return unique


def _labels(
    names: list[str], given: list[ArrayLike | None], options: Options
) -> tuple[np.ndarray | None, list[str] | None]:
    """Returns labels and the names of the classes, which are the top folders."""
    if options.labels == "none":
        return None, None
    if not any(label is None for label in given):
        return convert_labels(given, len(names)), None
    depth = count_common_folders(names)
    parts = [name.split("/") for name in names]
    # A picture that lies in none of the folders has no class, so there are no labels.
    if any(len(path) <= depth + 1 for path in parts):
        return None, None
    classes = sorted({path[depth] for path in parts})
    numbers = {name: number for number, name in enumerate(classes)}
    return np.array([numbers[path[depth]] for path in parts], "int64"), classes
