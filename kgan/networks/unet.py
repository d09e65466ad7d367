import functools
import math
from collections.abc import Sequence

import keras
from keras import layers

from kgan import checks
from kgan.networks import translation
from kgan.networks.builder import builder
from kgan.networks.translation import ImageShape, convolved
from kgan.types import Identifier, Number, Tensor, Tensors

# The channels grow up to 8 times `width`, and the paper halves 256 pixels 8 times.
_WIDEST = 8
_DEEPEST = 8
# The innermost levels of the decoder that have dropout.
_WITH_DROPOUT = 3


@builder
def unet_generator(
    sample_shape: Sequence[int],
    source_shape: Sequence[int] | None = None,
    width: int = 64,
    depth: int | None = None,
    latent_dim: int = 0,
    dropout: Number = 0.5,
    normalization: str | None = "batch",
    activation: Identifier = "tanh",
    name: str = "generator",
) -> keras.Model:
    """Builds the U-Net of pix2pix, a generator from an image to an image.

    The encoder halves the source by 4x4 convolutions of stride 2, and the decoder doubles
    the size by transposed convolutions. A level of the decoder takes the output of the
    level below and the features of the encoder at its size.

    Args:
        sample_shape: `(height, width, channels)` of the images that the network draws.
            `depth` halvings must divide both sides.
        source_shape: Shape of the source, of the same size; None for `sample_shape`.
        width: Int, at least 1: channels of the first level; each deeper level has twice
            as many, up to 8 times `width`.
        depth: Int, 1 to 16: number of halvings; None for as many as divide both sides, at
            most 8. Sides that are powers of two then end at one or two pixels.
        latent_dim: Int, at least 0: length of a latent vector; 0 for a network without
            latents. Each pixel of the source gets the latents as further channels.
        dropout: Float of at least 0 and below 1, the rate of dropout in the three
            innermost levels of the decoder, in training only; 0 for no dropout. The
            authors keep dropout and the statistics of the batch in inference too.
        normalization: `"batch"`, `"instance"` or None. The first convolution, the
            innermost convolution and the last convolution have none.
        activation: Activation of the output. `"tanh"` fits data in [-1, 1], to which kgan
            scales uint8 images.
        name: Name of the model.

    Returns:
        A `keras.Model`, `(batch, *source_shape)` to `(batch, *sample_shape)`; with
        `latent_dim` from `[(batch, latent_dim), (batch, *source_shape)]`.

    Raises:
        ValueError: If a shape is not the shape of an image, the sizes differ, `depth`
            halvings do not divide the sides, or another argument is out of bounds.

    Example:

    >>> import kgan
    >>> generator = kgan.networks.unet_generator((32, 32, 3), (32, 32, 1), width=8)
    >>> generator.input_shape, generator.output_shape
    ((None, 32, 32, 1), (None, 32, 32, 3))

    Reference:
        [Isola et al., 2017](https://arxiv.org/abs/1611.07004), section 6.1.1;
        [Zhu et al., 2017 (BicycleGAN)](https://arxiv.org/abs/1711.11586), for latents.
    """
    width = checks.units(width=width)
    latent_dim = checks.count(minimum=0, maximum=checks.MOST_UNITS, latent_dim=latent_dim)
    dropout = checks.number(minimum=0, below=1, dropout=dropout)
    checks.one_of(translation.NORMALIZATIONS, normalization=normalization)
    sample, source = translation.shapes(sample_shape, source_shape)
    widths = [width * min(2**i, _WIDEST) for i in range(_depth(sample, depth))]
    checks.parameters(16 * 2 * max(widths) ** 2, width=width)
    for channels in (sample[-1], source[-1], latent_dim):
        checks.parameters(16 * channels * width, sample_shape=sample, source_shape=source)
    inputs, x = _source(source, latent_dim)
    skips = _encoded(x, widths, normalization)
    x = skips.pop()
    for i, filters in enumerate(widths[-2::-1]):
        x = _doubled(x, filters, normalization)
        if dropout and i < _WITH_DROPOUT:
            x = layers.Dropout(dropout)(x)
        x = layers.Concatenate()([x, skips.pop()])
    x = layers.Activation(activation)(_doubled(x, sample[-1]))
    return keras.Model(inputs, x, name=name)


def _depth(sample: ImageShape, depth: int | None) -> int:
    """Returns the number of halvings, and checks that they divide the sides."""
    depth = checks.optional_count(maximum=16, depth=depth)
    common = math.gcd(*sample[:2])
    # The lowest bit is the largest power of two that divides a number.
    most = (common & -common).bit_length() - 1
    if most < (depth or 1):
        raise ValueError(
            f"`sample_shape` must have sides that {depth or 1} halvings divide. "
            f"{checks.received(sample_shape=sample, depth=depth)}"
        )
    return depth or min(most, _DEEPEST)


def _source(source_shape: ImageShape, latent_dim: int) -> tuple[Tensors, Tensor]:
    """Returns the inputs of the network, and the source with the latents as channels."""
    source = keras.Input(source_shape, name="source")
    if not latent_dim:
        return source, source
    latents = keras.Input((latent_dim,), name="latents")
    rows, columns, _ = source_shape
    everywhere = layers.RepeatVector(rows * columns)(latents)
    everywhere = layers.Reshape((rows, columns, latent_dim))(everywhere)
    return [latents, source], layers.Concatenate()([source, everywhere])


def _encoded(x: Tensor, widths: Sequence[int], normalization: str | None) -> list[Tensor]:
    """Returns the features of each level, before their activation."""
    features: list[Tensor] = []
    for i, filters in enumerate(widths):
        x = layers.LeakyReLU(0.2)(x) if i else x
        inner = 0 < i < len(widths) - 1
        x = convolved(x, filters, 4, normalization if inner else None, strides=2)
        features.append(x)
    return features


def _doubled(x: Tensor, filters: int, normalization: str | None = None) -> Tensor:
    kind = functools.partial(layers.Conv2DTranspose, strides=2, padding="same")
    return convolved(layers.ReLU()(x), filters, 4, normalization, kind)
