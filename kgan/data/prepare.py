"""From whatever `fit` is given to batches that have been looked at."""

import itertools
from collections.abc import Iterator
from typing import Any

import keras
import numpy as np

from kgan.data.batches import Batches
from kgan.data.checks import Range, check_batch_size, check_labels, check_samples
from kgan.data.store import Store

# How many samples are kept to look at, of each class.
_SOME = 64


def prepare(
    x: Any,
    shape: tuple,
    value_range: Range | None,
    batch_size: int | None = None,
    d_steps: int = 1,
    argument: str = "x",
    default_batch_size: int = 32,
    y: Any = None,
    num_classes: int | None = None,
    **options: Any,
) -> tuple[Any, np.ndarray, np.ndarray | None]:
    """Checks data and makes batches of arrays.

    Args:
        x: An array, a pair `(samples, labels)`, or anything that yields batches of
            either: a `keras.utils.PyDataset`, a `tf.data.Dataset`, a generator.
        shape: Shape of one sample.
        value_range: Range of the generator's output; None without bounds.
        batch_size: Int, for arrays only.
        d_steps: Int, into how many updates a batch is divided.
        argument: Name of the argument, for the errors.
        default_batch_size: Int, for arrays when `batch_size` is None.
        y: Labels of arrays.
        num_classes: Int, where labels are needed; None to leave them aside.
        **options: Further arguments of `Batches`.

    Returns:
        `(data, samples, labels)`: what Keras' `fit` takes, and some of the samples with
        their labels, None where they are left aside.

    Raises:
        ValueError: If the data can't be trained on.
    """
    if x is None:
        raise ValueError(
            f"`{argument}` is missing: there is no data. Expected an array or a "
            f"dataset of samples of shape {shape}. Received: {argument}=None"
        )
    _refuse_weights(x, argument)
    if _is_pair(x):
        x, y = x
    if _is_array(x):
        x = _as_array(x)
        check_samples(x, shape, value_range, argument)
        y = _labels(y, len(x), num_classes, argument)
        batch_size = default_batch_size if batch_size is None else batch_size
        check_batch_size(batch_size, d_steps)
        batches = Batches(x, batch_size, labels=y, **options)
        some = np.sort(batches.order(0)[: _SOME * (num_classes or 1)])
        return batches, x[some], None if y is None else y[some]
    if batch_size is not None:
        raise ValueError(
            f"`batch_size` goes with arrays: this `{argument}` makes its own batches. "
            f"Received: batch_size={batch_size}, {argument} of type {type(x).__name__}"
        )
    return _checked_batches(x, shape, value_range, d_steps, argument, num_classes)


def _labels(y: Any, count: int, num_classes: int | None, argument: str) -> Any:
    if num_classes is None:
        return None
    if y is None:
        raise ValueError(
            "A conditional GAN trains on samples with labels: pass `y`, or data of "
            f"pairs (samples, labels). Received: {argument} without labels"
        )
    y = np.asarray(y)
    check_labels(y, num_classes, f"labels of {argument}")
    if len(y) != count:
        raise ValueError(
            "There must be one label for each sample. "
            f"Received: {count} samples and {len(y)} labels"
        )
    return y.reshape(-1).astype("int32")


def split(x: Any, validation_split: float, y: Any = None) -> tuple[tuple, tuple]:
    """Splits the end off an array and its labels, `validation_split` of them.

    Returns:
        Two pairs `(samples, labels)`; the labels are None where there are none.

    Raises:
        ValueError: If `x` is no array, or either part would be empty.
    """
    x, y = x if _is_pair(x) else (x, y)
    if not _is_array(x):
        raise ValueError(
            "`validation_split` goes with arrays; pass `validation_data` instead. "
            f"Received: validation_split={validation_split}, x of type {type(x).__name__}"
        )
    x = _as_array(x)
    start = int(len(x) * (1 - validation_split))
    if not 0 < start < len(x):
        raise ValueError(
            "`validation_split` must be between 0 and 1 and leave samples on both "
            f"sides. Received: validation_split={validation_split}, x.shape={x.shape}"
        )
    first, last = _parts(x, start)
    if y is None:
        return (first, None), (last, None)
    y = np.asarray(y)
    return (first, y[:start]), (last, y[start:])


def _parts(x: Any, start: int) -> tuple[Any, Any]:
    if isinstance(x, Store):
        return x.part(0, start), x.part(start, len(x))
    return x[:start], x[start:]


def _refuse_weights(x: Any, argument: str) -> None:
    if isinstance(x, tuple) and len(x) > 2:
        raise ValueError(
            f"`{argument}` must be samples, or a pair (samples, labels): a GAN learns "
            "the distribution of the data as it is, so it takes no sample weights. "
            f"Received: {argument} with {len(x)} parts"
        )


def _is_array(x: Any) -> bool:
    return isinstance(x, list | Store) or hasattr(x, "__array__")


def _as_array(x: Any) -> Any:
    return x if isinstance(x, Store) else np.asarray(x)


def _is_pair(x: Any) -> bool:
    return isinstance(x, tuple) and len(x) == 2


def _checked_batches(
    x: Any,
    shape: tuple,
    value_range: Range | None,
    d_steps: int,
    argument: str,
    num_classes: int | None,
) -> tuple[Any, np.ndarray, np.ndarray | None]:
    x, first = _peek(x, argument)
    _refuse_weights(first, argument)
    y = None
    if isinstance(first, tuple | list):
        first, y = first[0], first[1] if len(first) > 1 else None
    if isinstance(first, dict):
        raise ValueError(
            f"`{argument}` must yield batches of samples, or pairs (samples, labels). "
            f"Received: {argument} that yields dicts with keys {sorted(first)}"
        )
    first = np.asarray(first)
    if first.ndim == len(shape):
        raise ValueError(
            f"`{argument}` yields single samples, not batches: call `.batch(64)` on it. "
            f"Received: {argument} that yields shape {first.shape}"
        )
    check_samples(first, shape, value_range, argument)
    y = _labels(y, len(first), num_classes, argument)
    check_batch_size(len(first), d_steps)
    return x, first, y


def _peek(x: Any, argument: str) -> tuple[Any, Any]:
    if isinstance(x, keras.utils.PyDataset):
        return x, x[0]
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
    # A generator has no second beginning.
    if isinstance(x, Iterator) and iterator is x:
        x = _generator(itertools.chain([first], iterator))
    return x, first


def _generator(iterable: Any) -> Any:
    # Keras knows generators by their type, and wants tuples of them.
    for batch in iterable:
        yield batch if isinstance(batch, tuple) else (batch,)
