"""Checks of the paths that callbacks write to, before training."""

import os
import pathlib
from typing import Any

from kgan import checks


def check_file(*, suffix: str = "", **argument: Any) -> pathlib.Path:
    """Checks the path of a file to write, and returns it.

    Args:
        suffix: Str, the end that the path must have, for example `".keras"`.
        **argument: The argument to check, given as `name=value`.

    Raises:
        ValueError: If the value is not a path, a folder has this path, or a file has the
            path of a folder around it.
    """
    ((name, value),) = argument.items()
    path = pathlib.Path(checks.path(suffix=suffix, **argument))
    if os.path.isdir(path):
        raise ValueError(
            f"`{name}` must be the path of a file, and is a folder. "
            f"{checks.received(**{name: os.fspath(value)})}"
        )
    return _inside_folders(path, path.parent, name, value)


def check_folder(**argument: Any) -> pathlib.Path:
    """Checks the path of a folder to write files into, and returns it.

    Args:
        **argument: The argument to check, given as `name=value`.

    Raises:
        ValueError: If the value is not a path, or a file has the path of the folder, or
            of a folder around it.
    """
    ((name, value),) = argument.items()
    path = pathlib.Path(checks.path(**argument))
    return _inside_folders(path, path, name, value)


def _inside_folders(
    path: pathlib.Path, lowest: pathlib.Path, name: str, value: Any
) -> pathlib.Path:
    """Returns a path, if no folder from the lowest on up is a file."""
    for folder in (lowest, *lowest.parents):
        if os.path.isfile(folder):
            raise ValueError(
                f"`{name}` must be a path in a folder, and {folder} is a file. "
                f"{checks.received(**{name: os.fspath(value)})}"
            )
    return path
