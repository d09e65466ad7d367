"""Sums of rows of a tensor."""

import functools
from collections.abc import Callable, Sequence

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
    parts = [
        ops.expand_dims(ops.cast(weight, x.dtype), -1) * take_rows(x, rows)
        for rows, weight in zip(index, weights, strict=True)
    ]
    return functools.reduce(ops.add, parts)
