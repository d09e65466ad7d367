"""Files of a model, which appear whole or not at all."""

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
    """Gives a temporary path, which replaces `filepath` when all went well.

    With several workers, every worker must call `save`, since they read each other's
    variables; only the chief writes.

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
