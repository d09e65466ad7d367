from typing import Any

from keras import ops

from kgan import serialization
from kgan.losses.base import Loss


@serialization.register
class RelativisticAverage(Loss):
    """Each sample is judged against the average of the other kind.

    With `f(x) = softplus(-x)`, `s` and `t` the logits of reals and fakes:

    - discriminator `mean(f(s - mean(t))) + mean(f(-(t - mean(s))))`,
    - generator `mean(f(t - mean(s))) + mean(f(-(s - mean(t))))`.

    Reals and fakes may differ in number. Under several devices the averages are those
    of each one's share of the batch.

    Reference:
        [Jolicoeur-Martineau, 2018](https://arxiv.org/abs/1807.00734), RaSGAN.
    """

    name = "relativistic_average"

    paired = True

    def discriminator_loss(self, real_logits, fake_logits):
        return self._above(real_logits, fake_logits)

    def generator_loss(self, real_logits, fake_logits):
        return self._above(fake_logits, real_logits)

    def term(self, x: Any) -> Any:
        """The loss on each sample that should be `x` above the others' average."""
        return ops.softplus(-x)

    def _above(self, high: Any, low: Any) -> Any:
        return ops.mean(self.term(high - ops.mean(low))) + ops.mean(
            self.term(ops.mean(high) - low)
        )


@serialization.register
class RelativisticAverageHinge(RelativisticAverage):
    """The hinge loss against averages.

    `RelativisticAverage` with `f(x) = relu(1 - x)`.

    Reference:
        [Jolicoeur-Martineau, 2018](https://arxiv.org/abs/1807.00734), RaHingeGAN.
    """

    name = "relativistic_average_hinge"

    def term(self, x):
        return ops.relu(1 - x)


@serialization.register
class RelativisticAverageLeastSquares(RelativisticAverage):
    """Least squares against averages.

    `RelativisticAverage` with `f(x) = (x - 1)²`.

    Reference:
        [Jolicoeur-Martineau, 2018](https://arxiv.org/abs/1807.00734), RaLSGAN.
    """

    name = "relativistic_average_least_squares"

    def term(self, x):
        return ops.square(x - 1)
