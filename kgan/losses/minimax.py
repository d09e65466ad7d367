from keras import ops

from kgan import serialization
from kgan.losses.smoothed import Smoothed
from kgan.types import Tensor


@serialization.register
class Minimax(Smoothed):
    """The original minimax game: the generator maximises the discriminator's loss.

    Discriminator `softplus(-s) + softplus(t)`, generator `-softplus(t)`, with `s` and `t`
    the logits of reals and fakes. The gradient of the generator vanishes when the
    discriminator rejects all fakes with confidence. `NonSaturating` is the usual choice.

    Args:
        label_smoothing: Float of at least 0 and below 1, subtracted from the
            discriminator's label of reals, 1. The loss on reals becomes
            `(1 - label_smoothing) * softplus(-s) + label_smoothing * softplus(s)`.

    Raises:
        ValueError: If `label_smoothing` is out of bounds.

    Reference:
        [Goodfellow et al., 2014](https://arxiv.org/abs/1406.2661), equation 1;
        [Salimans et al., 2016](https://arxiv.org/abs/1606.03498), section 3.4, for
        the smoothing.
    """

    name = "minimax"

    def real_term(self, s: Tensor) -> Tensor:
        if not self.label_smoothing:
            return ops.softplus(-s)
        # Equal to the formula above, since softplus(s) = softplus(-s) + s.
        return ops.softplus(-s) + self.label_smoothing * s

    def fake_term(self, t: Tensor) -> Tensor:
        return ops.softplus(t)

    def generator_term(self, t: Tensor) -> Tensor:
        return -ops.softplus(t)


@serialization.register
class NonSaturating(Minimax):
    """The non-saturating loss: the default of kgan, recommended by the authors of GANs.

    Discriminator `softplus(-s) + softplus(t)`, generator `softplus(-t)`, with `s` and `t`
    the logits of reals and fakes. This is binary cross-entropy in which the generator
    labels its samples as real. See `Minimax` for `label_smoothing`.

    Example:

    >>> import kgan
    >>> kgan.losses.NonSaturating(label_smoothing=0.1)
    NonSaturating(label_smoothing=0.1)

    Reference:
        [Goodfellow et al., 2014](https://arxiv.org/abs/1406.2661), section 3.
    """

    name = "non_saturating"

    def generator_term(self, t: Tensor) -> Tensor:
        return ops.softplus(-t)
