"""Where pictures lie: a folder, and what in it is not to be trusted."""

import io
import os
import pathlib
import stat
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
        label: What the source gives for it, or None.
        size: Int, bytes that are or will be in memory.
        stamp: What changes when the file does.
    """

    name: str
    read: Callable[[], Any]
    label: Any = None
    size: int = 0
    stamp: str = ""

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

    of_files = True

    def __init__(self, path: str | os.PathLike):
        self.root = pathlib.Path(path).resolve()
        self.others: list[str] = []
        self.entries = sorted(self._walk(), key=lambda e: e.name)
        self.others.sort()

    def __iter__(self) -> Iterator[Entry]:
        return iter(self.entries)

    def stamps(self) -> Iterator[str]:
        """Yields what changes when the files do."""
        yield from (f"{entry.name!r} {entry.stamp}" for entry in self.entries)
        yield from map(repr, self.others)

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
                if is_hidden(item.name):
                    continue
                if item.is_dir(follow_symlinks=False):
                    folders.append(pathlib.Path(item.path))
                else:
                    yield from self._file(item)

    def _file(self, item: os.DirEntry) -> Iterator[Entry]:
        path = pathlib.Path(item.path)
        if not (is_picture(item.name) or (item.is_symlink() and _is_folder(path))):
            self.others.append(self._name(path))
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
        try:
            status = path.stat()
        except OSError as error:
            return self._refused(path, f"can't be opened ({error.strerror})")
        if not stat.S_ISREG(status.st_mode):
            return self._refused(path, "no regular file")
        if status.st_size > MAX_BYTES:
            return self._refused(path, too_long(status.st_size))
        return Entry(
            self._name(path), lambda: _read(path), None, status.st_size, stamp(status)
        )

    def _refused(self, path: pathlib.Path, reason: str) -> Entry:
        return refused(self._name(path), reason)

    def _name(self, path: pathlib.Path) -> str:
        return path.relative_to(self.root).as_posix()


def refused(name: str, reason: str) -> Entry:
    """Returns what can't be read, and why."""

    def read() -> bytes:
        raise BadFileError(reason)

    return Entry(name, read)


def is_hidden(name: str) -> bool:
    """Says whether a file or folder of that name is nobody's data."""
    # macOS puts what it knows of the files of an archive beside them.
    return name.startswith(".") or name == "__MACOSX"


def is_picture(name: str) -> bool:
    """Says whether it is one by its name."""
    return os.path.splitext(name)[1].lower() in EXTENSIONS


def stamp(status: os.stat_result) -> str:
    """Returns what changes when a file does."""
    return f"{status.st_size} {status.st_mtime_ns} {status.st_ctime_ns}"


def too_long(size: int) -> str:
    """Says why a file of that size is refused."""
    return f"a file of {size:,} bytes, more than {MAX_BYTES:,}"


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


def _is_folder(path: pathlib.Path) -> bool:
    try:
        return path.is_dir()
    except OSError:
        return False
