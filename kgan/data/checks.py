"""Checks of labels, before any training starts."""

import numpy as np

from kgan.types import ArrayLike


def convert_labels(labels: ArrayLike, count: int) -> np.ndarray:
    """Returns labels, one for each sample, as int64 `(count,)`.

    Raises:
        ValueError: If there are more or fewer labels than samples, or a label is not a
            whole number.
    """
    try:
        labels = np.asarray(labels)
    except ValueError:  # numpy makes no array of lists of different lengths.
        labels = np.empty((count, 0))
    if labels.shape[:1] != (count,) or labels.size != count:
        raise ValueError(
            f"Expected one label for each of the {count} samples. "
            f"Received: labels of shape {labels.shape}"
        )
    labels = labels.reshape(-1)
    real = any(np.issubdtype(labels.dtype, kind) for kind in (np.integer, np.floating))
    # The bound excludes NaN, infinity, and floats that are too large to be exact.
    if not real or not ((abs(labels) < 2**53) & (labels == np.floor(labels))).all():
        raise ValueError(
            "Labels must be whole numbers. "
            f"Received: labels of dtype {labels.dtype} with {labels[:3].tolist()}"
        )
    return labels.astype("int64")


def check_labels(values: np.ndarray, num_classes: int, argument: str) -> None:
    """Checks that labels are ints of 0 to `num_classes - 1`.

    Args:
        values: Array `(n,)` or `(n, 1)`.
        num_classes: Int.
        argument: Name of the argument, for the errors.

    Raises:
        ValueError: If the array has another shape or dtype, or a label is out of range.
    """
    integers = np.issubdtype(values.dtype, np.integer)
    flat = values.ndim <= 1 or (values.ndim == 2 and values.shape[1] == 1)
    if not integers or not flat or not values.size:
        raise ValueError(
            f"`{argument}` must be ints of shape (n,). Received: {argument} of dtype "
            f"{values.dtype} and shape {values.shape}"
        )
    if values.min() < 0 or values.max() >= num_classes:
        raise ValueError(
            f"`{argument}` must be of 0 to {num_classes - 1}. Received: {argument} "
            f"from {values.min()} to {values.max()}"
        )
