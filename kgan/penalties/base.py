"""What a penalty on the discriminator is."""

from collections.abc import Callable, Sequence
from typing import Any

import keras
from keras import ops

from kgan import backend, schedules, serialization

# Keeps the root's derivative finite where the gradient is zero.
_EPSILON = 1e-12
# Bits of a seed that are others within a branch.
_BRANCH = 0x55555555


class Penalty(serialization.Configurable):
    """Base of the penalties added to the discriminator's loss.

    Subclasses implement `value`, which gets `gradient`, a function from a batch
    of samples to the gradient of each one's logit with respect to it. Those on the
    logits themselves set `reads_logits = True` and implement `value_of_logits` instead.
    What a penalty keeps between updates it makes in `build`, as `variables`, and
    changes in `follow`.

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
    # Where it takes the gradient, if at all of "reals" or at all of "fakes".
    point = ""
    # Whether it is one on the logits, which `__call__` then needs.
    reads_logits = False
    # `keras.Variable`s that a GAN saves.
    variables: Sequence[keras.Variable] = ()

    def __init__(self, weight: schedules.NumberOrSchedule = 1.0, every: int = 1):
        schedules.number(minimum=0, weight=weight)
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

    def value_of_logits(self, real_logits: Any, fake_logits: Any) -> Any:
        """Computes the penalty of one that `reads_logits`, not yet weighted.

        Args:
            real_logits: Float32 tensor `(batch, 1)`.
            fake_logits: Float32 tensor `(noise_batch, 1)`.

        Returns:
            A float32 scalar.
        """
        raise NotImplementedError

    def build(self) -> None:
        """Makes the `variables` where there are none yet; a GAN's `compile` calls it."""

    def follow(self, real_logits: Any, fake_logits: Any) -> None:
        """Changes the `variables` of a penalty that `reads_logits`, at every update.

        It comes after the value, whether that is due or not.
        """

    def __call__(self, gradient, reals, fakes, seed=None, step=0, logits=None):
        """Returns the value at update number `step`, rescaled when lazy.

        Args:
            gradient: See `value`.
            reals: See `value`.
            fakes: See `value`.
            seed: See `value`.
            step: Int scalar, the number of updates before this one.
            logits: `(real_logits, fake_logits)`, for penalties that read them.
        """

        def due():
            if self.reads_logits:
                return self.every * self.value_of_logits(*logits)
            return self.every * self.value(gradient, reals, fakes, seed)

        if self.every == 1:
            value = due()
        else:
            now = ops.equal(step % self.every, 0)
            value = ops.cond(now, _apart(due, seed), lambda: ops.zeros(()))
        # Not within the branch, where JAX lets no variable be assigned.
        if self.reads_logits:
            self.follow(*logits)
        return value

    def get_config(self):
        return {"weight": self.weight, "every": self.every}


def _apart(function: Callable, seed: Any) -> Callable:
    """Returns a function that changes no variable, and draws numbers of its own.

    Within a branch JAX lets no variable be assigned, not even the state of a seed.
    """
    if not isinstance(seed, keras.random.SeedGenerator):
        return function
    own, counter = ops.unstack(seed.next(), axis=-1)
    # No other draws have this seed, and none has a counter in these sixteen twice.
    state = ops.stack([ops.bitwise_xor(own, _BRANCH), counter * 16])

    def apart() -> Any:
        scope = backend.Scope()
        scope.add_update((seed.state, state))
        with scope:
            return function()

    return apart


def squared_norm(gradient: Any) -> Any:
    """Returns the squared Euclidean norm of each sample's gradient, `(batch,)`."""
    return ops.sum(ops.square(gradient), axis=tuple(range(1, len(gradient.shape))))


def norm(gradient: Any) -> Any:
    """Returns the Euclidean norm of each sample's gradient, `(batch,)`."""
    return ops.sqrt(squared_norm(gradient) + _EPSILON)
