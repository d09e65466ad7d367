"""Keeps what JAX compiles, so that the next command need not compile the same again.

JAX reads environment variables when Python imports JAX, and a command sets the variables
before. In a process that has imported JAX already, the variables have no effect.
"""

import contextlib
import os
import pathlib
from collections.abc import Iterator

FOLDER = "JAX_COMPILATION_CACHE_DIR"
_SETTINGS = {
    # In bytes. Beyond, JAX removes what was not used for the longest time.
    "JAX_COMPILATION_CACHE_MAX_SIZE": str(2**30),
    # Also what compiles fast: a start compiles many small functions.
    "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": "0",
}


@contextlib.contextmanager
def kept_compilations() -> Iterator[None]:
    """Context in which JAX, when imported, keeps compiled functions on disk.

    The functions are in the folder `compiled` of Keras' folder, which is `KERAS_HOME` or
    `~/.keras`. A user who sets `JAX_COMPILATION_CACHE_DIR` chooses all settings. Where
    the folder can't be written, nothing is kept.
    """
    home = os.environ.get("KERAS_HOME") or os.path.expanduser("~/.keras")
    folder = pathlib.Path(home, "compiled").absolute()
    if FOLDER in os.environ or not _is_writable(folder):
        yield
        return
    settings = {FOLDER: str(folder), **_SETTINGS}
    added = [name for name in settings if name not in os.environ]
    os.environ.update({name: settings[name] for name in added})
    try:
        yield
    finally:
        for name in added:
            os.environ.pop(name, None)


def _is_writable(folder: pathlib.Path) -> bool:
    """Whether files can be written into a folder, which JAX makes if it is missing."""
    # `Path.exists` raises an error below a folder that must not be searched.
    nearest = next(p for p in (folder, *folder.parents) if os.path.exists(p))
    return os.path.isdir(nearest) and os.access(nearest, os.W_OK | os.X_OK)
