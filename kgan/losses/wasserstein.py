from kgan import serialization
from kgan.losses.base import Loss
from kgan.types import Tensor


@serialization.register
class Wasserstein(Loss):
    """The Wasserstein loss, for a critic that is kept Lipschitz continuous.

    Discriminator `t - s`, generator `-t`, with `s` and `t` the logits of reals and fakes.
    Use the loss with `kgan.penalties.GradientPenalty(10.0)`, `d_steps=5` and no batch
    normalisation in the discriminator.

    Reference:
        [Arjovsky et al., 2017](https://arxiv.org/abs/1701.07875);
        [Gulrajani et al., 2017](https://arxiv.org/abs/1704.00028).
    """

    name = "wasserstein"

    def real_term(self, s: Tensor) -> Tensor:
        return -s

    def fake_term(self, t: Tensor) -> Tensor:
        return t

    def generator_term(self, t: Tensor) -> Tensor:
        return -t
