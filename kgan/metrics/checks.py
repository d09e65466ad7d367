"""Features that no distance can be told of are refused in words."""

import numbers
from typing import Any

import numpy as np

# The third powers of products of larger ones overflow.
_LARGEST = 1e30


def features(x: Any, argument: str, least: int = 2) -> np.ndarray:
    """Returns features as a float array.

    Args:
        x: Array `(n, d)` of floats; ints become such.
        argument: Its name, for the errors.
        least: Int, how many samples there must be.

    Raises:
        ValueError: If it has another shape, too few samples, or values that are NaN,
            infinite or so large that their products are.
    """
    try:
        x = np.asarray(x)
    except ValueError:
        raise ValueError(
            f"`{argument}` must be features, floats of shape (n, d). "
            f"Received: {argument} with rows of several lengths"
        ) from None
    if np.issubdtype(x.dtype, np.integer):
        x = x.astype("float64")
    if x.ndim != 2 or not x.shape[1] or not np.issubdtype(x.dtype, np.floating):
        raise ValueError(
            f"`{argument}` must be features, floats of shape (n, d). "
            f"Received: {argument} of dtype {x.dtype} and shape {x.shape}"
        )
    if len(x) < least:
        raise ValueError(
            f"`{argument}` has too few samples: at least {least} are needed. "
            f"Received: {argument}.shape={x.shape}"
        )
    # NaN is the largest and the smallest of its row, so no copy of all is needed.
    bad = ~((x.max(axis=1) < _LARGEST) & (x.min(axis=1) > -_LARGEST))
    if bad.any():
        raise ValueError(
            f"`{argument}` has values that are NaN, infinite or beyond {_LARGEST:g}. "
            f"Received: {argument} with such in {bad.sum()} of {len(x)} samples"
        )
    return x


def count(value: Any, argument: str, least: int = 1) -> None:
    """Raises a `ValueError` unless a value is an int of at least so much."""
    whole = isinstance(value, numbers.Integral) and not isinstance(value, bool)
    if not whole or value < least:
        raise ValueError(
            f"`{argument}` must be an int of at least {least}. "
            f"Received: {argument}={value!r}"
        )


def pair(a: Any, b: Any, names: tuple[str, str], least: int) -> tuple:
    """Returns two sets of features of the same length, checked."""
    a, b = features(a, names[0], least), features(b, names[1], least)
    if a.shape[1] != b.shape[1]:
        raise ValueError(
            "Both sets must have features of the same length. Received: "
            f"{names[0]}.shape={a.shape}, {names[1]}.shape={b.shape}"
        )
    return a, b
