"""Archives of pictures, and the checks of the members of an archive."""

import bz2
import functools
import gzip
import io
import lzma
import os
import re
import stat
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from typing import IO, Any

from kgan.data.reading.entries import (
    MAX_BYTES,
    Entry,
    Source,
    bad_entry,
    file_stamp,
    has_image_extension,
    is_hidden,
    max_unpacked,
    too_many_bytes,
    unpacks_to_more,
)
from kgan.types import PathLike

# Errors that the standard library raises when an archive is damaged.
_DAMAGE_ERRORS = (
    zipfile.BadZipFile,
    tarfile.TarError,
    zlib.error,
    lzma.LZMAError,
    struct.error,
    EOFError,
    OSError,
    ValueError,
    LookupError,
    RuntimeError,
    OverflowError,
)
_LINK = "a link or a device in an archive"
_FOLDER = "unpack it to a folder, which may have any size"
# How a compressed tar file begins, and the function that opens the file.
_COMPRESSED: dict[bytes, Callable[..., Any]] = {
    b"\x1f\x8b": gzip.open,
    b"BZh": bz2.open,
    b"\xfd7zXZ\0": lzma.open,
}
# `zipfile` unpacks as many bytes of bzip2 or LZMA as one reading returns; a small number
# of packed bytes unpacks to less than 100 MB. Longer headers of tar files are refused.
_READING, _MAX_HEADER = 1 << 12, 1 << 20

# Opens a member of an archive. None stands for a member without content.
Opener = Callable[[], IO[bytes] | None]


class Archive(Source):
    """The pictures of a zip or tar file, in its order. Nothing is unpacked to disk.

    Args:
        path: The file.

    Raises:
        ValueError: If the file is neither a zip nor a tar file, or is damaged.
    """

    from_files = True

    def __init__(self, path: PathLike):
        self.path = path
        self.others: list[str] = []
        with open(path, "rb") as file:
            start = file.read(6)
        self._is_zip = start[:4] in (b"PK\x03\x04", b"PK\x05\x06")
        openers = (f for magic, f in _COMPRESSED.items() if start.startswith(magic))
        self._open = next(openers, open)
        self._max_bytes, self._num_bytes = max_unpacked(path), 0

    def __iter__(self) -> Iterator[Entry]:
        self.others = []
        self._num_bytes = 0
        try:
            yield from self._zip_entries() if self._is_zip else self._tar_entries()
        except _DAMAGE_ERRORS as error:
            raise ValueError(
                "Expected a zip or tar file that can be read to its end "
                f"({' '.join(str(error).split()) or type(error).__name__}). "
                f"Received: source={os.fspath(self.path)!r}"
            ) from None

    def stamps(self) -> Iterator[str]:
        """Yields a string that changes when the file changes, without reading it."""
        yield f"{os.path.basename(self.path)!r} {file_stamp(os.stat(self.path))}"

    def _zip_entries(self) -> Iterator[Entry]:
        with zipfile.ZipFile(self.path) as archive:
            for member in archive.infolist():
                if not member.is_dir():
                    opener = functools.partial(archive.open, member)
                    yield from self._entry(
                        member.filename, member.file_size, opener, _why_refused(member)
                    )

    def _tar_entries(self) -> Iterator[Entry]:
        with self._open(self.path, "rb") as file, _open_tar(file, self.path) as archive:
            for member in archive:
                if not member.isdir():
                    opener = functools.partial(archive.extractfile, member)
                    reason = None if member.isfile() else _LINK
                    yield from self._entry(member.name, member.size, opener, reason)
            _check_end(archive)

    def _entry(
        self, name: str, size: int, opener: Opener, reason: str | None
    ) -> Iterator[Entry]:
        """Yields the entry of a member, or notes its name in `others`."""
        name = name.replace("\\", "/")
        parts = [part for part in name.split("/") if part != "."]
        if name.startswith("/") or ".." in parts or re.match("[A-Za-z]:", name):
            yield bad_entry(name, "a path out of the archive")
        elif any(map(is_hidden, parts)):
            return
        elif not has_image_extension(name):
            self.others.append(name)
        elif reason or size > MAX_BYTES:
            yield bad_entry(name, reason or too_many_bytes(size))
        else:
            self._num_bytes += size
            if self._num_bytes > self._max_bytes:
                raise ValueError(f"{unpacks_to_more(self.path)}: {_FOLDER}")
            yield _read(name, opener, self._is_zip)


def _open_tar(file: IO[bytes], path: PathLike) -> tarfile.TarFile:
    unpacked: Any = _Unpacked(file, path)
    return tarfile.open(fileobj=unpacked, mode="r:")


class _Unpacked:
    """The bytes of a tar file, up to the number of bytes that the file may have.

    Args:
        file: The file, opened by the function that unpacks the file.
        path: Path of the file.
    """

    def __init__(self, file: IO[bytes], path: PathLike):
        self.file, self.path, self.max_bytes = file, path, max_unpacked(path)
        self.tell = file.tell

    def read(self, size: int) -> bytes:
        """Reads bytes. `tarfile` reads a header of any length at once."""
        if size > _MAX_HEADER:
            raise ValueError(f"a header of {size:,} bytes")
        self._check(self.tell() + size)
        return self.file.read(size)

    def seek(self, offset: int) -> int:
        """Goes to an offset; a compressed file is unpacked up to this offset."""
        self._check(offset)
        return self.file.seek(offset)

    def _check(self, offset: int) -> None:
        if offset > self.max_bytes + _MAX_HEADER:
            raise ValueError(f"{unpacks_to_more(self.path)}: {_FOLDER}")


def _why_refused(member: zipfile.ZipInfo) -> str | None:
    # The upper half of the attributes is the mode of the file on Unix.
    if stat.S_ISLNK(member.external_attr >> 16):
        return _LINK
    return "encrypted" if member.flag_bits & 1 else None


def _check_end(archive: tarfile.TarFile) -> None:
    """Raises an error if a tar file is cut short: `tarfile` takes a cut for the end."""
    file = archive.fileobj
    assert file is not None
    file.seek(archive.offset)
    block = file.read(tarfile.BLOCKSIZE)
    if len(block) < tarfile.BLOCKSIZE or block.strip(b"\0"):
        raise tarfile.ReadError("the file is cut short")
    # A compressed file has its checksum at the end; reading on verifies it.
    while file.read(_MAX_HEADER):
        pass


def _read(name: str, opener: Opener, is_zip: bool) -> Entry:
    # Members are read at once and in order: a compressed tar has no random access.
    try:
        file = opener()
        assert file is not None
        with file:
            data = _read_bytes(file)
    except _DAMAGE_ERRORS as error:
        # Nothing behind the damage can be found in a tar file; a zip has a directory.
        if not is_zip:
            raise
        return bad_entry(name, f"can't be unpacked ({error})")
    if len(data) > MAX_BYTES:
        return bad_entry(name, too_many_bytes(len(data)))
    return Entry(name, lambda: data, size=len(data))


def _read_bytes(file: IO[bytes]) -> bytes:
    data = io.BytesIO()
    while data.tell() <= MAX_BYTES and (part := file.read(_READING)):
        data.write(part)
    return data.getvalue()
