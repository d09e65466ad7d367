"""Bad data is named before any training starts."""

from typing import Any

import numpy as np

Range = tuple[float, float]

# Values between which a generator without a bounded activation draws images.
_UNBOUNDED = (-16.0, 16.0)


def check_batch_size(batch_size: Any, d_steps: int = 1) -> None:
    """Refuses a batch size that is no positive multiple of `d_steps`."""
    whole = isinstance(batch_size, int | np.integer) and not isinstance(batch_size, bool)
    if not whole or batch_size < 1:
        raise ValueError(
            "`batch_size` must be an int of at least 1. "
            f"Received: batch_size={batch_size}"
        )
    if batch_size % d_steps:
        better = (batch_size // d_steps + 1) * d_steps
        raise ValueError(
            "A batch is shared out over the discriminator's updates, so `batch_size` "
            f"must be a multiple of `d_steps`, such as {better}. "
            f"Received: batch_size={batch_size}, d_steps={d_steps}"
        )


def check_samples(
    x: np.ndarray, shape: tuple, value_range: Range | None, argument: str = "x"
) -> None:
    """Refuses samples on which a generator of that output can't be trained.

    Args:
        x: Array `(n, *shape)`.
        shape: The generator's output shape without the batch; None matches any.
        value_range: The generator's output range; None when it has no bounds.
        argument: Name of the argument, for the errors.

    Raises:
        ValueError: If `x` is empty, has another shape or a dtype other than
            uint8 or float, has NaN or infinite values, or values far outside
            the range.
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
    if not _matches(x.shape[1:], shape):
        raise ValueError(
            f"`{argument}` must be a batch of samples of the shape that the "
            f"generator draws, {_text(shape)}. Received: {argument}.shape={x.shape}"
        )
    if x.dtype != np.uint8:
        _check_values(x, shape, value_range, argument)


def whole_labels(labels: Any, count: int) -> np.ndarray:
    """Returns one label for each sample, as int64 `(count,)`.

    Raises:
        ValueError: If there are more or fewer, or they are no whole numbers.
    """
    try:
        labels = np.asarray(labels)
    except ValueError:  # Of several lengths.
        labels = np.empty((count, 0))
    if labels.shape[:1] != (count,) or labels.size != count:
        raise ValueError(
            f"Expected one label for each of the {count} samples. "
            f"Received: labels of shape {labels.shape}"
        )
    labels = labels.reshape(-1)
    real = any(np.issubdtype(labels.dtype, kind) for kind in (np.integer, np.floating))
    # Neither NaN nor infinity is below, and floats are not exact above.
    if not real or not ((abs(labels) < 2**53) & (labels == np.floor(labels))).all():
        raise ValueError(
            "Labels must be whole numbers. "
            f"Received: labels of dtype {labels.dtype} with {labels[:3].tolist()}"
        )
    return labels.astype("int64")


def check_labels(values: np.ndarray, num_classes: int, argument: str) -> None:
    """Refuses labels that are no ints of 0 to `num_classes - 1`."""
    whole = np.issubdtype(values.dtype, np.integer)
    flat = values.ndim <= 1 or (values.ndim == 2 and values.shape[1] == 1)
    if not whole or not flat or not values.size:
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
    x: np.ndarray, shape: tuple, value_range: Range | None, argument: str
) -> None:
    low, high = float(np.min(x)), float(np.max(x))
    # NaN and infinity propagate into the extremes, so one pass sees all three.
    if not np.isfinite(low) or not np.isfinite(high):
        raise ValueError(
            f"`{argument}` has NaN or infinite values. Received: {argument} with "
            f"{int(np.sum(~np.isfinite(x)))} of them among {x.size}"
        )
    bounds = value_range or (_UNBOUNDED if len(shape) == 3 else None)
    if bounds is None:
        return
    slack = 0.1 * (bounds[1] - bounds[0])
    if low < bounds[0] - slack or high > bounds[1] + slack:
        expected = value_range or (-1.0, 1.0)
        raise ValueError(
            f"`{argument}` has values from {low:g} to {high:g}, but the generator "
            f"draws between {expected[0]:g} and {expected[1]:g}: scale the data, or "
            "pass pixels as uint8, which are scaled by themselves. "
            f"Received: {argument} of dtype {x.dtype}"
        )


def _matches(found: tuple, expected: tuple) -> bool:
    return len(found) == len(expected) and all(
        wanted is None or have == wanted
        for have, wanted in zip(found, expected, strict=True)
    )


def _text(shape: tuple) -> str:
    return str(tuple(shape))
