"""Features that no distance can be told of are refused in words."""

from typing import Any

import numpy as np


def features(x: Any, argument: str, least: int = 2) -> np.ndarray:
    """Returns features as a float array.

    Args:
        x: Array `(n, d)` of floats.
        argument: Its name, for the errors.
        least: Int, how many samples there must be.

    Raises:
        ValueError: If it has another shape, too few samples, or NaN or infinite values.
    """
    x = np.asarray(x)
    if x.ndim != 2 or not np.issubdtype(x.dtype, np.floating):
        raise ValueError(
            f"`{argument}` must be features, floats of shape (n, d). "
            f"Received: {argument} of dtype {x.dtype} and shape {x.shape}"
        )
    if len(x) < least:
        raise ValueError(
            f"`{argument}` has too few samples: at least {least} are needed. "
            f"Received: {argument}.shape={x.shape}"
        )
    # NaN and infinity propagate into sums, so one pass sees both, without a copy.
    if not np.isfinite(x.sum(axis=1, dtype="float64")).all():
        bad = int((~np.isfinite(x).all(axis=1)).sum())
        raise ValueError(
            f"`{argument}` has NaN or infinite values. "
            f"Received: {argument} with such in {bad} of {len(x)} samples"
        )
    return x


def pair(a: Any, b: Any, names: tuple[str, str], least: int) -> tuple:
    """Returns two sets of features of the same length, checked."""
    a, b = features(a, names[0], least), features(b, names[1], least)
    if a.shape[1] != b.shape[1]:
        raise ValueError(
            "Both sets must have features of the same length. Received: "
            f"{names[0]}.shape={a.shape}, {names[1]}.shape={b.shape}"
        )
    return a, b
