"""Latents, mapped latents and labels for `GAN.sample`, and labels for training."""

import random
from collections.abc import Iterator
from typing import Any

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
        labels = self.labels(labels, n, seed)
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
        _check_number(n, z=z)
        return z

    def labels(
        self, given: ArrayLike | None, n: int | None, seed: int = 0
    ) -> np.ndarray | None:
        """Returns the labels of samples, ints `(n,)`; None without classes.

        Args:
            given: The argument `labels` of `GAN.sample`.
            n: Int, the number of samples, or None.
            seed: Int, seed of labels that are drawn.

        Raises:
            ValueError: If the labels do not fit the GAN or the number.
        """
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


def style_batches(
    w: ArrayLike, shape: tuple[int, ...], n: int | None, batch_size: int, **others: Any
) -> Iterator[np.ndarray]:
    """Yields batches of mapped latents, as a synthesis network takes them.

    Args:
        w: Float array `(n, dim)`, or `(n, *shape)`.
        shape: Shape of the input of the synthesis network, without the batch.
        n: Int, the length of `w`, or None.
        batch_size: Int.
        **others: The arguments in whose place `w` is, which must be None.

    Raises:
        ValueError: If `w` has a wrong shape, or another argument is given.
    """
    given = {name: value for name, value in others.items() if value is not None}
    if given:
        names = ", ".join(f"`{name}`" for name in given)
        raise ValueError(
            f"`w` is in the place of {names}: pass one of them only. "
            f"{checks.received(**given)}"
        )
    batch_size = checks.count(batch_size=batch_size)
    w = checked_styles(shape, w=w)
    _check_number(n, w=w)
    for i in range(0, len(w), batch_size):
        yield np.array(w[i : i + batch_size])


def checked_styles(shape: tuple[int, ...], **argument: ArrayLike) -> np.ndarray:
    """Checks mapped latents, and returns them as float32 `(n, *shape)`, not writable.

    Args:
        shape: Shape of the input of the synthesis network, without the batch.
        **argument: The argument to check, given as `name=value`: `(n, dim)` for equal
            styles of all layers, or `(n, *shape)`.

    Raises:
        ValueError: If the argument has another shape.
    """
    (name,) = argument
    forms = dict.fromkeys((shape[-1:], shape))
    expected = " or ".join(f"(n, {', '.join(map(str, form))})" for form in forms)
    w = checks.resolved(as_floats, f"numbers of shape {expected}", **argument)
    if w.shape[1:] not in forms or len(w) == 0:
        raise ValueError(
            f"`{name}` must have shape {expected}, with n at least 1. "
            f"Received: {name}.shape={w.shape}"
        )
    w = w.reshape(len(w), *[1] * (1 + len(shape) - w.ndim), *w.shape[1:])
    return np.broadcast_to(w, (len(w), *shape))


def _check_number(n: int | None, **latents: np.ndarray) -> None:
    ((name, x),) = latents.items()
    if n is not None and n != len(x):
        raise ValueError(
            f"`n` must be the number of latents in `{name}`. "
            f"Received: n={n}, {name}.shape={x.shape}"
        )


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
