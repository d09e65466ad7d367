from keras import ops

from kgan import serialization
from kgan.augment import draw
from kgan.augment.base import ImageAugmentation
from kgan.types import Seed, Tensor


@serialization.register
class Flip(ImageAugmentation):
    """Mirrors half of the images left to right.

    Args:
        probability: Float in [0, 1], or a schedule. An image is mirrored with half of
            this probability.

    Example:

    >>> import kgan
    >>> kgan.augment.Flip()
    Flip(probability=1.0)

    Reference:
        [Karras et al., 2020](https://arxiv.org/abs/2006.06676), appendix B, "x-flip".
    """

    name = "flip"

    def transform(self, x: Tensor, seed: Seed = None) -> Tensor:
        return ops.where(draw.coin(x, seed), ops.flip(x, axis=2), x)
