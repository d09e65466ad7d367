from keras import ops

from kgan import serialization
from kgan.penalties.base import Penalty, squared_norm


@serialization.register
class R1(Penalty):
    """Pulls the discriminator's gradient at the reals to zero.

    `weight * mean(||grad D(x)||²) / 2` over real `x`.

    Args:
        weight: Float, the gamma of the paper. 0.1 suits images of 8 to 32
            pixels, 1 to 10 larger ones.
        every: Int, apply on every `every`-th update only, rescaled.

    Example:

    >>> import kgan
    >>> kgan.penalties.R1(0.1)
    R1(weight=0.1, every=1)

    Reference:
        [Mescheder et al., 2018](https://arxiv.org/abs/1801.04406), equation 9.
    """

    name = "r1"

    def value(self, gradient, reals, fakes, seed=None):
        return ops.mean(squared_norm(gradient(reals))) / 2


@serialization.register
class R2(Penalty):
    """Pulls the discriminator's gradient at the fakes to zero.

    `weight * mean(||grad D(x)||²) / 2` over fake `x`. See `R1` for the
    arguments.

    Reference:
        [Mescheder et al., 2018](https://arxiv.org/abs/1801.04406), equation 10.
    """

    name = "r2"

    def value(self, gradient, reals, fakes, seed=None):
        return ops.mean(squared_norm(gradient(fakes))) / 2
