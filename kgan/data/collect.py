"""From files of all kinds to one array of alike pictures."""

import collections
import contextlib
from typing import Any, NamedTuple

import numpy as np

from kgan.data import gather, sources
from kgan.data.cache import Cache, Facts
from kgan.data.checks import whole_labels
from kgan.data.options import Options
from kgan.data.pictures import Fit
from kgan.data.reports import Report, check
from kgan.data.store import Store, Writer, in_memory
from kgan.files import atomic_path


class Data(NamedTuple):
    """Samples, and what is known of them.

    Args:
        samples: Array `(n, ...)`, or a `Store` of uint8.
        labels: int64 `(n,)`, or None.
        classes: Names of the labels, or None.
        report: A `Report` of pictures, or None.
    """

    samples: Any
    labels: np.ndarray | None
    classes: list[str] | None = None
    report: Report | None = None


def read(source: Any, options: Options, name: str) -> Data:
    """Reads all pictures of a source.

    Args:
        source: Yields entries each time it is iterated over. It has a list `others`, of
            names that are no pictures', and says whether its entries are `of_files`:
            if so, `stamps` change when these do.
        options: How.
        name: What the source is called in errors.

    Raises:
        ValueError: If there are none, or too many are bad.
    """
    store, facts = _cached(source, options, name)
    check(facts.bad, facts.others, len(facts.names), options, name)
    sizes = {(height, width): count for height, width, count in facts.sizes}
    fit = _fit(facts.shape[1:], options)
    report = Report(facts.bad, sizes, facts.modes, facts.animated, facts.others, fit)
    labels, classes = _labels(facts.names, facts.labels, options)
    if options.flip and labels is not None:
        labels = labels.repeat(2)
    return Data(in_memory(store, options.memory), labels, classes, report)


def _cached(source: Any, options: Options, name: str) -> tuple[Store, Facts]:
    if options.cache is None or not source.of_files:
        fit = _found_fit(source, options, name)
        return _decoded(source, options, fit, Writer(fit.shape))
    cache = Cache(options.cache, source.stamps(), options.decoding)
    found = cache.load()
    if found is not None:
        return found
    fit = _found_fit(source, options, name)
    with atomic_path(cache.pixels) as path:
        writer = Writer(fit.shape, path)
        with contextlib.closing(writer):
            _, facts = _decoded(source, options, fit, writer)
        # What stopped at a bad file is not whole.
        if options.on_error == "raise":
            check(facts.bad, facts.others, len(facts.names), options, name)
    cache.save_facts(facts)
    return Store(cache.pixels, facts.shape), facts


def _fit(shape: Any, options: Options) -> Fit:
    height, width, channels = shape
    return Fit(height, width, channels, options.crop, options.rgb, options.seed)


def _found_fit(source: Any, options: Options, name: str) -> Fit:
    """Returns how pictures are made alike, by their headers where options leave it."""
    sides, channels = options.sides, options.channels
    if sides is None or channels is None:
        results = list(gather.heads(source, options.threads))
        bad: dict[str, Any] = {}
        for result in results:
            if result.reason is not None:
                bad[_new(result.entry.name, bad)] = result.reason
        check(bad, source.others, len(results) - len(bad), options, name)
        found = gather.proposed(results, source.of_files)
        sides, channels = sides or found[0], channels or found[1]
    return _fit((*sides, channels), options)


def _decoded(
    source: Any, options: Options, fit: Fit, writer: Writer
) -> tuple[Store, Facts]:
    names, labels = [], []
    bad: dict[str, Any] = {}
    sizes: collections.Counter = collections.Counter()
    modes: collections.Counter = collections.Counter()
    animated = 0
    results = gather.decoded(source, fit, options.threads)
    with contextlib.closing(results):
        for entry, head, pixels, reason in results:
            if head is None or pixels is None:
                bad[_new(entry.name, bad)] = reason
                if options.on_error == "raise":
                    break
                continue
            names.append(entry.name)
            labels.append(entry.label)
            sizes[head.height, head.width] += 1
            modes[head.mode] += 1
            animated += head.frames > 1
            writer.write(pixels)
            if options.flip:
                writer.write(pixels[:, ::-1])
    store = writer.finish()
    each = [[*size, count] for size, count in sizes.items()]
    return store, Facts(
        store.shape, names, labels, bad, each, dict(modes), animated, list(source.others)
    )


def _new(name: str, names: dict[str, Any]) -> str:
    # An archive may hold a name twice.
    found = name
    while found in names:
        found = f"{name} ({len(names) + 1})"
    return found


def _labels(
    names: list[str], given: list[Any], options: Options
) -> tuple[np.ndarray | None, list[str] | None]:
    """Returns labels and the names of classes: the folders just below the root."""
    if options.labels == "none":
        return None, None
    if not any(label is None for label in given):
        return whole_labels(given, len(names)), None
    depth = sources.common_parts(names)
    parts = [name.split("/") for name in names]
    if any(len(path) <= depth + 1 for path in parts):
        return None, None
    classes = sorted({path[depth] for path in parts})
    numbers = {name: number for number, name in enumerate(classes)}
    return np.array([numbers[path[depth]] for path in parts], "int64"), classes
