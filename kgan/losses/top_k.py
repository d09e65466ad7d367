from keras import ops

from kgan import schedules, serialization
from kgan.losses.base import Loss
from kgan.types import Identifier, Tensor


@serialization.register
class TopK(Loss):
    """Trains the generator only on the fakes with the highest logits.

    The discriminator's loss is the same as in `loss`. The generator's loss is the mean of
    `loss` over the `k = max(1, round(fraction * fakes))` fakes with the highest logits.
    The other fakes get no gradient. A loss that compares each fake with one real keeps
    these pairs. With several devices, each device chooses among its own fakes.

    Args:
        loss: Name, config or object for `kgan.losses.get`. The loss must have one value
            per fake (`Loss.per_sample`). A loss that compares with averages, for example
            `"relativistic_average"`, has no value per fake.
        fraction: Float of 0 to 1, or a schedule, the fraction of fakes to train on.

    Raises:
        ValueError: If `fraction` is out of bounds, or `loss` has no value per fake.

    Example:

    The paper starts with all fakes and ends with half of them.

    >>> import kgan
    >>> fraction = kgan.schedules.Linear(1.0, 0.5, images=1_000_000)
    >>> kgan.losses.TopK("hinge", fraction)
    TopK(loss=Hinge(), fraction=Linear(start=1.0, end=0.5, images=1000000, begin=0))

    Reference:
        [Sinha et al., 2020](https://arxiv.org/abs/2002.06224), algorithm 1.
    """

    def __init__(self, loss: Identifier, fraction: schedules.NumberOrSchedule = 0.5):
        # Imported here, since `kgan.losses` imports this file.
        from kgan import losses

        self.fraction = schedules.number(minimum=0, maximum=1, fraction=fraction)
        self.loss = losses.get(loss)
        self.needs_reals = self.loss.needs_reals
        self.outputs = self.loss.outputs
        self.decision_boundary = self.loss.decision_boundary
        if not self.loss.per_sample:
            raise ValueError(
                "`loss` must have one value for each fake, from `generator_values`. "
                f"Received: loss={self.loss}"
            )

    def discriminator_loss(self, real_logits: Tensor, fake_logits: Tensor) -> Tensor:
        return self.loss.discriminator_loss(real_logits, fake_logits)

    def generator_values(self, real_logits: Tensor | None, fake_logits: Tensor) -> Tensor:
        values = self.loss.generator_values(real_logits, fake_logits)
        number = ops.cast(ops.shape(fake_logits)[0], "float32")
        k = ops.maximum(ops.round(self.fraction * number), 1.0)
        # Weights instead of a slice: JAX can't compile a slice of variable size.
        weights = ops.where(ranks(fake_logits) < k, number / k, 0.0)
        return values * ops.reshape(weights, (-1,) + (1,) * (len(values.shape) - 1))

    def reduce(self, values: Tensor) -> Tensor:
        return self.loss.reduce(values)


def ranks(logits: Tensor) -> Tensor:
    """Returns the rank of each sample, 0 for the highest logit, as floats `(batch,)`.

    With two outputs, fake and real, the logit is real minus fake.
    """
    logits = ops.stop_gradient(logits)
    if logits.shape[-1] == 2:
        score = logits[:, 1] - logits[:, 0]
    else:
        score = ops.mean(logits, axis=tuple(range(1, len(logits.shape))))
    return ops.cast(ops.argsort(ops.argsort(-score)), "float32")
