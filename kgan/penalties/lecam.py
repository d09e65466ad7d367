import keras
from keras import ops

from kgan import schedules, serialization
from kgan.penalties.base import Penalty


@serialization.register
class LeCam(Penalty):
    """Holds the logits near the recent average of the other kind, for little data.

    `weight * (mean((s - a_F)²) + mean((t - a_R)²))`, with `s` and `t` the logits of
    reals and fakes, and `a_R` and `a_F` their exponential moving averages, which count
    as constants. They begin at 0, without a correction: there logits begin, too. Each
    update of the discriminator uses them first and then moves them, `every` or not.

    The authors' code squares the positive parts of `s - a_F` and `a_R - t` only, which
    is the same as long as reals have the higher logits.

    Args:
        weight: Float, or a schedule: the lambda of the paper. Its code has 0.3 on
            CIFAR-10 with the hinge loss.
        decay: Float of 0 to 1, what the averages keep at an update.
        every: Int, apply on every `every`-th update only, rescaled.

    Raises:
        ValueError: If an argument is out of bounds.

    Example:

    >>> import kgan
    >>> kgan.penalties.LeCam(0.1)
    LeCam(weight=0.1, every=1, decay=0.99)

    Reference:
        [Tseng et al., 2021](https://arxiv.org/abs/2104.03310), equations 3, 4.
    """

    name = "lecam"
    reads_logits = True

    def __init__(
        self,
        weight: schedules.NumberOrSchedule = 0.3,
        decay: float = 0.99,
        every: int = 1,
    ):
        super().__init__(weight, every)
        schedules.number(minimum=0, maximum=1, decay=decay)
        self.decay = decay

    def build(self):
        if not self.variables:
            self.variables = [_average("lecam_real"), _average("lecam_fake")]

    def value_of_logits(self, real_logits, fake_logits):
        real_average, fake_average = map(ops.stop_gradient, self.variables)
        near_fakes = ops.mean(ops.square(real_logits - fake_average))
        return near_fakes + ops.mean(ops.square(fake_logits - real_average))

    def follow(self, real_logits, fake_logits):
        for average, logits in zip(
            self.variables, (real_logits, fake_logits), strict=True
        ):
            new = ops.stop_gradient(ops.mean(logits))
            average.assign(self.decay * average + (1 - self.decay) * new)

    def get_config(self):
        return {**super().get_config(), "decay": self.decay}


def _average(name: str) -> keras.Variable:
    # Replicas see a share of the batch each, so their averages are averaged.
    return keras.Variable(
        0.0, dtype="float32", trainable=False, aggregation="mean", name=name
    )
