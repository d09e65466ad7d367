import math
from typing import Any

from keras import ops

from kgan import backend, schedules, serialization
from kgan.critic import Critic, Judgement
from kgan.data import parts_of
from kgan.penalties.base import Penalty, norm
from kgan.types import Tensor


@serialization.register
class MatchingAware(Penalty):
    """Pulls the gradient at reals and at their conditions to zero (MA-GP).

    `weight * mean(||(grad_x D(x, c), grad_c D(x, c))||^power)` over reals `x` with their
    conditions `c`. The norm is over the elements of the sample and of all conditions of
    floats together; labels have no gradient. The penalty makes the discriminator smooth
    around the real pairs, so that the generator can move towards them, for example in
    text to image together with `mismatch=0.5`.

    Args:
        weight: Float, or a schedule.
        power: Float above 0, or a schedule.
        every: Int; the penalty applies only in every `every`-th update, multiplied by
            `every`.

    Raises:
        ValueError: If an argument is out of bounds.

    Example:

    >>> import kgan
    >>> kgan.penalties.MatchingAware()
    MatchingAware(weight=2.0, power=6.0, every=1)

    Reference:
        [Tao et al., 2020 (DF-GAN)](https://arxiv.org/abs/2008.05865), equation 3. The
        paper adds the norms of both gradients, the authors' code takes one norm.
    """

    name = "matching_aware"

    def __init__(
        self,
        weight: schedules.NumberOrSchedule = 2.0,
        power: schedules.NumberOrSchedule = 6.0,
        every: int = 1,
    ):
        super().__init__(weight, every)
        self.power: Any = schedules.number(minimum=0, power=power)

    def value(self, real: Judgement, fake: Judgement, critic: Critic) -> Tensor:
        given = parts_of(real.conditions)
        floats = [i for i, c in enumerate(given) if "int" not in str(c.dtype)]
        parts = [real.samples, *(given[i] for i in floats)]
        sizes = [math.prod(x.shape[1:]) for x in parts]
        joined = ops.concatenate(
            [ops.reshape(x, (-1, size)) for x, size in zip(parts, sizes, strict=True)], 1
        )

        def judged(joined: Tensor) -> tuple[Tensor, tuple]:
            found, start, conditions = [], 0, list(given)
            for x, size in zip(parts, sizes, strict=True):
                piece = joined[:, start : start + size]
                found.append(ops.reshape(piece, (-1, *x.shape[1:])))
                start += size
            for i, x in zip(floats, found[1:], strict=True):
                conditions[i] = x
            several = tuple(conditions) if len(conditions) > 1 else None
            rest = several or next(iter(conditions), None)
            return critic.forward(found[0], rest, frozen=True)[0], ()

        _, gradient = backend.pullback(judged, joined)
        slope = ops.cast(gradient(), "float32")
        return ops.mean(ops.power(norm(slope), self.power))
