"""The cores, the memory and the GPU that this process may use."""

import contextlib
import os
import pathlib
from typing import NamedTuple

# Files with the bytes that a container may take, of both versions of control groups.
_LIMITS = (
    pathlib.Path("/sys/fs/cgroup/memory.max"),
    pathlib.Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"),
)


class GPU(NamedTuple):
    """A GPU, and its memory as the framework counts it, in bytes.

    Attributes:
        name: Str, the model.
        memory: Int, the memory that the framework may take; None where unknown.
        used: Int, the memory in use now; None where unknown.
        peak: Int, the highest memory in use so far; None where unknown.
    """

    name: str
    memory: int | None = None
    used: int | None = None
    peak: int | None = None


def num_cores() -> int:
    """Returns the number of cores, without the cores that the system withholds."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def machine_memory() -> int | None:
    """Returns the bytes of memory, without the memory that the system withholds.

    None where the system does not tell.
    """
    if not hasattr(os, "sysconf"):  # Windows.
        return None
    found = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    for limit in _LIMITS:
        # Without a limit there is no file, or the text "max".
        with contextlib.suppress(OSError, ValueError):
            found = min(found, int(limit.read_text("utf-8")))
    return found
