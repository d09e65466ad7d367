from keras import ops

from kgan import schedules, serialization
from kgan.augment import draw, pixels
from kgan.augment.base import ImageAugmentation
from kgan.types import Seed, Tensor


@serialization.register
class AdditiveNoise(ImageAugmentation):
    """ADA's noise: `x + s * e`, `e ~ N(0, 1)`, with its own strength for each image.

    `s = |a|`, `a ~ N(0, stddev²)`, is drawn once per image. The alpha channel, the last
    of two or four channels, gets no noise.

    Args:
        stddev: Float of at least 0, or a schedule, on the scale of images in [-1, 1].
        probability: Float in [0, 1], or a schedule: the probability that an image is
            changed.

    Raises:
        ValueError: If an argument is out of bounds.

    Example:

    >>> import kgan
    >>> kgan.augment.AdditiveNoise()
    AdditiveNoise(stddev=0.1, probability=1.0)

    Reference:
        [Karras et al., 2020](https://arxiv.org/abs/2006.06676), appendix B, "image-space
        corruptions".
    """

    def __init__(
        self,
        stddev: schedules.NumberOrSchedule = 0.1,
        probability: schedules.NumberOrSchedule = 1.0,
    ):
        super().__init__(probability)
        self.stddev = schedules.number(minimum=0, stddev=stddev)

    def transform(self, x: Tensor, seed: Seed = None) -> Tensor:
        return pixels.change_colors(x, lambda colors: self._add_noise(colors, seed))

    def _add_noise(self, x: Tensor, seed: Seed) -> Tensor:
        (drawn,) = draw.normals(x, seed, 1)
        strength = ops.cast(self.stddev * ops.abs(drawn), x.dtype)
        return x + strength * draw.noise(x, seed)
