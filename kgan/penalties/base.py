"""What a penalty on the discriminator is."""

from collections.abc import Callable
from typing import Any

from keras import ops

from kgan import schedules, serialization


class Penalty(serialization.Configurable):
    """Base of the penalties added to the discriminator's loss.

    Subclasses implement `value`, which gets `gradient`, a function from a batch
    of samples to the gradient of each one's logit with respect to it.

    Args:
        weight: Float, at least 0, or a schedule: what the value is multiplied by.
        every: Int, at least 1: apply it on every `every`-th update of the
            discriminator only, multiplied by `every` (lazy regularisation).

    Example:

    >>> import kgan
    >>> class FirstPixel(kgan.penalties.Penalty):
    ...     def value(self, gradient, reals, fakes, seed=None):
    ...         return keras.ops.mean(gradient(reals)[:, 0] ** 2)
    >>> FirstPixel(weight=0.1)
    FirstPixel(weight=0.1, every=1)

    Reference:
        [Karras et al., 2019](https://arxiv.org/abs/1912.04958), appendix B, for
        lazy regularisation.
    """

    # The key in the logs.
    name = "penalty"

    def __init__(self, weight: schedules.Number = 1.0, every: int = 1):
        schedules.check(minimum=0, weight=weight)
        if every != int(every) or every < 1:
            raise ValueError(
                f"`every` must be an int of at least 1. Received: every={every}"
            )
        self.weight = weight
        self.every = int(every)

    def value(
        self, gradient: Callable[[Any], Any], reals: Any, fakes: Any, seed: Any = None
    ) -> Any:
        """Computes the penalty, not yet weighted.

        Args:
            gradient: `gradient(x)` is the gradient of the logits with respect to
                the samples `x`, of the shape of `x`, in float32.
            reals: Float tensor `(batch, ...)`.
            fakes: Float tensor `(noise_batch, ...)`.
            seed: A `keras.random.SeedGenerator`, for penalties that draw.

        Returns:
            A float32 scalar.
        """
        raise NotImplementedError

    def __call__(self, gradient, reals, fakes, seed=None, step=0):
        """Returns the value at update number `step`, rescaled when lazy."""

        def due():
            return self.every * self.value(gradient, reals, fakes, seed)

        if self.every == 1:
            return due()
        return ops.cond(ops.equal(step % self.every, 0), due, lambda: ops.zeros(()))

    def get_config(self):
        return {"weight": self.weight, "every": self.every}


def squared_norm(gradient: Any) -> Any:
    """Returns the squared Euclidean norm of each sample's gradient, `(batch,)`."""
    return ops.sum(ops.square(gradient), axis=tuple(range(1, len(gradient.shape))))
