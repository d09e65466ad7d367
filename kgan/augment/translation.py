from keras import ops

from kgan import schedules, serialization
from kgan.augment import draw, pixels
from kgan.augment.base import ImageAugmentation
from kgan.types import Seed, Tensor


@serialization.register
class Translation(ImageAugmentation):
    """Shifts an image by whole pixels, up or down and left or right.

    Each shift is uniform in `-s, ..., s` with `s = floor(ratio * size + 1/2)` of the
    height or width. The free pixels are filled with 0, the grey of images in [-1, 1], as
    in the code of the paper.

    Args:
        ratio: Float in [0, 1], or a schedule.
        probability: Float in [0, 1], or a schedule: the probability that an image is
            shifted.

    Raises:
        ValueError: If an argument is out of bounds.

    Example:

    >>> import kgan
    >>> kgan.augment.Translation(ratio=0.25)
    Translation(ratio=0.25, probability=1.0)

    Reference:
        [Zhao et al., 2020](https://arxiv.org/abs/2006.10738), section 3, and its code.
    """

    name = "translation"

    def __init__(
        self,
        ratio: schedules.NumberOrSchedule = 0.125,
        probability: schedules.NumberOrSchedule = 1.0,
    ):
        super().__init__(probability)
        self.ratio = schedules.number(minimum=0, maximum=1, ratio=ratio)

    def transform(self, x: Tensor, seed: Seed = None) -> Tensor:
        rows, row_inside = self._sources(x, 1, seed)
        columns, column_inside = self._sources(x, 2, seed)
        inside = ops.logical_and(row_inside, column_inside)
        return ops.where(inside, pixels.take(x, rows, columns), ops.zeros_like(x))

    def _sources(self, x: Tensor, axis: int, seed: Seed) -> tuple[Tensor, Tensor]:
        """Draws a shift; returns the source of each pixel, and whether it is inside."""
        last = x.shape[axis] - 1
        most = ops.floor(self.ratio * x.shape[axis] + 0.5)
        shift = ops.floor(draw.uniform(x, seed, "float32") * (2 * most + 1)) - most
        source = pixels.positions(x, axis) - shift
        clipped = ops.clip(source, 0, last)
        return clipped, ops.equal(clipped, source)
