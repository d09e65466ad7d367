"""Checks of data, before any training starts."""

import numpy as np

from kgan import checks
from kgan.types import ArrayLike, Shape

# The lowest and the highest value of a range.
Range = tuple[float, float]

# The range that images may have for a generator whose output has no bounds.
_UNBOUNDED_IMAGES = (-16.0, 16.0)


def check_batch_size(batch_size: int, d_steps: int = 1) -> int:
    """Checks that a batch size is a positive multiple of `d_steps`, and returns it."""
    batch_size = checks.count(batch_size=batch_size)
    if batch_size % d_steps:
        better = (batch_size // d_steps + 1) * d_steps
        raise ValueError(
            "Each update of the discriminator takes an equal part of the batch, so "
            f"`batch_size` must be a multiple of `d_steps`, such as {better}. "
            f"{checks.received(batch_size=batch_size, d_steps=d_steps)}"
        )
    return batch_size


def check_samples(
    x: np.ndarray, shape: Shape, value_range: Range | None, argument: str = "x"
) -> None:
    """Checks that a generator with this output can be trained on samples.

    Args:
        x: Array `(n, *shape)`.
        shape: The generator's output shape without the batch; None for any length.
        value_range: The generator's output range; None if the output has no bounds.
        argument: Name of the argument, for the errors.

    Raises:
        ValueError: If `x` is empty, has another shape or a dtype other than uint8 or
            float, has NaN or infinite values, or values far outside the range.
    """
    if x.dtype != np.uint8 and not np.issubdtype(x.dtype, np.floating):
        raise ValueError(
            f"`{argument}` must hold uint8 pixels or floats. "
            f"Received: {argument} of dtype {x.dtype} and shape {x.shape}"
        )
    if x.ndim == 0 or len(x) == 0:
        raise ValueError(
            f"`{argument}` is empty: there is nothing to train on. "
            f"Received: {argument}.shape={x.shape}"
        )
    if not checks.same_shape(x.shape[1:], shape):
        raise ValueError(
            f"`{argument}` must be a batch of samples of the generator's output shape, "
            f"{tuple(shape)}. Received: {argument}.shape={x.shape}"
        )
    if x.dtype != np.uint8:
        _check_values(x, shape, value_range, argument)


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


def _check_values(
    x: np.ndarray, shape: Shape, value_range: Range | None, argument: str
) -> None:
    low, high = float(np.min(x)), float(np.max(x))
    # NaN and infinity show in the lowest or the highest value, so one pass is enough.
    if not np.isfinite(low) or not np.isfinite(high):
        raise ValueError(
            f"`{argument}` has NaN or infinite values. Received: {argument} with "
            f"{int(np.sum(~np.isfinite(x)))} of them among {x.size}"
        )
    bounds = value_range or (_UNBOUNDED_IMAGES if len(shape) == 3 else None)
    if bounds is None:
        return
    slack = 0.1 * (bounds[1] - bounds[0])
    if low < bounds[0] - slack or high > bounds[1] + slack:
        expected = value_range or (-1.0, 1.0)
        raise ValueError(
            f"`{argument}` has values from {low:g} to {high:g}, but the generator's "
            f"output is between {expected[0]:g} and {expected[1]:g}: scale the data, or "
            "pass pixels as uint8, which kgan scales. "
            f"Received: {argument} of dtype {x.dtype}"
        )
