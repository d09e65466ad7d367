from keras import ops

from kgan import serialization
from kgan.losses.base import Loss
from kgan.types import Tensor


@serialization.register
class RelativisticAverage(Loss):
    """Compares each real with the average fake, and each fake with the average real.

    With `f(x) = softplus(-x)`, `s` and `t` the logits of reals and fakes:

    - discriminator `mean(f(s - mean(t))) + mean(f(-(t - mean(s))))`,
    - generator `mean(f(t - mean(s))) + mean(f(-(s - mean(t))))`.

    The numbers of reals and fakes may differ. With several devices, each device averages
    over its own part of the batch.

    Reference:
        [Jolicoeur-Martineau, 2018](https://arxiv.org/abs/1807.00734), RaSGAN.
    """

    name = "relativistic_average"
    needs_reals = True

    def discriminator_loss(self, real_logits: Tensor, fake_logits: Tensor) -> Tensor:
        return self._compare(real_logits, fake_logits)

    def generator_loss(self, real_logits: Tensor | None, fake_logits: Tensor) -> Tensor:
        return self._compare(fake_logits, real_logits)

    def term(self, x: Tensor) -> Tensor:
        """Returns `f(x)`, small where the difference `x` of two logits is large."""
        return ops.softplus(-x)

    def _compare(self, high: Tensor, low: Tensor) -> Tensor:
        """Returns the loss of a network that raises the logits `high` above `low`."""
        return ops.mean(self.term(high - ops.mean(low))) + ops.mean(
            self.term(ops.mean(high) - low)
        )


@serialization.register
class RelativisticAverageHinge(RelativisticAverage):
    """The relativistic average loss with the hinge function.

    The formulas of `RelativisticAverage`, with `f(x) = relu(1 - x)`.

    Reference:
        [Jolicoeur-Martineau, 2018](https://arxiv.org/abs/1807.00734), RaHingeGAN.
    """

    name = "relativistic_average_hinge"

    def term(self, x: Tensor) -> Tensor:
        return ops.relu(1 - x)


@serialization.register
class RelativisticAverageLeastSquares(RelativisticAverage):
    """The relativistic average loss with least squares.

    The formulas of `RelativisticAverage`, with `f(x) = (x - 1)²`.

    Reference:
        [Jolicoeur-Martineau, 2018](https://arxiv.org/abs/1807.00734), RaLSGAN.
    """

    name = "relativistic_average_least_squares"

    def term(self, x: Tensor) -> Tensor:
        return ops.square(x - 1)
