"""The folder or the archive of pictures at a path."""

import os

from kgan import checks
from kgan.data.reading.archives import Archive
from kgan.data.reading.entries import Source
from kgan.data.reading.folders import Folder
from kgan.types import PathLike

_EXTENSIONS = (".zip", ".tar", ".tgz", ".tar.gz", ".tar.bz2", ".tar.xz")


def pictures_at(expected: str, **argument: PathLike) -> Source:
    """Returns the folder or the archive of pictures at a path.

    Args:
        expected: Text, the expected value, for the errors.
        **argument: The path, given as `name=value`.

    Raises:
        FileNotFoundError: If there is no file at the path.
        ValueError: If the path is neither that of a folder nor that of an archive.
    """
    ((name, path),) = argument.items()
    received = checks.received(**{name: os.fspath(path)})
    if not os.path.exists(path):
        raise FileNotFoundError(
            f"There is no file of that name. Expected `{name}` to be {expected}. "
            f"{received}"
        )
    if os.path.isdir(path):
        return Folder(path)
    if not os.path.isfile(path):
        raise ValueError(f"The {name} is neither a folder nor a regular file. {received}")
    if os.fspath(path).lower().endswith(_EXTENSIONS):
        return Archive(path)
    raise ValueError(f"Expected `{name}` to be {expected}. {received}")
