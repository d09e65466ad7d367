from keras import ops

from kgan import schedules, serialization
from kgan.augment import draw, pixels
from kgan.augment.base import ImageAugmentation
from kgan.types import Seed, Tensor


@serialization.register
class Cutout(ImageAugmentation):
    """Sets a box of an image to 0, the grey of images in [-1, 1].

    The sides of the box are `floor(ratio * size + 1/2)` of the height and width. The
    centre is uniform in the image, so a part of the box may lie outside the image.

    Args:
        ratio: Float in [0, 1], or a schedule.
        probability: Float in [0, 1], or a schedule: the probability that an image is
            changed.

    Raises:
        ValueError: If an argument is out of bounds.

    Example:

    >>> import kgan
    >>> x = kgan.augment.Cutout(0.5)(keras.ops.ones((100, 8, 8, 1)))
    >>> left = keras.ops.sum(x, axis=(1, 2, 3))
    >>> float(keras.ops.min(left)), bool(keras.ops.max(left) <= 60)
    (48.0, True)

    Reference:
        [Zhao et al., 2020](https://arxiv.org/abs/2006.10738), section 3, and its code;
        [DeVries and Taylor, 2017](https://arxiv.org/abs/1708.04552).
    """

    name = "cutout"

    def __init__(
        self,
        ratio: schedules.NumberOrSchedule = 0.5,
        probability: schedules.NumberOrSchedule = 1.0,
    ):
        super().__init__(probability)
        self.ratio = schedules.number(minimum=0, maximum=1, ratio=ratio)

    def transform(self, x: Tensor, seed: Seed = None) -> Tensor:
        inside = ops.logical_and(self._inside(x, 1, seed), self._inside(x, 2, seed))
        return ops.where(inside, ops.zeros_like(x), x)

    def _inside(self, x: Tensor, axis: int, seed: Seed) -> Tensor:
        """Draws the box along an axis; returns whether each position is inside."""
        side = ops.floor(self.ratio * x.shape[axis] + 0.5)
        # The centre of an even side is between two pixels, or at an edge of the image.
        centres = x.shape[axis] + 1 - ops.mod(side, 2)
        centre = ops.floor(draw.uniform(x, seed, "float32") * centres)
        offset = pixels.positions(x, axis) - (centre - ops.floor(side / 2))
        return ops.logical_and(offset >= 0, offset < side)
