from keras import ops

from kgan import serialization
from kgan.losses.base import Loss


@serialization.register
class Minimax(Loss):
    """The game as first stated: the generator maximises what the other minimises.

    Discriminator `softplus(-s) + softplus(t)`, generator `-softplus(t)`, with `s`
    and `t` the logits of reals and fakes. The generator's gradient vanishes when
    the discriminator is sure of itself; `NonSaturating` is the usual choice.

    Reference:
        [Goodfellow et al., 2014](https://arxiv.org/abs/1406.2661), equation 1.
    """

    def real_term(self, s):
        return ops.softplus(-s)

    def fake_term(self, t):
        return ops.softplus(t)

    def generator_term(self, t):
        return -ops.softplus(t)


@serialization.register
class NonSaturating(Minimax):
    """The loss that Goodfellow recommends in practice: the default.

    Discriminator `softplus(-s) + softplus(t)`, generator `softplus(-t)`: binary
    cross-entropy in which the generator labels its images real.

    Reference:
        [Goodfellow et al., 2014](https://arxiv.org/abs/1406.2661), section 3.
    """

    def generator_term(self, t):
        return ops.softplus(-t)
