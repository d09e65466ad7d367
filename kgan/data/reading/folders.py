"""Folders of pictures, and the checks of links and special files in a folder."""

import os
import pathlib
import stat
from collections.abc import Iterator

from kgan.data.reading.entries import (
    MAX_BYTES,
    Entry,
    Source,
    bad_entry,
    file_stamp,
    has_image_extension,
    is_hidden,
    too_many_bytes,
)
from kgan.data.reading.pictures import BadFileError
from kgan.types import PathLike


class Folder(Source):
    """The pictures of a folder and of all folders in it, sorted by name.

    Links to files in the folder are followed. Other links are refused: the target is
    either read anyway, or the owner of the folder did not mean to give it.

    Args:
        path: The folder.
    """

    from_files = True

    def __init__(self, path: PathLike):
        self.root = pathlib.Path(path).resolve()
        self.others: list[str] = []
        self.entries = sorted(self._walk(), key=lambda entry: entry.name)
        self.others.sort()

    def __iter__(self) -> Iterator[Entry]:
        return iter(self.entries)

    def stamps(self) -> Iterator[str]:
        """Yields a string for each file, which changes when the file changes."""
        yield from (f"{entry.name!r} {entry.stamp}" for entry in self.entries)
        yield from map(repr, self.others)

    def _walk(self) -> Iterator[Entry]:
        folders = [self.root]
        while folders:
            folder = folders.pop()
            try:
                items = list(os.scandir(folder))
            except OSError as error:
                yield self._bad(folder, f"can't be opened ({error.strerror})")
                continue
            for item in items:
                if is_hidden(item.name):
                    continue
                if item.is_dir(follow_symlinks=False):
                    folders.append(pathlib.Path(item.path))
                else:
                    yield from self._visit(item)

    def _visit(self, item: os.DirEntry) -> Iterator[Entry]:
        """Yields the entry of a file or a link, or notes its name in `others`."""
        path = pathlib.Path(item.path)
        links_to_folder = item.is_symlink() and _is_folder(path)
        if not has_image_extension(item.name) and not links_to_folder:
            self.others.append(self._name(path))
        elif item.is_symlink() and (reason := self._why_refused(path)):
            yield self._bad(path, reason)
        else:
            yield self._entry(path)

    def _why_refused(self, link: pathlib.Path) -> str | None:
        try:
            target = link.resolve(strict=True)
        except (OSError, RuntimeError):
            return "a link to nothing, or to itself"
        if not target.is_relative_to(self.root):
            return "a link out of the folder"
        return "a link to a folder that is read anyway" if target.is_dir() else None

    def _entry(self, path: pathlib.Path) -> Entry:
        try:
            status = path.stat()
        except OSError as error:
            return self._bad(path, f"can't be opened ({error.strerror})")
        if not stat.S_ISREG(status.st_mode):
            return self._bad(path, "not a regular file")
        if status.st_size > MAX_BYTES:
            return self._bad(path, too_many_bytes(status.st_size))
        return Entry(
            self._name(path),
            lambda: _read(path),
            size=status.st_size,
            stamp=file_stamp(status),
        )

    def _bad(self, path: pathlib.Path, reason: str) -> Entry:
        return bad_entry(self._name(path), reason)

    def _name(self, path: pathlib.Path) -> str:
        return path.relative_to(self.root).as_posix()


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
