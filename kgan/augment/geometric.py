import math

from keras import ops

from kgan import serialization
from kgan.augment import draw, pixels
from kgan.augment.base import ImagePipeline
from kgan.types import Seed, Tensor

_SCALE_STDDEV = 0.2
_SHIFT_STDDEV = 0.125


@serialization.register
class Geometric(ImagePipeline):
    """The general geometric transformations of ADA, in one resampling.

    In this order:

    - isotropic scaling by `s`, `log2 s ~ N(0, 0.2²)`;
    - rotation by `U(-180°, 180°)`;
    - anisotropic scaling, of the width by `s` and of the height by `1 / s`;
    - rotation by `U(-180°, 180°)`;
    - translation by `t * size`, `t ~ N(0, 0.125²)` for each axis.

    The transformations of an image are composed to one affine map, and the image is
    sampled once, bilinearly. The paper filters with a wavelet. Without the filter, the
    results are softer, and images that are scaled down show aliasing. Outside the image,
    its reflection is repeated without end.

    Args:
        probability: Float in [0, 1], or a schedule: the probability of each
            transformation. Each rotation has the probability
            `1 - sqrt(1 - probability)`, so that at least one of the two has
            `probability`.

    Example:

    >>> import kgan
    >>> x = keras.ops.reshape(keras.ops.arange(16.0), (1, 4, 4, 1))
    >>> float(keras.ops.max(kgan.augment.Geometric(probability=0.0)(x) - x))
    0.0

    Reference:
        [Karras et al., 2020](https://arxiv.org/abs/2006.06676), appendix B, "general
        geometric transformations".
    """

    def apply(self, x: Tensor, seed: Seed, probability: Tensor) -> Tensor:
        middle = [(x.shape[axis] - 1) / 2 for axis in (1, 2)]
        rows = pixels.positions(x, 1) - middle[0]
        columns = pixels.positions(x, 2) - middle[1]
        # From a pixel of the result back to its source: the last transformation first.
        rows = rows - _draw_shift(x, 1, seed, probability)
        columns = columns - _draw_shift(x, 2, seed, probability)
        each = 1 - (1 - probability) ** 0.5
        rows, columns = _rotate(rows, columns, _draw_angle(x, seed, each))
        stretch = _draw_scale(x, seed, probability)
        rows, columns = rows * stretch, columns / stretch
        rows, columns = _rotate(rows, columns, _draw_angle(x, seed, each))
        scale = _draw_scale(x, seed, probability)
        return pixels.interpolate(
            x, rows / scale + middle[0], columns / scale + middle[1]
        )


def _draw_shift(x: Tensor, axis: int, seed: Seed, probability: Tensor) -> Tensor:
    drawn = draw.normal(x, seed, "float32") * _SHIFT_STDDEV * x.shape[axis]
    return draw.choose(ops.zeros_like(drawn), drawn, probability, seed)


def _draw_angle(x: Tensor, seed: Seed, probability: Tensor) -> Tensor:
    drawn = (2 * draw.uniform(x, seed, "float32") - 1) * math.pi
    return draw.choose(ops.zeros_like(drawn), drawn, probability, seed)


def _draw_scale(x: Tensor, seed: Seed, probability: Tensor) -> Tensor:
    drawn = ops.exp(draw.normal(x, seed, "float32") * (_SCALE_STDDEV * math.log(2)))
    return draw.choose(ops.ones_like(drawn), drawn, probability, seed)


def _rotate(rows: Tensor, columns: Tensor, angle: Tensor) -> tuple[Tensor, Tensor]:
    # Without a matrix product, which a GPU would round.
    cos, sin = ops.cos(angle), ops.sin(angle)
    return cos * rows - sin * columns, sin * rows + cos * columns
