from keras import ops

from kgan import checks, serialization
from kgan.losses.smoothed import Smoothed
from kgan.types import Tensor


@serialization.register
class LeastSquares(Smoothed):
    """Least squares against the labels 1 (real) and 0 (fake).

    Discriminator `(s - 1)² / 2 + t² / 2`, generator `(t - 1)² / 2`, with `s` and `t` the
    logits of reals and fakes. Other labels replace the numbers 1, 0 and 1: with -1 for
    fakes and 0 for the generator, the losses minimise the Pearson χ² divergence.

    Args:
        label_smoothing: Float of at least 0 and below 1, subtracted from the
            discriminator's label of reals.
        real_label: Float, the discriminator's label of reals: b in the paper.
        fake_label: Float below the label of reals, the discriminator's label of fakes: a
            in the paper.
        generator_label: Float above `fake_label`, the label to which the generator moves
            the logits of fakes: c in the paper.

    Raises:
        ValueError: If an argument is out of bounds.

    Example:

    >>> import kgan
    >>> kgan.losses.LeastSquares(fake_label=-1.0, generator_label=0.0).decision_boundary
    0.0

    Reference:
        [Mao et al., 2016](https://arxiv.org/abs/1611.04076), equations 2, 8 and 9;
        [Salimans et al., 2016](https://arxiv.org/abs/1606.03498), section 3.4, for
        the smoothing.
    """

    name = "least_squares"
    decision_boundary = 0.5

    def __init__(
        self,
        label_smoothing: float = 0.0,
        real_label: float = 1.0,
        fake_label: float = 0.0,
        generator_label: float = 1.0,
    ):
        super().__init__(label_smoothing)
        self.real_label = float(checks.number(real_label=real_label))
        smoothed = self.real_label - self.label_smoothing
        self.fake_label = float(checks.number(below=smoothed, fake_label=fake_label))
        above = self.fake_label
        self.generator_label = float(
            checks.number(above=above, generator_label=generator_label)
        )
        # A subclass may have a boundary of its own.
        if (self.real_label, self.fake_label) != (1.0, 0.0):
            self.decision_boundary = (self.real_label + self.fake_label) / 2

    def real_term(self, s: Tensor) -> Tensor:
        return ops.square(s - (self.real_label - self.label_smoothing)) / 2

    def fake_term(self, t: Tensor) -> Tensor:
        return ops.square(t - self.fake_label) / 2

    def generator_term(self, t: Tensor) -> Tensor:
        return ops.square(t - self.generator_label) / 2
