"""The processor cores that this process may use."""

import os


def num_cores() -> int:
    """Returns the number of cores, without the cores that the system withholds."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
