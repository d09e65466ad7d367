"""uint8 samples in a file, read a few at a time, for data larger than memory."""

import copy
import os
import tempfile
import threading
import weakref
from typing import Any

import numpy as np

from kgan.files import PathLike


class Store:
    """An array of uint8 samples that stays on disk.

    It is indexed as an array is, along its first axis: by ints, slices, arrays of ints
    or a mask. Each time it reads the samples asked for. It is not mapped into memory, so
    that a process does not grow by what it has read.

    Args:
        file: A binary file, or the path of one.
        shape: `(n, ...)`.

    Example:

    >>> import numpy as np, tempfile
    >>> file = tempfile.TemporaryFile()
    >>> _ = file.write(bytes(range(12)))
    >>> store = Store(file, (3, 2, 2))
    >>> store[[2, 0]].tolist()
    [[[8, 9], [10, 11]], [[0, 1], [2, 3]]]
    """

    dtype = np.dtype("uint8")

    def __init__(self, file: Any, shape: tuple[int, ...]):
        self.shape = tuple(shape)
        self._first = 0
        self._whole: Store | None = None
        self._file = open(file, "rb") if isinstance(file, str | os.PathLike) else file  # noqa: SIM115
        self._file.flush()
        weakref.finalize(self, self._file.close)
        self._row = int(np.prod(self.shape[1:]))
        self._lock = threading.Lock()

    @property
    def ndim(self) -> int:
        """How many axes it has."""
        return len(self.shape)

    @property
    def nbytes(self) -> int:
        """Its size on disk."""
        return len(self) * self._row

    def __len__(self) -> int:
        return self.shape[0]

    def part(self, start: int, stop: int) -> "Store":
        """Returns the samples from `start` to before `stop`, which stay on disk."""
        part = copy.copy(self)
        part.shape = (stop - start, *self.shape[1:])
        part._first = self._first + start
        part._whole = self  # Its file is closed with it.
        return part

    def __getitem__(self, index: Any) -> np.ndarray:
        rows = self._rows(index)
        out = np.empty((rows.size, self._row), "uint8")
        for place, row in enumerate(rows.reshape(-1).tolist()):
            with self._lock:
                self._file.seek((self._first + row) * self._row)
                if self._file.readinto(out[place]) != self._row:
                    raise OSError("The file of these samples has been cut short.")
        return out.reshape(*rows.shape, *self.shape[1:])

    def _rows(self, index: Any) -> np.ndarray:
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
                f"Samples are indexed by ints, or by a mask of {len(self)}. "
                f"Received: index={index}"
            )
        rows = rows.astype("int64")
        if rows.size and not -len(self) <= rows.min() <= rows.max() < len(self):
            raise IndexError(f"There are {len(self)} samples. Received: index={index}")
        return np.where(rows < 0, rows + len(self), rows)


class Writer:
    """Takes samples one by one, and gives them back in memory or as a `Store`.

    Args:
        shape: Of one sample.
        path: Of the file to write; None for one that is gone with the process.
    """

    def __init__(self, shape: tuple[int, ...], path: PathLike | None = None):
        self.shape = tuple(shape)
        self.count = 0
        # Read back without being opened again: without a path it has no name.
        self._file = tempfile.TemporaryFile() if path is None else open(path, "w+b")  # noqa: SIM115
        self._close = weakref.finalize(self, self._file.close)

    def write(self, sample: np.ndarray) -> None:
        """Adds one sample."""
        self._file.write(np.ascontiguousarray(sample, "uint8").data)
        self.count += 1

    def finish(self) -> Store:
        """Returns all that was written. Nothing more can be."""
        self._close.detach()
        return Store(self._file, (self.count, *self.shape))

    def close(self) -> None:
        """Lets go of the file."""
        self._file.close()


def in_memory(store: Store, memory: int) -> Any:
    """Returns the array if it takes at most `memory` bytes, the `Store` otherwise."""
    return store[:] if store.nbytes <= memory else store


def chunks(samples: Any, size: int = 1 << 24) -> Any:
    """Yields an array or a `Store` in consecutive parts of about `size` bytes."""
    row = max(1, samples.nbytes // max(1, len(samples)))
    step = max(1, size // row)
    for start in range(0, len(samples), step):
        yield samples[start : start + step]
