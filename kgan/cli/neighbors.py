"""The training images nearest to new samples: does a generator repeat its data?"""

import dataclasses

import numpy as np

import kgan
from kgan import metrics
from kgan.models.compiled import CompiledModel
from kgan.types import ArrayLike

# The number of samples from which distances are measured, and of the ones to show.
_MEASURED, _SHOWN = 64, 8
# The number of neighbours to show.
_NEIGHBORS = 3
# The quotient of distances below which samples are nearer than chance explains.
_NEAR = 0.5


@dataclasses.dataclass(frozen=True)
class Memory:
    """Samples, and the training images nearest to them.

    Args:
        samples: uint8 array `(n, height, width, channels)`.
        neighbors: uint8 array `(n, k, height, width, channels)`, the nearest first.
        distances: Float array `(n, k)`.
        of_samples: Float, the median distance from a sample to the nearest training
            image.
        of_reals: Float, the median distance from a training image to the nearest other
            training image.
    """

    samples: np.ndarray
    neighbors: np.ndarray
    distances: np.ndarray
    of_samples: float
    of_reals: float

    def sentences(self) -> list[str]:
        """Returns sentences on the distances."""
        if self.of_reals == 0:
            verdict = (
                "Most training images have exact copies in the data, so these distances "
                "can't tell whether this generator repeats its training data."
            )
        elif self.of_samples < _NEAR * self.of_reals:
            verdict = (
                "The samples are much nearer to the training images than training images "
                "are to each other: this generator repeats its training data."
            )
        else:
            verdict = (
                "The samples are not much nearer to the training images than training "
                "images are to each other, so nothing suggests that this generator "
                "repeats its training data."
            )
        return [
            "The median distance from a new sample to the nearest training image is "
            f"{self.of_samples:.1f}; from a training image to the nearest other training "
            f"image it is {self.of_reals:.1f}. {verdict}",
            "A distance is the root of the mean squared difference of pixels from 0 to "
            "255, without the features of a network.",
        ]


def find(gan: CompiledModel, reals: ArrayLike, seed: int = 0) -> Memory:
    """Finds the training images that are nearest to new samples.

    Args:
        gan: A GAN that draws images.
        reals: The training images: an array or a `kgan.data.Store`.
        seed: Int, seed of the samples, and of the training images to compare.

    Raises:
        ValueError: If the samples are NaN or infinite, or there are too few images.
    """
    is_pixels = reals.dtype == np.uint8
    samples = gan.sample(_MEASURED, seed=seed)
    if not np.isfinite(samples).all():
        raise ValueError("The samples of this GAN are NaN or infinite.")
    fakes = gan.sample_range.to_uint8(samples) if is_pixels else samples
    order = np.random.default_rng(seed).permutation(len(reals))[:_MEASURED]
    found = metrics.nearest_neighbors(reals, fakes, min(_NEIGHBORS, len(reals)))
    # The nearest image of a training image is the image itself.
    others = metrics.nearest_neighbors(reals, reals[np.sort(order)], k=2)
    unit = _unit(gan, is_pixels) / np.sqrt(np.prod(fakes.shape[1:]))
    indices = found.indices[:_SHOWN]
    nearest = np.stack([reals[row] for row in indices])
    return Memory(
        gan.sample_range.to_uint8(fakes[:_SHOWN]),
        gan.sample_range.to_uint8(nearest),
        found.distances[:_SHOWN] * unit,
        float(np.median(found.distances[:, 0]) * unit),
        float(np.median(others.distances[:, 1]) * unit),
    )


def _unit(gan: kgan.GAN, is_pixels: bool) -> float:
    """Returns the number of grey levels in the unit of the samples."""
    low, high = gan.sample_range.low, gan.sample_range.high
    return 1.0 if is_pixels else 255 / (high - low)
