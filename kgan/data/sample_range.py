"""The range of samples, and the scaling between this range and uint8 pixels."""

import warnings
from typing import NamedTuple

import keras
import numpy as np
from keras import ops

from kgan import checks
from kgan.types import ArrayLike, Shape, Tensor

# The lowest and the highest value of images for a generator whose output has no bounds.
_UNBOUNDED_IMAGES = (-16.0, 16.0)
# The fewest samples whose range says something about the data.
_FEWEST = 8
# How near to 0 and 1 values that were scaled to 0 to 1 come.
_NEAR = 0.1


class NotFiniteError(ValueError):
    """Raised for samples that are NaN or infinite, and so have no colour."""


class SampleRange(NamedTuple):
    """The range of samples: the values for pixels of 0 and of 255.

    Everything that converts between samples and pixels asks this object.

    Attributes:
        low: Float, the value of black.
        high: Float, the value of white.
        bounded: Bool, whether all samples lie in the range.

    Example:

    >>> import numpy as np
    >>> SampleRange(0.0, 1.0).to_uint8(np.array([0.0, 0.2, 1.0, 3.0])).tolist()
    [0, 51, 255, 255]
    """

    low: float = -1.0
    high: float = 1.0
    bounded: bool = False

    @classmethod
    def get(cls, sample_range: ArrayLike) -> "SampleRange":
        """Returns the range for the argument `sample_range` of a GAN.

        Args:
            sample_range: `(low, high)`, two numbers in ascending order.

        Raises:
            ValueError: If the argument is another object.
        """
        ends = tuple(sample_range) if isinstance(sample_range, tuple | list) else ()
        ascending = len(ends) == 2 and all(map(checks.is_number, ends))
        if not ascending or not ends[0] < ends[1]:
            raise ValueError(
                "`sample_range` must be two numbers (low, high) in ascending order, or "
                "None for the range of the generator's last activation. "
                f"{checks.received(sample_range=sample_range)}"
            )
        return cls(float(ends[0]), float(ends[1]), bounded=True)

    @property
    def _scale(self) -> float:
        return 255.0 / (self.high - self.low)

    def to_float(self, x: Tensor) -> Tensor:
        """Scales uint8 pixels to the range, and casts other dtypes without scaling.

        Args:
            x: Tensor of any shape.

        Returns:
            A float32 tensor.
        """
        is_pixels = keras.backend.standardize_dtype(x.dtype) == "uint8"
        x = ops.cast(x, "float32")
        return x / self._scale + self.low if is_pixels else x

    def scaled(self, x: Tensor) -> Tensor:
        """Scales samples from the range to [-1, 1], where augmentations change them."""
        if self[:2] == (-1.0, 1.0):
            return x
        return (x - self.low) * (2 / (self.high - self.low)) - 1

    def unscaled(self, x: Tensor) -> Tensor:
        """Scales samples from [-1, 1] to the range."""
        if self[:2] == (-1.0, 1.0):
            return x
        return (x + 1) * ((self.high - self.low) / 2) + self.low

    def to_uint8(self, x: np.ndarray) -> np.ndarray:
        """Scales samples to uint8 pixels, rounded and clipped.

        Args:
            x: Float array of any shape. A uint8 array is returned as it is.

        Returns:
            A uint8 array of the same shape.

        Raises:
            NotFiniteError: If a sample is NaN or infinite.
        """
        if x.dtype == np.uint8:
            return x
        pixels = np.rint((np.asarray(x, "float32") - self.low) * self._scale)
        if not np.isfinite(pixels).all():
            raise NotFiniteError(
                "Samples that are NaN or infinite have no colour: training has failed. "
                f"Received: {np.sum(~np.isfinite(pixels))} such values of {pixels.size}"
            )
        return np.clip(pixels, 0, 255).astype("uint8")

    def to_pixels(self, x: Tensor) -> Tensor:
        """Scales samples to uint8 pixels as `to_uint8`, in a graph, without its check."""
        levels = (ops.cast(x, "float32") - self.low) * self._scale
        return ops.cast(ops.clip(ops.round(levels), 0, 255), "uint8")

    def check(self, x: np.ndarray, shape: Shape, argument: str) -> None:
        """Checks that float samples are finite, and lie in the range.

        Args:
            x: Float array `(n, *shape)`.
            shape: The shape of one sample.
            argument: Name of the argument, for the errors.

        Raises:
            ValueError: If a value is NaN, infinite or far outside the range.
        """
        low, high = float(np.min(x)), float(np.max(x))
        # NaN and infinity show in the lowest or the highest value: one pass is enough.
        if not np.isfinite(low) or not np.isfinite(high):
            raise ValueError(
                f"`{argument}` has NaN or infinite values. Received: {argument} with "
                f"{int(np.sum(~np.isfinite(x)))} of them among {x.size}"
            )
        if not self.bounded and len(shape) != 3:
            return
        bounds = (self.low, self.high) if self.bounded else _UNBOUNDED_IMAGES
        slack = 0.1 * (bounds[1] - bounds[0])
        if low < bounds[0] - slack or high > bounds[1] + slack:
            raise ValueError(
                f"`{argument}` has values from {low:g} to {high:g}, but the generator's "
                f"output is between {self.low:g} and {self.high:g}: scale the data, or "
                "pass pixels as uint8, which kgan scales. "
                f"Received: {argument} of dtype {x.dtype}"
            )

    def warn_of_half(self, x: np.ndarray, argument: str, stacklevel: int = 2) -> None:
        """Warns if float samples lie in 0 to 1, the upper half of the range -1 to 1.

        Args:
            x: Samples `(n, ...)`, examples of the data.
            argument: Name of the argument, for the warning.
            stacklevel: Int, see `warnings.warn`.
        """
        # A few bright pictures may lie in the upper half by chance.
        enough = len(x) >= _FEWEST and np.issubdtype(x.dtype, np.floating)
        if tuple(self) != (-1.0, 1.0, True) or not enough:
            return
        low, high = float(np.min(x)), float(np.max(x))
        if 0 <= low <= _NEAR and 1 - _NEAR <= high <= 1:
            warnings.warn(
                f"`{argument}` has values from {low:g} to {high:g} only, but the "
                "generator's output is between -1 and 1: scale the data by `2 * x - 1`, "
                "or pass pixels as uint8, which kgan scales; or end the generator in a "
                "sigmoid if the values are as they should be.",
                stacklevel=stacklevel + 1,
            )


# The range of a generator whose output has no bounds.
UNBOUNDED = SampleRange()
