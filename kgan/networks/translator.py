from collections.abc import Sequence

import keras
from keras import layers

from kgan import checks
from kgan.layers import ReflectionPadding2D, UpSamplingConv2D
from kgan.networks import translation
from kgan.networks.builder import builder
from kgan.networks.translation import ImageShape, convolved
from kgan.types import Identifier, Tensor

# The images with a side of at least this size have more blocks by default.
_LARGE = 256


@builder
def resnet_translator(
    sample_shape: Sequence[int | None],
    source_shape: Sequence[int | None] | None = None,
    width: int = 64,
    blocks: int | None = None,
    normalization: str | None = "instance",
    activation: Identifier = "tanh",
    name: str = "generator",
) -> keras.Model:
    """Builds the generator of CycleGAN, from an image to an image.

    A 7x7 convolution, two halvings of the size by 3x3 convolutions of stride 2, residual
    blocks of two 3x3 convolutions, two doublings and a 7x7 convolution. Borders of the
    7x7 convolutions and of the blocks mirror the image. A doubling repeats the pixels and
    then convolves, which draws no checkerboard patterns; the authors' code has transposed
    convolutions of as many parameters. The network has no latents.

    Args:
        sample_shape: `(height, width, channels)` of the images that the network draws,
            with sides that 4 divides, of at least 8 pixels; or `(None, None, channels)`
            for images of any such size.
        source_shape: Shape of the source, of the same size; None for `sample_shape`.
        width: Int, at least 1: channels of the first convolution; 4 times as many in the
            blocks.
        blocks: Int, at least 1: number of residual blocks; None for 6 below 256 pixels,
            and 9 from 256 pixels on and for images of any size.
        normalization: `"instance"`, `"batch"` or None, for all convolutions but the last.
        activation: Activation of the output. `"tanh"` fits data in [-1, 1], to which kgan
            scales uint8 images.
        name: Name of the model.

    Returns:
        A `keras.Model`, `(batch, *source_shape)` to `(batch, *sample_shape)`.

    Raises:
        ValueError: If a shape is not the shape of an image, the sizes differ, 4 does not
            divide the sides, or another argument is out of bounds.

    Example:

    >>> import kgan
    >>> translator = kgan.networks.resnet_translator((None, None, 3), width=8, blocks=1)
    >>> tuple(translator(keras.ops.zeros((2, 12, 20, 3))).shape)
    (2, 12, 20, 3)

    Reference:
        [Zhu et al., 2017](https://arxiv.org/abs/1703.10593), appendix 7.2;
        [Johnson et al., 2016](https://arxiv.org/abs/1603.08155), for the blocks.
    """
    width = checks.units(width=width)
    blocks = checks.optional_count(maximum=checks.MOST_LAYERS, blocks=blocks)
    checks.one_of(translation.NORMALIZATIONS, normalization=normalization)
    sample, shape = translation.shapes(sample_shape, source_shape, open_size=True)
    _check_sides(sample)
    checks.parameters(9 * (4 * width) ** 2, width=width)
    for channels in (sample[-1], shape[-1]):
        checks.parameters(
            49 * channels * width, sample_shape=sample_shape, source_shape=source_shape
        )
    source = keras.Input(shape, name="source")
    x = _framed(source, width, 7, normalization)
    for factor in (2, 4):
        x = layers.ReLU()(x)
        x = convolved(x, factor * width, 3, normalization, strides=2)
    x = layers.ReLU()(x)
    for _ in range(blocks or _blocks(sample)):
        y = layers.ReLU()(_framed(x, 4 * width, 3, normalization))
        x = layers.Add()([x, _framed(y, 4 * width, 3, normalization)])
    for factor in (2, 1):
        x = convolved(x, factor * width, 3, normalization, UpSamplingConv2D)
        x = layers.ReLU()(x)
    x = layers.Activation(activation)(_framed(x, sample[-1], 7))
    return keras.Model(source, x, name=name)


def _framed(
    x: Tensor, filters: int, kernel_size: int, normalization: str | None = None
) -> Tensor:
    """Returns the output of a convolution whose border mirrors the image."""
    x = ReflectionPadding2D(kernel_size // 2)(x)
    return convolved(x, filters, kernel_size, normalization, padding="valid")


def _blocks(sample: ImageShape) -> int:
    """Returns the number of blocks that the authors choose for a size."""
    return 6 if max(side or _LARGE for side in sample[:2]) < _LARGE else 9


def _check_sides(sample: ImageShape) -> None:
    if any(side is not None and (side % 4 or side < 8) for side in sample[:2]):
        raise ValueError(
            "`sample_shape` must have sides that 4 divides, of at least 8 pixels. "
            f"{checks.received(sample_shape=sample)}"
        )
