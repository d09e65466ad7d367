"""From files of all kinds to one array of alike pictures."""

import collections
import contextlib
from typing import Any, NamedTuple

import numpy as np

from kgan.data import gather, sources
from kgan.data.cache import Cache
from kgan.data.options import Options
from kgan.data.pictures import Fit
from kgan.data.store import Store, Writer, in_memory
from kgan.files import atomic_path

# How many bad files an error names.
_NAMED = 5


class Report(NamedTuple):
    """What was found on the way.

    Args:
        bad: Reasons by the names of files that can't be trained on.
        sizes: How many pictures are of which `(height, width)`.
        modes: How many are of which mode of Pillow's.
        animated: Int, animations, of which the first picture is taken.
        others: Int, files that are no pictures by their names, left alone.
        fit: How they are made alike.
    """

    bad: dict[str, str]
    sizes: dict[tuple[int, int], int]
    modes: dict[str, int]
    animated: int
    others: int
    fit: Fit


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
        source: Yields entries each time it is iterated over; has a count `others`, and
            says whether its entries are `stamped`, so that a cache can tell them.
        options: How.
        name: What the source is called in errors.

    Raises:
        ValueError: If there are none, or too many are bad.
    """
    fit = _fit(source, options, name)
    store, facts = _cached(source, options, fit, name)
    bad, kept = facts["bad"], facts["names"]
    _check(bad, len(bad) + len(kept), options, name)
    sizes = {(height, width): count for height, width, count in facts["sizes"]}
    report = Report(bad, sizes, facts["modes"], facts["animated"], facts["others"], fit)
    labels, classes = _labels(kept, facts["labels"], options)
    if options.flip and labels is not None:
        labels = labels.repeat(2)
    return Data(in_memory(store, options.memory), labels, classes, report)


def _fit(source: Any, options: Options, name: str) -> Fit:
    sides, channels = options.sides, options.channels
    if sides is None or channels is None:
        results = list(gather.heads(source, options.threads))
        found = gather.proposed(results)
        bad: dict[str, Any] = {}
        for result in results:
            if result.reason is not None:
                bad[_new(result.entry.name, bad)] = result.reason
        _check(bad, len(results), options, name)
        # There is one: not all are bad.
        sides, channels = sides or found[0], channels or found[1]  # type: ignore[index]
    height, width = sides
    return Fit(height, width, channels, options.crop, options.rgb, options.seed)


def _cached(
    source: Any, options: Options, fit: Fit, name: str
) -> tuple[Store, dict[str, Any]]:
    if options.cache is None or not source.stamped:
        return _decoded(source, options, fit, Writer(fit.shape))
    cache = Cache(options.cache, source, (fit, options.flip))
    found = cache.load()
    if found is not None:
        return found
    with atomic_path(cache.pixels) as path:
        writer = Writer(fit.shape, path)
        with contextlib.closing(writer):
            _, facts = _decoded(source, options, fit, writer)
        # What stopped at a bad file is not whole.
        if options.on_error == "raise":
            _check(facts["bad"], 1, options, name)
    cache.save_facts(facts)
    return Store(cache.pixels, facts["shape"]), facts


def _decoded(
    source: Any, options: Options, fit: Fit, writer: Writer
) -> tuple[Store, dict[str, Any]]:
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
    return store, {
        "shape": store.shape,
        "names": names,
        "labels": labels,
        "bad": bad,
        "sizes": [[*size, count] for size, count in sizes.items()],
        "modes": dict(modes),
        "animated": animated,
        "others": source.others,
    }


def _new(name: str, names: dict[str, Any]) -> str:
    # An archive may hold a name twice.
    found = name
    while found in names:
        found = f"{name} ({len(names) + 1})"
    return found


def _labels(
    names: list[str], given: list[int | None], options: Options
) -> tuple[np.ndarray | None, list[str] | None]:
    """Returns labels and the names of classes: the folders just below the root."""
    if options.labels == "none":
        return None, None
    if None not in given:
        return np.array(given, "int64"), None
    depth = sources.common_parts(names)
    parts = [name.split("/") for name in names]
    if any(len(path) <= depth + 1 for path in parts):
        return None, None
    classes = sorted({path[depth] for path in parts})
    numbers = {name: number for number, name in enumerate(classes)}
    return np.array([numbers[path[depth]] for path in parts], "int64"), classes


def _check(bad: dict[str, Any], total: int, options: Options, name: str) -> None:
    if not total:
        raise ValueError(f"There are no pictures in it. Received: {name}")
    if not bad:
        return
    some = [f"{file!r}: {reason}" for file, reason in bad.items()][:_NAMED]
    named = "; ".join([*some, *(["..."] if len(bad) > _NAMED else [])])
    if options.on_error == "raise":
        raise ValueError(
            'A file can\'t be trained on; on_error="skip" goes on without it. '
            f"Received: {name} with {named}"
        )
    if len(bad) == total or len(bad) > options.max_bad * total:
        raise ValueError(
            f"{len(bad):,} of {total:,} files can't be trained on, more than the share "
            f"of {options.max_bad:g} that `max_bad` allows. Received: {name} with {named}"
        )


def write_skipped(bad: dict[str, str], path: Any) -> None:
    """Writes the names of bad files and the reasons, a line each."""
    with atomic_path(path) as temporary:
        lines = [f"{name!a}: {reason}\n" for name, reason in bad.items()]
        temporary.write_text("".join(lines), "utf-8", errors="backslashreplace")
