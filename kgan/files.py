"""Writing to disk so that a reader never meets half a file."""

import contextlib
import os
import pathlib
import shutil
import uuid
from collections.abc import Iterator

PathLike = str | os.PathLike


@contextlib.contextmanager
def atomic_path(path: PathLike, suffix: str = ".tmp") -> Iterator[pathlib.Path]:
    """Gives a temporary name beside `path`, and renames it when all went well.

    What stood at `path` before is replaced only then; after an error the
    temporary file or folder is gone and `path` is as it was.

    Args:
        path: Where the file or folder shall be. Its parent is made if missing.
        suffix: What the temporary name ends in. By default no one takes what a
            killed process leaves there for a finished file.

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
    """Removes what killed processes left under temporary names in a folder."""
    for path in pathlib.Path(folder).rglob(".*-*.tmp"):
        _remove(path)


def _replace(temporary: pathlib.Path, path: pathlib.Path) -> None:
    # A folder can't be renamed over a folder that has something in it.
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
