import math
from collections.abc import Callable

from keras import ops

from kgan import serialization
from kgan.augment import draw
from kgan.augment.base import ImagePipeline
from kgan.types import Seed, Tensor


@serialization.register
class ColorTransform(ImagePipeline):
    """The colour transformations of ADA.

    In this order:

    - brightness: `x + b`, `b ~ N(0, 0.2²)`;
    - contrast: `c * x`, `log2 c ~ N(0, 0.5²)`;
    - luma flip: with probability 1/2, reflection at the plane through black that is
      perpendicular to the grey axis;
    - hue: rotation about the grey axis by `U(-180°, 180°)`;
    - saturation: the distance from the grey axis times `s`, `log2 s ~ N(0, 1)`.

    Images with three channels are treated as RGB. Images with one channel get the first
    three transformations. Images with another number of channels get brightness and
    contrast.

    Args:
        probability: Float in [0, 1], or a schedule: the probability of each
            transformation.

    Example:

    >>> import kgan
    >>> tuple(kgan.augment.ColorTransform()(keras.ops.zeros((2, 8, 8, 3))).shape)
    (2, 8, 8, 3)

    Reference:
        [Karras et al., 2020](https://arxiv.org/abs/2006.06676), appendix B, "color
        transformations". The paper multiplies 4x4 matrices. The same maps are written
        here without matrix products, which a GPU would round.
    """

    def apply(self, x: Tensor, seed: Seed, probability: Tensor) -> Tensor:
        for transformation in _transformations(x.shape[-1]):
            x = draw.choose(x, transformation(x, seed), probability, seed)
        return x


def _transformations(channels: int) -> list[Callable[[Tensor, Seed], Tensor]]:
    if channels == 3:
        return [brightness, contrast, luma_flip, hue, saturation]
    return [brightness, contrast, luma_flip] if channels == 1 else [brightness, contrast]


def brightness(x: Tensor, seed: Seed) -> Tensor:
    """Adds one random number to each image."""
    return x + draw.normal(x, seed) * 0.2


def contrast(x: Tensor, seed: Seed) -> Tensor:
    """Multiplies each image by one random number."""
    return x * ops.exp(draw.normal(x, seed) * (0.5 * math.log(2)))


def luma_flip(x: Tensor, seed: Seed) -> Tensor:
    """Inverts the lightness of each image and keeps its colours, with probability 1/2."""
    return ops.where(draw.coin(x, seed), x - 2 * _grey(x), x)


def hue(x: Tensor, seed: Seed) -> Tensor:
    """Rotates the colours of each image about the grey axis, by Rodrigues' formula."""
    angle = (2 * draw.uniform(x, seed) - 1) * math.pi
    grey = _grey(x)
    # The cross product of the axis (1, 1, 1) / sqrt(3) with the colour.
    cross = (ops.roll(x, 1, axis=-1) - ops.roll(x, -1, axis=-1)) / math.sqrt(3)
    return grey + ops.cos(angle) * (x - grey) + ops.sin(angle) * cross


def saturation(x: Tensor, seed: Seed) -> Tensor:
    """Multiplies the distance from the grey axis by one random number per image."""
    grey = _grey(x)
    return grey + ops.exp(draw.normal(x, seed) * math.log(2)) * (x - grey)


def _grey(x: Tensor) -> Tensor:
    return ops.mean(x, axis=-1, keepdims=True)
