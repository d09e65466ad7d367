"""Samples in a file, read a few at a time, for datasets larger than memory."""

import copy
import io
import math
import os
import tempfile
import threading
import weakref
from collections.abc import Iterator
from typing import Any

import numpy as np

from kgan import checks
from kgan.types import ArrayLike, PathLike


class Store:
    """A uint8 array of samples that stays on disk.

    A store is indexed like an array, along its first axis: by ints, slices, arrays of
    ints or a mask. Each access reads the samples from the file. The file is not mapped
    into memory, so the memory of the process does not grow with each sample read.

    Args:
        file: A binary file, or the path of one.
        shape: Tuple of ints, `(n, ...)`.

    Example:

    >>> import numpy as np, tempfile
    >>> file = tempfile.TemporaryFile()
    >>> _ = file.write(bytes(range(12)))
    >>> store = Store(file, (3, 2, 2))
    >>> store[[2, 0]].tolist()
    [[[8, 9], [10, 11]], [[0, 1], [2, 3]]]
    """

    dtype = np.dtype("uint8")

    def __init__(self, file: PathLike | io.BufferedIOBase, shape: tuple[int, ...]):
        self.shape = checks.shape(minimum=0, form="(n, ...)", shape=shape)
        # A part of a store begins at this sample of the file.
        self._first = 0
        self._whole: Store | None = None
        self._file = open(file, "rb") if isinstance(file, str | os.PathLike) else file  # noqa: SIM115
        self._file.flush()
        weakref.finalize(self, self._file.close)
        # The shape of a sample in the file, and the part of each sample that is read.
        self._sample_shape = self.shape[1:]
        self._window: tuple[Any, ...] = ()
        self._sample_size = math.prod(self._sample_shape)
        self._lock = threading.Lock()

    @property
    def ndim(self) -> int:
        """Number of axes."""
        return len(self.shape)

    @property
    def nbytes(self) -> int:
        """Number of bytes on disk."""
        return len(self) * self._sample_size

    def __len__(self) -> int:
        return self.shape[0]

    def part(self, start: int, stop: int) -> "Store":
        """Returns the samples from `start` to before `stop`, which stay on disk."""
        part = copy.copy(self)
        part.shape = (stop - start, *self.shape[1:])
        part._first = self._first + start
        part._whole = self  # The file is closed when the whole store is deleted.
        return part

    def window(self, top: int, left: int, height: int, width: int) -> "Store":
        """Returns the same window of each image `(height, width, channels)`.

        The images stay on disk. The window is cut when they are read.
        """
        rows, columns = self._window[1:3] or (slice(0, None), slice(0, None))
        top, left = rows.start + top, columns.start + left
        cut = copy.copy(self)
        cut.shape = (len(self), height, width, *self.shape[3:])
        rows, columns = slice(top, top + height), slice(left, left + width)
        cut._window = ..., rows, columns, slice(None)
        cut._whole = self
        return cut

    def __getitem__(self, index: ArrayLike | slice) -> np.ndarray:
        rows = self._rows(index)
        out = np.empty((rows.size, self._sample_size), "uint8")
        for place, row in enumerate(rows.reshape(-1).tolist()):
            with self._lock:
                self._file.seek((self._first + row) * self._sample_size)
                if self._file.readinto(out[place]) != self._sample_size:
                    raise OSError("The file of these samples has been cut short.")
        return out.reshape(*rows.shape, *self._sample_shape)[self._window or ...]

    def __iter__(self) -> Iterator[np.ndarray]:
        return (self[row] for row in range(len(self)))

    def _rows(self, index: ArrayLike | slice) -> np.ndarray:
        """Returns an index of any kind as the numbers of samples."""
        if isinstance(index, tuple):
            raise IndexError("Samples on disk are indexed along their first axis only.")
        if isinstance(index, slice):
            return np.arange(*index.indices(len(self)))
        if index is Ellipsis:
            return np.arange(len(self))
        rows = np.asarray(index)
        if rows.dtype == bool and rows.shape == self.shape[:1]:
            return np.flatnonzero(rows)
        if rows.size and not np.issubdtype(rows.dtype, np.integer):
            raise IndexError(
                f"Samples are indexed by ints, or by a mask of length {len(self)}. "
                f"Received: index={index}"
            )
        rows = rows.astype("int64")
        if rows.size and not -len(self) <= rows.min() <= rows.max() < len(self):
            raise IndexError(f"There are {len(self)} samples. Received: index={index}")
        return np.where(rows < 0, rows + len(self), rows)


class Writer:
    """Writes samples one by one to a file, which then becomes a `Store`.

    Args:
        shape: Tuple of ints, the shape of one sample.
        path: Path of the file; None for a temporary file without a name.
    """

    def __init__(self, shape: tuple[int, ...], path: PathLike | None = None):
        self.shape = tuple(shape)
        self.count = 0
        # The store reads this same file object: a temporary file has no name by which
        # to open it again.
        self._file = tempfile.TemporaryFile() if path is None else open(path, "w+b")  # noqa: SIM115
        self._close = weakref.finalize(self, self._file.close)

    def write(self, sample: np.ndarray) -> None:
        """Adds one sample."""
        self._file.write(np.ascontiguousarray(sample, "uint8").data)
        self.count += 1

    def finish(self) -> Store:
        """Returns all samples as a `Store`. Nothing more can be written."""
        self._close.detach()
        return Store(self._file, (self.count, *self.shape))

    def close(self) -> None:
        """Closes the file."""
        self._file.close()


def in_memory(store: Store, memory: int) -> np.ndarray | Store:
    """Returns the samples as an array if they take at most `memory` bytes."""
    return store[:] if store.nbytes <= memory else store


def chunks(samples: np.ndarray | Store, size: int = 1 << 24) -> Iterator[np.ndarray]:
    """Yields consecutive parts of an array or a `Store`, of about `size` bytes each."""
    sample_size = max(1, samples.nbytes // max(1, len(samples)))
    step = max(1, size // sample_size)
    for start in range(0, len(samples), step):
        yield samples[start : start + step]
