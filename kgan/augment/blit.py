from keras import ops

from kgan import serialization
from kgan.augment import draw
from kgan.augment.move import Move, rotate, shift
from kgan.types import Seed, Tensor

# The largest shift, as a fraction of the height or width.
_MAX_SHIFT = 0.125


@serialization.register
class Blit(Move):
    """ADA's moves of whole pixels: x-flip, rotation by 90°, integer translation.

    Images are mirrored left to right with probability 1/2; square images are rotated by
    0, 90, 180 or 270°; images are shifted down and right by `round(t * size)` pixels,
    `t ~ U(-1/8, 1/8)` for each axis, and padded with their reflection. The values of the
    pixels do not change.

    Args:
        probability: Float in [0, 1], or a schedule: the probability of each of the three
            moves.

    Example:

    >>> import kgan
    >>> x = keras.ops.reshape(keras.ops.arange(16.0), (1, 4, 4, 1))
    >>> float(keras.ops.max(kgan.augment.Blit(probability=0.0)(x) - x))
    0.0

    Reference:
        [Karras et al., 2020](https://arxiv.org/abs/2006.06676), appendix B, "pixel
        blitting".
    """

    def trace(
        self, x: Tensor, rows: Tensor, columns: Tensor, seed: Seed, probability: Tensor
    ) -> tuple[Tensor, Tensor]:
        flip, quarter, half, down, right = draw.uniforms(x, seed, 5)
        flipped, rotated, shifted = draw.happens(x, seed, probability, 3)
        rows = shift(rows, shifted * _whole_pixels(down, x.shape[1]))
        columns = shift(columns, shifted * _whole_pixels(right, x.shape[2]))
        if x.shape[1] == x.shape[2]:
            # The cosine and sine of 0, 90, 180 or 270°, exactly.
            quarter = rotated * ops.cast(quarter < 0.5, "float32")
            sign = _sign(rotated, half)
            rows, columns = rotate(rows, columns, sign * (1 - quarter), sign * quarter)
        return rows, columns * _sign(flipped, flip)


def _whole_pixels(drawn: Tensor, size: int) -> Tensor:
    return ops.round((2 * drawn - 1) * (_MAX_SHIFT * size))


def _sign(happens: Tensor, drawn: Tensor) -> Tensor:
    """Returns -1 with probability 1/2 where the transformation happens, else 1."""
    return 1 - 2 * happens * ops.cast(drawn < 0.5, "float32")
