from keras import ops

from kgan import serialization
from kgan.losses.smoothed import Smoothed
from kgan.types import Tensor


@serialization.register
class LeastSquares(Smoothed):
    """Least squares against the labels 1 (real) and 0 (fake).

    Discriminator `(s - 1)² / 2 + t² / 2`, generator `(t - 1)² / 2`, with `s` and `t` the
    logits of reals and fakes.

    Args:
        label_smoothing: Float of at least 0 and below 1, subtracted from the
            discriminator's label of reals, 1.

    Raises:
        ValueError: If `label_smoothing` is out of bounds.

    Reference:
        [Mao et al., 2016](https://arxiv.org/abs/1611.04076), equation 9;
        [Salimans et al., 2016](https://arxiv.org/abs/1606.03498), section 3.4, for
        the smoothing.
    """

    name = "least_squares"
    decision_boundary = 0.5

    def real_term(self, s: Tensor) -> Tensor:
        return ops.square(s - (1 - self.label_smoothing)) / 2

    def fake_term(self, t: Tensor) -> Tensor:
        return ops.square(t) / 2

    def generator_term(self, t: Tensor) -> Tensor:
        return ops.square(t - 1) / 2
