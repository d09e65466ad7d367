"""Writes the files of a model: a file is complete, or it does not exist."""

import contextlib
import errno
import io
import os
import pathlib
import tempfile
from collections.abc import Iterator

from kgan import files
from kgan.types import PathLike


class KerasFile(io.FileIO):
    """A file that Keras accepts as a `.keras` file, whatever its path."""

    def __str__(self) -> str:
        return "model.keras"


@contextlib.contextmanager
def written_by_chief(
    filepath: PathLike, is_chief: bool, suffix: str = ".tmp"
) -> Iterator[pathlib.Path]:
    """Yields a temporary path, which replaces `filepath` if no error occurs.

    With several workers, every worker must call `save`, since the workers read each
    other's variables. Only the chief writes the file.

    Args:
        filepath: Path of the file or folder.
        is_chief: Bool, whether this process writes the file.
        suffix: End of the temporary path.
    """
    if is_chief:
        with files.atomic_path(filepath, suffix=suffix) as temporary:
            yield temporary
    else:
        with tempfile.TemporaryDirectory() as folder:
            yield pathlib.Path(folder, f"worker{suffix}")


@contextlib.contextmanager
def full_disk_as_os_error(path: PathLike) -> Iterator[None]:
    """Turns TensorFlow's own error for a full disk into an `OSError`."""
    try:
        yield
    except Exception as error:
        reason = os.strerror(errno.ENOSPC)
        if reason not in str(error):
            raise
        raise OSError(errno.ENOSPC, reason, str(path)) from error
