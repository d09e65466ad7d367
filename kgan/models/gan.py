"""The generative adversarial network, as a Keras model."""

import functools
import random
from collections.abc import Iterable, Mapping
from typing import Any

import keras
import numpy as np

from kgan import augment as augments
from kgan import backend, losses, serialization
from kgan import noise as noises
from kgan import penalties as penalties_lib
from kgan import schedules as schedules_lib
from kgan.models import checks, conditions, ema, logs, passes
from kgan.models.combined import Combined
from kgan.models.fitting import Fitting
from kgan.models.judge import Judge
from kgan.models.optimizer_pair import OptimizerPair
from kgan.models.position import Position
from kgan.models.sampling import Sampling
from kgan.models.saving import Saving
from kgan.models.step import AdversarialStep
from kgan.trainers import Trainer


@serialization.register
class GAN(Trainer, AdversarialStep, Fitting, Sampling, Saving):
    """A generative adversarial network that trains with `fit`.

    One training step updates the discriminator `d_steps` times on real and
    generated samples, then, with the discriminator frozen inside `combined`, the
    generator `g_steps` times on fresh noise, and then moves the average of the
    generator that sampling uses.

    Args:
        generator: A `keras.Model`, latents `(batch, latent_dim)` to samples
            `(batch, ...)`. `kgan.networks` has some. A conditional one has a second
            input, int labels `(batch,)`.
        discriminator: A `keras.Model`, samples to logits `(batch, 1)`, or
            `(batch, 2)` for Keras losses on one-hot labels. It may take labels as a
            second input, and have logits of the classes `(batch, num_classes)` as a
            second output (AC-GAN). A network that is a subclass of `keras.Model`
            says whether it takes labels by an attribute `takes_labels`.
        latent_dim: Int; None to read it off the generator's input.
        noise: The distribution of latents, for training and sampling alike:
            `"normal"`, `"uniform"`, `"truncated_normal"`, or a
            `kgan.noise.Noise`.
        ema_half_life: Float, half-life of the generator's exponential moving
            average in images, ramped up as 5 % of the images seen; a schedule, whose
            values hold as they are; or None for no average.
        seed: Int of 0 to 2**31 - 2, for the same noise and order of data again; None
            for a seed drawn from Python's generator, which
            `keras.utils.set_random_seed` sets.
        num_classes: Int, for conditional networks, whose labels are
            0 to `num_classes - 1`; None to read it off the generator's layers.
        pack: Int, how many samples the discriminator judges together, joined along
            their last axis: it then takes that many times the channels (PacGAN).

    Attributes:
        generator: The network that trains.
        discriminator: The other one.
        ema_generator: The averaged generator; None when off.
        combined: A `keras.Model`, latents to logits, in which the discriminator
            is frozen; of a conditional GAN from `[latents, labels]`.
        latent_dim: Length of a noise vector.

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
        noise: Any = "normal",
        ema_half_life: schedules_lib.NumberOrSchedule | None = 10_000,
        seed: int | None = None,
        num_classes: int | None = None,
        pack: int = 1,
        **kwargs: Any,
    ):
        super().__init__(**kwargs)
        checks.check_counts(pack=pack)
        self.num_classes = conditions.num_classes(generator, discriminator, num_classes)
        conditions.check_pack(self.num_classes, pack)
        self.pack = pack
        self.latent_dim = checks.latent_dim(generator, latent_dim)
        self.sample_shape, self._outputs = checks.check(
            generator, discriminator, self.latent_dim, self.num_classes, pack
        )
        checks.check_half_life(ema_half_life)
        self.generator = generator
        self.discriminator = discriminator
        self.noise = noises.get(noise)
        self.ema_half_life = ema_half_life
        self.ema_generator = (
            None if ema_half_life is None else ema.copy_of(generator, self.latent_dim)
        )
        checks.check_seed(seed)
        seed = random.randint(0, 2**31 - 2) if seed is None else seed
        self.seed_generator = keras.random.SeedGenerator(seed)
        # Apart, so that evaluating does not move the noise of training.
        self.test_seed_generator = keras.random.SeedGenerator(self.seed + 1)
        self.images_seen = self._counter("images")
        self.steps_seen = self._counter("steps")
        self.judge = Judge(discriminator, self.seed_generator, pack)
        self.judge.images_seen = self.images_seen
        # Some of what `fit` was given, for callbacks to show.
        self.real_samples: np.ndarray | None = None
        self.real_labels: np.ndarray | None = None
        self._logs = logs.Logs()
        self.position = Position(self.steps_seen, lambda: self._logs)
        self.build((None, self.latent_dim))

    def _counter(self, name: str) -> Any:
        return self.add_weight(
            (), "zeros", dtype=backend.COUNTER, trainable=False, name=name
        )

    def build(self, input_shape: tuple) -> None:
        """Does nothing: the networks come built."""

    @functools.cached_property
    def combined(self) -> Combined:
        # A cached property is not tracked: its networks are this model's already.
        return Combined(self.generator, self.judge)

    def compile(
        self,
        g_optimizer: Any = None,
        d_optimizer: Any = None,
        loss: Any = "non_saturating",
        penalties: Iterable[Any] = (),
        d_steps: int = 1,
        g_steps: int = 1,
        noise_batch_size: int | None = None,
        optimizer: Any = None,
        augment: Any = None,
        schedules: Mapping[str, Any] | None = None,
        class_loss_weight: schedules_lib.NumberOrSchedule = 1.0,
        run_eagerly: bool = False,
        steps_per_execution: int = 1,
        jit_compile: bool | str = "auto",
        auto_scale_loss: bool = True,
    ) -> None:
        """Chooses how to train.

        Args:
            g_optimizer: The generator's optimizer: a name, a config or a
                `keras.optimizers.Optimizer`. Defaults to
                `Adam(2e-4, beta_1=0.5)`.
            d_optimizer: The discriminator's, another instance. Same default.
            loss: A name (`kgan.losses.names()`), a `kgan.losses.Loss`, or any Keras
                loss, such as `keras.losses.MeanSquaredError()`.
            penalties: Iterable of `kgan.penalties.Penalty` on the discriminator.
            d_steps: Int, updates of the discriminator in a step. A batch of n
                reals feeds `d_steps` updates of n / d_steps each.
            g_steps: Int, updates of the generator in a step.
            noise_batch_size: Int, noise vectors in an update; None for as many as
                there are reals in a discriminator's update.
            optimizer: Sets both optimizers from the config of this one.
            augment: What reals and fakes go through before the discriminator: a name
                (`"diffaugment"`, `"ada"`), a `kgan.augment.Augmentation`, or a list of
                them. Penalties act on the samples before it.
            schedules: Dict of hyperparameters of the optimizers that follow the images
                seen, such as `{"learning_rate": kgan.schedules.Cosine(...)}` for both
                or `"d_beta_2"` for the discriminator's. Other options take a schedule
                in place of a number.
            class_loss_weight: Float or schedule, the weight of the cross-entropy of
                labels where the discriminator has logits of classes.
            run_eagerly: See `keras.Model.compile`.
            steps_per_execution: See `keras.Model.compile`.
            jit_compile: See `keras.Model.compile`.
            auto_scale_loss: Bool, whether each optimizer gets a loss scale of its own
                where a network computes in float16 (`mixed_float16`).

        Raises:
            ValueError: If an argument can't be used, or one optimizer stands for
                both networks.
        """
        checks.check_counts(d_steps=d_steps, g_steps=g_steps)
        if noise_batch_size is not None:
            checks.check_counts(noise_batch_size=noise_batch_size)
        gan_loss = losses.get(loss)
        checks.check_outputs(self.discriminator, self._outputs[0], gan_loss)
        terms = tuple(penalties_lib.get(penalty) for penalty in penalties)
        augment = augments.get(augment)
        if augment is not None:
            augment.check(self.sample_shape)
        schedules_lib.number(minimum=0, class_loss_weight=class_loss_weight)
        checks.warn_of_inexact_layers(self.discriminator, terms)
        pair = OptimizerPair.make(g_optimizer, d_optimizer, optimizer)
        if auto_scale_loss and checks.computes_in_float16(
            self.generator, self.discriminator
        ):
            pair = pair.scaled()
        pair.follow(schedules)
        scaled = isinstance(pair.g_optimizer, keras.optimizers.LossScaleOptimizer)
        self.check_compile(
            pair.optimizers,
            jit_compile=jit_compile,
            steps_per_execution=steps_per_execution,
            compute_dtype="float16" if scaled else None,
            schedules=pair.followed - {"learning_rate"},
        )
        self.check_share("noise_batch_size", noise_batch_size)
        pair.build_for(self.generator, self.discriminator)
        options = (*terms, augment) if augment is not None else terms
        for option in options:
            option.build()
        pair.option_variables = [v for option in options for v in option.variables]
        super().compile(
            optimizer=pair,
            run_eagerly=run_eagerly,
            steps_per_execution=steps_per_execution,
            jit_compile=jit_compile,
            auto_scale_loss=False,
        )
        self.loss = gan_loss
        self.penalties = terms
        self.d_steps = d_steps
        self.g_steps = g_steps
        self.noise_batch_size = noise_batch_size
        self.augment = self.judge.augment = augment
        self.class_loss_weight = class_loss_weight
        self.judges_together = passes.can_be_one(self.discriminator, terms)
        names = tuple(term.name for term in terms)
        names += tuple(augment.logs()) if augment is not None else ()
        names += ("d_class", "g_class") if len(self._outputs) == 2 else ()
        self._logs = logs.Logs(names)
        self._compile_arguments = {
            "schedules": schedules,
            "run_eagerly": run_eagerly,
            "steps_per_execution": steps_per_execution,
            "jit_compile": jit_compile,
            "auto_scale_loss": auto_scale_loss,
        }

    @property
    def g_optimizer(self) -> keras.optimizers.Optimizer:
        return self.optimizer.g_optimizer

    @property
    def d_optimizer(self) -> keras.optimizers.Optimizer:
        return self.optimizer.d_optimizer

    @property
    def metrics(self) -> list[keras.metrics.Metric]:
        return self._logs.metrics

    @property
    def seed(self) -> int:
        """The seed of noise and order, saved with the GAN; all workers have the same."""
        return int(self.seed_generator.state.numpy()[0])
