from keras import ops

from kgan import serialization
from kgan.losses.base import Loss


@serialization.register
class LeastSquares(Loss):
    """Least squares against the labels 1 (real) and 0 (fake).

    Discriminator `(s - 1)² / 2 + t² / 2`, generator `(t - 1)² / 2`.

    Reference:
        [Mao et al., 2016](https://arxiv.org/abs/1611.04076), equation 9.
    """

    def real_term(self, s):
        return ops.square(s - 1) / 2

    def fake_term(self, t):
        return ops.square(t) / 2

    def generator_term(self, t):
        return ops.square(t - 1) / 2
