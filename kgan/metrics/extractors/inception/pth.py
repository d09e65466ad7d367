"""Reads weights that PyTorch saved, without PyTorch and without running code.

A `.pth` file is a pickle, and a pickle may call any function when it is loaded. This
reader knows the few names that tensors consist of, and rejects all others.
"""

import collections
import io
import os
import pickle
import zipfile
from collections.abc import Callable
from typing import BinaryIO

import numpy as np

from kgan.types import PathLike

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
        with open(path, "rb") as file:
            is_zip = zipfile.is_zipfile(file)
            file.seek(0)
            tensors = _read_zip(file) if is_zip else _read_legacy(file)
        if not isinstance(tensors, dict) or not tensors:
            raise pickle.UnpicklingError("it holds no dict of tensors")
        return {str(name): _to_array(tensor) for name, tensor in tensors.items()}
    # A file that is no pickle may raise nearly any error.
    except Exception as error:
        if isinstance(error, OSError):
            raise
        raise ValueError(
            "Expected a state dict as `torch.save` writes it, of nothing but tensors "
            f"({str(error) or type(error).__name__}). Received: path={os.fspath(path)!r}"
        ) from None


class _Storage:
    """The numbers of one or more tensors. They follow the pickle in the file."""

    def __init__(self, dtype: str, count: int):
        self.dtype, self.count = np.dtype(dtype), count
        self.numbers: np.ndarray | None = None

    def fill(self, data: bytes) -> None:
        if len(data) != self.count * self.dtype.itemsize:
            raise pickle.UnpicklingError("the file is cut off")
        self.numbers = np.frombuffer(data, self.dtype)


class _Tensor:
    """A view of a storage."""

    def __init__(
        self,
        storage: _Storage,
        offset: int,
        shape: tuple[int, ...],
        strides: tuple[int, ...],
        *_: object,
    ):
        self.storage, self.offset = storage, offset
        self.shape, self.strides = tuple(shape), tuple(strides)


def _to_array(tensor: object) -> np.ndarray:
    if not isinstance(tensor, _Tensor) or tensor.storage.numbers is None:
        raise pickle.UnpicklingError(f"it holds a {type(tensor).__name__}")
    numbers = tensor.storage.numbers
    last = sum((n - 1) * s for n, s in zip(tensor.shape, tensor.strides, strict=True))
    inside = min(tensor.strides, default=0) >= 0 <= tensor.offset
    if 0 not in tensor.shape and not (inside and tensor.offset + last < len(numbers)):
        raise pickle.UnpicklingError("a tensor reaches out of the file")
    strides = [stride * numbers.itemsize for stride in tensor.strides]
    view = np.lib.stride_tricks.as_strided(
        numbers[tensor.offset :], tensor.shape, strides, writeable=False
    )
    return view.astype(numbers.dtype.newbyteorder("="))


class _Unpickler(pickle.Unpickler):
    """Loads tensors, and rejects all other objects."""

    def __init__(self, file: BinaryIO | io.BytesIO):
        super().__init__(file, encoding="utf-8")
        self.storages: dict[str, _Storage] = {}

    def find_class(self, module: str, name: str) -> Callable | str:
        if (module, name) == ("collections", "OrderedDict"):
            return collections.OrderedDict
        if (module, name) == ("torch._utils", "_rebuild_tensor_v2"):
            return _Tensor
        if (module, name) == ("torch._utils", "_rebuild_parameter"):
            return _parameter
        if module == "torch" and name in _DTYPES:
            return name
        raise pickle.UnpicklingError(f"it would run {module}.{name}")

    def persistent_load(self, pid: tuple) -> _Storage:
        kind, dtype, key, _, count, *_ = pid
        if kind != "storage":
            raise pickle.UnpicklingError(f"it refers to a {kind}")
        return self.storages.setdefault(str(key), _Storage(_DTYPES[dtype], count))


def _parameter(tensor: _Tensor, *_: object) -> _Tensor:
    return tensor


def _read_zip(file: BinaryIO) -> object:
    """Returns the unpickled object of a file in the format of today, a zip archive."""
    with zipfile.ZipFile(file) as archive:
        (name,) = (n for n in archive.namelist() if n.endswith("/data.pkl"))
        root = name.removesuffix("data.pkl")
        order = root + "byteorder"
        if order in archive.namelist() and archive.read(order) != b"little":
            raise pickle.UnpicklingError("its numbers are big-endian")
        unpickler = _Unpickler(io.BytesIO(archive.read(name)))
        tensors = unpickler.load()
        for key, storage in unpickler.storages.items():
            storage.fill(archive.read(f"{root}data/{key}"))
    return tensors


def _read_legacy(file: BinaryIO) -> object:
    """Returns the unpickled object of a file in the format from before 2019."""
    magic, version, system = (_Unpickler(file).load() for _ in range(3))
    if magic != _MAGIC or version != _VERSION:
        raise pickle.UnpicklingError("it has no known beginning")
    if not system.get("little_endian", True):
        raise pickle.UnpicklingError("its numbers are big-endian")
    unpickler = _Unpickler(file)
    tensors = unpickler.load()
    for key in _Unpickler(file).load():
        storage = unpickler.storages[str(key)]
        count = file.read(8)
        if count != storage.count.to_bytes(8, "little"):
            raise pickle.UnpicklingError("the file is cut off")
        storage.fill(file.read(storage.count * storage.dtype.itemsize))
    return tensors
