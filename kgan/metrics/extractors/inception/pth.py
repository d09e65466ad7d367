"""Reads weights that PyTorch saved, without PyTorch and without running code.

A `.pth` file is a pickle, and a pickle may call any function when it is loaded. This
reader knows the few names that tensors consist of, and rejects all others. The tensors
are views of the bytes in the file, so they take no more memory than the file.
"""

import io
import math
import os
import pickle
import zipfile
from collections.abc import Iterable
from typing import NamedTuple

import numpy as np

from kgan import checks
from kgan.metrics.extractors.inception import plain_pickle
from kgan.metrics.extractors.inception.plain_pickle import Global
from kgan.types import PathLike

# The published file has 96 MB.
_MAX_BYTES = 1 << 27
_MAX_REASON = 200
# The format from before 2019 begins with three pickles, before the pickle of tensors.
_MAGIC = 0x1950A86A20F9469CFC6C
_VERSION = 1001
_DTYPES = {
    "DoubleStorage": "<f8",
    "FloatStorage": "<f4",
    "HalfStorage": "<f2",
    "LongStorage": "<i8",
    "IntStorage": "<i4",
    "ShortStorage": "<i2",
    "CharStorage": "<i1",
    "ByteStorage": "<u1",
    "BoolStorage": "?",
}


def read(path: PathLike) -> dict[str, np.ndarray]:
    """Reads a state dict.

    Args:
        path: Path of a file that `torch.save(model.state_dict(), path)` wrote, in the
            format of any release.

    Returns:
        Arrays by their names.

    Raises:
        ValueError: If the file has another format, or holds anything but tensors.
    """
    try:
        tensors = _read(path)
    # A file that is no pickle may raise nearly any error.
    except Exception as error:
        if isinstance(error, OSError):
            raise
        reason = str(error)[:_MAX_REASON] or type(error).__name__
        raise ValueError(
            "Expected a state dict as `torch.save` writes it, of nothing but tensors "
            f"({reason}). Received: path={os.fspath(path)!r}"
        ) from None
    return tensors


def _read(path: PathLike) -> dict[str, np.ndarray]:
    if os.path.getsize(path) > _MAX_BYTES:
        raise pickle.UnpicklingError(f"it has more than {_MAX_BYTES:,} bytes")
    with open(path, "rb") as file:
        data = file.read()
    is_zip = zipfile.is_zipfile(io.BytesIO(data))
    tensors, numbers = _read_zip(data) if is_zip else _read_legacy(data)
    if not isinstance(tensors, dict) or not tensors:
        raise pickle.UnpicklingError("it holds no dict of tensors")
    return {name: _to_array(tensor, numbers) for name, tensor in tensors.items()}


class _Storage(NamedTuple):
    """The numbers of one or more tensors. They follow the pickle in the file."""

    key: str
    dtype: np.dtype
    length: int

    @property
    def nbytes(self) -> int:
        return self.length * self.dtype.itemsize


class _Tensor(NamedTuple):
    """A view of a storage, as the pickle describes the view."""

    storage: _Storage
    offset: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]


class _Storages:
    """The storages to which a pickle refers.

    Args:
        size: Int, the bytes of the file, which no storages exceed.
    """

    def __init__(self, size: int):
        self.size = size
        self.by_key: dict[str, _Storage] = {}

    def refer(self, reference: tuple) -> _Storage:
        """Returns the storage that a reference describes."""
        kind, dtype, key, _, length, *_ = reference
        if kind != "storage":
            raise pickle.UnpicklingError("it refers to data other than storages")
        if not isinstance(key, str) or not checks.is_count(length, 0):
            raise pickle.UnpicklingError("a storage has no key or no length")
        storage = _Storage(key, np.dtype(_DTYPES[dtype.name]), length)
        if self.by_key.setdefault(key, storage) != storage:
            raise pickle.UnpicklingError("a storage has two lengths or dtypes")
        return storage

    def check(self) -> None:
        """Checks that the file can hold all storages, before any is read."""
        if sum(storage.nbytes for storage in self.by_key.values()) > self.size:
            raise pickle.UnpicklingError("the file is cut off")


def _tensor(
    storage: _Storage, offset: int, shape: tuple, strides: tuple, *_: object
) -> _Tensor:
    counts = (offset, *shape, *strides)
    if type(storage) is not _Storage or not all(checks.is_count(n, 0) for n in counts):
        raise pickle.UnpicklingError("a tensor reaches out of the file")
    last = sum((n - 1) * step for n, step in zip(shape, strides, strict=True))
    # With strides of 0, a tensor could have more numbers than the storage.
    count = 0 if 0 in shape else max(math.prod(shape), offset + last + 1)
    if count > storage.length:
        raise pickle.UnpicklingError("a tensor reaches out of the file")
    return _Tensor(storage, offset, shape, strides)


def _parameter(tensor: _Tensor, *_: object) -> _Tensor:
    return tensor


def _ordered_dict(pairs: Iterable = ()) -> dict:
    return plain_pickle.to_dict(pairs)


_FUNCTIONS = {
    Global("collections", "OrderedDict"): _ordered_dict,
    Global("torch._utils", "_rebuild_tensor_v2"): _tensor,
    Global("torch._utils", "_rebuild_parameter"): _parameter,
    **{Global("torch", name): None for name in _DTYPES},
}


def _to_array(tensor: object, numbers: dict[str, np.ndarray]) -> np.ndarray:
    if not isinstance(tensor, _Tensor):
        raise pickle.UnpicklingError(f"it holds a {type(tensor).__name__}")
    flat = numbers[tensor.storage.key]
    strides = [stride * flat.itemsize for stride in tensor.strides]
    view = np.lib.stride_tricks.as_strided(
        flat[tensor.offset :], tensor.shape, strides, writeable=False
    )
    return view.astype(flat.dtype.newbyteorder("="), copy=False)


def _read_zip(data: bytes) -> tuple[object, dict[str, np.ndarray]]:
    """Returns the pickled object and the storages of the format of today, a zip."""
    storages = _Storages(len(data))
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        if any(member.compress_type for member in archive.infolist()):
            raise pickle.UnpicklingError("it is compressed")
        (name,) = (n for n in archive.namelist() if n.endswith("/data.pkl"))
        root = name.removesuffix("data.pkl")
        order = root + "byteorder"
        if order in archive.namelist() and archive.read(order) != b"little":
            raise pickle.UnpicklingError("its numbers are big-endian")
        file = io.BytesIO(archive.read(name))
        tensors = plain_pickle.load(file, _FUNCTIONS, storages.refer)
        storages.check()
        numbers = {
            key: _numbers(storage, archive.read(f"{root}data/{key}"))
            for key, storage in storages.by_key.items()
        }
    return tensors, numbers


def _read_legacy(data: bytes) -> tuple[object, dict[str, np.ndarray]]:
    """Returns the pickled object and the storages of the format from before 2019."""
    storages, file = _Storages(len(data)), io.BytesIO(data)
    magic, version, system, tensors, keys = (
        plain_pickle.load(file, _FUNCTIONS, storages.refer) for _ in range(5)
    )
    if magic != _MAGIC or version != _VERSION:
        raise pickle.UnpicklingError("it has no known beginning")
    if not system.get("little_endian", True):
        raise pickle.UnpicklingError("its numbers are big-endian")
    keys = [key for key in keys if isinstance(key, str)]
    if set(keys) != storages.by_key.keys():
        raise pickle.UnpicklingError("its tensors have other storages than it lists")
    storages.check()
    numbers = {}
    for storage in (storages.by_key[key] for key in keys):
        if file.read(8) != storage.length.to_bytes(8, "little"):
            raise pickle.UnpicklingError("the file is cut off")
        numbers[storage.key] = _numbers(storage, file.read(storage.nbytes))
    return tensors, numbers


def _numbers(storage: _Storage, data: bytes) -> np.ndarray:
    if len(data) != storage.nbytes:
        raise pickle.UnpicklingError("the file is cut off")
    return np.frombuffer(data, storage.dtype)
