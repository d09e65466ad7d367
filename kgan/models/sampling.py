"""Samples out of a `GAN`."""

from typing import Any

import keras
import numpy as np

from kgan import data
from kgan import noise as noises
from kgan.models import checks, conditions
from kgan.models.inputs import joined


class Sampling(keras.Model):
    """How a `GAN` draws."""

    # What the classes beside it in `GAN` have, for type checkers.
    draw: Any
    generator: keras.Model
    ema_generator: keras.Model | None
    latent_dim: int
    noise: Any
    num_classes: int | None

    def call(self, latents: Any, training: bool | None = None) -> Any:
        """Draws samples from latents, always in inference mode.

        Args:
            latents: Float tensor `(batch, latent_dim)`; of a conditional GAN
                `[latents, labels]`.
            training: Ignored; Keras passes it.

        Returns:
            A float tensor `(batch, ...)`, from `ema_generator` where there is one.
        """
        return self.sampling_generator(latents, training=False)

    @property
    def sampling_generator(self) -> keras.Model:
        """The averaged generator, or, without an average, the one that trains."""
        return self.ema_generator or self.generator

    def sample(
        self,
        n: int | None = None,
        seed: int | None = None,
        z: Any = None,
        noise: Any = None,
        labels: Any = None,
        as_uint8: bool = False,
        batch_size: int = 256,
    ) -> np.ndarray:
        """Draws samples, from the averaged generator where there is one.

        Args:
            n: Int, how many; left out when `z` or several `labels` are given.
                Defaults to 1.
            seed: Int for the same samples again.
            z: Float array `(n, latent_dim)`, the latents themselves.
            noise: A distribution other than that of training, such as
                `kgan.noise.TruncatedNormal(0.7)`.
            labels: Of a conditional GAN: ints `(n,)`, or one int for all samples.
                Drawn uniformly by default.
            as_uint8: Bool, whether to return pixels of 0 to 255.
            batch_size: Int, samples drawn at a time.

        Returns:
            A float32 array `(n, ...)` in the generator's range, or uint8.

        Raises:
            ValueError: If `z` has another shape, if `z`, `labels` and `n` are of
                different numbers, or if labels are unknown to the GAN.
        """
        if z is not None:
            z = checks.latents(z, self.latent_dim, n)
            n = len(z)
        if n is not None:
            checks.check_counts(n=n)
        labels = conditions.labels(labels, n, self.num_classes, seed)
        n = n or (1 if labels is None else len(labels))
        if z is None:
            distribution = self.noise if noise is None else noises.get(noise)
            z = distribution.sample((n, self.latent_dim), seed=seed)
            z = checks.latents(z, self.latent_dim, n)
        checks.check_counts(batch_size=batch_size)
        # `predict` would make a dataset and an iterator at each call.
        parts = [
            self.draw(joined(z[part], None if labels is None else labels[part]))
            for part in (slice(i, i + batch_size) for i in range(0, n, batch_size))
        ]
        samples = np.concatenate(parts).astype("float32", copy=False)
        return data.to_uint8(samples) if as_uint8 else samples
