"""A model of two networks that `compile` gives a recipe and two optimizers."""

import operator
from collections.abc import Callable, Iterable
from typing import Any

import keras
from keras import ops

from kgan import backend, checks
from kgan.critic import Critic, Judgement, has_classes
from kgan.models import contract
from kgan.models.optimizers import OptimizerPair
from kgan.models.progress import Logs
from kgan.models.recipe import Recipe, portable, with_arguments_of
from kgan.models.sampling import SamplingModel
from kgan.penalties import add_penalties
from kgan.types import Data, Identifier, Shape, Tensor


class CompiledModel(SamplingModel):
    """A generator and a discriminator that are compiled for their training.

    A subclass sets the attributes in its constructor, and implements the algorithm.

    Attributes:
        discriminator: The discriminator.
        critic: The `kgan.critic.Critic` with the discriminator.
        output_shapes: The shapes of the outputs of the discriminator.
        recipe: The `kgan.models.recipe.Recipe` that `compile` was given.
    """

    discriminator: keras.Model
    critic: Critic
    output_shapes: list[Shape]
    recipe: Recipe
    # The class of the recipe.
    _recipe_type: type[Recipe] = Recipe

    @with_arguments_of(Recipe)
    def compile(
        self,
        g_optimizer: Identifier = None,
        d_optimizer: Identifier = None,
        loss: Identifier = "non_saturating",
        penalties: Iterable[Identifier] = (),
        *,
        optimizer: Identifier = None,
        run_eagerly: bool = False,
        steps_per_execution: int = 1,
        jit_compile: bool | str = "auto",
        auto_scale_loss: bool = True,
        **options: Any,
    ) -> None:
        """Configures the training.

        Args:
            g_optimizer: The generator's optimizer: a name, a config or a
                `keras.optimizers.Optimizer`. `Adam(2e-4, beta_1=0.5)` by default.
            d_optimizer: The discriminator's optimizer, another instance. It has the same
                default.
            loss: See `kgan.models.recipe.Recipe`.
            penalties: See `kgan.models.recipe.Recipe`.
            optimizer: An optimizer from whose config both optimizers are made.
            run_eagerly: See `keras.Model.compile`.
            steps_per_execution: See `keras.Model.compile`.
            jit_compile: See `keras.Model.compile`.
            auto_scale_loss: Bool, whether each optimizer gets a loss scale of its own
                if a network computes in float16 (`mixed_float16`).
            **options: `d_steps`, `augment` and others, see `kgan.models.recipe.Recipe`.

        Raises:
            ValueError: If an argument can't be used, or if both optimizers are the same
                instance.
        """
        recipe = self._recipe_type.of(loss, penalties, options)
        recipe.check(self)
        float16 = contract.computes_in_float16(self.generator, self.discriminator)
        scaled = auto_scale_loss and float16
        pair = OptimizerPair.make(g_optimizer, d_optimizer, optimizer, scaled)
        pair.set_schedules(recipe.schedules)
        running: dict[str, Any] = {"run_eagerly": run_eagerly, "jit_compile": jit_compile}
        running["steps_per_execution"] = steps_per_execution
        self.devices.check_compile(
            pair.optimizers,
            compute_dtype="float16" if pair.scales_losses else None,
            schedules=pair.scheduled_names - {"learning_rate"},
            **running,
        )
        self.devices.check_divisible("noise_batch_size", recipe.noise_batch_size)
        pair.build_for(self.generator, self.discriminator, recipe.freeze_d)
        pair.option_variables = recipe.build(self)
        super().compile(optimizer=pair, auto_scale_loss=False, **running)
        self.recipe = recipe
        self.loss, self.penalties = recipe.loss, recipe.penalties
        self.critic.augment = recipe.augment
        self.updates_per_batch = recipe.d_steps
        self.logs = Logs(recipe.log_names(has_classes(self.output_shapes)))
        self._running = running | {"auto_scale_loss": auto_scale_loss}

    def _prepared_for_training(self, *args: Any) -> Data:
        # The graph of an earlier `fit` would train the variables of that time.
        self.optimizer.trained(self.g_optimizer, self.generator)
        self.optimizer.trained(self.d_optimizer, self.discriminator)
        return super()._prepared_for_training(*args)

    def _current_recipe(self) -> Recipe:
        """Returns the recipe with the current values of its schedules."""
        recipe = self.recipe
        return recipe.at(self.images_seen) if recipe.has_schedules else recipe

    def _minimize(
        self,
        loss: Callable[..., tuple[Tensor, dict[str, Tensor]]],
        optimizer: keras.optimizers.Optimizer,
        network: keras.Model,
        *inputs: Any,
    ) -> dict[str, Tensor]:
        """Updates a network once, and returns the values to log.

        Args:
            loss: Function of `inputs`, which returns the loss and the values to log.
            optimizer: The optimizer of the network.
            network: The network.
            *inputs: See `loss`.
        """
        variables = self.optimizer.trained(optimizer, network)
        scale = self.optimizer.loss_scaling(optimizer, self.devices.replicas)
        (_, values), gradients = backend.value_and_grad(
            _of_scalars(loss), variables, *inputs, scale=scale
        )
        self.optimizer.update(optimizer, gradients, variables, self.images_seen)
        return values

    def _judged_loss(
        self,
        recipe: Recipe,
        critic: Critic,
        loss: Tensor,
        values: dict[str, Tensor],
        real: Judgement,
        fake: Judgement,
    ) -> Tensor:
        """Returns the loss of a discriminator with penalties and losses of its layers.

        The augmentation adapts to the judgements of the reals.

        Args:
            recipe: The options of the discriminator.
            critic: The `Critic` with the discriminator.
            loss: Scalar, the adversarial loss.
            values: Dict to which the values to log are added.
            real: The `Judgement` of the reals.
            fake: The `Judgement` of the fakes.
        """
        inputs = real, fake, critic, self.d_optimizer.iterations
        loss = add_penalties(recipe.terms["penalties"], loss, values, *inputs)
        if recipe.augment is not None:
            images = ops.shape(real.samples)[0] * critic.pack * self.devices.replicas
            boundary = recipe.loss.decision_boundary
            recipe.augment.update(real.margin(boundary), images)
            values |= recipe.augment.logs()
        # Together first: they are plain zeros for most networks.
        added = real.added_loss + fake.added_loss + critic.weight_loss()
        return loss + added

    # Both optimizers, of which `optimizer` is the container.
    g_optimizer = property(operator.attrgetter("optimizer.g_optimizer"))
    d_optimizer = property(operator.attrgetter("optimizer.d_optimizer"))

    def get_compile_config(self) -> dict[str, Any] | None:
        if not self.compiled:
            return None
        optimizers = {"g_optimizer": self.g_optimizer, "d_optimizer": self.d_optimizer}
        arguments = {**optimizers, **self.recipe.get_config(), **self._running}
        return portable(keras.saving.serialize_keras_object(arguments))


def _of_scalars(loss: Callable[..., Any]) -> Callable[..., Any]:
    """Returns the function `loss`, which refuses losses and penalties of many numbers.

    TensorFlow would train on the sum of the numbers, while the logs show the mean.
    """

    def checked(*inputs: Any) -> tuple[Tensor, dict[str, Tensor]]:
        total, values = loss(*inputs)
        for name, value in values.items():
            shape = tuple(getattr(value, "shape", ()))
            if shape:
                raise ValueError(
                    f"`{name}` must be a scalar, for example the mean over the samples. "
                    f"{checks.received(shape=shape)}"
                )
        return total, values

    return checked


def check_compiled(gan: Any) -> None:
    """Checks the argument `gan` of a function, a compiled GAN.

    Raises:
        ValueError: If the value is another object, or `compile` was not called.
    """
    expected = "a `kgan.GAN` that is compiled"
    checks.instance(CompiledModel, expected, gan=gan)
    if not gan.compiled:
        raise ValueError(f"`gan` must be {expected}. {checks.received(gan=gan)}")
