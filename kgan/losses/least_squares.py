from keras import ops

from kgan import serialization
from kgan.losses.smoothed import Smoothed


@serialization.register
class LeastSquares(Smoothed):
    """Least squares against the labels 1 (real) and 0 (fake).

    Discriminator `(s - 1)² / 2 + t² / 2`, generator `(t - 1)² / 2`.

    Args:
        label_smoothing: Float of at least 0 and below 1, by how much the
            discriminator's label of reals, 1, is lessened.

    Reference:
        [Mao et al., 2016](https://arxiv.org/abs/1611.04076), equation 9;
        [Salimans et al., 2016](https://arxiv.org/abs/1606.03498), section 3.4, for
        the smoothing.
    """

    name = "least_squares"

    boundary = 0.5

    def real_term(self, s):
        return ops.square(s - (1 - self.label_smoothing)) / 2

    def fake_term(self, t):
        return ops.square(t) / 2

    def generator_term(self, t):
        return ops.square(t - 1) / 2
