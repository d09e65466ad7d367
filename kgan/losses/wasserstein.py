from kgan import serialization
from kgan.losses.base import Loss


@serialization.register
class Wasserstein(Loss):
    """The Wasserstein critic, which must be kept Lipschitz.

    Discriminator `t - s`, generator `-t`. Use it with
    `kgan.penalties.GradientPenalty(10.0)`, `d_steps=5` and no batch
    normalisation in the discriminator.

    Reference:
        [Arjovsky et al., 2017](https://arxiv.org/abs/1701.07875);
        [Gulrajani et al., 2017](https://arxiv.org/abs/1704.00028).
    """

    name = "wasserstein"

    def real_term(self, s):
        return -s

    def fake_term(self, t):
        return t

    def generator_term(self, t):
        return -t
