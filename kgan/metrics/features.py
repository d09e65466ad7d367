"""Checks of feature arrays, before a metric computes with them."""

import numpy as np

from kgan import checks
from kgan.types import ArrayLike

# The third powers of products of larger values overflow.
_LARGEST = 1e30


def check_features(x: ArrayLike, argument: str, minimum: int = 2) -> np.ndarray:
    """Validates a feature array, and returns it as a float array.

    Args:
        x: Array `(n, d)` of floats or ints. Ints are converted to float64.
        argument: Str, the name of the argument, for the error message.
        minimum: Int, the smallest n that the metric can use.

    Raises:
        ValueError: If `x` has another shape, too few samples, or values that are NaN,
            infinite or so large that their products overflow.
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
    if len(x) < minimum:
        raise ValueError(
            f"`{argument}` has too few samples: at least {minimum} are needed. "
            f"Received: {argument}.shape={x.shape}"
        )
    # The maximum and minimum of a row with NaN are NaN, so no copy of `x` is needed.
    bad = ~((x.max(axis=1) < _LARGEST) & (x.min(axis=1) > -_LARGEST))
    if bad.any():
        raise ValueError(
            f"`{argument}` has values that are NaN, infinite or beyond {_LARGEST:g}. "
            f"Received: {argument} with bad values in {bad.sum()} of {len(x)} samples"
        )
    return x


def check_pair(
    a: ArrayLike, b: ArrayLike, names: tuple[str, str], minimum: int
) -> tuple[np.ndarray, np.ndarray]:
    """Validates two feature arrays, which must have features of the same length.

    Args:
        a: Array `(n, d)`.
        b: Array `(m, d)`.
        names: The names of both arguments, for the error message.
        minimum: Int, the smallest n and m that the metric can use.

    Returns:
        Both as float arrays.
    """
    a, b = check_features(a, names[0], minimum), check_features(b, names[1], minimum)
    if a.shape[1] != b.shape[1]:
        shapes = {f"{name}.shape": x.shape for name, x in zip(names, (a, b), strict=True)}
        raise ValueError(
            "Both sets must have features of the same length. "
            f"{checks.received(**shapes)}"
        )
    return a, b
