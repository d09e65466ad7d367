"""The algorithm: one training step of a GAN, free of any backend."""

from collections.abc import Callable
from typing import Any

import keras
from keras import ops

from kgan import backend, schedules
from kgan.models import ema, logs
from kgan.models.critic import Critic, margin, score
from kgan.models.frozen import frozen
from kgan.models.inputs import Inputs, joined
from kgan.models.judge import Judge, packed


class AdversarialStep(Inputs):
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
    judge: Judge
    pack: int
    ema_half_life: schedules.NumberOrSchedule | None
    seed_generator: keras.random.SeedGenerator
    test_seed_generator: keras.random.SeedGenerator
    images_seen: Any
    steps_seen: Any
    optimizer: Any
    g_optimizer: Any
    d_optimizer: Any
    loss: Any
    penalties: tuple
    augment: Any
    class_loss_weight: schedules.NumberOrSchedule
    judges_together: bool
    g_steps: int
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
        reals, labels = self._reals(batch), self._labels(batch)
        parts = list(zip(self._parts(reals), self._parts(labels), strict=True))
        d_losses = [self.update_discriminator(*part) for part in parts]
        g_losses = [self.update_generator(*parts[-1]) for _ in range(self.g_steps)]
        self._average(ops.shape(reals)[0] * self.replicas)
        loss = sum(d_losses) / len(d_losses) + sum(g_losses) / len(g_losses)
        self._logs.update({"loss": loss}, ops.shape(reals)[0])
        return self._logs.results()

    def update_discriminator(self, reals: Any, labels: Any = None) -> Any:
        """Trains the discriminator once, on reals and on fakes from fresh noise."""
        inputs, fake_labels = self._inputs(reals, labels)
        with frozen(self.generator, self.seed_generator):
            fakes = self.generator(inputs, training=True)
        # Under mixed precision they come in another dtype. PyTorch would keep all that
        # it takes to differentiate the generator.
        fakes = ops.stop_gradient(ops.cast(fakes, reals.dtype))
        reals, fakes = packed(reals, self.pack), packed(fakes, self.pack)
        values = self._descend(
            lambda: self.discriminator_loss(reals, fakes, labels, fake_labels),
            self.discriminator.trainable_variables,
            self.d_optimizer,
            ops.shape(reals)[0],
        )
        return values["d_loss"]

    def update_generator(self, reals: Any, labels: Any = None) -> Any:
        """Trains the generator once, on fresh noise, through `combined`."""
        inputs, fake_labels = self._inputs(reals, labels)
        reals = packed(reals, self.pack)
        values = self._descend(
            lambda: self.generator_loss(reals, inputs, labels, fake_labels),
            self.combined.trainable_variables,
            self.g_optimizer,
            ops.shape(reals)[0],
        )
        return values["g_loss"]

    def discriminator_loss(
        self, reals: Any, fakes: Any, labels: Any = None, fake_labels: Any = None
    ) -> tuple[Any, dict[str, Any]]:
        """Returns what the discriminator minimises, and what to log."""
        critic = Critic(self.judge, labels)
        if self.judges_together:
            both = critic.together(reals, fakes, labels, fake_labels)
        else:
            both = critic(reals, labels), critic(fakes, fake_labels)
        (real_logits, real_classes), (fake_logits, fake_classes) = both
        added = critic.added_loss
        loss = self._now(self.loss).discriminator_loss(real_logits, fake_logits)
        values = {
            "d_loss": loss,
            "d_real": ops.mean(score(real_logits)),
            "d_fake": ops.mean(score(fake_logits)),
        }
        for penalty in self._now(self.penalties):
            values[penalty.name] = penalty(
                critic.gradient, reals, fakes, self.seed_generator,
                self.d_optimizer.iterations,
                logits=(score(real_logits), score(fake_logits)),
            )  # fmt: skip
            loss = loss + penalty.weight * values[penalty.name]
        if real_classes is not None:
            values["d_class"] = class_loss(real_classes, labels) + class_loss(
                fake_classes, fake_labels
            )
            loss = loss + self._now(self.class_loss_weight) * values["d_class"]
        if self.augment is not None:
            size = ops.shape(reals)[0] * self.pack * self.replicas
            self.augment.update(margin(real_logits, self.loss), size)
            values |= self.augment.logs()
        return loss + added, values

    def generator_loss(
        self, reals: Any, inputs: Any, labels: Any = None, fake_labels: Any = None
    ) -> tuple[Any, dict[str, Any]]:
        """Returns what the generator minimises, and what to log."""
        loss_function = self._now(self.loss)
        outputs = self.combined(inputs, training=True)
        outputs = outputs if isinstance(outputs, list | tuple) else [outputs, None]
        fake_logits, fake_classes = outputs
        real_logits = None
        if loss_function.needs_reals:
            real_logits, _ = self.combined.discriminate(reals, labels)
        loss = loss_function.generator_loss(real_logits, _float32(fake_logits))
        values = {"g_loss": loss}
        if fake_classes is not None:
            values["g_class"] = class_loss(_float32(fake_classes), fake_labels)
            loss = loss + self._now(self.class_loss_weight) * values["g_class"]
        return loss + sum(self.generator.losses), values

    def validation_step(self, batch: Any) -> dict[str, Any]:
        """Computes both losses on held-out reals, in inference mode."""
        reals, labels = self._reals(batch), self._labels(batch)
        size = ops.shape(reals)[0]
        latents = self._noise(size, self.test_seed_generator)
        fakes = self.generator(joined(latents, labels), training=False)
        real_logits, fake_logits = (
            self.judge(packed(x, self.pack), labels, training=False)[0]
            for x in (reals, fakes)
        )
        loss = self._now(self.loss)
        d_loss = loss.discriminator_loss(real_logits, fake_logits)
        g_loss = loss.generator_loss(real_logits, fake_logits)
        values = {
            "loss": d_loss + g_loss,
            "d_loss": d_loss,
            "g_loss": g_loss,
            "d_real": ops.mean(score(real_logits)),
            "d_fake": ops.mean(score(fake_logits)),
        }
        self._logs.update(values, size)
        return self._logs.results(logs.KEYS)

    def _now(self, option: Any) -> Any:
        return schedules.at(option, self.images_seen)

    def _descend(
        self, loss: Callable, variables: list, optimizer: Any, size: Any
    ) -> dict[str, Any]:
        def scaled() -> tuple[Any, tuple[Any, dict[str, Any]]]:
            value, values = loss()
            # Replicas' gradients are summed.
            return optimizer.scale_loss(value / self.replicas), values

        (_, values), gradients = backend.value_and_grad(scaled, variables)
        with self.optimizer.scheduled(optimizer, self.images_seen):
            backend.apply(optimizer, gradients, variables)
        self._logs.update(values, size)
        return values

    def _average(self, size: Any) -> None:
        self.images_seen.assign_add(ops.cast(size, self.images_seen.dtype))
        self.steps_seen.assign_add(1)
        if self.ema_generator is not None and self.ema_half_life is not None:
            kept = ema.decay(size, self.images_seen, self.ema_half_life)
            ema.update(self.ema_generator, self.generator, kept)


def class_loss(logits: Any, labels: Any) -> Any:
    """Returns the mean cross-entropy of class logits `(batch, classes)` with labels."""
    return ops.mean(
        keras.losses.sparse_categorical_crossentropy(labels, logits, from_logits=True)
    )


def _float32(x: Any) -> Any:
    return ops.cast(x, "float32")
