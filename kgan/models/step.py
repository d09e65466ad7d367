"""The algorithm: one training step of a GAN, free of any backend."""

from collections.abc import Callable
from typing import Any

import keras
from keras import ops

from kgan import backend, data
from kgan.models import ema, logs
from kgan.models.critic import Critic, score
from kgan.models.frozen import frozen


class AdversarialStep:
    """The two-phase update of `GAN`, and its evaluation.

    Keras calls `training_step` and `validation_step` through `train_step` and
    `test_step`, which differ between backends: see `kgan.trainers`. All that is read
    from `self` is set by `GAN.__init__` and `GAN.compile`.
    """

    # What a GAN is, for type checkers.
    generator: keras.Model
    discriminator: keras.Model
    ema_generator: keras.Model | None
    combined: Any
    latent_dim: int
    noise: Any
    ema_half_life: float | None
    seed_generator: keras.random.SeedGenerator
    test_seed_generator: keras.random.SeedGenerator
    images_seen: Any
    steps_seen: Any
    g_optimizer: Any
    d_optimizer: Any
    loss: Any
    penalties: tuple
    d_steps: int
    g_steps: int
    noise_batch_size: int | None
    replicas: int
    is_chief: bool
    position: Any
    _logs: logs.Logs

    def training_step(self, batch: Any) -> dict[str, Any]:
        """Updates both networks on a batch of real samples.

        Args:
            batch: What the dataset yields: samples, or `(samples, labels)`.

        Returns:
            The logs, running means since the beginning of the epoch.
        """
        reals = self._reals(batch)
        parts = self._parts(reals)
        d_losses = [self.update_discriminator(part) for part in parts]
        g_losses = [self.update_generator(parts[-1]) for _ in range(self.g_steps)]
        self._average(ops.shape(reals)[0] * self.replicas)
        loss = sum(d_losses) / len(d_losses) + sum(g_losses) / len(g_losses)
        self._logs.update({"loss": loss}, ops.shape(reals)[0])
        return self._logs.results()

    def update_discriminator(self, reals: Any) -> Any:
        """Trains the discriminator once, on reals and on fakes from fresh noise."""
        with frozen(self.generator, self.seed_generator):
            fakes = self.generator(self._latents(reals), training=True)
        # Under mixed precision they come in another dtype. PyTorch would keep all that
        # it takes to differentiate the generator.
        fakes = ops.stop_gradient(ops.cast(fakes, reals.dtype))
        values = self._descend(
            lambda: self.discriminator_loss(reals, fakes),
            self.discriminator.trainable_variables,
            self.d_optimizer,
            ops.shape(reals)[0],
        )
        return values["d_loss"]

    def update_generator(self, reals: Any) -> Any:
        """Trains the generator once, on fresh noise, through `combined`."""
        latents = self._latents(reals)
        values = self._descend(
            lambda: self.generator_loss(reals, latents),
            self.combined.trainable_variables,
            self.g_optimizer,
            ops.shape(reals)[0],
        )
        return values["g_loss"]

    def discriminator_loss(self, reals: Any, fakes: Any) -> tuple[Any, dict[str, Any]]:
        """Returns what the discriminator minimises, and what to log."""
        critic = Critic(self.discriminator, self.seed_generator)
        real_logits, fake_logits = critic(reals), critic(fakes)
        added = critic.added_loss
        loss = self.loss.discriminator_loss(real_logits, fake_logits)
        values = {
            "d_loss": loss,
            "d_real": ops.mean(score(real_logits)),
            "d_fake": ops.mean(score(fake_logits)),
        }
        for penalty in self.penalties:
            values[penalty.name] = penalty(
                critic.gradient, reals, fakes, self.seed_generator,
                self.d_optimizer.iterations,
            )  # fmt: skip
            loss = loss + penalty.weight * values[penalty.name]
        return loss + added, values

    def generator_loss(self, reals: Any, latents: Any) -> tuple[Any, dict[str, Any]]:
        """Returns what the generator minimises, and what to log."""
        fake_logits = _float32(self.combined(latents, training=True))
        real_logits = (
            _float32(self.combined.discriminate(reals)) if self.loss.paired else None
        )
        loss = self.loss.generator_loss(real_logits, fake_logits)
        return loss + sum(self.generator.losses), {"g_loss": loss}

    def validation_step(self, batch: Any) -> dict[str, Any]:
        """Computes both losses on held-out reals, in inference mode."""
        reals = self._reals(batch)
        size = ops.shape(reals)[0]
        latents = self._noise(size, self.test_seed_generator)
        fakes = self.generator(latents, training=False)
        real_logits = _float32(self.discriminator(reals, training=False))
        fake_logits = _float32(self.discriminator(fakes, training=False))
        d_loss = self.loss.discriminator_loss(real_logits, fake_logits)
        g_loss = self.loss.generator_loss(real_logits, fake_logits)
        values = {
            "loss": d_loss + g_loss,
            "d_loss": d_loss,
            "g_loss": g_loss,
            "d_real": ops.mean(score(real_logits)),
            "d_fake": ops.mean(score(fake_logits)),
        }
        self._logs.update(values, size)
        return self._logs.results(logs.KEYS)

    def _descend(
        self, loss: Callable, variables: list, optimizer: Any, size: Any
    ) -> dict[str, Any]:
        def scaled() -> tuple[Any, tuple[Any, dict[str, Any]]]:
            value, values = loss()
            # Replicas' gradients are summed.
            return optimizer.scale_loss(value / self.replicas), values

        (_, values), gradients = backend.value_and_grad(scaled, variables)
        backend.apply(optimizer, gradients, variables)
        self._logs.update(values, size)
        return values

    def _reals(self, batch: Any) -> Any:
        reals, _, _ = keras.utils.unpack_x_y_sample_weight(batch)
        return data.to_float(reals)

    def _parts(self, reals: Any) -> list[Any]:
        # Of a last batch that does not divide, the surplus is left out.
        size = ops.shape(reals)[0] // self.d_steps
        return [reals[i * size : (i + 1) * size] for i in range(self.d_steps)]

    def _latents(self, reals: Any) -> Any:
        asked = self.noise_batch_size
        size = asked // self.replicas if asked else ops.shape(reals)[0]
        return self._noise(size, self.seed_generator)

    def _noise(self, size: Any, seed_generator: Any) -> Any:
        def draw(n: Any) -> Any:
            return self.noise((n, self.latent_dim), seed=seed_generator)

        return backend.rows(draw, size)

    def _average(self, size: Any) -> None:
        self.images_seen.assign_add(ops.cast(size, self.images_seen.dtype))
        self.steps_seen.assign_add(1)
        if self.ema_generator is not None and self.ema_half_life is not None:
            kept = ema.decay(size, self.images_seen, self.ema_half_life)
            ema.update(self.ema_generator, self.generator, kept)


def _float32(x: Any) -> Any:
    return ops.cast(x, "float32")
