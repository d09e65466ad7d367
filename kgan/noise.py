"""The distributions that latents are drawn from, as objects."""

import math
from typing import Any

import keras
import numpy as np

from kgan import serialization


class Noise(serialization.Configurable):
    """A distribution of latents. Training and sampling share one.

    Subclasses implement `__call__`, which runs inside the training step, and
    may implement `sample`, which draws the latents of `GAN.sample` with numpy, so
    that a seed gives the same latents on every backend.
    """

    def __call__(self, shape: tuple, seed: Any = None) -> Any:
        """Draws latents in the graph.

        Args:
            shape: Shape of the tensor, `(batch, latent_dim)`.
            seed: A `keras.random.SeedGenerator` or an int.

        Returns:
            A float tensor of that shape.
        """
        raise NotImplementedError

    def sample(self, shape: tuple[int, ...], seed: int | None = None) -> np.ndarray:
        """Draws latents outside the graph.

        Args:
            shape: Shape of the array, `(batch, latent_dim)`.
            seed: Int for the same latents again; None for fresh ones.

        Returns:
            A float32 array of that shape.
        """
        return keras.ops.convert_to_numpy(self(shape, seed=seed))


@serialization.register
class Normal(Noise):
    """The Gaussian, `z ~ N(mean, stddev²)`: the default.

    Args:
        mean: Float.
        stddev: Float, at least 0.

    Example:

    >>> import kgan
    >>> kgan.noise.Normal().sample((2, 64), seed=7).shape
    (2, 64)
    """

    def __init__(self, mean: float = 0.0, stddev: float = 1.0):
        if stddev < 0:
            raise ValueError(f"`stddev` must be at least 0. Received: stddev={stddev}")
        self.mean = mean
        self.stddev = stddev

    def __call__(self, shape, seed=None):
        return keras.random.normal(shape, self.mean, self.stddev, seed=seed)

    def sample(self, shape, seed=None):
        values = np.random.default_rng(seed).standard_normal(shape, dtype="float32")
        return values * np.float32(self.stddev) + np.float32(self.mean)

    def get_config(self):
        return {"mean": self.mean, "stddev": self.stddev}


@serialization.register
class Uniform(Noise):
    """The uniform distribution between two bounds.

    Args:
        minval: Float, the lower bound.
        maxval: Float, the upper bound, at least `minval`.
    """

    def __init__(self, minval: float = -1.0, maxval: float = 1.0):
        if maxval < minval:
            raise ValueError(
                "`maxval` must be at least `minval`. "
                f"Received: minval={minval}, maxval={maxval}"
            )
        self.minval = minval
        self.maxval = maxval

    def __call__(self, shape, seed=None):
        return keras.random.uniform(shape, self.minval, self.maxval, seed=seed)

    def sample(self, shape, seed=None):
        values = np.random.default_rng(seed).random(shape, dtype="float32")
        width = np.float32(self.maxval - self.minval)
        return values * width + np.float32(self.minval)

    def get_config(self):
        return {"minval": self.minval, "maxval": self.maxval}


@serialization.register
class TruncatedNormal(Noise):
    """The standard normal, restricted to `[-threshold, threshold]`.

    Meant for sampling from a GAN trained on `Normal` noise: a smaller threshold
    gives more typical and less varied samples (the truncation trick).

    Args:
        threshold: Float above 0, in standard deviations.

    Example:

    >>> import kgan
    >>> z = kgan.noise.TruncatedNormal(0.5).sample((1000, 64), seed=7)
    >>> bool(abs(z).max() <= 0.5)
    True

    Reference:
        [Brock et al., 2018](https://arxiv.org/abs/1809.11096), section 3.1.
    """

    def __init__(self, threshold: float = 1.0):
        if threshold <= 0:
            raise ValueError(
                f"`threshold` must be above 0. Received: threshold={threshold}"
            )
        self.threshold = threshold

    def __call__(self, shape, seed=None):
        # The inverse of the cumulative distribution, on its allowed part.
        bound = math.erf(self.threshold / math.sqrt(2.0))
        uniform = keras.random.uniform(shape, -bound, bound, seed=seed)
        # float32 rounds to 1 a bound beyond five deviations, where erfinv is inf.
        normal = math.sqrt(2.0) * keras.ops.erfinv(uniform)
        return keras.ops.clip(normal, -self.threshold, self.threshold)

    def sample(self, shape, seed=None):
        generator = np.random.default_rng(seed)
        values = generator.standard_normal(shape, dtype="float32")
        while (outside := np.abs(values) > self.threshold).any():
            values[outside] = generator.standard_normal(outside.sum(), dtype="float32")
        return values

    def get_config(self):
        return {"threshold": self.threshold}


_NOISE = {
    "normal": Normal,
    "uniform": Uniform,
    "truncated_normal": TruncatedNormal,
}


def get(identifier: Any) -> Noise:
    """Resolves `"normal"`, `"uniform"`, `"truncated_normal"` or an object.

    Args:
        identifier: A name, a serialised config, or a `Noise`.

    Returns:
        A `Noise`.

    Raises:
        ValueError: If `identifier` is none of these.
    """
    return serialization.get(identifier, _NOISE, Noise, "noise")
