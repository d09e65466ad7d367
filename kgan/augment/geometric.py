import math

from keras import ops

from kgan import serialization
from kgan.augment import draw
from kgan.augment.move import Move, rotate, shift
from kgan.types import Seed, Tensor

_SCALE_STDDEV = 0.2
_SHIFT_STDDEV = 0.125


@serialization.register
class Geometric(Move):
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

    def trace(
        self, x: Tensor, rows: Tensor, columns: Tensor, seed: Seed, probability: Tensor
    ) -> tuple[Tensor, Tensor]:
        scale, stretch, down, right = draw.normals(x, seed, 4)
        before, after = draw.uniforms(x, seed, 2)
        scaled, stretched, shifted = draw.happens(x, seed, probability, 3)
        each = 1 - (1 - probability) ** 0.5
        first, second = draw.happens(x, seed, each, 2)
        rows = shift(rows, shifted * down * (_SHIFT_STDDEV * x.shape[1]))
        columns = shift(columns, shifted * right * (_SHIFT_STDDEV * x.shape[2]))
        rows, columns = _rotate(rows, columns, second * after)
        stretch = _scale(stretched * stretch)
        rows, columns = rows * stretch, columns / stretch
        rows, columns = _rotate(rows, columns, first * before)
        scale = _scale(scaled * scale)
        return rows / scale, columns / scale


def _scale(drawn: Tensor) -> Tensor:
    return ops.exp(drawn * (_SCALE_STDDEV * math.log(2)))


def _rotate(rows: Tensor, columns: Tensor, turn: Tensor) -> tuple[Tensor, Tensor]:
    """Rotates by a part of a whole turn, of which 0 is no rotation."""
    angle = 2 * math.pi * turn
    return rotate(rows, columns, ops.cos(angle), ops.sin(angle))
