from typing import Any

import keras
from keras import ops

from kgan import backend, serialization
from kgan.penalties.base import Penalty, squared_norm

# Keeps the root's derivative finite where the gradient is zero.
_EPSILON = 1e-12


@serialization.register
class GradientPenalty(Penalty):
    """WGAN-GP: the gradient's norm between reals and fakes is pulled to 1.

    `weight * mean((||grad D(x)|| - 1)²)` over `x = a * real + (1 - a) * fake`, with
    one `a`, uniform in [0, 1], per pair. Reals and fakes are paired by index; where
    their numbers differ, the surplus is left out.

    Args:
        weight: Float, the lambda of the paper.
        every: Int, apply on every `every`-th update only, rescaled.

    Reference:
        [Gulrajani et al., 2017](https://arxiv.org/abs/1704.00028), equation 3.
    """

    name = "gradient_penalty"

    def __init__(self, weight: float = 10.0, every: int = 1):
        super().__init__(weight, every)

    def value(self, gradient, reals, fakes, seed=None):
        norm = ops.sqrt(squared_norm(gradient(mix(reals, fakes, seed))) + _EPSILON)
        return ops.mean(ops.square(norm - 1))


def mix(reals: Any, fakes: Any, seed: Any) -> Any:
    """Returns a point between each real and the fake at its index."""
    sizes = ops.shape(reals)[0], ops.shape(fakes)[0]
    # Sizes that are known must stay so: JAX draws no numbers of unknown count.
    known = all(isinstance(size, int) for size in sizes)
    size = min(sizes) if known else ops.minimum(*sizes)
    ones = (1,) * (len(reals.shape) - 1)
    alpha = backend.rows(
        lambda n: keras.random.uniform((n, *ones), seed=seed, dtype=reals.dtype), size
    )
    return alpha * reals[:size] + (1 - alpha) * fakes[:size]
