from typing import Any

from keras import ops

from kgan import schedules, serialization
from kgan.augment import draw
from kgan.augment.base import ImageAugmentation
from kgan.augment.sampling import pick, positions


@serialization.register
class Translation(ImageAugmentation):
    """Shifts an image by whole pixels, down or up and right or left.

    Each shift is uniform among `-s, ..., s` with `s = floor(ratio * size + 1/2)` of the
    height or width. What comes in is 0, the grey of images in [-1, 1], as in the code of
    the paper.

    Args:
        ratio: Float in [0, 1], or a schedule.
        probability: Float in [0, 1], or a schedule, of each image being shifted.

    Raises:
        ValueError: If an argument is out of bounds.

    Example:

    >>> import kgan
    >>> kgan.augment.Translation(ratio=0.25)
    Translation(ratio=0.25, probability=1.0)

    Reference:
        [Zhao et al., 2020](https://arxiv.org/abs/2006.10738), section 3, and its code.
    """

    def __init__(
        self,
        ratio: schedules.NumberOrSchedule = 0.125,
        probability: schedules.NumberOrSchedule = 1.0,
    ):
        super().__init__(probability)
        schedules.number(minimum=0, maximum=1, ratio=ratio)
        self.ratio = ratio

    def transform(self, x, seed=None):
        (rows, high), (columns, wide) = (self._sources(x, i, seed) for i in (1, 2))
        inside = ops.logical_and(high, wide)
        return ops.where(inside, pick(x, rows, columns), ops.zeros_like(x))

    def _sources(self, x: Any, axis: int, seed: Any) -> tuple[Any, Any]:
        # Where pixels come from, and whether that is in the image.
        last = x.shape[axis] - 1
        most = ops.floor(self.ratio * x.shape[axis] + 0.5)
        shift = ops.floor(draw.uniform(x, seed, "float32") * (2 * most + 1)) - most
        source = positions(x, axis) - shift
        clipped = ops.clip(source, 0, last)
        return clipped, ops.equal(clipped, source)

    def get_config(self):
        return {"ratio": self.ratio, **super().get_config()}
