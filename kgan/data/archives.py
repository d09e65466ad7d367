"""Pictures in archives, and what in these is not to be trusted."""

import functools
import lzma
import os
import re
import stat
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from typing import Any

from kgan.data import sources
from kgan.data.sources import MAX_BYTES, Entry

# What the standard library raises of archives that are not whole.
_BROKEN = (
    zipfile.BadZipFile, tarfile.TarError, zlib.error, lzma.LZMAError, struct.error,
    EOFError, OSError, ValueError, LookupError, RuntimeError, OverflowError,
)  # fmt: skip
_LINK = "a link or a device in an archive"


class Archive:
    """The pictures of a zip or tar file, in its order. Nothing is unpacked to disk.

    Args:
        path: The file.

    Raises:
        ValueError: If it is no such file.
    """

    of_files = True

    def __init__(self, path: str | os.PathLike):
        self.path = path
        self.others: list[str] = []
        with open(path, "rb") as file:
            self._zipped = file.read(4) in (b"PK\x03\x04", b"PK\x05\x06")

    def __iter__(self) -> Iterator[Entry]:
        self.others = []
        try:
            yield from self._of_zip() if self._zipped else self._of_tar()
        except _BROKEN as error:
            raise ValueError(
                "Expected a zip or tar file that can be read to its end "
                f"({' '.join(str(error).split()) or type(error).__name__}). "
                f"Received: source={os.fspath(self.path)!r}"
            ) from None

    def stamps(self) -> Iterator[str]:
        """Yields what changes when the file does, without reading it."""
        yield f"{os.path.basename(self.path)!r} {sources.stamp(os.stat(self.path))}"

    def _of_zip(self) -> Iterator[Entry]:
        with zipfile.ZipFile(self.path) as archive:
            for member in archive.infolist():
                if not member.is_dir():
                    opener = functools.partial(archive.open, member)
                    reason = _why_not(member)
                    yield from self._entry(
                        member.filename, member.file_size, opener, reason
                    )

    def _of_tar(self) -> Iterator[Entry]:
        with tarfile.open(self.path) as archive:
            for member in archive:
                if not member.isdir():
                    opener = functools.partial(archive.extractfile, member)
                    reason = None if member.isfile() else _LINK
                    yield from self._entry(member.name, member.size, opener, reason)
            _check_end(archive)

    def _entry(
        self, name: str, size: int, opener: Callable, reason: str | None
    ) -> Iterator[Entry]:
        name = name.replace("\\", "/")
        parts = [part for part in name.split("/") if part != "."]
        if name.startswith("/") or ".." in parts or re.match("[A-Za-z]:", name):
            yield sources.refused(name, "a path out of the archive")
        elif any(map(sources.is_hidden, parts)):
            return
        elif not sources.is_picture(name):
            self.others.append(name)
        elif reason or size > MAX_BYTES:
            yield sources.refused(name, reason or sources.too_long(size))
        else:
            yield _read(name, opener, self._zipped)


def _why_not(member: zipfile.ZipInfo) -> str | None:
    # Its upper half is the mode of a file on Unix.
    if stat.S_ISLNK(member.external_attr >> 16):
        return _LINK
    return "encrypted" if member.flag_bits & 1 else None


def _check_end(archive: tarfile.TarFile) -> None:
    """Raises an error unless a tar ends as it should: it takes what is broken for it."""
    file: Any = archive.fileobj
    file.seek(archive.offset)
    block = file.read(tarfile.BLOCKSIZE)
    if len(block) < tarfile.BLOCKSIZE or block.strip(b"\0"):
        raise tarfile.ReadError("it is broken off in its midst")
    while file.read(1 << 20):  # To the checksum of what is compressed.
        pass


def _read(name: str, opener: Callable[[], Any], zipped: bool) -> Entry:
    # Read now, in order: a compressed tar has no other.
    try:
        with opener() as file:
            data = file.read(MAX_BYTES + 1)
    # Of a tar nothing can be found behind what is broken.
    except _BROKEN as error:
        if not zipped:
            raise
        return sources.refused(name, f"can't be unpacked ({error})")
    if len(data) > MAX_BYTES:
        return sources.refused(name, sources.too_long(len(data)))
    return Entry(name, lambda: data, size=len(data))
