"""Random numbers, one per sample, and choices made by them."""

from typing import Any

import keras
from keras import ops

from kgan import backend


def uniform(x: Any, seed: Any, dtype: Any = None) -> Any:
    """Draws one number in [0, 1) per sample.

    Args:
        x: Float tensor `(batch, ...)`.
        seed: A `keras.random.SeedGenerator`.
        dtype: That of the numbers; None for that of `x`.

    Returns:
        A tensor `(batch, 1, ..., 1)` of the rank of `x`.
    """
    return _per_sample(keras.random.uniform, x, seed, dtype)


def normal(x: Any, seed: Any, dtype: Any = None) -> Any:
    """Draws one number of the standard normal per sample. See `uniform`."""
    return _per_sample(keras.random.normal, x, seed, dtype)


def coin(x: Any, seed: Any) -> Any:
    """Draws one bool per sample, both equally likely. See `uniform`."""
    return ops.less(uniform(x, seed, "float32"), 0.5)


def choose(original: Any, changed: Any, probability: Any, seed: Any) -> Any:
    """Returns `changed` for samples drawn with `probability`, else `original`.

    Args:
        original: Tensor that broadcasts with `changed`.
        changed: Tensor `(batch, ...)`.
        probability: Float or scalar tensor, 0 to 1. For a float of 1 nothing is drawn.
        seed: A `keras.random.SeedGenerator`.
    """
    if isinstance(probability, int | float) and probability >= 1:
        return changed
    # In float16 a draw may round to 1, and would never be below a probability of 1.
    chosen = ops.less(uniform(changed, seed, "float32"), probability)
    return ops.where(chosen, changed, original)


def _per_sample(distribution: Any, x: Any, seed: Any, dtype: Any) -> Any:
    ones = (1,) * (len(x.shape) - 1)
    return backend.draw_local_rows(
        lambda n: distribution((n, *ones), seed=seed, dtype=dtype or x.dtype),
        ops.shape(x)[0],
    )
