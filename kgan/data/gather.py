"""Many pictures at once: decoded in parallel, in order, and the bad ones named."""

import collections
import contextlib
import math
import warnings
from collections.abc import Generator, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import numpy as np
from PIL import Image

from kgan.data import pictures
from kgan.data.pictures import Fit, Head
from kgan.data.sources import Entry

# What the threads are ahead of the writing: pictures for each of them, and bytes in all.
_AHEAD, _BYTES_AHEAD = 8, 1 << 27
# Pictures of more pixels are decoded one at a time.
_HUGE = 1 << 25
# The largest size of files' own that is proposed, and sides of squares otherwise.
_OWN, _SIDES = 256, (8, 64)


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
    """Yields what pictures are by their headers, in order.

    PNGs are decoded for it, since their EXIF data may stand at the end.
    """
    return _in_order(entries, None, workers)


def decoded(
    entries: Iterable[Entry], fit: Fit, workers: int
) -> Generator[Result, None, None]:
    """Yields pictures as `fit` makes them alike, in order."""
    return _in_order(entries, fit, workers)


def _in_order(
    entries: Iterable[Entry], fit: Fit | None, workers: int
) -> Generator[Result, None, None]:
    each = 0 if fit is None else math.prod(fit.shape)
    waiting: collections.deque = collections.deque()
    # Of huge pictures one thread, always the same: what it frees stays with it.
    with _quiet(), ThreadPoolExecutor(1) as alone, ThreadPoolExecutor(workers) as pool:
        for entry in entries:
            waiting.append((entry.size + each, pool.submit(_result, entry, fit, alone)))
            while waiting and _enough(waiting, workers):
                yield waiting.popleft()[1].result()
        while waiting:
            yield waiting.popleft()[1].result()


def _result(entry: Entry, fit: Fit | None, alone: ThreadPoolExecutor) -> Result:
    # Without what it would read, which may be all of a file.
    done = entry._replace(read=bytes)
    try:
        image = entry.open()
        if image.width * image.height > _HUGE:
            return Result(done, *alone.submit(_decode, image, fit, entry.name).result())
        return Result(done, *_decode(image, fit, entry.name))
    # A decoder may raise anything on a broken file: none may end the training.
    except Exception as error:
        reason = " ".join(str(error).split())
        return Result(done, reason=reason or type(error).__name__)


def _decode(
    image: Image.Image, fit: Fit | None, name: str
) -> tuple[Head, np.ndarray | None]:
    # Closed here, where its pixels are.
    with contextlib.closing(image):
        return pictures.head(image), None if fit is None else fit(image, name)


def _enough(waiting: collections.deque, workers: int) -> bool:
    ahead = sum(size for size, _ in waiting)
    return len(waiting) >= workers * _AHEAD or ahead > _BYTES_AHEAD


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    # Pillow warns of what it mends by itself, and only warns of bombs.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        yield


def proposed(
    results: Iterable[Result], of_files: bool = True
) -> tuple[tuple[int, int], int]:
    """Returns the size and the channels that suit all pictures.

    The size is their own if all have the same, and it is at most 256 a side; otherwise a
    square, whose side is the largest power of two within the median of their shorter
    sides, 8 to 64. The channels are those that all can be shown with.

    Args:
        results: Of which one at least is good.
        of_files: Whether they are files. Others have been made alike on purpose, and
            keep a common size however large it is.
    """
    found = [result.head for result in results if result.head is not None]
    grey = all(head.channels <= 2 for head in found)
    alpha = any(head.channels % 2 == 0 for head in found)
    channels = (1 if grey else 3) + alpha
    sizes = {(head.height, head.width) for head in found}
    if len(sizes) == 1 and (not of_files or max(max(sizes)) <= _OWN):
        return sizes.pop(), channels
    median = np.median([min(head.height, head.width) for head in found])
    side = int(np.clip(2 ** np.floor(np.log2(median)), *_SIDES))
    return (side, side), channels
