"""Where pictures lie: folders and archives, and what in them is not to be trusted."""

import functools
import io
import lzma
import os
import pathlib
import re
import stat
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from PIL import Image

from kgan.data.pictures import EXTENSIONS, BadFileError, opened

# What the standard library raises of archives that are not whole.
_BROKEN = (
    zipfile.BadZipFile, tarfile.TarError, zlib.error, lzma.LZMAError, EOFError, OSError,
)  # fmt: skip
# More is taken for a bomb.
MAX_BYTES = 1 << 28


class Entry(NamedTuple):
    """A file that may be a picture.

    Args:
        name: Its path from the root, with slashes.
        read: Callable that returns its bytes, or an open picture, or raises a
            `BadFileError`.
        stamp: What changes when the file does.
        label: Int, where the source has labels.
        size: Int, bytes that are or will be in memory.
    """

    name: str
    read: Callable[[], Any]
    stamp: str = ""
    label: int | None = None
    size: int = 0

    def open(self) -> Image.Image:
        """Returns the picture, whose pixels may be undecoded."""
        data = self.read()
        return data if isinstance(data, Image.Image) else opened(io.BytesIO(data))


class Folder:
    """The pictures of a folder and of all folders in it, in the order of their names.

    Links to files of the folder are followed, others refused: what they lead to is
    either there already, or nothing that the folder's owner gave.

    Args:
        path: The folder.
    """

    # Its entries' stamps tell when they have changed.
    stamped = True

    def __init__(self, path: str | os.PathLike):
        self.root = pathlib.Path(path).resolve()
        self.others = 0
        self.entries = sorted(self._walk(), key=lambda e: e.name)

    def __iter__(self) -> Iterator[Entry]:
        return iter(self.entries)

    def _walk(self) -> Iterator[Entry]:
        folders = [self.root]
        while folders:
            folder = folders.pop()
            try:
                items = list(os.scandir(folder))
            except OSError as error:
                yield self._refused(folder, f"can't be opened ({error.strerror})")
                continue
            for item in items:
                if item.name.startswith("."):
                    continue
                if item.is_dir(follow_symlinks=False):
                    folders.append(pathlib.Path(item.path))
                else:
                    yield from self._file(item)

    def _file(self, item: os.DirEntry) -> Iterator[Entry]:
        path = pathlib.Path(item.path)
        if not (_is_picture(item.name) or (item.is_symlink() and _is_folder(path))):
            self.others += 1
        elif item.is_symlink() and (reason := self._why_not(path)):
            yield self._refused(path, reason)
        else:
            yield self._entry(path)

    def _why_not(self, link: pathlib.Path) -> str | None:
        try:
            target = link.resolve(strict=True)
        except (OSError, RuntimeError):
            return "a link to nothing, or to itself"
        if not target.is_relative_to(self.root):
            return "a link out of the folder"
        return "a link to a folder that is there already" if target.is_dir() else None

    def _entry(self, path: pathlib.Path) -> Entry:
        name = path.relative_to(self.root).as_posix()
        try:
            status = path.stat()
        except OSError as error:
            return self._refused(path, f"can't be opened ({error.strerror})")
        if not stat.S_ISREG(status.st_mode):
            return self._refused(path, "no regular file")
        if status.st_size > MAX_BYTES:
            return self._refused(path, _too_long(status.st_size))
        return Entry(name, lambda: _read(path), _stamp(status), size=status.st_size)

    def _refused(self, path: pathlib.Path, reason: str) -> Entry:
        return _refused(path.relative_to(self.root).as_posix(), reason)


class Archive:
    """The pictures of a zip or tar file, in its order. Nothing is unpacked to disk.

    Args:
        path: The file.

    Raises:
        ValueError: If it is no such file.
    """

    stamped = True

    def __init__(self, path: str | os.PathLike):
        self.path = path
        self.others = 0
        self._stamp = _stamp(os.stat(path))
        with open(path, "rb") as file:
            self._zipped = file.read(4) in (b"PK\x03\x04", b"PK\x05\x06")

    def __iter__(self) -> Iterator[Entry]:
        self.others = 0
        try:
            yield from self._of_zip() if self._zipped else self._of_tar()
        except _BROKEN as error:
            raise ValueError(
                "Expected a zip or tar file that can be read to its end "
                f"({' '.join(str(error).split()) or type(error).__name__}). "
                f"Received: source={os.fspath(self.path)!r}"
            ) from None

    def _of_zip(self) -> Iterator[Entry]:
        with zipfile.ZipFile(self.path) as archive:
            for member in archive.infolist():
                if not member.is_dir():
                    opener = functools.partial(archive.open, member)
                    yield from self._entry(member.filename, member.file_size, opener)

    def _of_tar(self) -> Iterator[Entry]:
        with tarfile.open(self.path) as archive:
            for member in archive:
                if member.isfile():
                    opener = functools.partial(archive.extractfile, member)
                    yield from self._entry(member.name, member.size, opener)
                elif not member.isdir() and _is_picture(member.name):
                    yield _refused(member.name, "a link or a device in an archive")
            _check_end(archive)

    def _entry(self, name: str, size: int, opener: Callable) -> Iterator[Entry]:
        name = name.replace("\\", "/")
        parts = name.split("/")
        if parts[0] == "" or ".." in parts or re.match("[A-Za-z]:", name):
            yield _refused(name, "a path out of the archive")
        elif any(part.startswith(".") and part != "." for part in parts):
            return
        elif not _is_picture(name):
            self.others += 1
        elif size > MAX_BYTES:
            yield _refused(name, _too_long(size))
        else:
            yield _in_archive(name, opener, self._stamp, self._zipped)


def _check_end(archive: tarfile.TarFile) -> None:
    """Raises an error unless a tar ends as it should: it takes what is broken for it."""
    file: Any = archive.fileobj
    file.seek(archive.offset)
    if file.read(tarfile.BLOCKSIZE).strip(b"\0"):
        raise tarfile.ReadError("it is broken off in its midst")
    while file.read(1 << 20):  # To the checksum of what is compressed.
        pass


def _in_archive(name: str, opener: Callable[[], Any], stamp: str, zipped: bool) -> Entry:
    # Read now, in order: a compressed tar has no other.
    try:
        with opener() as file:
            data = file.read(MAX_BYTES + 1)
    # Of a tar nothing can be found behind what is broken.
    except (*_BROKEN, RuntimeError, NotImplementedError) as error:
        if not zipped:
            raise
        return _refused(name, f"can't be unpacked ({error})")
    if len(data) > MAX_BYTES:
        return _refused(name, _too_long(len(data)))
    return Entry(name, lambda: data, stamp, size=len(data))


def common_parts(names: list[str]) -> int:
    """Returns how many folders all names have in common."""
    folders = [name.split("/")[:-1] for name in (min(names), max(names))]
    pairs = list(zip(*folders, strict=False))
    return next((i for i, (a, b) in enumerate(pairs) if a != b), len(pairs))


def _read(path: pathlib.Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise BadFileError(f"can't be read ({error.strerror})") from None


def _refused(name: str, reason: str) -> Entry:
    def read() -> bytes:
        raise BadFileError(reason)

    return Entry(name, read)


def _is_folder(path: pathlib.Path) -> bool:
    try:
        return path.is_dir()
    except OSError:
        return False


def _is_picture(name: str) -> bool:
    return os.path.splitext(name)[1].lower() in EXTENSIONS


def _stamp(status: os.stat_result) -> str:
    return f"{status.st_size} {status.st_mtime_ns} {status.st_ctime_ns}"


def _too_long(size: int) -> str:
    return f"a file of {size:,} bytes, more than {MAX_BYTES:,}"
