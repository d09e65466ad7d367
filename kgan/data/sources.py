"""Where pictures lie: folders and archives, and what in them is not to be trusted."""

import functools
import io
import os
import pathlib
import stat
import tarfile
import zipfile
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from PIL import Image

from kgan.data.pictures import EXTENSIONS, BadFileError, opened

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
    """

    name: str
    read: Callable[[], Any]
    stamp: str = ""
    label: int | None = None

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

    def __init__(self, path: str | os.PathLike):
        self.root = pathlib.Path(path).resolve()
        self.others = 0
        self.entries = sorted(self._walk(self.root), key=lambda e: e.name)

    def __iter__(self) -> Iterator[Entry]:
        return iter(self.entries)

    def _walk(self, folder: pathlib.Path) -> Iterator[Entry]:
        try:
            items = sorted(os.scandir(folder), key=lambda item: item.name)
        except OSError as error:
            yield self._refused(folder, f"can't be opened ({error.strerror})")
            return
        for item in items:
            path = pathlib.Path(item.path)
            if item.name.startswith("."):
                continue
            if item.is_symlink() and (reason := self._why_not(path)):
                yield self._refused(path, reason)
            elif item.is_dir():
                yield from self._walk(path)
            elif not _is_picture(item.name):
                self.others += 1
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
        return Entry(name, lambda: _read(path), f"{status.st_size} {status.st_mtime_ns}")

    def _refused(self, path: pathlib.Path, reason: str) -> Entry:
        return _refused(path.relative_to(self.root).as_posix(), reason)


class Archive:
    """The pictures of a zip or tar file, in its order. Nothing is unpacked to disk.

    Args:
        path: The file.

    Raises:
        ValueError: If it is no such file.
    """

    def __init__(self, path: str | os.PathLike):
        self.path = path
        self.others = 0
        status = os.stat(path)
        self._stamp = f"{status.st_size} {status.st_mtime_ns}"
        self._zipped = zipfile.is_zipfile(path)

    def __iter__(self) -> Iterator[Entry]:
        self.others = 0
        try:
            yield from self._of_zip() if self._zipped else self._of_tar()
        except (zipfile.BadZipFile, tarfile.TarError, EOFError, OSError) as error:
            raise ValueError(
                f"The archive can't be read to its end ({error}). "
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
                if member.islnk() or member.issym():
                    if _is_picture(member.name):
                        yield _refused(member.name, "a link in an archive")
                elif member.isfile():
                    opener = functools.partial(archive.extractfile, member)
                    yield from self._entry(member.name, member.size, opener)

    def _entry(self, name: str, size: int, opener: Callable) -> Iterator[Entry]:
        parts = name.replace("\\", "/").split("/")
        if parts[0] == "" or ".." in parts or ":" in parts[0]:
            yield _refused(name, "a path out of the archive")
        elif any(part.startswith(".") and part != "." for part in parts):
            return
        elif not _is_picture(name):
            self.others += 1
        elif size > MAX_BYTES:
            yield _refused(name, _too_long(size))
        else:
            yield _in_archive(name, opener, self._stamp)


def _in_archive(name: str, opener: Callable[[], Any], stamp: str) -> Entry:
    # Read now, in order: a compressed tar has no other.
    try:
        with opener() as file:
            data = file.read(MAX_BYTES + 1)
    except (zipfile.BadZipFile, RuntimeError, NotImplementedError) as error:
        return _refused(name, f"can't be unpacked ({error})")
    if len(data) > MAX_BYTES:
        return _refused(name, _too_long(len(data)))
    return Entry(name, lambda: data, stamp)


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


def _is_picture(name: str) -> bool:
    return os.path.splitext(name)[1].lower() in EXTENSIONS


def _too_long(size: int) -> str:
    return f"a file of {size:,} bytes, more than {MAX_BYTES:,}"
