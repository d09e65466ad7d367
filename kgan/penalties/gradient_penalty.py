from typing import Any

import keras
from keras import ops

from kgan import backend, schedules, serialization
from kgan.critic import Critic, Judgement
from kgan.data import map_conditions
from kgan.penalties.base import Penalty, norm, squared_norm
from kgan.types import Seed, Shape, Tensor


@serialization.register
class GradientPenalty(Penalty):
    """Pulls the gradient norm between reals and fakes to `center`: 1 in WGAN-GP, or 0.

    `weight * mean((||grad D(x)|| - center)²)` over `x = a * real + (1 - a) * fake`,
    with one `a`, uniform in [0, 1], per pair. Reals and fakes are paired by index; if
    their numbers differ, samples without a partner are left out. A point has the
    conditions of its real.

    Args:
        weight: Float, or a schedule: the lambda of the paper.
        every: Int; the penalty applies only in every `every`-th update, multiplied by
            `every`.
        center: Float of at least 0, or a schedule: the target of the norm. 0 gives the
            zero-centred gradient penalty, for losses other than Wasserstein's. This
            penalty has the name `"zero_centered_gradient_penalty"`.

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
        self.center = schedules.number(minimum=0, center=center)

    def value(self, real: Judgement, fake: Judgement, critic: Critic) -> Tensor:
        points = mix(real.samples, fake.samples, critic.seed_generator)
        size = ops.shape(points)[0]
        conditions = map_conditions(lambda x: x[:size], real.conditions)
        gradient = critic.judge(points, conditions, frozen=True).gradient()
        # A center with a schedule is a tensor here.
        if isinstance(self.center, int | float) and self.center == 0:
            return ops.mean(squared_norm(gradient))
        return ops.mean(ops.square(norm(gradient) - self.center))


def mix(reals: Tensor, fakes: Tensor, seed: Seed) -> Tensor:
    """Returns a random point between each real and the fake at the same index."""
    sizes = ops.shape(reals)[0], ops.shape(fakes)[0]
    # A known size must stay known: JAX can't draw an unknown number of values.
    known = all(isinstance(size, int) for size in sizes)
    size = min(sizes) if known else ops.minimum(*sizes)
    alpha = uniform(size, (1,) * (len(reals.shape) - 1), reals.dtype, seed)
    return alpha * reals[:size] + (1 - alpha) * fakes[:size]


def uniform(size: Tensor, shape: Shape, dtype: Any, seed: Seed) -> Tensor:
    """Returns uniform numbers of [0, 1), `(size, *shape)`, see `draw_local_rows`."""
    return backend.draw_local_rows(
        lambda n: keras.random.uniform((n, *shape), seed=seed, dtype=dtype), size
    )
