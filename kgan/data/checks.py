"""Checks of samples and labels, before any training starts."""

import numpy as np

from kgan import checks
from kgan.data.store import Store
from kgan.types import ArrayLike

ONE_LABEL = "one label for each sample"
_ONE_SHAPE = (
    "samples of one shape, as `kgan.data.load` with `size` makes of pictures in files"
)
# Pixels of 8 bits are dark if this multiple of the highest pixel is at most 255.
_DARK = 8
# How many shapes an error names.
_MAX_SHAPES = 3


def to_array(values: ArrayLike, argument: str, expected: str = _ONE_SHAPE) -> np.ndarray:
    """Returns an array, a tensor or a nested list as a numpy array.

    Args:
        values: The samples or the labels.
        argument: Name of the argument, for the errors.
        expected: The expected values, for the errors.

    Raises:
        ValueError: If numpy can make no array of the values.
    """
    try:
        # A PyTorch tensor on a GPU, or with a gradient, must be told to become an array.
        return np.asarray(values.detach().cpu() if hasattr(values, "detach") else values)
    # The array protocol of another library may raise any exception.
    except Exception as error:
        items = values if isinstance(values, list | tuple) else ()
        shapes = sorted({str(getattr(item, "shape", "unknown")) for item in items})
        named = f"with shapes {', '.join(shapes[:_MAX_SHAPES])}"
        reason = named if len(shapes) > 1 else f"({' '.join(str(error).split())})"
        raise ValueError(
            f"Expected {expected}. "
            f"Received: {argument} of type {type(values).__name__} {reason}"
        ) from None


def to_rows(
    values: ArrayLike | Store, argument: str, expected: str = "an array"
) -> np.ndarray | Store:
    """Returns samples or conditions as an array with a row of numbers for each sample.

    A `Store` stays on disk.

    Args:
        values: The samples or the conditions.
        argument: Name of the argument, for the errors.
        expected: The expected values, for the errors.

    Raises:
        ValueError: If there is no row, or the values are no numbers.
    """
    x = values if isinstance(values, Store) else to_array(values, argument, expected)
    if x.ndim == 0 or not len(x) or not np.issubdtype(x.dtype, np.number):
        raise ValueError(
            f"`{argument}` must be {expected} with a row of numbers for each sample, at "
            f"least one. {checks.received(**{argument: values})}"
        )
    return x


def convert_labels(labels: ArrayLike, count: int) -> np.ndarray:
    """Returns labels, one for each sample, as int64 `(count,)`.

    Raises:
        ValueError: If there are more or fewer labels than samples, or a label is not a
            whole number.
    """
    labels = to_array(labels, "labels", ONE_LABEL)
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


def dark_pixels(highest: int, full: int, pixels: str) -> str | None:
    """Returns a warning if pixels use the lowest part of their range only.

    Args:
        highest: Int, the highest pixel of all.
        full: Int, the highest pixel that the format can hold, 255 or more.
        pixels: Name of the pixels, for the warning.

    Returns:
        The warning, or None for black pixels and for pixels of the usual range.
    """
    bits = int(highest).bit_length()
    factor = full // max(1, 2**bits - 1)
    # The deep pixels of a camera or a scanner often have fewer bits than the file.
    if not highest or factor < (2 if full > 255 else _DARK):
        return None
    return (
        f"The highest of the {pixels} is {highest:,} of {full:,}, so the samples are "
        f"almost black. Multiply the pixels by {factor:,} if they have {bits} bits, as "
        "the values suggest."
    )
