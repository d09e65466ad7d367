"""Many pictures at once: decoded in parallel, in order, and the bad ones named."""

import collections
import contextlib
import warnings
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import numpy as np
from PIL import Image

from kgan.data import pictures
from kgan.data.pictures import Fit, Head
from kgan.data.sources import Entry

# What the threads are ahead of the writing: pictures for each of them, and bytes in all.
_AHEAD, _BYTES_AHEAD = 8, 1 << 27
# The proposed side of squares, of pictures of many sizes.
_SIDES = (8, 64)


class Result(NamedTuple):
    """What became of a file.

    Args:
        entry: The file.
        head: What it is; None if it is bad.
        pixels: uint8 array; None if it is bad, or was not decoded.
        reason: Why it is bad, or None.
    """

    entry: Entry
    head: Head | None = None
    pixels: np.ndarray | None = None
    reason: str | None = None


def heads(entries: Iterable[Entry], workers: int) -> Generator[Result, None, None]:
    """Yields what pictures are by their headers, in order."""

    def look(entry: Entry) -> Result:
        with entry.open() as image:
            return Result(entry, pictures.head(image))

    return _in_order(look, entries, workers)


def decoded(
    entries: Iterable[Entry], fit: Fit, workers: int
) -> Generator[Result, None, None]:
    """Yields pictures as `fit` makes them alike, in order."""

    def decode(entry: Entry) -> Result:
        with entry.open() as image:
            return Result(entry, pictures.head(image), fit(image, entry.name))

    return _in_order(decode, entries, workers)


def _in_order(
    function: Callable[[Entry], Result], entries: Iterable[Entry], workers: int
) -> Generator[Result, None, None]:
    def guarded(entry: Entry) -> Result:
        try:
            return function(entry)._replace(entry=_read(entry))
        # A decoder may raise anything on a broken file: none may end the training.
        except Exception as error:
            reason = " ".join(str(error).split())
            return Result(_read(entry), reason=reason or type(error).__name__)

    waiting: collections.deque = collections.deque()
    with _quiet(), ThreadPoolExecutor(workers) as pool:
        for entry in entries:
            waiting.append((entry.size, pool.submit(guarded, entry)))
            while waiting and _enough(waiting, workers):
                yield waiting.popleft()[1].result()
        while waiting:
            yield waiting.popleft()[1].result()


def _enough(waiting: collections.deque, workers: int) -> bool:
    ahead = sum(size for size, _ in waiting)
    return len(waiting) >= workers * _AHEAD or ahead > _BYTES_AHEAD


def _read(entry: Entry) -> Entry:
    """The entry without what it would read, which may be all of a file."""
    return entry._replace(read=bytes)


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    # Pillow warns of what it mends by itself, and only warns of bombs.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        yield


def proposed(results: Iterable[Result]) -> tuple[tuple[int, int], int] | None:
    """Returns the size and the channels that suit all pictures; None if all are bad.

    The size is their own if all have the same; otherwise a square, whose side is the
    largest power of two within the median of their shorter sides, 8 to 64. The channels
    are those that all can be shown with.
    """
    found = [result.head for result in results if result.head is not None]
    if not found:
        return None
    grey = all(head.channels <= 2 for head in found)
    alpha = any(head.channels % 2 == 0 for head in found)
    channels = (1 if grey else 3) + alpha
    sizes = {(head.height, head.width) for head in found}
    if len(sizes) == 1:
        return sizes.pop(), channels
    median = np.median([min(head.height, head.width) for head in found])
    side = int(np.clip(2 ** np.floor(np.log2(median)), *_SIDES))
    return (side, side), channels
