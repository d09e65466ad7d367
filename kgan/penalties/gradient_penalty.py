from typing import Any

import keras
from keras import ops

from kgan import backend, schedules, serialization
from kgan.penalties.base import Penalty, norm, squared_norm


@serialization.register
class GradientPenalty(Penalty):
    """WGAN-GP: the gradient's norm between reals and fakes is pulled to 1.

    `weight * mean((||grad D(x)|| - center)²)` over `x = a * real + (1 - a) * fake`,
    with one `a`, uniform in [0, 1], per pair. Reals and fakes are paired by index; where
    their numbers differ, the surplus is left out.

    Args:
        weight: Float, or a schedule: the lambda of the paper.
        every: Int, apply on every `every`-th update only, rescaled.
        center: Float, at least 0, what the norm is pulled to. 0 gives the
            zero-centred gradient penalty, for losses other than Wasserstein's; its name
            is `"zero_centered_gradient_penalty"`.

    Raises:
        ValueError: If an argument is out of bounds.

    Example:

    >>> import kgan
    >>> kgan.penalties.get("zero_centered_gradient_penalty")
    GradientPenalty(weight=10.0, every=1, center=0.0)

    Reference:
        [Gulrajani et al., 2017](https://arxiv.org/abs/1704.00028), equation 3;
        [Thanh-Tung et al., 2019](https://arxiv.org/abs/1902.03984), for a center of 0.
    """

    name = "gradient_penalty"

    def __init__(
        self,
        weight: schedules.NumberOrSchedule = 10.0,
        every: int = 1,
        center: schedules.NumberOrSchedule = 1.0,
    ):
        super().__init__(weight, every)
        schedules.number(minimum=0, center=center)
        self.center = center

    def value(self, gradient, reals, fakes, seed=None):
        slopes = gradient(mix(reals, fakes, seed))
        # A scheduled center is a tensor here.
        if isinstance(self.center, int | float) and self.center == 0:
            return ops.mean(squared_norm(slopes))
        return ops.mean(ops.square(norm(slopes) - self.center))

    def get_config(self):
        return {**super().get_config(), "center": self.center}


def mix(reals: Any, fakes: Any, seed: Any) -> Any:
    """Returns a point between each real and the fake at its index."""
    sizes = ops.shape(reals)[0], ops.shape(fakes)[0]
    # Sizes that are known must stay so: JAX draws no numbers of unknown count.
    known = all(isinstance(size, int) for size in sizes)
    size = min(sizes) if known else ops.minimum(*sizes)
    alpha = uniform(size, (1,) * (len(reals.shape) - 1), reals.dtype, seed)
    return alpha * reals[:size] + (1 - alpha) * fakes[:size]


def uniform(size: Any, shape: tuple, dtype: Any, seed: Any) -> Any:
    """Returns numbers of [0, 1), `(size, *shape)`, as one device would draw them."""
    return backend.rows(
        lambda n: keras.random.uniform((n, *shape), seed=seed, dtype=dtype), size
    )
