"""What a step takes in: reals and labels from the data, noise from the seed."""

from typing import Any

import keras
from keras import ops

from kgan import backend, data


class Inputs:
    """The part of the step that prepares batches and draws noise."""

    # What a GAN is, for type checkers.
    latent_dim: int
    num_classes: int | None
    noise: Any
    noise_batch_size: int | None
    d_steps: int
    replicas: int
    seed_generator: keras.random.SeedGenerator

    def _reals(self, batch: Any) -> Any:
        reals, _, _ = keras.utils.unpack_x_y_sample_weight(batch)
        return data.to_float(reals)

    def _labels(self, batch: Any) -> Any:
        if self.num_classes is None:
            return None
        _, labels, _ = keras.utils.unpack_x_y_sample_weight(batch)
        return ops.reshape(ops.cast(labels, "int32"), (-1,))

    def _parts(self, x: Any) -> list[Any]:
        if x is None:
            return [None] * self.d_steps
        # Of a last batch that does not divide, the surplus is left out.
        size = ops.shape(x)[0] // self.d_steps
        return [x[i * size : (i + 1) * size] for i in range(self.d_steps)]

    def _inputs(self, reals: Any, labels: Any) -> tuple[Any, Any]:
        """Returns fresh inputs of the generator, and the labels among them."""
        latents = self._latents(reals)
        if labels is not None and self.noise_batch_size:
            # As frequent as among the reals.
            size = ops.shape(latents)[0]
            labels = ops.take(labels, self._choices(size, ops.shape(labels)[0]), axis=0)
        return joined(latents, labels), labels

    def _latents(self, reals: Any) -> Any:
        asked = self.noise_batch_size
        size = asked // self.replicas if asked else ops.shape(reals)[0]
        return self._noise(size, self.seed_generator)

    def _choices(self, size: Any, count: Any) -> Any:
        def draw(n: Any) -> Any:
            return keras.random.uniform((n,), seed=self.seed_generator)

        indices = backend.rows(draw, size) * ops.cast(count, "float32")
        # A product may be rounded up to the count itself.
        return ops.minimum(ops.cast(indices, "int32"), count - 1)

    def _noise(self, size: Any, seed_generator: Any) -> Any:
        def draw(n: Any) -> Any:
            return self.noise((n, self.latent_dim), seed=seed_generator)

        return backend.rows(draw, size)


def joined(latents: Any, labels: Any) -> Any:
    """Returns what a generator takes: latents, or `[latents, labels]`."""
    return latents if labels is None else [latents, labels]
