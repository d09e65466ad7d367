from keras import ops

from kgan import serialization
from kgan.losses.base import Loss
from kgan.types import Tensor


@serialization.register
class DualContrastive(Loss):
    """Contrasts each real with all fakes of the batch, and each fake with all reals.

    With `s` and `t` the logits of reals and fakes:

    - discriminator `log(1 + sum_t exp(t - s)) + log(1 + sum_s exp(t - s))`,
    - generator `log(1 + sum_s exp(s - t)) + log(1 + sum_t exp(s - t))`.

    The sums run over the batch, `sum_t` over fakes and `sum_s` over reals, for each patch
    by itself if there is a logit for each patch. A term with
    `sum_t` is averaged over reals, a term with `sum_s` over fakes. With `L` for
    `logsumexp` over the batch, the loss of the discriminator is

        mean(softplus(L(t) - s)) + mean(softplus(t + L(-s))).

    The generator's loss is the same with reals and fakes exchanged, as in the
    non-saturating loss. The paper states a minimax game instead, in which the generator
    maximises the discriminator's loss. The authors give no code.

    The numbers of reals and fakes may differ. With several devices, each device sums over
    its own part of the batch.

    Reference:
        [Yu et al., 2021](https://arxiv.org/abs/2103.16748), "dual contrastive loss".
    """

    name = "dual_contrastive"
    needs_reals = True

    def discriminator_loss(self, real_logits: Tensor, fake_logits: Tensor) -> Tensor:
        return _contrast(real_logits, fake_logits)

    def generator_loss(self, real_logits: Tensor | None, fake_logits: Tensor) -> Tensor:
        return _contrast(fake_logits, real_logits)


def _contrast(high: Tensor, low: Tensor) -> Tensor:
    """Returns the loss of a network that raises the logits `high` above `low`."""
    first = ops.softplus(ops.logsumexp(low, axis=0) - high)
    second = ops.softplus(low + ops.logsumexp(-high, axis=0))
    return ops.mean(first) + ops.mean(second)
