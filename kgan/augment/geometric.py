import math
from typing import Any

from keras import ops

from kgan import serialization
from kgan.augment import draw
from kgan.augment.base import ImagePipeline
from kgan.augment.sampling import bilinear, positions

_SCALE_STDDEV = 0.2
_SHIFT_STDDEV = 0.125


@serialization.register
class Geometric(ImagePipeline):
    """The general geometric transformations of ADA, in one resampling.

    In this order: isotropic scaling by `s`, `log2 s ~ N(0, 0.2²)`; rotation by
    `U(-180°, 180°)`; anisotropic scaling, of the width by `s` and the height by `1 / s`;
    rotation again; translation by `t * size`, `t ~ N(0, 0.125²)` each.

    They compose to one affine map per image, which is sampled bilinearly, where the paper
    filters with a wavelet: results are softer, and shrunk ones alias. Outside of the
    image is its reflection, without end.

    Args:
        probability: Float in [0, 1], or a schedule, of each of the five, but
            `1 - sqrt(1 - probability)` of each rotation, so that it is the probability
            of either.

    Example:

    >>> import kgan
    >>> x = keras.ops.reshape(keras.ops.arange(16.0), (1, 4, 4, 1))
    >>> float(keras.ops.max(kgan.augment.Geometric(probability=0.0)(x) - x))
    0.0

    Reference:
        [Karras et al., 2020](https://arxiv.org/abs/2006.06676), appendix B, "general
        geometric transformations".
    """

    def apply(self, x, seed, probability):
        middle = [(x.shape[axis] - 1) / 2 for axis in (1, 2)]
        rows, columns = (positions(x, i) - m for i, m in zip((1, 2), middle, strict=True))
        # From a pixel of the result to where it was: the last transformation first.
        rows = rows - _shift(x, 1, seed, probability)
        columns = columns - _shift(x, 2, seed, probability)
        either = 1 - (1 - probability) ** 0.5
        rows, columns = _rotated(rows, columns, _angle(x, seed, either))
        stretch = _scale(x, seed, probability)
        rows, columns = rows * stretch, columns / stretch
        rows, columns = _rotated(rows, columns, _angle(x, seed, either))
        zoom = _scale(x, seed, probability)
        return bilinear(x, rows / zoom + middle[0], columns / zoom + middle[1])


def _shift(x: Any, axis: int, seed: Any, probability: Any) -> Any:
    drawn = draw.normal(x, seed, "float32") * _SHIFT_STDDEV * x.shape[axis]
    return draw.choose(ops.zeros_like(drawn), drawn, probability, seed)


def _angle(x: Any, seed: Any, probability: Any) -> Any:
    drawn = (2 * draw.uniform(x, seed, "float32") - 1) * math.pi
    return draw.choose(ops.zeros_like(drawn), drawn, probability, seed)


def _scale(x: Any, seed: Any, probability: Any) -> Any:
    drawn = ops.exp(draw.normal(x, seed, "float32") * (_SCALE_STDDEV * math.log(2)))
    return draw.choose(ops.ones_like(drawn), drawn, probability, seed)


def _rotated(rows: Any, columns: Any, angle: Any) -> tuple[Any, Any]:
    # Written out: as a product of matrices it would be rounded on a GPU.
    cos, sin = ops.cos(angle), ops.sin(angle)
    return cos * rows - sin * columns, sin * rows + cos * columns
