from keras import ops

from kgan import serialization
from kgan.augment import draw, pixels
from kgan.augment.base import ImagePipeline
from kgan.types import Seed, Tensor

# The largest shift, as a fraction of the height or width.
_MAX_SHIFT = 0.125


@serialization.register
class Blit(ImagePipeline):
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

    def apply(self, x: Tensor, seed: Seed, probability: Tensor) -> Tensor:
        moves = [flip, rotate, shift] if x.shape[1] == x.shape[2] else [flip, shift]
        for move in moves:
            x = draw.choose(x, move(x, seed), probability, seed)
        return x


def flip(x: Tensor, seed: Seed) -> Tensor:
    """Mirrors each image left to right, with probability 1/2."""
    return ops.where(draw.coin(x, seed), ops.flip(x, axis=2), x)


def rotate(x: Tensor, seed: Seed) -> Tensor:
    """Rotates each square image by 0, 90, 180 or 270°."""
    quarter = ops.flip(ops.transpose(x, (0, 2, 1, 3)), axis=1)
    x = ops.where(draw.coin(x, seed), quarter, x)
    return ops.where(draw.coin(x, seed), ops.flip(x, axis=(1, 2)), x)


def shift(x: Tensor, seed: Seed) -> Tensor:
    """Shifts each image by whole pixels, and pads it with its reflection."""

    def sources(axis: int) -> Tensor:
        fraction = (2 * draw.uniform(x, seed, "float32") - 1) * _MAX_SHIFT
        shifted = pixels.positions(x, axis) - ops.round(fraction * x.shape[axis])
        return pixels.reflect(shifted, x.shape[axis])

    return pixels.take(x, sources(1), sources(2))
