from typing import Any

import keras
from keras import ops

from kgan import schedules, serialization
from kgan.critic import Critic, Judgement
from kgan.penalties.base import Penalty
from kgan.types import Tensor


@serialization.register
class LeCam(Penalty):
    """Pulls logits of reals to the average of fakes and vice versa, for little data.

    `weight * (mean((s - a_F)²) + mean((t - a_R)²))`, with `s` and `t` the logits of
    reals and fakes, and `a_R` and `a_F` their exponential moving averages, which have no
    gradient. The averages begin at 0, without a bias correction, since logits begin near
    0 too. Each update of the discriminator first uses the averages and then moves the
    averages, even if the penalty is not due.

    The authors' code squares the positive parts of `s - a_F` and `a_R - t` only. The
    result is the same as long as reals have the higher logits.

    Args:
        weight: Float, or a schedule: the lambda of the paper. The authors' code uses 0.3
            on CIFAR-10 with the hinge loss.
        decay: Float of 0 to 1, or a schedule: the share of the averages that an update
            keeps.
        every: Int; the penalty applies only in every `every`-th update, multiplied by
            `every`.

    Raises:
        ValueError: If an argument is out of bounds.

    Example:

    >>> import kgan
    >>> kgan.penalties.LeCam(0.1)
    LeCam(weight=0.1, decay=0.99, every=1)

    Reference:
        [Tseng et al., 2021](https://arxiv.org/abs/2104.03310), equations 3, 4.
    """

    name = "lecam"
    passes = 0
    takes_gradient = False

    def __init__(
        self,
        weight: schedules.NumberOrSchedule = 0.3,
        decay: schedules.NumberOrSchedule = 0.99,
        every: int = 1,
    ):
        super().__init__(weight, every)
        self.decay: Any = schedules.number(minimum=0, maximum=1, decay=decay)

    def build(self) -> None:
        if not self.variables:
            self.variables = [_average("lecam_real"), _average("lecam_fake")]

    def value(self, real: Judgement, fake: Judgement, critic: Critic) -> Tensor:
        real_average, fake_average = map(ops.stop_gradient, self.variables)
        near_fakes = ops.mean(ops.square(real.logits - fake_average))
        return near_fakes + ops.mean(ops.square(fake.logits - real_average))

    def update(self, real: Judgement, fake: Judgement) -> None:
        for average, judgement in zip(self.variables, (real, fake), strict=True):
            new = ops.stop_gradient(ops.mean(judgement.logits))
            average.assign(self.decay * average + (1 - self.decay) * new)


def _average(name: str) -> keras.Variable:
    # Each replica sees a share of the batch, so Keras takes the mean over replicas.
    return keras.Variable(
        0.0, dtype="float32", trainable=False, aggregation="mean", name=name
    )
