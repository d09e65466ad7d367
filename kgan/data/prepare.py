"""Checks the data that `fit` is given, and makes batches of arrays."""

import copy
import functools
import itertools
import os
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import keras
import numpy as np

from kgan import checks
from kgan.data.batches import Batches
from kgan.data.checks import ONE_LABEL, to_array
from kgan.data.conditions import Conditions, map_conditions
from kgan.data.data_check import CheckedData, DataCheck
from kgan.data.store import Store
from kgan.types import ArrayLike, Data, Tensors

# How many samples of each class are returned as examples of the data.
_EXAMPLES_PER_CLASS = 64


def prepare(
    x: Data,
    check: DataCheck,
    batch_size: int | None = None,
    default_batch_size: int = 32,
    y: Any = None,
    shuffle: bool = True,
    seed: int = 0,
    drop_remainder: bool = False,
) -> tuple[Data, np.ndarray, Tensors | None]:
    """Checks data, and makes batches of arrays.

    Args:
        x: An array, a pair `(samples, conditions)`, or an iterable of batches of either:
            a `keras.utils.PyDataset`, a `tf.data.Dataset`, a generator.
        check: The `DataCheck` that the data must pass.
        batch_size: Int, for arrays only.
        default_batch_size: Int, for arrays when `batch_size` is None.
        y: Conditions of an array, for example labels.
        shuffle: Bool, whether to shuffle an array, see `Batches`.
        seed: Int, seed of the order of an array, see `Batches`.
        drop_remainder: Bool, whether to drop a smaller last batch, see `Batches`.

    Returns:
        `(data, samples, conditions)`: `Batches` or `CheckedData`, and some of its samples
        with their conditions, None for a model without conditions.

    Raises:
        ValueError: If a GAN can't be trained on the data.
    """
    argument = check.argument
    _check_given(x, check)
    x, y = unpack(x, y)
    if _is_array(x):
        x = _as_array(x, argument)
        check.samples(x)
        check.size(len(x))
        y = check.conditions_of(y, len(x))
        batch_size = default_batch_size if batch_size is None else batch_size
        batch_size = _check_batch_size(batch_size, check.d_steps)
        batches = check.batches(
            x,
            y,
            batch_size=batch_size,
            shuffle=shuffle,
            seed=seed,
            drop_remainder=drop_remainder,
        )
        return batches, *_examples(batches, check.conditions)
    _check_own_batches(x, y, batch_size, argument)
    if isinstance(x, Batches):
        check.samples(_as_array(x.x, argument))
        check.conditions_of(x.labels, len(x.x))
        _check_batch_size(x.batch_size, check.d_steps)
        check.size(x.last_size or x.batch_size)
        return x, *_examples(x, check.conditions)
    x, first = _peek(x, argument)
    samples, labels = check.batch(first)
    _check_adapted(x, first, argument)
    _check_batch_size(len(samples), check.d_steps)
    return CheckedData(x, check), samples, labels


def _check_given(x: Data, check: DataCheck) -> None:
    """Checks that there is data, and that it is not the name of data."""
    argument = check.argument
    if x is None:
        raise ValueError(
            f"`{argument}` is missing: there is no data. Expected an array or a "
            f"dataset of samples of shape {check.shape}. Received: {argument}=None"
        )
    if isinstance(x, str | os.PathLike):
        raise ValueError(
            f"`{argument}` must be an array or a dataset: `kgan.data.load` reads the "
            f"samples of a path or a name. {checks.received(**{argument: x})}"
        )
    check.no_weights(x)


def _check_own_batches(x: Data, y: Any, batch_size: int | None, argument: str) -> None:
    """Checks that data with batches of its own has no arguments for arrays."""
    kind = f"{argument} of type {type(x).__name__}"
    if batch_size is not None:
        raise ValueError(
            f"`batch_size` is for arrays: this `{argument}` makes its own batches. "
            f"Received: batch_size={batch_size}, {kind}"
        )
    if y is not None:
        raise ValueError(
            f"`y` is for arrays: this `{argument}` yields its own conditions. "
            f"Received: y of type {type(y).__name__}, {kind}"
        )


def _examples(
    batches: Batches, conditions: Conditions
) -> tuple[np.ndarray, Tensors | None]:
    """Returns some of the samples, with their conditions."""
    count = _EXAMPLES_PER_CLASS * (conditions.num_classes or 1)
    samples, *given = batches.examples(count)
    return samples, given[0] if given and conditions else None


def _check_batch_size(batch_size: int, d_steps: int) -> int:
    """Checks that a batch size is a positive multiple of `d_steps`, and returns it."""
    batch_size = checks.count(batch_size=batch_size)
    if batch_size % d_steps:
        better = (batch_size // d_steps + 1) * d_steps
        raise ValueError(
            "Each update of the discriminator takes an equal part of the batch, so "
            f"`batch_size` must be a multiple of `d_steps`, for example {better}. "
            f"{checks.received(batch_size=batch_size, d_steps=d_steps)}"
        )
    return batch_size


def split(
    x: Data, validation_split: float, y: Any = None
) -> tuple[tuple[Data, Tensors | None], tuple[Data, Tensors | None]]:
    """Splits an array, and its conditions, into a first part and a last part.

    Args:
        x: An array, a `kgan.data.Store`, or a pair `(samples, conditions)`.
        validation_split: Float above 0 and below 1, the share of the last part.
        y: Conditions, for example labels, or None.

    Returns:
        Two pairs `(samples, conditions)`; the conditions are None where there are none.

    Raises:
        ValueError: If `x` is not an array, or one of the parts would be empty.
    """
    x, y = unpack(x, y)
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
    y = map_conditions(_as_condition, y) if isinstance(y, tuple) else _as_condition(y)
    heads, tails = (
        map_conditions(lambda part, i=i: _parts(part, start)[i], y) for i in (0, 1)
    )
    return (first, heads), (last, tails)


def _as_condition(y: ArrayLike | Store | None) -> np.ndarray | Store | None:
    # A list may hold the labels themselves.
    return y if y is None or isinstance(y, Store) else to_array(y, "y", ONE_LABEL)


def _parts(
    x: np.ndarray | Store, start: int
) -> tuple[np.ndarray | Store, np.ndarray | Store]:
    if isinstance(x, Store):
        return x.part(0, start), x.part(start, len(x))
    return x[:start], x[start:]


def _is_array(x: Data) -> bool:
    return isinstance(x, list | Store) or hasattr(x, "__array__")


def _as_array(x: ArrayLike | Store, argument: str) -> np.ndarray | Store:
    return x if isinstance(x, Store) else to_array(x, argument)


def unpack(x: Data, y: Tensors | None) -> tuple[Data, Tensors | None]:
    """Returns samples and their conditions, of which data may be a tuple.

    Args:
        x: Samples, `(samples,)`, or a pair `(samples, conditions)`.
        y: Conditions, or None.

    Raises:
        ValueError: If there are two kinds of conditions.
    """
    if not isinstance(x, tuple) or len(x) not in (1, 2):
        return x, y
    if len(x) == 2 and y is not None:
        raise ValueError(
            "A pair (samples, conditions) has its own conditions, so `y` must be None. "
            f"Received: y of type {type(y).__name__}, x of type tuple with 2 parts"
        )
    return x if len(x) == 2 else (x[0], y)


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
        x = with_batches(x, _as_tuple)
    return x, first


def with_batches(loader: Any, function: Callable[[Any], Any]) -> Any:
    """Returns a `DataLoader` of PyTorch that applies a function to each batch.

    Args:
        loader: The `DataLoader`, which stays as it is.
        function: Function of a batch; a function of a module, since workers unpickle it.
    """
    loader = copy.copy(loader)
    loader.collate_fn = functools.partial(_collate, loader.collate_fn, function)
    # Workers that persist would go on with the function of the first loader.
    loader._iterator = None
    return loader


def _check_adapted(x: Data, batch: Tensors, argument: str) -> None:
    """Checks that Keras can take the samples out of a batch of the data."""
    samples = _as_tuple(batch)[0]
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


def _collate(collate: Callable, function: Callable, samples: Any) -> Any:
    return function(collate(samples))


def _as_tuple(batch: Tensors) -> tuple:
    return tuple(batch) if isinstance(batch, tuple | list) else (batch,)
