from typing import Any

from keras import ops

from kgan import schedules, serialization
from kgan.losses.base import Loss


@serialization.register
class TopK(Loss):
    """Trains the generator on the fakes with the highest logits only.

    The discriminator's loss is that of `loss`. The generator's is its mean over the
    `k = max(1, round(fraction * fakes))` fakes that the discriminator takes for real
    most; the others get no gradient. Of a paired loss each of these stays with its real.
    Under several devices they are chosen within each one's share of the batch.

    Args:
        loss: What `kgan.losses.get` takes, with a loss for each fake: not one that
            judges by averages, such as `"relativistic_average"`.
        fraction: Float of 0 to 1, or a schedule: which share of the fakes to train on.

    Raises:
        ValueError: If `fraction` is out of bounds, or `loss` has none for each fake.

    Example:

    The paper goes from all fakes down to half of them.

    >>> import kgan
    >>> fraction = kgan.schedules.Linear(1.0, 0.5, images=1_000_000)
    >>> kgan.losses.TopK("hinge", fraction)
    TopK(loss=Hinge(), fraction=Linear(start=1.0, end=0.5, images=1000000, begin=0))

    Reference:
        [Sinha et al., 2020](https://arxiv.org/abs/2002.06224), algorithm 1.
    """

    def __init__(self, loss: Any, fraction: schedules.NumberOrSchedule = 0.5):
        from kgan import losses  # It imports this file.

        schedules.number(minimum=0, maximum=1, fraction=fraction)
        self.loss = losses.get(loss)
        self.fraction = fraction
        self.paired = self.loss.paired
        self.outputs = self.loss.outputs
        self.boundary = self.loss.boundary
        if not self.loss.by_fake:
            raise ValueError(
                "The loss must be one that gives each fake a loss of its own, by "
                f"`generator_values`. Received: loss={self.loss}"
            )

    def discriminator_loss(self, real_logits, fake_logits):
        return self.loss.discriminator_loss(real_logits, fake_logits)

    def generator_values(self, real_logits, fake_logits):
        values = self.loss.generator_values(real_logits, fake_logits)
        number = ops.cast(ops.shape(fake_logits)[0], "float32")
        k = ops.maximum(ops.round(self.fraction * number), 1.0)
        # Shares and not a slice, since JAX compiles no slices of changing size.
        share = ops.where(ranks(fake_logits) < k, number / k, 0.0)
        return values * ops.reshape(share, (-1,) + (1,) * (len(values.shape) - 1))

    def reduce(self, values: Any) -> Any:
        return self.loss.reduce(values)

    def get_config(self):
        return {"loss": self.loss, "fraction": self.fraction}


def ranks(logits: Any) -> Any:
    """Returns the place of each sample, `(batch,)` floats, 0 for the highest logit.

    Of two outputs, real and fake, the difference counts as the logit.
    """
    logits = ops.stop_gradient(logits)
    score = logits[:, 0] if logits.shape[-1] == 1 else logits[:, 1] - logits[:, 0]
    return ops.cast(ops.argsort(ops.argsort(-score)), "float32")
