"""Atomic writing: a reader always finds the complete old or the complete new file."""

import contextlib
import errno
import os
import pathlib
import re
import shutil
import uuid
from collections.abc import Iterator

from kgan.types import PathLike

# The errors of a disk, which name no file.
DISK_ERRORS = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO)
# The names of temporary files, which `atomic_path` makes.
_TEMPORARY = re.compile(r"\..*-[0-9a-f]{8}\.tmp")


@contextlib.contextmanager
def atomic_path(path: PathLike, suffix: str = ".tmp") -> Iterator[pathlib.Path]:
    """Yields a temporary path next to `path`, and renames it to `path` at the end.

    After an error, the temporary file or folder is removed, and the old file at `path`
    is unchanged. An empty folder at `path` stays, and gets the files of the new folder: a
    mount, or the current folder of a shell, can't be replaced.

    Args:
        path: Path of the file or folder to write. A missing parent folder is created.
        suffix: Str that begins with `.tmp`, the end of the temporary name. A killed
            process leaves the temporary file behind. With the default suffix, no program
            mistakes this file for a finished file.

    Yields:
        The temporary path. Write a file or make a folder there.

    Raises:
        OSError: If the path can't be written to, or a file would replace a folder. The
            error names `path`.

    Example:

    >>> import pathlib, tempfile
    >>> path = pathlib.Path(tempfile.mkdtemp()) / "note.txt"
    >>> with atomic_path(path) as temporary:
    ...     _ = temporary.write_text("whole")
    >>> path.read_text()
    'whole'
    """
    path = pathlib.Path(path)
    folder = path if is_empty_folder(path) else path.parent
    folder.mkdir(parents=True, exist_ok=True)
    temporary = folder / f".{path.name}-{uuid.uuid4().hex[:8]}{suffix}"
    try:
        yield temporary
        _replace(temporary, path)
    except OSError as error:
        # A user knows nothing of the temporary path. A full disk has no name of a file.
        if error.filename:
            found = pathlib.Path(os.fsdecode(error.filename))
            is_ours = found.is_relative_to(temporary)
        else:
            is_ours = error.errno in DISK_ERRORS
        if is_ours:
            error.filename, error.filename2 = str(path), None
        raise
    finally:
        remove(temporary)


def remove_leftovers(folder: PathLike) -> None:
    """Removes the temporary files and folders that killed processes left in a folder."""
    for path in pathlib.Path(folder).rglob(".*.tmp*"):
        if is_leftover(path):
            remove(path)


def is_leftover(path: pathlib.Path) -> bool:
    """Whether a path has the name of a temporary file or folder."""
    return bool(_TEMPORARY.match(path.name))


def is_empty_folder(path: pathlib.Path) -> bool:
    """Whether a path is a folder without files, but for those of killed processes."""
    return path.is_dir() and all(map(is_leftover, path.iterdir()))


def _replace(temporary: pathlib.Path, path: pathlib.Path) -> None:
    if temporary.parent == path and temporary.is_dir():
        for child in temporary.iterdir():
            os.replace(child, path / child.name)
        return
    # `os.replace` can't replace a folder that is not empty. It refuses to replace a
    # folder with a file, whose path may be a mistake.
    if not (path.is_dir() and temporary.is_dir()):
        os.replace(temporary, path)
        return
    old = _old(path)
    os.replace(path, old)
    try:
        os.replace(temporary, path)
    except OSError:
        os.replace(old, path)
        raise
    remove(old)


def _old(path: pathlib.Path) -> pathlib.Path:
    """Returns the temporary path of a folder that is about to be removed."""
    return path.with_name(f".{path.name}-old-{uuid.uuid4().hex[:8]}.tmp")


def remove_at_once(path: pathlib.Path) -> None:
    """Removes a folder, of which no part stays if the process is killed meanwhile.

    The folder gets a name that `remove_leftovers` finds.
    """
    old = _old(path)
    os.replace(path, old)
    remove(old)


def remove(path: pathlib.Path) -> None:
    """Removes a file, a folder with its files, or a link without its target."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)
