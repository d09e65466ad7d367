"""Checks the data that `fit` is given, and makes batches of arrays."""

import copy
import functools
import itertools
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import keras
import numpy as np

from kgan import checks
from kgan.data.batches import Batches
from kgan.data.checks import ONE_LABEL, check_labels, to_array
from kgan.data.store import Store
from kgan.types import ArrayLike, Data, Shape, Tensors

# The lowest and the highest value of a range.
Range = tuple[float, float]

# The range that images may have for a generator whose output has no bounds.
_UNBOUNDED_IMAGES = (-16.0, 16.0)

# How many samples of each class are returned as examples of the data.
_EXAMPLES_PER_CLASS = 64


def prepare(
    x: Data,
    shape: Shape,
    value_range: Range | None,
    batch_size: int | None = None,
    d_steps: int = 1,
    argument: str = "x",
    default_batch_size: int = 32,
    y: ArrayLike | None = None,
    num_classes: int | None = None,
    shuffle: bool = True,
    seed: int = 0,
    drop_remainder: bool = False,
) -> tuple[Data, np.ndarray, np.ndarray | None]:
    """Checks data, and makes batches of arrays.

    Args:
        x: An array, a pair `(samples, labels)`, or an iterable of batches of either: a
            `keras.utils.PyDataset`, a `tf.data.Dataset`, a generator.
        shape: Shape of one sample.
        value_range: Range of the generator's output; None if the output has no bounds.
        batch_size: Int, for arrays only.
        d_steps: Int, the number of discriminator updates among which a batch is divided.
        argument: Name of the argument, for the errors.
        default_batch_size: Int, for arrays when `batch_size` is None.
        y: Labels of an array.
        num_classes: Int if the GAN needs labels; None to ignore labels.
        shuffle: Bool, whether to shuffle an array, see `Batches`.
        seed: Int, seed of the order of an array, see `Batches`.
        drop_remainder: Bool, whether to drop a smaller last batch, see `Batches`.

    Returns:
        `(data, samples, labels)`: the data for Keras' `fit`, and some of its samples
        with their labels. The labels are None if labels are ignored.

    Raises:
        ValueError: If a GAN can't be trained on the data.
    """
    if x is None:
        raise ValueError(
            f"`{argument}` is missing: there is no data. Expected an array or a "
            f"dataset of samples of shape {shape}. Received: {argument}=None"
        )
    _check_no_weights(x, argument)
    x, y = _unpack(x, y)
    if _is_array(x):
        x = _as_array(x, argument)
        check_samples(x, shape, value_range, argument)
        y = _check_labels(y, len(x), num_classes, argument)
        batch_size = default_batch_size if batch_size is None else batch_size
        batch_size = check_batch_size(batch_size, d_steps)
        batches = Batches(
            x, batch_size, shuffle, seed, labels=y, drop_remainder=drop_remainder
        )
        chosen = np.sort(batches.order(0)[: _EXAMPLES_PER_CLASS * (num_classes or 1)])
        return batches, x[chosen], None if y is None else y[chosen]
    if batch_size is not None:
        raise ValueError(
            f"`batch_size` is for arrays: this `{argument}` makes its own batches. "
            f"Received: batch_size={batch_size}, {argument} of type {type(x).__name__}"
        )
    if isinstance(x, Batches):
        check_samples(_as_array(x.x, argument), shape, value_range, argument)
        _check_labels(x.labels, len(x.x), num_classes, argument)
    return _check_batches(x, shape, value_range, d_steps, argument, num_classes)


def _check_labels(
    y: ArrayLike | None, count: int, num_classes: int | None, argument: str
) -> np.ndarray | None:
    if num_classes is None:
        return None
    if y is None:
        raise ValueError(
            "A conditional GAN trains on samples with labels: pass `y`, or data of "
            f"pairs (samples, labels). Received: {argument} without labels"
        )
    y = to_array(y, f"labels of {argument}", ONE_LABEL)
    check_labels(y, num_classes, f"labels of {argument}")
    if len(y) != count:
        raise ValueError(
            "There must be one label for each sample. "
            f"Received: {count} samples and {len(y)} labels"
        )
    return y.reshape(-1).astype("int32")


def split(
    x: Data, validation_split: float, y: ArrayLike | None = None
) -> tuple[tuple[Data, ArrayLike | None], tuple[Data, ArrayLike | None]]:
    """Splits an array, and its labels, into a first part and a last part.

    Args:
        x: An array, a `kgan.data.Store`, or a pair `(samples, labels)`.
        validation_split: Float above 0 and below 1, the share of the last part.
        y: Labels, or None.

    Returns:
        Two pairs `(samples, labels)`; the labels are None where there are none.

    Raises:
        ValueError: If `x` is not an array, or one of the parts would be empty.
    """
    x, y = _unpack(x, y)
    if not _is_array(x):
        raise ValueError(
            "`validation_split` is for arrays; pass `validation_data` instead. "
            f"Received: validation_split={validation_split}, x of type {type(x).__name__}"
        )
    validation_split = checks.number(above=0, below=1, validation_split=validation_split)
    x = _as_array(x, "x")
    start = int(len(x) * (1 - validation_split))
    if not 0 < start < len(x):
        raise ValueError(
            "`validation_split` must leave samples in both parts. "
            f"Received: validation_split={validation_split}, x.shape={x.shape}"
        )
    first, last = _parts(x, start)
    if y is None:
        return (first, None), (last, None)
    y = to_array(y, "y", ONE_LABEL)
    return (first, y[:start]), (last, y[start:])


def _parts(
    x: np.ndarray | Store, start: int
) -> tuple[np.ndarray | Store, np.ndarray | Store]:
    if isinstance(x, Store):
        return x.part(0, start), x.part(start, len(x))
    return x[:start], x[start:]


def _check_no_weights(x: Data, argument: str) -> None:
    if isinstance(x, tuple) and len(x) > 2:
        raise ValueError(
            f"`{argument}` must be samples, or a pair (samples, labels): a GAN learns "
            "the distribution of the data as it is, so it takes no sample weights. "
            f"Received: {argument} with {len(x)} parts"
        )


def _is_array(x: Data) -> bool:
    return isinstance(x, list | Store) or hasattr(x, "__array__")


def _as_array(x: ArrayLike | Store, argument: str) -> np.ndarray | Store:
    return x if isinstance(x, Store) else to_array(x, argument)


def _unpack(x: Data, y: ArrayLike | None) -> tuple[Data, ArrayLike | None]:
    """Returns samples and labels, of which Keras makes a tuple of one or two items."""
    if not isinstance(x, tuple) or len(x) not in (1, 2):
        return x, y
    return x if len(x) == 2 else (x[0], y)


def _check_batches(
    x: Data,
    shape: Shape,
    value_range: Range | None,
    d_steps: int,
    argument: str,
    num_classes: int | None,
) -> tuple[Data, np.ndarray, np.ndarray | None]:
    """Checks the first batch of an iterable of batches."""
    x, first = _peek(x, argument)
    _check_no_weights(first, argument)
    y = None
    if isinstance(first, tuple | list):
        first, y = first[0], first[1] if len(first) > 1 else None
    if isinstance(first, dict):
        raise ValueError(
            f"`{argument}` must yield batches of samples, or pairs (samples, labels). "
            f"Received: {argument} that yields dicts with keys {sorted(first)}"
        )
    _check_adapted(x, first, argument)
    first = to_array(first, argument)
    if first.ndim == len(shape):
        raise ValueError(
            f"`{argument}` yields single samples, not batches: call `.batch(64)` on it. "
            f"Received: {argument} that yields shape {first.shape}"
        )
    check_samples(first, shape, value_range, argument)
    y = _check_labels(y, len(first), num_classes, argument)
    check_batch_size(len(first), d_steps)
    return x, first, y


def _peek(x: Data, argument: str) -> tuple[Data, Tensors]:
    """Returns the data, with nothing taken out of it, and its first batch."""
    if isinstance(x, keras.utils.PyDataset):
        first = x[0]
        if not isinstance(first, np.ndarray | tuple | list | dict):
            raise ValueError(
                f"`{argument}` must yield numpy arrays, or tuples (samples,) or "
                "(samples, labels). "
                f"Received: {argument} that yields {type(first).__name__}"
            )
        return x, first
    try:
        iterator = iter(x)
        first = next(iterator)
    except TypeError:
        raise ValueError(
            f"`{argument}` must be an array, a dataset or a generator. "
            f"Received: {argument} of type {type(x).__name__}"
        ) from None
    except StopIteration:
        raise ValueError(
            f"`{argument}` is empty: there is nothing to train on. "
            f"Received: {argument}={x!r}"
        ) from None
    if isinstance(x, dict):
        raise ValueError(
            f"`{argument}` must be an array or a dataset. "
            f"Received: {argument} of type dict with keys {sorted(x)}"
        )
    # A generator can't begin again, so the first batch is put back.
    if isinstance(x, Iterator) and iterator is x:
        x = _generate_tuples(itertools.chain([first], iterator))
    # Keras takes a tensor of a PyTorch `DataLoader` for a list of its samples.
    elif hasattr(x, "collate_fn") and hasattr(first, "shape"):
        x = copy.copy(x)
        x.collate_fn = functools.partial(_collate_to_tuple, x.collate_fn)
    return x, first


def _check_adapted(x: Data, samples: Tensors, argument: str) -> None:
    """Checks that Keras can take these samples out of a batch of the data."""
    in_loader = hasattr(x, "collate_fn") and keras.backend.backend() != "torch"
    if in_loader and not hasattr(samples, "cpu"):
        raise ValueError(
            f"`{argument}` must yield PyTorch tensors, as a `DataLoader` without "
            "`collate_fn` does. "
            f"Received: {argument} that yields {type(samples).__name__}"
        )


def _generate_tuples(batches: Iterable[Tensors]) -> Iterator[Tensors]:
    # Keras accepts generators by their type, and expects tuples from a generator.
    for batch in batches:
        yield _as_tuple(batch)


def _collate_to_tuple(collate: Callable, samples: Any) -> tuple:
    return _as_tuple(collate(samples))


def _as_tuple(batch: Tensors) -> tuple:
    return tuple(batch) if isinstance(batch, tuple | list) else (batch,)


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
    x: np.ndarray | Store, shape: Shape, value_range: Range | None, argument: str = "x"
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
    if not isinstance(x, Store) and x.dtype != np.uint8:
        _check_values(x, shape, value_range, argument)


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
