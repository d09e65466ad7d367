"""Decoding of many pictures in parallel threads, with the results in order."""

import collections
import contextlib
import math
import warnings
from collections.abc import Generator, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import numpy as np
from PIL import Image

from kgan.data.reading import pictures
from kgan.data.reading.entries import Entry
from kgan.data.reading.pictures import Fit, Header

# How far the threads run ahead of the reader: pictures per thread, and bytes in all.
_MAX_AHEAD, _MAX_BYTES_AHEAD = 8, 1 << 27
# Pictures with more pixels are decoded one at a time.
_HUGE = 1 << 25
# Sizes that are proposed: the common size of all files up to this side, else a square
# with a side within these two.
_LARGEST_COMMON_SIDE, _SQUARE_SIDES = 256, (8, 64)


class Result(NamedTuple):
    """The result of decoding one entry.

    Args:
        entry: The entry.
        header: The `Header`; None if the entry is bad.
        pixels: uint8 array; None if the entry is bad, or only its header was read.
        reason: Why the entry is bad; None if it is good.
    """

    entry: Entry
    header: Header | None = None
    pixels: np.ndarray | None = None
    reason: str | None = None


def read_headers(entries: Iterable[Entry], workers: int) -> Generator[Result, None, None]:
    """Yields the headers of pictures, in order.

    A PNG file is decoded for its header, since its EXIF data may stand at the end.
    """
    return _decode_all(entries, None, workers)


def decode(
    entries: Iterable[Entry], fit: Fit, workers: int
) -> Generator[Result, None, None]:
    """Yields the pixels of pictures, converted by `fit`, in order."""
    return _decode_all(entries, fit, workers)


def _decode_all(
    entries: Iterable[Entry], fit: Fit | None, workers: int
) -> Generator[Result, None, None]:
    result_size = 0 if fit is None else math.prod(fit.shape)
    waiting: collections.deque = collections.deque()
    # Huge pictures share one thread, always the same: the allocator keeps the memory
    # that a thread frees for that thread.
    with (
        _without_warnings(),
        ThreadPoolExecutor(1) as huge_pool,
        ThreadPoolExecutor(workers) as pool,
    ):
        for entry in entries:
            future = pool.submit(_result, entry, fit, huge_pool)
            waiting.append((entry.size + result_size, future))
            while waiting and _is_full(waiting, workers):
                yield waiting.popleft()[1].result()
        while waiting:
            yield waiting.popleft()[1].result()


def _result(entry: Entry, fit: Fit | None, huge_pool: ThreadPoolExecutor) -> Result:
    # The result must not hold `read`, which may hold the bytes of the file.
    done = entry._replace(read=bytes)
    try:
        image = entry.open()
        if image.width * image.height > _HUGE:
            future = huge_pool.submit(_decode, image, fit, entry.name)
            return Result(done, *future.result())
        return Result(done, *_decode(image, fit, entry.name))
    # A decoder may raise any exception for a damaged file; the other files still count.
    except Exception as error:
        reason = " ".join(str(error).split())
        return Result(done, reason=reason or type(error).__name__)


def _decode(
    image: Image.Image, fit: Fit | None, name: str
) -> tuple[Header, np.ndarray | None]:
    # The image is closed by the thread that allocated its pixels.
    with contextlib.closing(image):
        header = pictures.read_header(image)
        if fit is None:
            return header, None
        pixels = fit(image, name)
        return header._replace(peak=pictures.read_peak(image)), pixels


def _is_full(waiting: collections.deque, workers: int) -> bool:
    num_bytes = sum(size for size, _ in waiting)
    return len(waiting) >= workers * _MAX_AHEAD or num_bytes > _MAX_BYTES_AHEAD


@contextlib.contextmanager
def _without_warnings() -> Iterator[None]:
    # Pillow warns about damage that it repairs. It also only warns about decompression
    # bombs, which must be errors.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        yield


def propose_format(
    results: Iterable[Result], from_files: bool = True
) -> tuple[tuple[int, int], int]:
    """Returns a size `(height, width)` and a number of channels that suit all pictures.

    The size is the common size of the pictures, if all have the same size with sides of
    at most 256. Otherwise it is a square: its side is the largest power of two up to the
    median of the pictures' shorter sides, but 8 at least and 64 at most. The channels are
    the fewest that can show each picture.

    Args:
        results: Results, at least one of them good.
        from_files: Bool. Pictures that are not files, but arrays, keep a common size of
            any side: their size was chosen on purpose.
    """
    headers = [result.header for result in results if result.header is not None]
    grey = all(header.channels <= 2 for header in headers)
    alpha = any(header.channels % 2 == 0 for header in headers)
    channels = (1 if grey else 3) + alpha
    sizes = {(header.height, header.width) for header in headers}
    if len(sizes) == 1 and (not from_files or max(max(sizes)) <= _LARGEST_COMMON_SIDE):
        return sizes.pop(), channels
    median = np.median([min(header.height, header.width) for header in headers])
    side = int(np.clip(2 ** np.floor(np.log2(median)), *_SQUARE_SIDES))
    return (side, side), channels
