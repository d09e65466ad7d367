"""Random numbers, one or several per sample, and random choices between samples."""

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
    return _per_sample(keras.random.uniform, x, 1, seed, dtype)


def uniforms(x: Tensor, seed: Seed, count: int) -> list[Tensor]:
    """Draws several numbers in [0, 1) per sample, in float32. See `uniform`.

    On a CPU the time of a draw hardly depends on the size of the result, so that one draw
    for several transformations is quicker.
    """
    return ops.split(_per_sample(keras.random.uniform, x, count, seed), count, axis=1)


def normals(x: Tensor, seed: Seed, count: int) -> list[Tensor]:
    """Draws several numbers of the standard normal distribution. See `uniforms`."""
    return ops.split(_per_sample(keras.random.normal, x, count, seed), count, axis=1)


def coin(x: Tensor, seed: Seed) -> Tensor:
    """Draws one bool per sample, True with probability 1/2. See `uniform`."""
    return ops.less(uniform(x, seed, "float32"), 0.5)


def happens(x: Tensor, seed: Seed, probability: Tensor, count: int) -> list[Tensor]:
    """Draws several numbers per sample: 1 with `probability`, else 0. See `uniforms`.

    Args:
        x: Float tensor `(batch, ...)`.
        seed: A `keras.random.SeedGenerator`.
        probability: Float or scalar tensor in [0, 1]. The float 1 draws no numbers.
        count: Int, how many numbers.
    """
    if _is_certain(probability):
        return [ops.ones((1,) * len(x.shape), "float32")] * count
    drawn = uniforms(x, seed, count)
    return [ops.cast(ops.less(u, probability), "float32") for u in drawn]


def choose(original: Tensor, changed: Tensor, probability: Tensor, seed: Seed) -> Tensor:
    """Returns each sample of `changed` with `probability`, else that of `original`.

    Args:
        original: Tensor that broadcasts with `changed`.
        changed: Tensor `(batch, ...)`.
        probability: Float or scalar tensor in [0, 1]. The float 1 draws no numbers.
        seed: A `keras.random.SeedGenerator`.
    """
    if _is_certain(probability):
        return changed
    # In float16 a number may be rounded to 1, which is not below a probability of 1.
    chosen = ops.less(uniform(changed, seed, "float32"), probability)
    return ops.where(chosen, changed, original)


def noise(x: Tensor, seed: Seed) -> Tensor:
    """Draws a number of the standard normal distribution for each value of `x`."""
    shape = tuple(x.shape[1:])
    return backend.draw_local_rows(
        lambda n: keras.random.normal((n, *shape), seed=seed, dtype=x.dtype),
        ops.shape(x)[0],
    )


def _is_certain(probability: Tensor) -> bool:
    return isinstance(probability, int | float) and probability >= 1


def _per_sample(
    distribution: Callable[..., Tensor],
    x: Tensor,
    count: int,
    seed: Seed,
    dtype: str | None = "float32",
) -> Tensor:
    ones = (1,) * (len(x.shape) - 2)
    shape = (count, *ones) if len(x.shape) > 1 else ()
    return backend.draw_local_rows(
        lambda n: distribution((n, *shape), seed=seed, dtype=dtype or x.dtype),
        ops.shape(x)[0],
    )
