"""The colour transformations of DiffAugment."""

from typing import Any

from keras import ops

from kgan import schedules, serialization
from kgan.augment import draw
from kgan.augment.base import ImageAugmentation
from kgan.augment.compose import Compose


class _Strength(ImageAugmentation):
    """Base of those with a strength, the width of the range that is drawn from."""

    # Beyond 2 a factor of `1 ± strength / 2` would be negative.
    strongest: float | None = 2

    def __init__(
        self,
        strength: schedules.NumberOrSchedule,
        probability: schedules.NumberOrSchedule,
    ):
        super().__init__(probability)
        schedules.number(minimum=0, maximum=self.strongest, strength=strength)
        self.strength = strength

    def centred(self, x: Any, seed: Any) -> Any:
        """Draws uniformly between plus and minus half of the strength."""
        return ops.cast(self.strength, x.dtype) * (draw.uniform(x, seed) - 0.5)

    def get_config(self):
        return {"strength": self.strength, **super().get_config()}


@serialization.register
class Brightness(_Strength):
    """Adds a number to all of an image: `x + strength * (u - 1/2)`, `u ~ U(0, 1)`.

    Args:
        strength: Float, at least 0, or a schedule.
        probability: Float in [0, 1], or a schedule, of each image being changed.

    Raises:
        ValueError: If an argument is out of bounds.

    Example:

    >>> import kgan
    >>> x = kgan.augment.Brightness(0.5)(keras.ops.zeros((100, 8, 8, 1)))
    >>> bool(keras.ops.max(keras.ops.abs(x)) <= 0.25)
    True

    Reference:
        [Zhao et al., 2020](https://arxiv.org/abs/2006.10738), section 3, and its code.
    """

    strongest = None

    def __init__(
        self,
        strength: schedules.NumberOrSchedule = 1.0,
        probability: schedules.NumberOrSchedule = 1.0,
    ):
        super().__init__(strength, probability)

    def transform(self, x, seed=None):
        return x + self.centred(x, seed)


@serialization.register
class Saturation(_Strength):
    """Moves the channels from their mean, or to it, in each pixel.

    `mean + (1 + strength * (u - 1/2)) * (x - mean)` with `u ~ U(0, 1)` per image and the
    mean over channels. Of images with one channel nothing changes.

    Args:
        strength: Float in [0, 2], or a schedule. At 2 the factor is in [0, 2].
        probability: Float in [0, 1], or a schedule, of each image being changed.

    Raises:
        ValueError: If an argument is out of bounds.

    Example:

    >>> import kgan
    >>> x = keras.ops.convert_to_tensor([[[[1.0, 0.0, -1.0]]]])
    >>> round(float(keras.ops.sum(kgan.augment.Saturation()(x))), 5)
    0.0

    Reference:
        [Zhao et al., 2020](https://arxiv.org/abs/2006.10738), section 3, and its code.
    """

    def __init__(
        self,
        strength: schedules.NumberOrSchedule = 2.0,
        probability: schedules.NumberOrSchedule = 1.0,
    ):
        super().__init__(strength, probability)

    def transform(self, x, seed=None):
        mean = ops.mean(x, axis=-1, keepdims=True)
        return mean + (1 + self.centred(x, seed)) * (x - mean)


@serialization.register
class Contrast(_Strength):
    """Moves all values of an image from their mean, or to it.

    `mean + (1 + strength * (u - 1/2)) * (x - mean)` with `u ~ U(0, 1)` per image and the
    mean over the image.

    Args:
        strength: Float in [0, 2], or a schedule. At 1 the factor is in [0.5, 1.5].
        probability: Float in [0, 1], or a schedule, of each image being changed.

    Raises:
        ValueError: If an argument is out of bounds.

    Example:

    >>> import kgan
    >>> x = keras.ops.convert_to_tensor([[[[1.0], [-1.0]]]])
    >>> float(keras.ops.sum(kgan.augment.Contrast()(x)))
    0.0

    Reference:
        [Zhao et al., 2020](https://arxiv.org/abs/2006.10738), section 3, and its code.
    """

    def __init__(
        self,
        strength: schedules.NumberOrSchedule = 1.0,
        probability: schedules.NumberOrSchedule = 1.0,
    ):
        super().__init__(strength, probability)

    def transform(self, x, seed=None):
        mean = ops.mean(x, axis=(1, 2, 3), keepdims=True)
        return mean + (1 + self.centred(x, seed)) * (x - mean)


@serialization.register
class Color(Compose):
    """`Brightness`, `Saturation` and `Contrast`, in this order.

    Args:
        probability: Float in [0, 1], or a schedule, of each of the three.

    Example:

    >>> import kgan
    >>> tuple(kgan.augment.Color()(keras.ops.zeros((2, 8, 8, 3))).shape)
    (2, 8, 8, 3)

    Reference:
        [Zhao et al., 2020](https://arxiv.org/abs/2006.10738), section 3.
    """

    def __init__(self, probability: schedules.NumberOrSchedule = 1.0):
        super().__init__([Brightness(), Saturation(), Contrast()], probability)

    def get_config(self):
        return {"probability": self.probability}
