"""The colour transformations of DiffAugment."""

from keras import ops

from kgan import schedules, serialization
from kgan.augment import draw, pixels
from kgan.augment.base import ImageAugmentation
from kgan.augment.compose import Compose
from kgan.types import Seed, Tensor


class _ColorAugmentation(ImageAugmentation):
    """Base class of augmentations with one random number per image.

    Args:
        strength: Float, or a schedule: the width of the range of the random number.
        probability: Float in [0, 1], or a schedule.
    """

    # Above 2 the factor `1 ± strength / 2` could be negative.
    max_strength: float | None = 2

    def __init__(
        self,
        strength: schedules.NumberOrSchedule,
        probability: schedules.NumberOrSchedule,
    ):
        super().__init__(probability)
        self.strength = schedules.number(
            minimum=0, maximum=self.max_strength, strength=strength
        )

    def transform(self, x: Tensor, seed: Seed = None) -> Tensor:
        return pixels.change_colors(x, lambda colors: self.recolor(colors, seed))

    def recolor(self, x: Tensor, seed: Seed) -> Tensor:
        """Changes the colours of every image; `x` has no alpha channel."""
        raise self.not_implemented("recolor")

    def draw_offset(self, x: Tensor, seed: Seed) -> Tensor:
        """Draws one number per image, uniform in [-strength / 2, strength / 2)."""
        return ops.cast(self.strength, x.dtype) * (draw.uniform(x, seed) - 0.5)


@serialization.register
class Brightness(_ColorAugmentation):
    """Adds a number to all values of an image: `x + strength * (u - 1/2)`, `u ~ U(0, 1)`.

    Args:
        strength: Float of at least 0, or a schedule.
        probability: Float in [0, 1], or a schedule: the probability that an image is
            changed.

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

    max_strength = None

    def __init__(
        self,
        strength: schedules.NumberOrSchedule = 1.0,
        probability: schedules.NumberOrSchedule = 1.0,
    ):
        super().__init__(strength, probability)

    def recolor(self, x: Tensor, seed: Seed) -> Tensor:
        return x + self.draw_offset(x, seed)


@serialization.register
class Saturation(_ColorAugmentation):
    """Moves the channels of each pixel away from their mean, or towards it.

    `mean + (1 + strength * (u - 1/2)) * (x - mean)`, with one `u ~ U(0, 1)` per image and
    the mean over the channels. Images with one channel do not change.

    Args:
        strength: Float in [0, 2], or a schedule. At 2 the factor is in [0, 2].
        probability: Float in [0, 1], or a schedule: the probability that an image is
            changed.

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

    def recolor(self, x: Tensor, seed: Seed) -> Tensor:
        mean = ops.mean(x, axis=-1, keepdims=True)
        return mean + (1 + self.draw_offset(x, seed)) * (x - mean)


@serialization.register
class Contrast(_ColorAugmentation):
    """Moves all values of an image away from their mean, or towards it.

    `mean + (1 + strength * (u - 1/2)) * (x - mean)`, with one `u ~ U(0, 1)` per image and
    the mean over the image.

    Args:
        strength: Float in [0, 2], or a schedule. At 1 the factor is in [0.5, 1.5].
        probability: Float in [0, 1], or a schedule: the probability that an image is
            changed.

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

    def recolor(self, x: Tensor, seed: Seed) -> Tensor:
        mean = ops.mean(x, axis=(1, 2, 3), keepdims=True)
        return mean + (1 + self.draw_offset(x, seed)) * (x - mean)


@serialization.register
class Color(Compose):
    """`Brightness`, `Saturation` and `Contrast`, in this order.

    Args:
        probability: Float in [0, 1], or a schedule: the probability of each of the three.

    Example:

    >>> import kgan
    >>> tuple(kgan.augment.Color()(keras.ops.zeros((2, 8, 8, 3))).shape)
    (2, 8, 8, 3)

    Reference:
        [Zhao et al., 2020](https://arxiv.org/abs/2006.10738), section 3.
    """

    name = "color"

    def __init__(self, probability: schedules.NumberOrSchedule = 1.0):
        super().__init__([Brightness(), Saturation(), Contrast()], probability)
