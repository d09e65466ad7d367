"""The generative adversarial network as a Keras model: networks, options, algorithm."""

import functools
from typing import Any, Self

import keras
import numpy as np
from keras import ops

from kgan import backend, checks, data, serialization
from kgan import noise as noises
from kgan.critic import (
    Combined,
    Critic,
    Judgement,
    class_loss,
    heads_of,
    logits_of,
    over_scales,
    total_of,
    with_conditions,
)
from kgan.generator_losses import Generated
from kgan.models import contract, output_range
from kgan.models.averaging import RAMP, Average
from kgan.models.compiled import CompiledModel
from kgan.models.conditions import draw_conditions
from kgan.models.latents import Latents
from kgan.models.mismatch import add_mismatch
from kgan.models.projection import project
from kgan.models.recipe import LOG_KEYS, Recipe
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
    Seed,
    Tensor,
    Tensors,
)


@serialization.register
class GAN(CompiledModel):
    """A generative adversarial network that trains with `fit`.

    One training step divides a batch of real samples into `d_steps` parts, and updates
    the discriminator once on each part and on generated samples. Then it updates the
    generator `g_steps` times on fresh noise, through `combined`, where the discriminator
    is frozen. At the end it updates the averaged generator, from which `sample` draws.

    Args:
        generator: A `keras.Model`, latents `(batch, latent_dim)` to samples
            `(batch, ...)`, for example from `kgan.networks`. A conditional generator has
            further inputs, the conditions: int labels `(batch,)`, and floats of any
            shape, for example vectors `(batch, d)` or pictures.
        discriminator: A `keras.Model`, samples to logits `(batch, 1)`, to a logit for
            each patch `(batch, height, width, 1)`, to a list of these for several scales,
            or to `(batch, 2)` for Keras losses on one-hot labels. It may take the
            conditions of the generator as further inputs, and have class logits
            `(batch, num_classes)` as a last output (AC-GAN). A subclass of `keras.Model`
            declares by an attribute `takes_labels` whether it takes labels, and other
            conditions by `condition_shapes`, a list of shapes without the batch.
        latent_dim: Int, length of the latents; None to take the length from the
            generator's input. 0 for a generator without latents, whose inputs are all
            conditions.
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
            the range of the generator's last activation, or [-1, 1] without bounds, or
            [0, 1] for an activation that has no values below 0.
        ema_ramp: Float above 0, the half-life of the average is at most this share of the
            images seen; None for no limit, as after `start_from`.

    Attributes:
        generator: The generator that is trained.
        discriminator: The discriminator.
        ema_generator: The averaged generator; None without an average.
        combined: A `keras.Model`, latents to logits, in which the discriminator is
            frozen; for a conditional GAN from `[latents, *conditions]`.
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
        self.latent_dim = contract.latent_dim(generator, latent_dim)
        conditions = contract.conditions(
            generator, discriminator, self.latent_dim, num_classes
        )
        contract.check_pack(conditions, pack)
        sample_shape, self.output_shapes = contract.check_networks(
            generator, discriminator, self.latent_dim, conditions, self.pack
        )
        self.generator = generator
        self.discriminator = discriminator
        self.noise = noises.get(noise)
        self.ema_half_life = ema_half_life
        self.average = Average(generator, self.latent_dim, ema_half_life, ema_ramp)
        self.ema_generator = self.average.network
        pixels = output_range.sample_range(generator, sample_range)
        self.create_state(seed, sample_shape, pixels, conditions)
        self.latents = Latents(
            self.noise, self.latent_dim, conditions, self.sample_range, self.bank
        )
        self.critic = Critic(
            discriminator, self.seed_generator, self.pack, self.images_seen, pixels
        )
        self.build((None, self.latent_dim))

    def build(self, input_shape: tuple) -> None:
        """Does nothing: the networks are built already."""

    @functools.cached_property
    def combined(self) -> Combined:
        # Cached, since Keras would track the networks of an attribute a second time.
        with keras.RematScope(mode=None):  # The networks in it have scopes of their own.
            return Combined(self.generator, self.critic, bool(self.latent_dim))

    def training_step(self, batch: Data) -> dict[str, Tensor]:
        """Updates both networks on a batch of real samples: one step of the algorithm.

        Args:
            batch: Samples, or `(samples, conditions)`.

        Returns:
            The logs: running means since the start of the epoch, by name.
        """
        recipe = self._current_recipe()
        reals, conditions = data.unpack_batch(batch, self.sample_range, self.conditions)
        # The last part gives the number of fakes, conditions, and reals to compare with.
        *parts, last = data.divide_batch(recipe.d_steps, reals, conditions)
        d_losses = [self.update_discriminator(recipe, *part) for part in parts]
        if recipe.reuse_fakes:
            d_loss, g_loss = self.update_both(recipe, *last)
        else:
            d_loss = self.update_discriminator(recipe, *last)
            g_loss = self.update_generator(recipe, *last)
        d_losses.append(d_loss)
        more = [self.update_generator(recipe, *last) for _ in range(1, recipe.g_steps)]
        g_losses = [g_loss, *more]
        images = ops.shape(reals)[0] * self.devices.replicas
        self._count_step(images)
        self.average.update(images, self.images_seen)
        loss = sum(d_losses) / len(d_losses) + sum(g_losses) / len(g_losses)
        self.logs.update({"loss": loss}, ops.shape(reals)[0])
        return self.logs.results()

    def update_discriminator(
        self, recipe: Recipe, reals: Tensor, conditions: Tensors | None = None
    ) -> Tensor:
        """Trains the discriminator once, on reals and on fakes from fresh noise."""
        inputs = self._draw_inputs(recipe, reals, conditions)
        # The discriminator's turn must not change the generator's batch statistics.
        with backend.frozen(self.generator, self.seed_generator):
            fakes = self.generator(inputs, training=True)
        given = self.critic.packed(reals), inputs, conditions
        values = self._train_discriminator(recipe, fakes, *given)
        self.logs.update(values, ops.shape(reals)[0])
        return values["d_loss"]

    def _train_discriminator(
        self,
        recipe: Recipe,
        fakes: Tensor,
        reals: Tensor,
        inputs: Tensors,
        conditions: Tensors | None,
    ) -> dict[str, Tensor]:
        """Trains the discriminator on the fakes of `inputs`; `reals` come packed."""
        # Under mixed precision, fakes have another dtype than reals. Without
        # `stop_gradient`, PyTorch would keep the graph of the generator in memory.
        fakes = ops.stop_gradient(ops.cast(fakes, reals.dtype))
        return self._minimize(
            self.discriminator_loss,
            self.d_optimizer,
            self.discriminator,
            recipe,
            reals,
            self.critic.packed(fakes),
            conditions,
            self.combined.conditions_in(inputs),
        )

    def discriminator_loss(
        self,
        recipe: Recipe,
        reals: Tensor,
        fakes: Tensor,
        conditions: Tensors | None = None,
        fake_conditions: Tensors | None = None,
    ) -> tuple[Tensor, dict[str, Tensor]]:
        """Returns the loss to minimise, and the values to log; samples come packed.

        The logged `d_loss` is the loss without penalties and other terms.
        """
        real = self.critic.judge(reals, conditions, real=True)
        fake = self.critic.judge(fakes, fake_conditions)
        loss = over_scales(recipe.loss.discriminator_loss, real.outputs, fake.outputs)
        values = {
            "d_loss": loss,
            "d_real": ops.mean(real.logits),
            "d_fake": ops.mean(fake.logits),
        }
        if recipe.uses_mismatch:
            loss = add_mismatch(recipe, self.critic, loss, values, real)
        if real.class_logits is not None:
            values["d_class"] = self._class_loss(real) + self._class_loss(fake)
            loss = loss + recipe.class_loss_weight * values["d_class"]
        return self._judged_loss(recipe, self.critic, loss, values, real, fake), values

    def update_generator(
        self, recipe: Recipe, reals: Tensor, conditions: Tensors | None = None
    ) -> Tensor:
        """Trains the generator once, on fresh noise, through the frozen discriminator."""
        inputs = self._draw_inputs(recipe, reals, conditions)
        values = self._minimize(
            self.generator_loss,
            self.g_optimizer,
            # Its variables are the generator's, since the discriminator is frozen.
            self.combined,
            recipe,
            self.critic.packed(reals),
            inputs,
            conditions,
        )
        self.logs.update(values, ops.shape(reals)[0])
        return values["g_loss"]

    def update_both(
        self, recipe: Recipe, reals: Tensor, conditions: Tensors | None = None
    ) -> tuple[Tensor, Tensor]:
        """Trains the discriminator once, and then the generator on the same fakes."""
        inputs = self._draw_inputs(recipe, reals, conditions)
        given = self.critic.packed(reals), inputs, conditions

        def loss() -> tuple[Tensor, dict[str, Tensor]]:
            # The only pass of the generator, so the discriminator trains in its midst.
            fakes = self.generator(inputs, training=True)
            with backend.without_gradient():
                d_values = self._train_discriminator(recipe, fakes, *given)
            loss, values = self.generator_loss(recipe, *given, fakes=fakes)
            return loss, d_values | values

        values = self._minimize(loss, self.g_optimizer, self.combined)
        self.logs.update(values, ops.shape(reals)[0])
        return values["d_loss"], values["g_loss"]

    def generator_loss(
        self,
        recipe: Recipe,
        reals: Tensor,
        inputs: Tensors,
        conditions: Tensors | None = None,
        fakes: Tensor | None = None,
    ) -> tuple[Tensor, dict[str, Tensor]]:
        """Returns the loss to minimise, and the values to log; `reals` come packed.

        `fakes` are the samples that the generator has drawn from `inputs`, if any.
        """
        if fakes is None:
            judged, fakes = self.combined(inputs, training=True, with_samples=True)
        else:
            judged, fakes = self.combined.judge(fakes, inputs)
        # Read here, since a penalty runs the generator again.
        added = total_of(self.generator.losses)
        fake_outputs, fake_classes = heads_of(judged)
        real_outputs = None
        if recipe.loss.needs_reals:  # Relativistic losses compare fakes with reals.
            # No gradient of the reals reaches the generator.
            with backend.without_gradient():
                _, (real_outputs, *_) = self.critic.forward(
                    reals, conditions, frozen=True
                )
        loss = over_scales(recipe.loss.generator_loss, real_outputs, fake_outputs)
        values = {"g_loss": loss}
        if fake_classes is not None:
            labels = self.conditions.label_of(self.combined.conditions_in(inputs))
            values["g_class"] = class_loss(fake_classes, labels)
            loss = loss + recipe.class_loss_weight * values["g_class"]
        further = self.generator, inputs, self.seed_generator, self.g_optimizer.iterations
        terms = recipe.terms
        loss = add_penalties(terms["generator_penalties"], loss, values, *further)
        if recipe.generator_losses:
            given = self.combined.conditions_in(inputs)
            fakes = ops.cast(fakes, reals.dtype)
            generated = Generated(fakes, reals, given, self.critic, conditions)
            loss = add_penalties(terms["generator_losses"], loss, values, generated)
        return loss + added, values

    def validation_step(self, batch: Data) -> dict[str, Tensor]:
        """Computes both losses on held-out reals with the generator, not its average."""
        recipe = self._current_recipe()
        reals, conditions = data.unpack_batch(batch, self.sample_range, self.conditions)
        size = ops.shape(reals)[0]
        latents = self._draw_latents(size, self.test_seed_generator)
        fakes = self.generator(with_conditions(latents, conditions), training=False)
        real_outputs, fake_outputs = (
            self.critic.forward(self.critic.packed(x), conditions, training=False)[1][0]
            for x in (reals, fakes)
        )
        outputs = real_outputs, fake_outputs
        d_loss = over_scales(recipe.loss.discriminator_loss, *outputs)
        g_loss = over_scales(recipe.loss.generator_loss, *outputs)
        means = [ops.mean(logits_of(x)) for x in outputs]
        values = [d_loss + g_loss, d_loss, g_loss, *means]
        self.logs.update(dict(zip(LOG_KEYS, values, strict=True)), size)
        return self.logs.results(LOG_KEYS)

    def _draw_inputs(
        self, recipe: Recipe, reals: Tensor, conditions: Tensors | None
    ) -> Tensors:
        """Returns fresh inputs for the generator."""
        size = ops.shape(reals)[0]
        if recipe.noise_batch_size:
            size = recipe.noise_batch_size // self.devices.replicas
        latents = self._draw_latents(size, self.seed_generator)
        if conditions is not None and recipe.noise_batch_size:
            conditions = draw_conditions(conditions, size, self.seed_generator)
        return with_conditions(latents, conditions)

    def _draw_latents(self, size: Tensor, seed: Seed) -> Tensor | None:
        if not self.latent_dim:
            return None
        return self.noise.draw_local(size, self.latent_dim, seed)

    def _class_loss(self, judged: Judgement) -> Tensor:
        labels = self.conditions.label_of(judged.conditions)
        return class_loss(judged.class_logits, labels)

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
