"""Atomic writing: a reader always finds the complete old or the complete new file."""

import contextlib
import os
import pathlib
import shutil
import uuid
from collections.abc import Iterator

from kgan.types import PathLike


@contextlib.contextmanager
def atomic_path(path: PathLike, suffix: str = ".tmp") -> Iterator[pathlib.Path]:
    """Yields a temporary path next to `path`, and renames it to `path` at the end.

    After an error, the temporary file or folder is removed, and the old file at `path`
    is unchanged.

    Args:
        path: Path of the file or folder to write. A missing parent folder is created.
        suffix: Str, the end of the temporary name. A killed process leaves the temporary
            file behind. With the default suffix, no program mistakes this file for a
            finished file.

    Yields:
        The temporary path. Write a file or make a folder there.

    Example:

    >>> import pathlib, tempfile
    >>> path = pathlib.Path(tempfile.mkdtemp()) / "note.txt"
    >>> with atomic_path(path) as temporary:
    ...     _ = temporary.write_text("whole")
    >>> path.read_text()
    'whole'
    """
    path = pathlib.Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}-{uuid.uuid4().hex[:8]}{suffix}")
    try:
        yield temporary
        _replace(temporary, path)
    finally:
        _remove(temporary)


def remove_leftovers(folder: PathLike) -> None:
    """Removes the temporary files and folders that killed processes left in a folder."""
    for path in pathlib.Path(folder).rglob(".*-*.tmp"):
        _remove(path)


def _replace(temporary: pathlib.Path, path: pathlib.Path) -> None:
    # `os.replace` can't replace a folder that is not empty.
    if not path.is_dir():
        os.replace(temporary, path)
        return
    old = path.with_name(f".{path.name}-old-{uuid.uuid4().hex[:8]}.tmp")
    os.replace(path, old)
    os.replace(temporary, path)
    _remove(old)


def _remove(path: pathlib.Path) -> None:
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)
