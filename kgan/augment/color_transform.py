import math
from collections.abc import Callable
from typing import Any

from keras import ops

from kgan import serialization
from kgan.augment import draw
from kgan.augment.base import ImagePipeline


@serialization.register
class ColorTransform(ImagePipeline):
    """The colour transformations of ADA.

    In this order: brightness, `x + b`, `b ~ N(0, 0.2²)`; contrast, `c * x`,
    `log2 c ~ N(0, 0.5²)`; luma flip, with probability 1/2 the reflection at the plane
    through black that is perpendicular to the grey axis; hue, a rotation about that axis
    by `U(-180°, 180°)`; saturation, the distance from that axis times `s`,
    `log2 s ~ N(0, 1)`.

    Images of three channels are taken for RGB. Of one channel the first three change
    something. Of other numbers of channels brightness and contrast are applied only.

    Args:
        probability: Float in [0, 1], or a schedule, of each of the five.

    Example:

    >>> import kgan
    >>> tuple(kgan.augment.ColorTransform()(keras.ops.zeros((2, 8, 8, 3))).shape)
    (2, 8, 8, 3)

    Reference:
        [Karras et al., 2020](https://arxiv.org/abs/2006.06676), appendix B, "color
        transformations". There they are products of 4x4 matrices; here the same maps are
        written out, so that a GPU does not round them.
    """

    def apply(self, x, seed, probability):
        for change in _changes(x.shape[-1]):
            x = draw.choose(x, change(x, seed), probability, seed)
        return x


def _changes(channels: int) -> list[Callable[[Any, Any], Any]]:
    if channels == 3:
        return [brightness, contrast, luma_flip, hue, saturation]
    return [brightness, contrast, luma_flip] if channels == 1 else [brightness, contrast]


def brightness(x: Any, seed: Any) -> Any:
    """Adds a number per image."""
    return x + draw.normal(x, seed) * 0.2


def contrast(x: Any, seed: Any) -> Any:
    """Multiplies by a number per image."""
    return x * ops.exp(draw.normal(x, seed) * (0.5 * math.log(2)))


def luma_flip(x: Any, seed: Any) -> Any:
    """Turns the lightness round and keeps the colours, or not."""
    return ops.where(draw.coin(x, seed), x - 2 * _grey(x), x)


def hue(x: Any, seed: Any) -> Any:
    """Rotates the colours about the grey axis, by Rodrigues' formula."""
    angle = (2 * draw.uniform(x, seed) - 1) * math.pi
    grey = _grey(x)
    # The axis (1, 1, 1) / sqrt(3) cross the colour.
    cross = (ops.roll(x, 1, axis=-1) - ops.roll(x, -1, axis=-1)) / math.sqrt(3)
    return grey + ops.cos(angle) * (x - grey) + ops.sin(angle) * cross


def saturation(x: Any, seed: Any) -> Any:
    """Multiplies the distance from the grey axis by a number per image."""
    grey = _grey(x)
    return grey + ops.exp(draw.normal(x, seed) * math.log(2)) * (x - grey)


def _grey(x: Any) -> Any:
    return ops.mean(x, axis=-1, keepdims=True)
