"""Sums of rows of a tensor."""

import functools
from collections.abc import Callable, Sequence

import keras
from keras import ops

from kgan.types import Tensor


def blend(
    take_rows: Callable[[Tensor, Tensor], Tensor],
    x: Tensor,
    index: Sequence[Tensor],
    weights: Sequence[Tensor],
) -> Tensor:
    """Returns sums of rows, see `blend_rows` in `kgan.backend`.

    Args:
        take_rows: The function of the framework, see `kgan.backend`.
        x: Float tensor `(batch, n, channels)`.
        index: List of int tensors `(batch, m)`.
        weights: List of float tensors `(batch, m)`.
    """
    # The sum of two rounded products would change the pixels of a plain area.
    is_double = keras.backend.standardize_dtype(x.dtype) == "float64"
    dtype = "float64" if is_double else "float32"
    parts = [
        ops.expand_dims(ops.cast(weight, dtype), -1) * ops.cast(take_rows(x, i), dtype)
        for i, weight in zip(index, weights, strict=True)
    ]
    return ops.cast(functools.reduce(ops.add, parts), x.dtype)
