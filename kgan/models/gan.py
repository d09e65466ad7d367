"""The generative adversarial network, as a Keras model."""

import functools
import random
from collections.abc import Iterable
from typing import Any

import keras
import numpy as np

from kgan import backend, data, losses, serialization
from kgan import noise as noises
from kgan import penalties as penalties_lib
from kgan.models import checks, ema, logs
from kgan.models.combined import Combined
from kgan.models.fitting import Fitting
from kgan.models.optimizer_pair import OptimizerPair
from kgan.models.position import Position
from kgan.models.saving import Saving
from kgan.models.step import AdversarialStep
from kgan.trainers import Trainer


@serialization.register
class GAN(Trainer, AdversarialStep, Fitting, Saving):
    """A generative adversarial network that trains with `fit`.

    One training step updates the discriminator `d_steps` times on real and
    generated samples, then, with the discriminator frozen inside `combined`, the
    generator `g_steps` times on fresh noise, and then moves the average of the
    generator that sampling uses.

    Args:
        generator: A `keras.Model`, latents `(batch, latent_dim)` to samples
            `(batch, ...)`. `kgan.networks` has some.
        discriminator: A `keras.Model`, samples to logits `(batch, 1)`, or
            `(batch, 2)` for Keras losses on one-hot labels.
        latent_dim: Int; None to read it off the generator's input.
        noise: The distribution of latents, for training and sampling alike:
            `"normal"`, `"uniform"`, `"truncated_normal"`, or a
            `kgan.noise.Noise`.
        ema_half_life: Float, half-life of the generator's exponential moving
            average in images, ramped up as 5 % of the images seen; None for no
            average.
        seed: Int of 0 to 2**31 - 2, for the same noise and order of data again; None
            for a seed drawn from Python's generator, which
            `keras.utils.set_random_seed` sets.

    Attributes:
        generator: The network that trains.
        discriminator: The other one.
        ema_generator: The averaged generator; None when off.
        combined: A `keras.Model`, latents to logits, in which the discriminator
            is frozen.
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
        ema_half_life: float | None = 10_000,
        seed: int | None = None,
        **kwargs: Any,
    ):
        super().__init__(**kwargs)
        self.latent_dim = checks.latent_dim(generator, latent_dim)
        self.sample_shape = checks.check(generator, discriminator, self.latent_dim)
        checks.check_half_life(ema_half_life)
        self.generator = generator
        self.discriminator = discriminator
        self.noise = noises.get(noise)
        self.ema_half_life = ema_half_life
        self.ema_generator = (
            ema.copy_of(generator, self.latent_dim) if ema_half_life else None
        )
        checks.check_seed(seed)
        seed = random.randint(0, 2**31 - 2) if seed is None else seed
        self.seed_generator = keras.random.SeedGenerator(seed)
        # Apart, so that evaluating does not move the noise of training.
        self.test_seed_generator = keras.random.SeedGenerator(self.seed + 1)
        self.images_seen = self._counter("images")
        self.steps_seen = self._counter("steps")
        # Some of what `fit` was given, for callbacks to show.
        self.real_samples: np.ndarray | None = None
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
        return Combined(self.generator, self.discriminator, self.seed_generator)

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
        checks.check_outputs(self.discriminator, self.sample_shape, gan_loss)
        terms = tuple(penalties_lib.get(penalty) for penalty in penalties)
        checks.warn_of_inexact_layers(self.discriminator, terms)
        pair = OptimizerPair.make(g_optimizer, d_optimizer, optimizer)
        if auto_scale_loss and checks.computes_in_float16(
            self.generator, self.discriminator
        ):
            pair = pair.scaled()
        scaled = isinstance(pair.g_optimizer, keras.optimizers.LossScaleOptimizer)
        self.check_compile(
            pair.optimizers,
            jit_compile=jit_compile,
            steps_per_execution=steps_per_execution,
            compute_dtype="float16" if scaled else None,
        )
        self.check_share("noise_batch_size", noise_batch_size)
        pair.build_for(self.generator, self.discriminator)
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
        self._logs = logs.Logs(tuple(term.name for term in terms))
        self._compile_arguments = {
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

    def call(self, latents: Any, training: bool | None = None) -> Any:
        """Draws samples from latents, always in inference mode.

        Args:
            latents: Float tensor `(batch, latent_dim)`.
            training: Ignored; Keras passes it.

        Returns:
            A float tensor `(batch, ...)`, from `ema_generator` where there is one.
        """
        return self.sampling_generator(latents, training=False)

    @property
    def sampling_generator(self) -> keras.Model:
        """The averaged generator, or, without an average, the one that trains."""
        return self.ema_generator or self.generator

    @property
    def seed(self) -> int:
        """The seed of noise and order, saved with the GAN; all workers have the same."""
        return int(self.seed_generator.state.numpy()[0])

    def sample(
        self,
        n: int | None = None,
        seed: int | None = None,
        z: Any = None,
        noise: Any = None,
        as_uint8: bool = False,
        batch_size: int = 256,
    ) -> np.ndarray:
        """Draws samples, from the averaged generator where there is one.

        Args:
            n: Int, how many; left out when `z` is given. Defaults to 1.
            seed: Int for the same samples again.
            z: Float array `(n, latent_dim)`, the latents themselves.
            noise: A distribution other than that of training, such as
                `kgan.noise.TruncatedNormal(0.7)`.
            as_uint8: Bool, whether to return pixels of 0 to 255.
            batch_size: Int, samples drawn at a time.

        Returns:
            A float32 array `(n, ...)` in the generator's range, or uint8.

        Raises:
            ValueError: If `z` has another shape, or comes with `n` unlike it.
        """
        if z is None:
            n = 1 if n is None else n
            checks.check_counts(n=n)
            distribution = self.noise if noise is None else noises.get(noise)
            z = distribution.sample((n, self.latent_dim), seed=seed)
        z = checks.latents(z, self.latent_dim, n)
        checks.check_counts(batch_size=batch_size)
        # `predict` would make a dataset and an iterator at each call.
        parts = [self.draw(z[i : i + batch_size]) for i in range(0, len(z), batch_size)]
        samples = np.concatenate(parts).astype("float32", copy=False)
        return data.to_uint8(samples) if as_uint8 else samples
