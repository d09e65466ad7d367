from keras import ops

from kgan import serialization
from kgan.losses.base import Loss
from kgan.types import Tensor


@serialization.register
class Relativistic(Loss):
    """Compares each fake with the real at the same index.

    Discriminator `softplus(-(s - t))`, generator `softplus(-(t - s))`, with `s` and `t`
    the logits of reals and fakes. The numbers of reals and fakes must be equal. Use the
    loss with `penalties=[R1(weight), R2(weight)]`; without penalties it may not converge.

    Reference:
        [Jolicoeur-Martineau, 2018](https://arxiv.org/abs/1807.00734);
        [Huang et al., 2025 (R3GAN)](https://arxiv.org/abs/2501.05441), section 2.
    """

    name = "relativistic"
    needs_reals = True

    def discriminator_loss(self, real_logits: Tensor, fake_logits: Tensor) -> Tensor:
        _check_pairs(real_logits, fake_logits)
        return ops.mean(ops.softplus(fake_logits - real_logits))

    def generator_values(self, real_logits: Tensor | None, fake_logits: Tensor) -> Tensor:
        _check_pairs(real_logits, fake_logits)
        return ops.softplus(real_logits - fake_logits)


def _check_pairs(real_logits: Tensor, fake_logits: Tensor) -> None:
    reals, fakes = real_logits.shape[0], fake_logits.shape[0]
    if reals is not None and fakes is not None and reals != fakes:
        raise ValueError(
            "The relativistic loss compares each fake with one real, so their numbers "
            "must be equal: leave `noise_batch_size` at None. "
            f"Received: {reals} reals and {fakes} fakes."
        )
