from keras import ops

from kgan import serialization
from kgan.losses.base import Loss


@serialization.register
class Hinge(Loss):
    """The hinge loss, for discriminators with spectral normalisation.

    Discriminator `relu(1 - s) + relu(1 + t)`, generator `-t`.

    Reference:
        [Miyato et al., 2018](https://arxiv.org/abs/1802.05957), equations 16, 17.
    """

    name = "hinge"

    def real_term(self, s):
        return ops.relu(1 - s)

    def fake_term(self, t):
        return ops.relu(1 + t)

    def generator_term(self, t):
        return -t
