"""The generative adversarial network as a Keras model: networks, options, algorithm."""

import functools
import operator
from collections.abc import Iterable
from typing import Any, Self

import keras
import numpy as np
from keras import ops

from kgan import backend, checks, data, serialization
from kgan import noise as noises
from kgan.critic import Combined, Critic, class_loss, heads_of, logits_of, with_labels
from kgan.models import contract
from kgan.models.averaging import RAMP, Average
from kgan.models.latents import Latents, draw_labels
from kgan.models.optimizers import OptimizerPair
from kgan.models.progress import Logs
from kgan.models.projection import project
from kgan.models.recipe import LOG_KEYS, Recipe, portable, with_recipe_arguments
from kgan.models.sampling import SamplingModel
from kgan.models.transfer import start_from
from kgan.penalties import add_penalties
from kgan.schedules import NumberOrSchedule
from kgan.types import (
    ArrayLike,
    Data,
    Identifier,
    KerasArgument,
    PathLike,
    Tensor,
    Tensors,
)


@serialization.register
class GAN(SamplingModel):
    """A generative adversarial network that trains with `fit`.

    One training step divides a batch of real samples into `d_steps` parts, and updates
    the discriminator once on each part and on generated samples. Then it updates the
    generator `g_steps` times on fresh noise, through `combined`, where the discriminator
    is frozen. At the end it updates the averaged generator, from which `sample` draws.

    Args:
        generator: A `keras.Model`, latents `(batch, latent_dim)` to samples
            `(batch, ...)`, for example from `kgan.networks`. A conditional generator has
            a second input, int labels `(batch,)`.
        discriminator: A `keras.Model`, samples to logits `(batch, 1)`, or `(batch, 2)`
            for Keras losses on one-hot labels. It may take labels as a second input, and
            have class logits `(batch, num_classes)` as a second output (AC-GAN). A
            subclass of `keras.Model` declares by an attribute `takes_labels` whether it
            takes labels.
        latent_dim: Int, length of the latents; None to take the length from the
            generator's input.
        noise: The distribution of latents, for training and sampling alike: `"normal"`,
            `"uniform"`, `"truncated_normal"`, or a `kgan.noise.Noise`.
        ema_half_life: Float, half-life of the generator's exponential moving average
            (EMA), in images; the value is limited, see `ema_ramp`. Or a schedule, which
            has no limit, or None for no average.
        seed: Int of 0 to 2**31 - 2, which gives the same noise and the same order of the
            data again; None for a seed from Python's generator. The weights follow
            `keras.utils.set_random_seed`, which also sets Python's generator.
        num_classes: Int, for conditional networks, whose labels are 0 to
            `num_classes - 1`; None to take the number from the generator's layers.
        pack: Int, number of samples that the discriminator judges together. They are
            joined along the last axis, so its input has `pack` times the channels
            (PacGAN).
        sample_range: `(low, high)`, the values of black and white in samples; None for
            the range of the generator's last activation, or [-1, 1] without bounds.
        ema_ramp: Float above 0, the half-life of the average is at most this share of the
            images seen; None for no limit, as after `start_from`.

    Attributes:
        generator: The generator that is trained.
        discriminator: The discriminator.
        ema_generator: The averaged generator; None without an average.
        combined: A `keras.Model`, latents to logits, in which the discriminator is
            frozen; for a conditional GAN from `[latents, labels]`.
        latent_dim: Length of the latents.
        recipe: The `kgan.models.recipe.Recipe` that `compile` was given.

    Raises:
        ValueError: If the networks don't fit together.

    Example:

    >>> import kgan
    >>> images, _ = kgan.data.load("digits")
    >>> gan = kgan.GAN(
    ...     kgan.networks.dcgan_generator((8, 8, 1), latent_dim=16, width=8),
    ...     kgan.networks.dcgan_discriminator((8, 8, 1), width=8),
    ...     seed=0,
    ... )
    >>> gan.compile(loss="least_squares", penalties=[kgan.penalties.R1(0.1)])
    >>> history = gan.fit(images, epochs=1, batch_size=256, verbose=0)
    >>> sorted(history.history)
    ['d_fake', 'd_loss', 'd_real', 'g_loss', 'loss', 'r1']
    >>> gan.sample(16, seed=7).shape
    (16, 8, 8, 1)

    Reference:
        [Goodfellow et al., 2014](https://arxiv.org/abs/1406.2661), algorithm 1.
    """

    def __init__(
        self,
        generator: keras.Model,
        discriminator: keras.Model,
        latent_dim: int | None = None,
        noise: Identifier = "normal",
        ema_half_life: NumberOrSchedule | None = 10_000,
        seed: int | None = None,
        num_classes: int | None = None,
        pack: int = 1,
        sample_range: ArrayLike | None = None,
        ema_ramp: float | None = RAMP,
        **kwargs: KerasArgument,
    ):
        super().__init__(**kwargs)
        self.pack = checks.count(pack=pack)
        num_classes = contract.num_classes(generator, discriminator, num_classes)
        contract.check_pack(num_classes, pack)
        self.latent_dim = contract.latent_dim(generator, latent_dim)
        sample_shape, self.output_shapes = contract.check_networks(
            generator, discriminator, self.latent_dim, num_classes, self.pack
        )
        self.generator = generator
        self.discriminator = discriminator
        self.noise = noises.get(noise)
        self.ema_half_life = ema_half_life
        self.average = Average(generator, self.latent_dim, ema_half_life, ema_ramp)
        self.ema_generator = self.average.network
        pixels = contract.sample_range(generator, sample_range)
        self.create_state(seed, sample_shape, pixels, num_classes)
        self.latents = Latents(self.noise, self.latent_dim, num_classes)
        self.critic = Critic(
            discriminator, self.seed_generator, self.pack, self.images_seen
        )
        self.build((None, self.latent_dim))

    def build(self, input_shape: tuple) -> None:
        """Does nothing: the networks are built already."""

    @functools.cached_property
    def combined(self) -> Combined:
        # Cached, since Keras would track the networks of an attribute a second time.
        return Combined(self.generator, self.critic)

    @with_recipe_arguments
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
        recipe = Recipe.of(loss, penalties, options)
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
        pair.option_variables = recipe.build()
        super().compile(optimizer=pair, auto_scale_loss=False, **running)
        self.recipe = recipe
        self.loss, self.penalties = recipe.loss, recipe.penalties
        self.critic.augment = recipe.augment
        self.updates_per_batch = recipe.d_steps
        self.logs = Logs(recipe.log_names(has_classes=len(self.output_shapes) == 2))
        self._running = running | {"auto_scale_loss": auto_scale_loss}

    def _current_recipe(self) -> Recipe:
        """Returns the recipe with the current values of its schedules."""
        recipe = self.recipe
        return recipe.at(self.images_seen) if recipe.has_schedules else recipe

    def training_step(self, batch: Data) -> dict[str, Tensor]:
        """Updates both networks on a batch of real samples: one step of the algorithm.

        Args:
            batch: Samples, or `(samples, labels)`.

        Returns:
            The logs: running means since the start of the epoch, by name.
        """
        recipe = self._current_recipe()
        reals, labels = data.unpack_batch(batch, self.sample_range, self.num_classes)
        parts = list(data.divide_batch(recipe.d_steps, reals, labels))
        d_losses = [self.update_discriminator(recipe, *part) for part in parts]
        # The last part gives the number of fakes, labels, and reals to compare with.
        last = parts[-1]
        g_losses = [self.update_generator(recipe, *last) for _ in range(recipe.g_steps)]
        images = ops.shape(reals)[0] * self.devices.replicas
        self._count_step(images)
        self.average.update(images, self.images_seen)
        loss = sum(d_losses) / len(d_losses) + sum(g_losses) / len(g_losses)
        self.logs.update({"loss": loss}, ops.shape(reals)[0])
        return self.logs.results()

    def update_discriminator(
        self, recipe: Recipe, reals: Tensor, labels: Tensor | None = None
    ) -> Tensor:
        """Trains the discriminator once, on reals and on fakes from fresh noise."""
        inputs, fake_labels = self._draw_inputs(recipe, reals, labels)
        # The discriminator's turn must not change the generator's batch statistics.
        with backend.frozen(self.generator, self.seed_generator):
            fakes = self.generator(inputs, training=True)
        # Under mixed precision, fakes have another dtype than reals. Without
        # `stop_gradient`, PyTorch would keep the graph of the generator in memory.
        fakes = ops.stop_gradient(ops.cast(fakes, reals.dtype))
        variables = self.optimizer.trained(self.d_optimizer, self.discriminator)
        (_, values), gradients = backend.value_and_grad(
            self.discriminator_loss,
            variables,
            recipe,
            self.critic.packed(reals),
            self.critic.packed(fakes),
            labels,
            fake_labels,
            scale=self.optimizer.loss_scaling(self.d_optimizer, self.devices.replicas),
        )
        self.optimizer.update(self.d_optimizer, gradients, variables, self.images_seen)
        self.logs.update(values, ops.shape(reals)[0])
        return values["d_loss"]

    def discriminator_loss(
        self,
        recipe: Recipe,
        reals: Tensor,
        fakes: Tensor,
        labels: Tensor | None = None,
        fake_labels: Tensor | None = None,
    ) -> tuple[Tensor, dict[str, Tensor]]:
        """Returns the loss to minimise, and the values to log; samples come packed.

        The logged `d_loss` is the loss without penalties and other terms.
        """
        real = self.critic.judge(reals, labels, real=True)
        fake = self.critic.judge(fakes, fake_labels)
        loss = recipe.loss.discriminator_loss(real.outputs, fake.outputs)
        values = {
            "d_loss": loss,
            "d_real": ops.mean(real.logits),
            "d_fake": ops.mean(fake.logits),
        }
        inputs = real, fake, self.critic, self.d_optimizer.iterations
        loss = add_penalties(recipe.penalties, loss, values, *inputs)
        if real.class_logits is not None:
            values["d_class"] = real.class_loss + fake.class_loss
            loss = loss + recipe.class_loss_weight * values["d_class"]
        if recipe.augment is not None:
            images = ops.shape(reals)[0] * self.pack * self.devices.replicas
            boundary = recipe.loss.decision_boundary
            recipe.augment.update(real.margin(boundary), images)
            values |= recipe.augment.logs()
        added = real.added_loss + fake.added_loss + self.critic.weight_loss()
        return loss + added, values

    def update_generator(
        self, recipe: Recipe, reals: Tensor, labels: Tensor | None = None
    ) -> Tensor:
        """Trains the generator once, on fresh noise, through the frozen discriminator."""
        inputs, fake_labels = self._draw_inputs(recipe, reals, labels)
        # Only the generator's, since the discriminator is frozen in `combined`.
        variables = self.optimizer.trained(self.g_optimizer, self.combined)
        (_, values), gradients = backend.value_and_grad(
            self.generator_loss,
            variables,
            recipe,
            self.critic.packed(reals),
            inputs,
            labels,
            fake_labels,
            scale=self.optimizer.loss_scaling(self.g_optimizer, self.devices.replicas),
        )
        self.optimizer.update(self.g_optimizer, gradients, variables, self.images_seen)
        self.logs.update(values, ops.shape(reals)[0])
        return values["g_loss"]

    def generator_loss(
        self,
        recipe: Recipe,
        reals: Tensor,
        inputs: Tensors,
        labels: Tensor | None = None,
        fake_labels: Tensor | None = None,
    ) -> tuple[Tensor, dict[str, Tensor]]:
        """Returns the loss to minimise, and the values to log; `reals` come packed."""
        fake_outputs, fake_classes = heads_of(self.combined(inputs, training=True))
        real_outputs = None
        if recipe.loss.needs_reals:  # Relativistic losses compare fakes with reals.
            _, (real_outputs, *_) = self.critic.forward(reals, labels, frozen=True)
        loss = recipe.loss.generator_loss(real_outputs, fake_outputs)
        values = {"g_loss": loss}
        if fake_classes is not None:
            values["g_class"] = class_loss(fake_classes, fake_labels)
            loss = loss + recipe.class_loss_weight * values["g_class"]
        further = self.generator, inputs, self.seed_generator, self.g_optimizer.iterations
        loss = add_penalties(recipe.generator_penalties, loss, values, *further)
        return loss + sum(self.generator.losses), values

    def validation_step(self, batch: Data) -> dict[str, Tensor]:
        """Computes both losses on held-out reals with the generator, not its average."""
        recipe = self._current_recipe()
        reals, labels = data.unpack_batch(batch, self.sample_range, self.num_classes)
        size = ops.shape(reals)[0]
        latents = self.noise.draw_local(size, self.latent_dim, self.test_seed_generator)
        fakes = self.generator(with_labels(latents, labels), training=False)
        real_outputs, fake_outputs = (
            self.critic.forward(self.critic.packed(x), labels, training=False)[1][0]
            for x in (reals, fakes)
        )
        d_loss = recipe.loss.discriminator_loss(real_outputs, fake_outputs)
        g_loss = recipe.loss.generator_loss(real_outputs, fake_outputs)
        means = [ops.mean(logits_of(outputs)) for outputs in (real_outputs, fake_outputs)]
        values = [d_loss + g_loss, d_loss, g_loss, *means]
        self.logs.update(dict(zip(LOG_KEYS, values, strict=True)), size)
        return self.logs.results(LOG_KEYS)

    def _draw_inputs(
        self, recipe: Recipe, reals: Tensor, labels: Tensor | None
    ) -> tuple[Tensors, Tensor | None]:
        """Returns fresh inputs for the generator, and the labels in these inputs."""
        size = ops.shape(reals)[0]
        if recipe.noise_batch_size:
            size = recipe.noise_batch_size // self.devices.replicas
        latents = self.noise.draw_local(size, self.latent_dim, self.seed_generator)
        if labels is not None and recipe.noise_batch_size:
            labels = draw_labels(labels, size, self.seed_generator)
        return with_labels(latents, labels), labels

    def project(
        self,
        samples: ArrayLike,
        labels: ArrayLike | None = None,
        steps: int = 300,
        loss: Identifier = "mse",
        seed: int | None = None,
        space: str | None = None,
    ) -> np.ndarray:
        """Finds latents whose samples are near to given samples.

        See `kgan.latents.project`, which documents the arguments.
        """
        return project(self, samples, labels, steps, loss, seed, space)

    def start_from(
        self, source: SamplingModel | PathLike, optimizers: bool = False
    ) -> list[str]:
        """Starts the training from the weights of a trained GAN, before `fit`.

        Both networks copy the weights of the source, and the averaged generator copies
        the averaged generator. Counters and schedules begin at 0, and the average has no
        `ema_ramp`. If the GANs have other numbers of classes, the weights whose shape
        depends on this number stay new.

        Args:
            source: A `GAN` with the same networks, or the path of its `.keras` file.
            optimizers: Bool, whether the optimizers also continue with their states, but
                for the learning rates. Schedules of Keras, which count updates, continue.

        Returns:
            The paths of the weights that stay new.

        Raises:
            ValueError: If the networks differ, or a weight of the source is not finite.

        Example:

        ```python
        gan.start_from("faces.keras")
        gan.compile(freeze_d=4)
        ```
        """
        return start_from(self, source, optimizers)

    # Both optimizers, of which `optimizer` is the container.
    g_optimizer = property(operator.attrgetter("optimizer.g_optimizer"))
    d_optimizer = property(operator.attrgetter("optimizer.d_optimizer"))

    def get_config(self) -> dict[str, Any]:
        serialize = keras.saving.serialize_keras_object
        return {
            **super().get_config(),
            "generator": serialize(self.generator),
            "discriminator": serialize(self.discriminator),
            "latent_dim": self.latent_dim,
            "noise": serialize(self.noise),
            "ema_half_life": serialize(self.ema_half_life),
            "ema_ramp": self.average.ramp,
            "seed": self.seed,
            "num_classes": self.num_classes,
            "pack": self.pack,
            "sample_range": self.sample_range[:2] if self.sample_range.bounded else None,
        }

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: Any = None) -> Self:
        deserialize = functools.partial(
            keras.saving.deserialize_keras_object, custom_objects=custom_objects
        )
        names = ("generator", "discriminator", "ema_half_life")
        return cls(**config | {name: deserialize(config[name]) for name in names})

    def get_compile_config(self) -> dict[str, Any] | None:
        if not self.compiled:
            return None
        optimizers = {"g_optimizer": self.g_optimizer, "d_optimizer": self.d_optimizer}
        arguments = {**optimizers, **self.recipe.get_config(), **self._running}
        return portable(keras.saving.serialize_keras_object(arguments))
