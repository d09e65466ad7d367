from typing import Any

from keras import ops

from kgan import schedules, serialization
from kgan.augment import draw
from kgan.augment.base import ImageAugmentation
from kgan.augment.sampling import positions


@serialization.register
class Cutout(ImageAugmentation):
    """Sets a box of an image to 0, the grey of images in [-1, 1].

    Its sides are `floor(ratio * size + 1/2)` of the height and width, and its centre is
    uniform in the image, so that part of it may lie outside.

    Args:
        ratio: Float in [0, 1], or a schedule.
        probability: Float in [0, 1], or a schedule, of each image being cut.

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

    def __init__(
        self,
        ratio: schedules.NumberOrSchedule = 0.5,
        probability: schedules.NumberOrSchedule = 1.0,
    ):
        super().__init__(probability)
        schedules.number(minimum=0, maximum=1, ratio=ratio)
        self.ratio = ratio

    def transform(self, x, seed=None):
        inside = ops.logical_and(self._inside(x, 1, seed), self._inside(x, 2, seed))
        return ops.where(inside, ops.zeros_like(x), x)

    def _inside(self, x: Any, axis: int, seed: Any) -> Any:
        side = ops.floor(self.ratio * x.shape[axis] + 0.5)
        # An even box is centred between two pixels, or at an edge of the image.
        centres = x.shape[axis] + 1 - ops.mod(side, 2)
        centre = ops.floor(draw.uniform(x, seed, "float32") * centres)
        offset = positions(x, axis) - (centre - ops.floor(side / 2))
        return ops.logical_and(offset >= 0, offset < side)

    def get_config(self):
        return {"ratio": self.ratio, **super().get_config()}
