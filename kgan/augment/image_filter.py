import functools
import math

import numpy as np
from keras import ops

from kgan import schedules, serialization
from kgan.augment import draw
from kgan.augment.base import ImagePipeline
from kgan.types import Seed, Tensor

# `H(z) H(1/z) / 2` for the low-pass filter `H` of Daubechies' wavelet with four taps,
# which is also called sym2. Pixels at an even distance other than 0 do not count.
_LOW_PASS = np.array([-1, 0, 9, 16, 9, 0, -1]) / 32
# The distances of the taps: a band has half the frequency of the band above.
_STEPS = (1, 2, 4)
# The expected share of each band in the power of a natural image, from low to high.
_POWER = (10 / 13, 1 / 13, 1 / 13, 1 / 13)


@serialization.register
class ImageFilter(ImagePipeline):
    """ADA's image filter: amplifies or damps four bands of frequencies.

    The bands are `[0, 1/8]`, `[1/8, 1/4]`, `[1/4, 1/2]` and `[1/2, 1]` of the highest
    frequency of the image. They are separated by a wavelet, and sum to the image. Each
    band is multiplied by `t`, `log2 t ~ N(0, stddev²)`. Then all bands are divided by
    `sqrt(1 + w (t² - 1))`, where `w` is the share of the band in the power of a natural
    image, 10/13, 1/13, 1/13 and 1/13, so that the power is expected to stay. The filter
    of the rows and the filter of the columns are equal. Outside the image, its reflection
    is repeated without end.

    Images of which no band is chosen do not change. On a GPU, the matrix products of the
    filter may be rounded to TensorFloat-32.

    Args:
        stddev: Float of at least 0, or a schedule.
        probability: Float in [0, 1], or a schedule: the probability of each band.

    Raises:
        ValueError: If an argument is out of bounds.

    Example:

    >>> import kgan
    >>> kgan.augment.ImageFilter()
    ImageFilter(stddev=1.0, probability=1.0)

    Reference:
        [Karras et al., 2020](https://arxiv.org/abs/2006.06676), appendix B, "image-space
        filtering".
    """

    def __init__(
        self,
        stddev: schedules.NumberOrSchedule = 1.0,
        probability: schedules.NumberOrSchedule = 1.0,
    ):
        super().__init__(probability)
        self.stddev = schedules.number(minimum=0, stddev=stddev)

    def apply(self, x: Tensor, seed: Seed, probability: Tensor) -> Tensor:
        drawn = draw.normals(x, seed, len(_POWER))
        happens = draw.happens(x, seed, probability, len(_POWER))
        exponents = [n * h for n, h in zip(drawn, happens, strict=True)]
        width = ops.cast(self.stddev, exponents[0].dtype) * math.log(2)
        factors = gains([ops.exp(e * width) for e in exponents])
        return ops.where(sum(happens) > 0, apply_gains(x, factors), x)


def gains(amplitudes: list[Tensor]) -> list[Tensor]:
    """Returns the amplitudes of the bands, divided so that the power stays."""
    power = 1.0
    for amplitude, share in zip(amplitudes, _POWER, strict=True):
        power = power * (1 + share * (ops.square(amplitude) - 1))
    return [amplitude / ops.sqrt(power) for amplitude in amplitudes]


def apply_gains(x: Tensor, factors: list[Tensor]) -> Tensor:
    """Multiplies each band of each image by its factor `(batch, 1, 1, 1)`."""
    for _ in range(2):
        # The height is filtered, and becomes the width.
        size, width, channels = x.shape[1:]
        bands = ops.convert_to_tensor(filter_bank(size))
        matrix = sum(
            ops.reshape(factor, (-1, 1, 1)) * bands[i] for i, factor in enumerate(factors)
        )
        columns = ops.reshape(x, (-1, size, width * channels))
        x = ops.cast(matrix, x.dtype) @ columns
        x = ops.transpose(ops.reshape(x, (-1, size, width, channels)), (0, 2, 1, 3))
    return x


@functools.lru_cache
def filter_bank(size: int) -> np.ndarray:
    """Returns the four filters of lines of `size` pixels, as matrices.

    Returns:
        Float32 array `(4, size, size)`, from the lowest band to the highest. The sum is
        the identity.
    """
    rest = np.eye(size)
    bands: list[np.ndarray] = []
    for step in _STEPS:
        low = _low_pass(size, step) @ rest
        bands.insert(0, rest - low)
        rest = low
    return np.stack([rest, *bands]).astype("float32")


def _low_pass(size: int, step: int) -> np.ndarray:
    """Returns the low-pass filter with taps at a distance of `step` pixels."""
    margin = len(_LOW_PASS) // 2 * step
    lines = np.pad(np.eye(size), [(margin, margin), (0, 0)], mode="reflect")
    starts = range(0, 2 * margin + 1, step)
    return sum(
        (tap * lines[i : i + size] for tap, i in zip(_LOW_PASS, starts, strict=True)),
        start=np.zeros((size, size)),
    )
