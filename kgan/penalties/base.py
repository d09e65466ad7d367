from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import keras
from keras import ops

from kgan import backend, checks, schedules, serialization
from kgan.critic import Critic, Judgement
from kgan.types import Shape, Tensor, Tensors

# Keeps the derivative of the square root finite where the gradient is zero.
_EPSILON = 1e-12
# Changes a seed to another seed, for the random numbers within a branch.
_BRANCH = 0x55555555


class LazyPenalty(serialization.Configurable):
    """A weighted term of a loss that is computed in some updates only.

    Args:
        weight: Float of at least 0, or a schedule: the factor of the value in the loss.
        every: Int of at least 1. The penalty applies only in every `every`-th update,
            multiplied by `every` (lazy regularisation).

    Attributes:
        name: The key in the logs.
        takes_gradient: Whether the value is computed from a gradient. `compile` then
            warns of layers whose second derivatives are not exact.
        variables: The `keras.Variable`s that a GAN saves.

    Reference:
        [Karras et al., 2019](https://arxiv.org/abs/1912.04958), appendix B, for
        lazy regularisation.
    """

    name = "penalty"
    takes_gradient = True
    variables: Sequence[keras.Variable] = ()

    def __init__(self, weight: schedules.NumberOrSchedule = 1.0, every: int = 1):
        self.weight = schedules.number(minimum=0, weight=weight)
        self.every = checks.count(every=every)

    def build(self) -> None:
        """Creates the `variables` if there are none. `GAN.compile` calls this method."""

    def __call__(self, *inputs: Any) -> Tensor:
        """Returns `every` times the value if the penalty is due, else 0."""
        raise self.not_implemented("__call__")

    def if_due(
        self,
        function: Callable[[], Tensors],
        otherwise: Callable[[], Tensors],
        seed_generator: keras.random.SeedGenerator,
        step: Tensor,
    ) -> Tensors:
        """Returns the result of a function if the penalty is due at this update.

        Args:
            function: Callable that computes the penalty, and writes no variable that must
                keep its value.
            otherwise: Callable whose results have the same shapes and dtypes.
            seed_generator: Source of the random numbers in `function`.
            step: Int scalar, the number of updates before this one.
        """
        due = _without_writes(function, seed_generator)
        return ops.cond(self.is_due(step), due, otherwise)

    def is_due(self, step: Tensor) -> Tensor:
        """Returns whether the penalty applies after `step` updates, a bool scalar."""
        return backend.is_multiple(step, self.every)


class Penalty(LazyPenalty):
    """Base class of the penalties that are added to the discriminator's loss.

    Subclasses implement `value` and set `name`. `value` receives the
    `kgan.critic.Judgement` of the reals and of the fakes, with `samples`, `logits` of
    shape `(batch, 1)`, and `gradient()`, the gradient of the logits with respect to the
    samples. `value` may judge further samples with
    `critic.judge(samples, conditions, frozen=True)`, and draw random numbers from
    `critic.seed_generator`.

    A penalty that keeps state creates `variables` in `build`, and changes them in
    `update`.

    Args:
        weight: Float of at least 0, or a schedule: the factor of the value in the loss.
        every: Int of at least 1. The penalty applies only in every `every`-th update of
            the discriminator, multiplied by `every` (lazy regularisation).

    Attributes:
        name: The key in the logs, and the name for `kgan.penalties.get`.
        takes_gradient: See `LazyPenalty`. A penalty on logits sets False.
        variables: The `keras.Variable`s that a GAN saves.

    Example:

    >>> import kgan
    >>> class FirstPixel(kgan.penalties.Penalty):
    ...     name = "first_pixel"
    ...     def value(self, real, fake, critic):
    ...         return keras.ops.mean(real.gradient()[:, 0] ** 2)
    >>> FirstPixel(weight=0.1)
    FirstPixel(weight=0.1, every=1)

    Reference:
        [Karras et al., 2019](https://arxiv.org/abs/1912.04958), appendix B, for
        lazy regularisation.
    """

    # The cost of the value for each real, in forward passes of the discriminator: 4 for
    # a gradient at further samples. Only estimates of time and memory use the cost.
    passes = 4

    def check(self, sample_shape: Shape) -> None:
        """Checks that the penalty suits samples of a shape. `GAN.compile` calls it.

        Args:
            sample_shape: Shape of one sample.

        Raises:
            ValueError: If the penalty can't be computed for the samples.
        """

    def value(self, real: Judgement, fake: Judgement, critic: Critic) -> Tensor:
        """Computes the penalty, without its weight.

        Args:
            real: The `Judgement` of reals, samples `(batch, ...)`.
            fake: The `Judgement` of fakes, samples `(noise_batch, ...)`.
            critic: The `kgan.critic.Critic`, which judges further samples.

        Returns:
            A float32 scalar.
        """
        raise self.not_implemented("value")

    def update(self, real: Judgement, fake: Judgement) -> None:
        """Changes the `variables` in each update, also when `value` is not due.

        Args:
            real: The `Judgement` of reals.
            fake: The `Judgement` of fakes.
        """

    def __call__(
        self, real: Judgement, fake: Judgement, critic: Critic, step: Tensor = 0
    ) -> Tensor:
        """Returns `every` times the value if the penalty is due at this update, else 0.

        Args:
            real: See `value`.
            fake: See `value`.
            critic: See `value`.
            step: Int scalar, the number of updates before this one.
        """

        def due() -> Tensor:
            return self.every * self.value(real, fake, critic)

        if self.every == 1:
            value = due()
        else:
            otherwise = partial(ops.zeros, ())
            value = self.if_due(due, otherwise, critic.seed_generator, step)
        # Outside the branch, since JAX can't assign variables within a branch.
        self.update(real, fake)
        return value


def _without_writes(
    function: Callable[[], Tensors], seed_generator: keras.random.SeedGenerator
) -> Callable[[], Tensors]:
    """Returns a function that writes no variable, and draws from a seed of its own.

    JAX can't assign variables within a branch, not even the state of a seed.
    """
    own, counter = ops.unstack(seed_generator.next(), axis=-1)
    # No other draws use this seed. Two updates share no counter, up to 16 draws each.
    state = ops.stack([ops.bitwise_xor(own, _BRANCH), counter * 16])

    def branch() -> Tensors:
        scope = backend.Scope()
        scope.add_update((seed_generator.state, state))
        with scope:
            return function()

    return branch


def add_penalties(
    penalties: Mapping[str, Any],
    loss: Tensor,
    values: dict[str, Tensor],
    *inputs: Any,
) -> Tensor:
    """Returns a loss with the weighted penalties, or with further losses.

    Args:
        penalties: The penalties, or `kgan.generator_losses.GeneratorLoss`es, by their
            keys in the logs.
        loss: Scalar, the loss without penalties.
        values: Dict to which the value of each penalty, without its weight, is added.
        *inputs: The inputs of each penalty.
    """
    for name, penalty in penalties.items():
        values[name] = penalty(*inputs)
        loss = loss + penalty.weight * values[name]
    return loss


def squared_norm(gradient: Tensor) -> Tensor:
    """Returns the squared Euclidean norm of each sample's gradient, `(batch,)`."""
    return ops.sum(ops.square(gradient), axis=tuple(range(1, len(gradient.shape))))


def norm(gradient: Tensor) -> Tensor:
    """Returns the Euclidean norm of each sample's gradient, `(batch,)`."""
    return ops.sqrt(squared_norm(gradient) + _EPSILON)
