from collections.abc import Sequence

import keras
from keras import layers

from kgan import checks
from kgan.layers.normalized import NORMALIZATIONS
from kgan.networks import translation
from kgan.networks.builder import builder
from kgan.networks.translation import ImageShape, convolved
from kgan.types import Tensor

# The channels grow up to 8 times `width`.
_WIDEST = 8


@builder
def patch_discriminator(
    sample_shape: Sequence[int],
    source_shape: Sequence[int] | None = None,
    width: int = 64,
    depth: int = 3,
    normalization: str | None = "batch",
    scales: int = 1,
    name: str = "discriminator",
) -> keras.Model:
    """Builds the PatchGAN of pix2pix, a discriminator with a logit for each patch.

    4x4 convolutions of stride 2 halve the image, and two 4x4 convolutions of stride 1
    follow. A logit depends on a patch of the image: on 16, 34, 70 or 142 pixels in each
    direction with a `depth` of 1, 2, 3 or 4.

    Args:
        sample_shape: `(height, width, channels)` of the images that are judged.
        source_shape: Shape of the source, of the same size, for a discriminator that also
            sees the source of an image, joined to the channels of the image; None for a
            discriminator of images alone.
        width: Int, at least 1: channels of the first convolution; each later convolution
            has twice as many, up to 8 times `width`.
        depth: Int, at least 1: number of halvings.
        normalization: `"spectral"`, for all kernels; `"batch"`, `"instance"`, `"layer"`
            or `"group"`, for all convolutions but the first and the last; or None. See
            `kgan.layers.normalized`. pix2pix has `"batch"`, CycleGAN `"instance"`.
        scales: Int, at least 1: number of networks. The second network judges the image
            at half its size, the third at a quarter, and so on, as in pix2pixHD.
        name: Name of the model.

    Returns:
        A `keras.Model`, `(batch, *sample_shape)` to logits `(batch, rows, columns, 1)`;
        with `source_shape` from `[(batch, *sample_shape), (batch, *source_shape)]`. With
        more than one scale the model has a list of outputs, the full size first.

    Raises:
        ValueError: If a shape is not the shape of an image, the sizes differ, the image
            is too small for `depth` and `scales`, or another argument is out of bounds.

    Example:

    >>> import kgan
    >>> kgan.networks.patch_discriminator((256, 256, 3), width=8).output_shape
    (None, 30, 30, 1)

    Reference:
        [Isola et al., 2017](https://arxiv.org/abs/1611.07004), section 6.1.2;
        [Wang et al., 2018 (pix2pixHD)](https://arxiv.org/abs/1711.11585), section 3.2,
        for `scales`.
    """
    width = checks.units(width=width)
    depth = checks.count(maximum=16, depth=depth)
    scales = checks.count(maximum=16, scales=scales)
    checks.one_of(NORMALIZATIONS, normalization=normalization)
    sample, shape = translation.shapes(sample_shape, source_shape)
    _check_size(sample, depth, scales)
    checks.parameters(16 * (_WIDEST * width) ** 2, width=width)
    samples = keras.Input(sample, name="samples")
    inputs, x = samples, samples
    if source_shape is not None:
        source = keras.Input(shape, name="source")
        inputs, x = [samples, source], layers.Concatenate()([samples, source])
    checks.parameters(
        16 * x.shape[-1] * width, sample_shape=sample_shape, source_shape=source_shape
    )
    logits = [_judged(x, width, depth, normalization)]
    for _ in range(scales - 1):
        x = layers.AveragePooling2D(2, padding="same")(x)
        logits.append(_judged(x, width, depth, normalization))
    return keras.Model(inputs, logits if scales > 1 else logits[0], name=name)


def _judged(x: Tensor, width: int, depth: int, normalization: str | None) -> Tensor:
    """Returns the logits of one network, `(batch, rows, columns, 1)`."""
    spectral = normalization if normalization == "spectral" else None
    for i in range(depth + 1):
        filters = width * min(2**i, _WIDEST)
        # The last of these convolutions keeps the size.
        if i == depth:
            x = layers.ZeroPadding2D(1)(x)
        strides, padding = (2, "same") if i < depth else (1, "valid")
        norm = normalization if i else spectral
        x = convolved(x, filters, 4, norm, strides=strides, padding=padding)
        x = layers.LeakyReLU(0.2)(x)
    return convolved(layers.ZeroPadding2D(1)(x), 1, 4, spectral, padding="valid")


def _check_size(sample: ImageShape, depth: int, scales: int) -> None:
    """Checks that a logit is left of the smallest image."""
    # Both convolutions of stride 1 take one pixel.
    smallest = 2 ** (depth + scales - 1) * 2 + 1
    if min(sample[:2]) < smallest:
        received = checks.received(sample_shape=sample, depth=depth, scales=scales)
        raise ValueError(
            f"`sample_shape` must have sides of at least {smallest} pixels for this "
            f"`depth` and these `scales`. {received}"
        )
