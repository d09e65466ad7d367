from typing import Any

from keras import ops

from kgan import serialization
from kgan.augment import draw
from kgan.augment.base import ImagePipeline
from kgan.augment.sampling import pick, positions, reflect

# The largest shift, as a share of the size.
_SHIFT = 0.125


@serialization.register
class Blit(ImagePipeline):
    """The moves of whole pixels of ADA: x-flip, rotation by 90°, integer translation.

    Mirrored with probability 1/2; rotated by 0, 90, 180 or 270°, square images only;
    shifted by `round(t * size)` down and right, `t ~ U(-1/8, 1/8)` each, where the
    reflection of the image comes in. Values don't change.

    Args:
        probability: Float in [0, 1], or a schedule, of each of the three.

    Example:

    >>> import kgan
    >>> x = keras.ops.reshape(keras.ops.arange(16.0), (1, 4, 4, 1))
    >>> float(keras.ops.max(kgan.augment.Blit(probability=0.0)(x) - x))
    0.0

    Reference:
        [Karras et al., 2020](https://arxiv.org/abs/2006.06676), appendix B, "pixel
        blitting".
    """

    def apply(self, x, seed, probability):
        moves = [flip, rotate, shift] if x.shape[1] == x.shape[2] else [flip, shift]
        for move in moves:
            x = draw.choose(x, move(x, seed), probability, seed)
        return x


def flip(x: Any, seed: Any) -> Any:
    """Mirrors images left to right, or not."""
    return ops.where(draw.coin(x, seed), ops.flip(x, axis=2), x)


def rotate(x: Any, seed: Any) -> Any:
    """Rotates square images by a multiple of 90°."""
    quarter = ops.flip(ops.transpose(x, (0, 2, 1, 3)), axis=1)
    x = ops.where(draw.coin(x, seed), quarter, x)
    return ops.where(draw.coin(x, seed), ops.flip(x, axis=(1, 2)), x)


def shift(x: Any, seed: Any) -> Any:
    """Shifts images by whole pixels."""

    def sources(axis: int) -> Any:
        share = (2 * draw.uniform(x, seed, "float32") - 1) * _SHIFT
        moved = positions(x, axis) - ops.round(share * x.shape[axis])
        return reflect(moved, x.shape[axis])

    return pick(x, sources(1), sources(2))
