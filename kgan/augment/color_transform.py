import math

from keras import ops

from kgan import serialization
from kgan.augment import draw, pixels
from kgan.augment.base import ImagePipeline
from kgan.types import Seed, Tensor

_BRIGHTNESS_STDDEV, _CONTRAST_STDDEV, _SATURATION_STDDEV = 0.2, 0.5, 1.0


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

    The grey of a pixel is the mean of its colours. All transformations of an image are
    composed to one map, which scales the grey and adds to it, and which scales and
    rotates the difference of the colours from the grey. This is the 4x4 matrix of the
    paper, written without a matrix product, which a GPU would round.

    One channel is grey, two are grey and alpha, three are RGB, four are RGB and alpha.
    Grey images get the first three transformations, and alpha stays. Images with more
    channels get brightness and contrast.

    Args:
        probability: Float in [0, 1], or a schedule: the probability of each
            transformation.

    Example:

    >>> import kgan
    >>> tuple(kgan.augment.ColorTransform()(keras.ops.zeros((2, 8, 8, 3))).shape)
    (2, 8, 8, 3)

    Reference:
        [Karras et al., 2020](https://arxiv.org/abs/2006.06676), appendix B, "color
        transformations".
    """

    def apply(self, x: Tensor, seed: Seed, probability: Tensor) -> Tensor:
        return pixels.change_colors(x, lambda x: _recolor(x, seed, probability))


def _recolor(x: Tensor, seed: Seed, probability: Tensor) -> Tensor:
    brightness, contrast, saturation = draw.normals(x, seed, 3)
    flip, hue = draw.uniforms(x, seed, 2)
    happens = draw.happens(x, seed, probability, 5)
    offset = happens[0] * brightness * _BRIGHTNESS_STDDEV
    scale = _power_of_2(happens[1] * contrast * _CONTRAST_STDDEV)
    if x.shape[-1] not in (1, 3):
        return _affine(x, scale, offset * scale)
    sign = 1 - 2 * happens[2] * ops.cast(flip < 0.5, "float32")
    grey = sign * scale
    if x.shape[-1] == 1:
        return _affine(x, grey, offset * grey)
    angle = 2 * math.pi * happens[3] * hue
    scale = scale * _power_of_2(happens[4] * saturation * _SATURATION_STDDEV)
    # The matrix is circulant: three numbers define it.
    along, across = scale * ops.cos(angle), scale * ops.sin(angle) / math.sqrt(3)
    same = (grey + 2 * along) / 3
    before, after = (grey - along) / 3 + across, (grey - along) / 3 - across
    # By channels, since to shift the channels of each pixel takes longer.
    colors = ops.split(x, 3, axis=-1)
    mixed = [
        _affine(colors[i], same, offset * grey)
        + _times(colors[i - 1], before)
        + _times(colors[i - 2], after)
        for i in range(3)
    ]
    return ops.concatenate(mixed, axis=-1)


def _power_of_2(exponent: Tensor) -> Tensor:
    return ops.exp(exponent * math.log(2))


def _times(x: Tensor, factor: Tensor) -> Tensor:
    return x * ops.cast(factor, x.dtype)


def _affine(x: Tensor, factor: Tensor, offset: Tensor) -> Tensor:
    return _times(x, factor) + ops.cast(offset, x.dtype)
