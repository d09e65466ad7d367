"""Latents and labels for `GAN.sample`, and labels for training."""

import random
from collections.abc import Iterator

import keras
import numpy as np
from keras import ops

from kgan import checks, data
from kgan import noise as noises
from kgan.backend import draw_local_rows
from kgan.critic import with_labels
from kgan.models.reloading import warn_of_unknown
from kgan.types import ArrayLike, Identifier, Tensor, Tensors


class Latents:
    """Draws the inputs of the generator for `GAN.sample`.

    Args:
        noise: A `kgan.noise.Noise`, the distribution of latents.
        dim: Int, length of the latents.
        num_classes: Int for a conditional generator, or None.
    """

    def __init__(self, noise: noises.Noise, dim: int, num_classes: int | None):
        warn_of_unknown(noise)
        self.noise = noise
        self.dim = dim
        self.num_classes = num_classes

    def sample(
        self,
        n: int | None,
        z: ArrayLike | None,
        noise: Identifier | None,
        labels: ArrayLike | None,
        seed: int | None,
        batch_size: int,
    ) -> Iterator[Tensors]:
        """Yields batches of inputs for `GAN.sample`, which documents the arguments."""
        batch_size, seed = checks.count(batch_size=batch_size), checks.seed(seed=seed)
        seed = random.randrange(2**31 - 1) if seed is None else seed
        if z is not None:
            z = self._checked(z, n)
            n = len(z)
        if n is not None:
            # No array of float32 latents may be larger than 8 GB.
            n = checks.count(maximum=2**31 // self.dim, n=n)
        labels = self._sample_labels(labels, n, seed)
        n = n or (1 if labels is None else len(labels))
        if z is None:
            distribution = self.noise if noise is None else noises.get(noise)
            z = self._checked(distribution.sample((n, self.dim), seed=seed), n)
        for part in (slice(i, i + batch_size) for i in range(0, n, batch_size)):
            yield with_labels(z[part], None if labels is None else labels[part])

    def _checked(self, z: ArrayLike, n: int | None) -> np.ndarray:
        z = checks.resolved(as_floats, f"numbers of shape (n, {self.dim})", z=z)
        if z.ndim != 2 or z.shape[1] != self.dim or len(z) == 0:
            raise ValueError(
                f"`z` must have shape (n, {self.dim}), with n at least 1. "
                f"Received: z.shape={z.shape}"
            )
        if n is not None and n != len(z):
            raise ValueError(
                "`n` must be the number of latents in `z`. "
                f"Received: n={n}, z.shape={z.shape}"
            )
        return z

    def _sample_labels(
        self, given: ArrayLike | None, n: int | None, seed: int
    ) -> np.ndarray | None:
        if self.num_classes is None:
            if given is not None:
                raise ValueError(
                    "This GAN is not conditional, so it takes no labels. "
                    f"{checks.received(labels=given)}"
                )
            return None
        if given is None:
            # The labels and the latents are drawn from different seeds.
            generator = np.random.default_rng((seed, 1))
            return generator.integers(self.num_classes, size=n or 1, dtype="int32")
        values = np.asarray(given)
        data.check_labels(values, self.num_classes, "labels")
        if values.ndim == 0:
            values = np.full(n or 1, values)
        if n is not None and values.size != n:
            raise ValueError(
                f"There must be a label for each of the {n} samples. "
                f"Received: labels of shape {values.shape}"
            )
        return values.reshape(-1).astype("int32")


def as_floats(z: ArrayLike) -> np.ndarray:
    """Returns latents as a float32 array.

    Raises:
        ValueError: If the latents are no numbers, or are not finite in float32.
    """
    with np.errstate(over="ignore"):
        z = np.asarray(z, "float32")
    if not np.isfinite(z).all() or z.ndim == 0:
        raise ValueError("Latents must be an array of finite numbers.")
    return z


def draw_labels(
    labels: Tensor, size: Tensor, seed_generator: keras.random.SeedGenerator
) -> Tensor:
    """Returns `size` labels, chosen at random from `labels`, in the training step."""
    count = ops.shape(labels)[0]
    shares = draw_local_rows(
        lambda n: keras.random.uniform((n,), seed=seed_generator), size
    )
    indices = ops.cast(shares * ops.cast(count, "float32"), "int32")
    # Rounding can make a product equal to `count`.
    return ops.take(labels, ops.minimum(indices, count - 1), axis=0)
