"""Distributions of the latents, as objects."""

import math
from typing import Any

import keras
import numpy as np

from kgan import checks, serialization
from kgan.backend import draw_local_rows
from kgan.types import Identifier, Seed, Tensor

# Below this threshold a normal number is too seldom within it to be drawn by rejection.
_SMALL = 0.1


class Noise(serialization.Configurable):
    """Base class of distributions of latents, used in training and in sampling.

    Subclasses implement `__call__`, which runs inside the training step. They may
    override `sample`, which draws the latents of `GAN.sample` with numpy, so that a seed
    gives the same latents on every backend.
    """

    # The name for `kgan.noise.get`, which a class sets in its own body; optional.
    name: str

    def __call__(self, shape: tuple[Any, ...], seed: Seed = None) -> Tensor:
        """Draws latents inside the training step.

        Args:
            shape: Shape of the latents, `(batch, latent_dim)`.
            seed: A `keras.random.SeedGenerator` or an int.

        Returns:
            A float tensor of this shape.
        """
        raise self.not_implemented("__call__")

    def draw_local(self, size: Tensor, latent_dim: int, seed: Seed) -> Tensor:
        """Draws latents `(size, latent_dim)` for this replica, in the training step.

        Args:
            size: Int scalar, number of latents for this replica. All replicas together
                draw the same latents as one device.
            latent_dim: Int, length of the latents.
            seed: A `keras.random.SeedGenerator`.
        """
        return draw_local_rows(lambda n: self((n, latent_dim), seed=seed), size)

    def sample(self, shape: tuple[int, ...], seed: int | None = None) -> np.ndarray:
        """Draws latents outside the training step.

        Args:
            shape: Shape of the latents, `(batch, latent_dim)`.
            seed: Int for the same latents at every call; None for new latents.

        Returns:
            A float32 array of this shape.
        """
        return keras.ops.convert_to_numpy(self(shape, seed=seed))


@serialization.register
class Normal(Noise):
    """The normal distribution `N(mean, stddev²)`, the default.

    Args:
        mean: Float.
        stddev: Float of at least 0.

    Raises:
        ValueError: If an argument is not a number, or `stddev` is below 0.

    Example:

    >>> import kgan
    >>> kgan.noise.Normal().sample((2, 64), seed=7).shape
    (2, 64)
    """

    name = "normal"

    def __init__(self, mean: float = 0.0, stddev: float = 1.0):
        self.mean: float = checks.number(mean=mean)
        self.stddev: float = checks.number(minimum=0, stddev=stddev)

    def __call__(self, shape: tuple[Any, ...], seed: Seed = None) -> Tensor:
        return keras.random.normal(shape, self.mean, self.stddev, seed=seed)

    def sample(self, shape: tuple[int, ...], seed: int | None = None) -> np.ndarray:
        values = np.random.default_rng(seed).standard_normal(shape, dtype="float32")
        return values * np.float32(self.stddev) + np.float32(self.mean)


@serialization.register
class Uniform(Noise):
    """The uniform distribution between two bounds.

    Args:
        minval: Float, the lower bound.
        maxval: Float of at least `minval`, the upper bound.

    Raises:
        ValueError: If a bound is not a number, or `maxval` is below `minval`.
    """

    name = "uniform"

    def __init__(self, minval: float = -1.0, maxval: float = 1.0):
        self.minval: float = checks.number(minval=minval)
        self.maxval: float = checks.number(maxval=maxval)
        if self.maxval < self.minval:
            raise ValueError(
                "`maxval` must be at least `minval`. "
                f"{checks.received(minval=minval, maxval=maxval)}"
            )

    def __call__(self, shape: tuple[Any, ...], seed: Seed = None) -> Tensor:
        return keras.random.uniform(shape, self.minval, self.maxval, seed=seed)

    def sample(self, shape: tuple[int, ...], seed: int | None = None) -> np.ndarray:
        values = np.random.default_rng(seed).random(shape, dtype="float32")
        width = np.float32(self.maxval - self.minval)
        return values * width + np.float32(self.minval)


@serialization.register
class TruncatedNormal(Noise):
    """The standard normal distribution, truncated to `[-threshold, threshold]`.

    Use it to sample from a GAN that was trained on `Normal` noise: a smaller threshold
    gives samples that are more typical and less varied (the truncation trick).

    Args:
        threshold: Float above 0, in standard deviations.

    Raises:
        ValueError: If `threshold` is not above 0.

    Example:

    >>> import kgan
    >>> z = kgan.noise.TruncatedNormal(0.5).sample((1000, 64), seed=7)
    >>> bool(abs(z).max() <= 0.5)
    True

    Reference:
        [Brock et al., 2018](https://arxiv.org/abs/1809.11096), section 3.1.
    """

    name = "truncated_normal"

    def __init__(self, threshold: float = 1.0):
        self.threshold: float = checks.number(above=0, threshold=threshold)

    def __call__(self, shape: tuple[Any, ...], seed: Seed = None) -> Tensor:
        # The inverse of the cumulative distribution function, on the truncated range.
        bound = math.erf(self.threshold / math.sqrt(2.0))
        uniform = keras.random.uniform(shape, -bound, bound, seed=seed)
        # If `threshold` is above 5, `bound` is 1 in float32 and `erfinv` may be infinite.
        # TensorFlow's `erfinv` is not exact for numbers near 0.
        inverse = _erfinv if self.threshold < _SMALL else keras.ops.erfinv
        normal = math.sqrt(2.0) * inverse(uniform)
        return keras.ops.clip(normal, -self.threshold, self.threshold)

    def sample(self, shape: tuple[int, ...], seed: int | None = None) -> np.ndarray:
        generator = np.random.default_rng(seed)
        if self.threshold < _SMALL:
            bound = math.erf(self.threshold / math.sqrt(2.0))
            drawn = math.sqrt(2.0) * _erfinv(generator.uniform(-bound, bound, shape))
            limit = np.float32(self.threshold)
            return np.clip(drawn.astype("float32"), -limit, limit)
        values = generator.standard_normal(shape, dtype="float32")
        while (outside := np.abs(values) > self.threshold).any():
            values[outside] = generator.standard_normal(outside.sum(), dtype="float32")
        return values


def _erfinv(y: Tensor) -> Tensor:
    """Returns the inverse of the error function by its series, for `|y|` below 0.1.

    The terms that are left out change the result by a share below 1e-9.
    """
    z = math.pi / 4 * y**2
    series = 1 + z * (1 / 3 + z * (7 / 30 + z * 127 / 630))
    return math.sqrt(math.pi) / 2 * y * series


_NOISES = serialization.by_name(Noise, globals())


def names() -> list[str]:
    """Returns the names of the noises, in alphabetical order."""
    return list(_NOISES)


def get(identifier: Identifier) -> Noise:
    """Returns the noise for a name, a config or an object.

    Args:
        identifier: One of `names()`, a serialised config, or a `Noise`.

    Returns:
        A `Noise`.

    Raises:
        ValueError: If `identifier` is none of these.

    Example:

    >>> import kgan
    >>> kgan.noise.get("uniform")
    Uniform(minval=-1.0, maxval=1.0)
    """
    return serialization.get(identifier, _NOISES, Noise, "noise")
