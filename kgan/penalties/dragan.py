from typing import Any

from keras import ops

from kgan import schedules, serialization
from kgan.penalties.base import Penalty, norm
from kgan.penalties.gradient_penalty import uniform


@serialization.register
class DRAGAN(Penalty):
    """The gradient's norm near the reals is pulled to 1.

    `weight * mean((||grad D(x)|| - 1)²)` over `x = real + a * std(reals) / 2 * u`, with
    `u` uniform in [0, 1) for each element and `a` for each sample. The paper perturbs the
    reals by noise; that it is `std(reals) / 2 * u`, and that the point lies anywhere on
    the way there, is from the authors' code. `std` is one number, over all
    elements of the batch; under several devices, of each one's share of it.

    Args:
        weight: Float, or a schedule: the lambda of the paper.
        every: Int, apply on every `every`-th update only, rescaled.

    Reference:
        [Kodali et al., 2017](https://arxiv.org/abs/1705.07215), algorithm 1.
    """

    name = "dragan"

    def __init__(self, weight: schedules.NumberOrSchedule = 10.0, every: int = 1):
        super().__init__(weight, every)

    def value(self, gradient, reals, fakes, seed=None):
        return ops.mean(ops.square(norm(gradient(perturbed(reals, seed))) - 1))


def perturbed(reals: Any, seed: Any) -> Any:
    """Returns a point near each real, between it and a noisy one."""
    size, shape = ops.shape(reals)[0], tuple(reals.shape[1:])
    noise = uniform(size, shape, reals.dtype, seed)
    alpha = uniform(size, (1,) * len(shape), reals.dtype, seed)
    return reals + alpha * 0.5 * ops.std(reals) * noise
