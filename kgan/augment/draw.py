"""Random numbers, one per sample, and random choices between samples."""

from collections.abc import Callable

import keras
from keras import ops

from kgan import backend
from kgan.types import Seed, Tensor


def uniform(x: Tensor, seed: Seed, dtype: str | None = None) -> Tensor:
    """Draws one number in [0, 1) per sample.

    Args:
        x: Float tensor `(batch, ...)`.
        seed: A `keras.random.SeedGenerator`.
        dtype: Dtype of the numbers; None for the dtype of `x`.

    Returns:
        A tensor `(batch, 1, ..., 1)` with the rank of `x`.
    """
    return _per_sample(keras.random.uniform, x, seed, dtype)


def normal(x: Tensor, seed: Seed, dtype: str | None = None) -> Tensor:
    """Draws one number of the standard normal distribution per sample. See `uniform`."""
    return _per_sample(keras.random.normal, x, seed, dtype)


def coin(x: Tensor, seed: Seed) -> Tensor:
    """Draws one bool per sample, True with probability 1/2. See `uniform`."""
    return ops.less(uniform(x, seed, "float32"), 0.5)


def choose(original: Tensor, changed: Tensor, probability: Tensor, seed: Seed) -> Tensor:
    """Returns each sample of `changed` with `probability`, else that of `original`.

    Args:
        original: Tensor that broadcasts with `changed`.
        changed: Tensor `(batch, ...)`.
        probability: Float or scalar tensor in [0, 1]. The float 1 draws no numbers.
        seed: A `keras.random.SeedGenerator`.
    """
    if isinstance(probability, int | float) and probability >= 1:
        return changed
    # In float16 a number may be rounded to 1, which is not below a probability of 1.
    chosen = ops.less(uniform(changed, seed, "float32"), probability)
    return ops.where(chosen, changed, original)


def _per_sample(
    distribution: Callable[..., Tensor], x: Tensor, seed: Seed, dtype: str | None
) -> Tensor:
    ones = (1,) * (len(x.shape) - 1)
    return backend.draw_local_rows(
        lambda n: distribution((n, *ones), seed=seed, dtype=dtype or x.dtype),
        ops.shape(x)[0],
    )
