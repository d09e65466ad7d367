from keras import ops

from kgan import serialization
from kgan.losses.smoothed import Smoothed


@serialization.register
class Minimax(Smoothed):
    """The game as first stated: the generator maximises what the other minimises.

    Discriminator `softplus(-s) + softplus(t)`, generator `-softplus(t)`, with `s`
    and `t` the logits of reals and fakes. The generator's gradient vanishes when
    the discriminator is sure of itself; `NonSaturating` is the usual choice.

    Args:
        label_smoothing: Float of at least 0 and below 1, by how much the
            discriminator's label of reals, 1, is lessened. Its loss on reals is then
            `(1 - label_smoothing) * softplus(-s) + label_smoothing * softplus(s)`.

    Reference:
        [Goodfellow et al., 2014](https://arxiv.org/abs/1406.2661), equation 1;
        [Salimans et al., 2016](https://arxiv.org/abs/1606.03498), section 3.4, for
        the smoothing.
    """

    name = "minimax"

    def real_term(self, s):
        if not self.label_smoothing:
            return ops.softplus(-s)
        # The same as above, since softplus(s) = softplus(-s) + s.
        return ops.softplus(-s) + self.label_smoothing * s

    def fake_term(self, t):
        return ops.softplus(t)

    def generator_term(self, t):
        return -ops.softplus(t)


@serialization.register
class NonSaturating(Minimax):
    """The loss that Goodfellow recommends in practice: the default.

    Discriminator `softplus(-s) + softplus(t)`, generator `softplus(-t)`: binary
    cross-entropy in which the generator labels its images real. See `Minimax` for the
    argument.

    Example:

    >>> import kgan
    >>> kgan.losses.NonSaturating(label_smoothing=0.1)
    NonSaturating(label_smoothing=0.1)

    Reference:
        [Goodfellow et al., 2014](https://arxiv.org/abs/1406.2661), section 3.
    """

    name = "non_saturating"

    def generator_term(self, t):
        return ops.softplus(-t)
