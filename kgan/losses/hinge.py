from keras import ops

from kgan import serialization
from kgan.losses.base import Loss
from kgan.types import Tensor


@serialization.register
class Hinge(Loss):
    """The hinge loss, for discriminators with spectral normalisation.

    Discriminator `relu(1 - s) + relu(1 + t)`, generator `-t`, with `s` and `t` the logits
    of reals and fakes.

    Reference:
        [Miyato et al., 2018](https://arxiv.org/abs/1802.05957), equations 16, 17.
    """

    name = "hinge"

    def real_term(self, s: Tensor) -> Tensor:
        return ops.relu(1 - s)

    def fake_term(self, t: Tensor) -> Tensor:
        return ops.relu(1 + t)

    def generator_term(self, t: Tensor) -> Tensor:
        return -t
