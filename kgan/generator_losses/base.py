"""Base class of the losses of the generator beside the adversarial loss."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import keras

from kgan import schedules, serialization
from kgan.critic import Critic
from kgan.types import Tensor, Tensors


class Generated(NamedTuple):
    """What the generator drew in an update, and what it was given.

    Attributes:
        fakes: Float32 tensor `(noise_batch, ...)`, the samples of the generator.
        reals: Float32 tensor `(batch, ...)`. The fake at an index has the conditions of
            the real at this index, if the numbers of both are equal.
        conditions: The conditions of the fakes; None without conditions, a tuple for
            several.
        critic: The `kgan.critic.Critic` with the discriminator, which is frozen.
        real_conditions: The conditions of the reals, which differ from the conditions of
            the fakes if `compile` has a `noise_batch_size`.
    """

    fakes: Tensor
    reals: Tensor
    conditions: Tensors | None
    critic: Critic
    real_conditions: Tensors | None = None


class GeneratorLoss(serialization.Configurable):
    """Base class of the losses that are added to the generator's adversarial loss.

    Subclasses implement `value` and set `name`. The loss that the generator minimises is
    the adversarial loss, plus `weight` times the value of each further loss. The logs
    show the values without the weights.

    Args:
        weight: Float of at least 0, or a schedule: the factor of the value in the loss.

    Attributes:
        name: The key in the logs, and the name for `kgan.generator_losses.get`.
        pairs: Whether the loss compares each fake with the real at its index, so that
            the numbers of both must be equal.
        passes: The cost of the value for each fake, in forward passes of the
            discriminator, for estimates.
        variables: The `keras.Variable`s that a GAN saves.

    Example:

    >>> import kgan
    >>> import keras
    >>> class Brightness(kgan.generator_losses.GeneratorLoss):
    ...     name = "brightness"
    ...     def value(self, generated):
    ...         means = [keras.ops.mean(x) for x in generated[:2]]
    ...         return keras.ops.square(means[0] - means[1])
    >>> Brightness(weight=0.1)
    Brightness(weight=0.1)
    """

    name = "generator_loss"
    pairs = False
    passes: float = 0
    variables: Sequence[keras.Variable] = ()

    def __init__(self, weight: schedules.NumberOrSchedule = 1.0):
        self.weight = schedules.number(minimum=0, weight=weight)

    def check(self, gan: Any) -> None:
        """Checks that the loss can be computed for the samples of a GAN.

        Args:
            gan: The `GAN`.

        Raises:
            ValueError: If it can't.
        """

    def build(self) -> None:
        """Creates the `variables` if there are none. `GAN.compile` calls this method."""

    def value(self, generated: Generated) -> Tensor:
        """Computes the loss, without its weight.

        Args:
            generated: The fakes, and what they are compared with.

        Returns:
            A float32 scalar.
        """
        raise self.not_implemented("value")

    def __call__(self, generated: Generated) -> Tensor:
        """Returns the loss without its weight, see `value`."""
        return self.value(generated)
