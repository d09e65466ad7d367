from typing import Any

from keras import ops

from kgan import serialization
from kgan.losses.base import Loss


@serialization.register
class DualContrastive(Loss):
    """Each real is told from all fakes of the batch, and each fake from all reals.

    With `s` and `t` the logits of reals and fakes, the discriminator minimises

        mean_s log(1 + sum_t exp(t - s)) + mean_t log(1 + sum_s exp(t - s))
        = mean(softplus(L(t) - s)) + mean(softplus(t + L(-s))),

    where `L` is `logsumexp` over the batch. The generator minimises the same with reals
    and fakes exchanged, as in the non-saturating loss: the paper states the game as a
    minimax, in which it would maximise the above, and gives no code.

    Reals and fakes may differ in number. Under several devices the sums are over each
    one's share of the batch.

    Reference:
        [Yu et al., 2021](https://arxiv.org/abs/2103.16748), "dual contrastive loss".
    """

    name = "dual_contrastive"

    paired = True

    def discriminator_loss(self, real_logits, fake_logits):
        return _contrast(real_logits, fake_logits)

    def generator_loss(self, real_logits, fake_logits):
        return _contrast(fake_logits, real_logits)


def _contrast(high: Any, low: Any) -> Any:
    first = ops.softplus(ops.logsumexp(low) - high)
    second = ops.softplus(low + ops.logsumexp(-high))
    return ops.mean(first) + ops.mean(second)
