from keras import ops

from kgan import schedules, serialization
from kgan.critic import Critic, Judgement
from kgan.penalties.base import Penalty, norm
from kgan.penalties.gradient_penalty import uniform
from kgan.types import Seed, Tensor


@serialization.register
class DRAGAN(Penalty):
    """Pulls the norm of the gradient near the reals to 1.

    `weight * mean((||grad D(x)|| - 1)²)` over `x = real + a * std(reals) / 2 * u`, with
    `u` and `a` uniform in [0, 1): a new `u` for each element, a new `a` for each sample.
    The paper perturbs the reals by noise. Two details are from the authors' code: the
    noise is `std(reals) / 2 * u`, and the point lies anywhere between the real and the
    noisy real. `std` is one number, computed over all elements of the batch; with several
    devices, each device computes `std` over its own part of the batch.

    Args:
        weight: Float, or a schedule: the lambda of the paper.
        every: Int; the penalty applies only in every `every`-th update, multiplied by
            `every`.

    Reference:
        [Kodali et al., 2017](https://arxiv.org/abs/1705.07215), algorithm 1.
    """

    name = "dragan"

    def __init__(self, weight: schedules.NumberOrSchedule = 10.0, every: int = 1):
        super().__init__(weight, every)

    def value(self, real: Judgement, fake: Judgement, critic: Critic) -> Tensor:
        points = perturbed(real.samples, critic.seed_generator)
        near = critic.judge(points, real.conditions, frozen=True)
        return ops.mean(ops.square(norm(near.gradient()) - 1))


def perturbed(reals: Tensor, seed: Seed) -> Tensor:
    """Returns a random point between each real and a noisy copy of the real."""
    size, shape = ops.shape(reals)[0], tuple(reals.shape[1:])
    noise = uniform(size, shape, reals.dtype, seed)
    alpha = uniform(size, (1,) * len(shape), reals.dtype, seed)
    return reals + alpha * 0.5 * ops.std(reals) * noise
