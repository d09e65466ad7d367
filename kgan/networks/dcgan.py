from collections.abc import Sequence

import keras
from keras import layers

from kgan import checks
from kgan.layers.normalized import NORMALIZATIONS, normalized, uses_bias
from kgan.networks import sizes
from kgan.networks.builder import builder
from kgan.networks.conditions import Condition, Head, condition_of
from kgan.types import Identifier, Tensor


@builder
def dcgan_generator(
    image_shape: Sequence[int],
    latent_dim: int = 64,
    width: int = 64,
    depth: int | None = None,
    activation: Identifier = "tanh",
    num_classes: int | None = None,
    condition_dim: int | None = None,
    name: str = "generator",
) -> keras.Model:
    """Builds a convolutional generator after DCGAN, for any image size.

    Each stage doubles the size by repeating pixels, then applies a 3x3 convolution and
    batch normalisation. Unlike a transposed convolution, this draws no checkerboard
    patterns. Where the next size is odd, the last row or column is cropped.

    Args:
        image_shape: `(height, width, channels)`, of any size.
        latent_dim: Int, at least 1: length of a latent vector.
        width: Int, at least 1: channels at half the size of the image; twice as many at
            each smaller size, up to 512, and half as many at the full size.
        depth: Int, at least 1: number of stages; None for as many as bring the shorter
            side down to 4.
        activation: Activation of the output. `"tanh"` fits data in [-1, 1], to which kgan
            scales uint8 images.
        num_classes: Int, at least 1, for a generator of `[latents, labels]`, which joins
            an embedding of the label to the latents and uses conditional batch
            normalisation.
        condition_dim: Int, at least 1, for a generator of `[latents, condition]`, whose
            condition is a float vector of this length, for example of a text. The product
            of the vector with a learned matrix joins the latents, and the vector scales
            and shifts the normalised features. Over the data, each number of the vectors
            should have a mean of 0 and a standard deviation of 1. A network has
            `num_classes` or `condition_dim`.
        name: Name of the model.

    Returns:
        A `keras.Model`, `(batch, latent_dim)` to `(batch, *image_shape)`; with
        `num_classes` from `[(batch, latent_dim), (batch,)]`.

    Raises:
        ValueError: If `image_shape` is not the shape of an image, or another argument is
            out of bounds.

    Example:

    >>> import kgan
    >>> kgan.networks.dcgan_generator((28, 28, 1), width=16).output_shape
    (None, 28, 28, 1)

    Reference:
        [Radford et al., 2015](https://arxiv.org/abs/1511.06434), with the
        upsampling of [Odena et al., 2016](https://distill.pub/2016/deconv-checkerboard).
    """
    latent_dim, width = checks.units(latent_dim=latent_dim), checks.units(width=width)
    stages, channels = sizes.halvings(image_shape, depth)
    widths = _widths(width, len(stages) - 1)
    condition = condition_of(num_classes, condition_dim)
    latents = keras.Input((latent_dim,), name="latents")
    rows, columns = stages[-1]
    checks.parameters(
        rows * columns * widths[-1] * latent_dim,
        image_shape=image_shape,
        latent_dim=latent_dim,
    )
    x = condition.join(latents)
    x = layers.Dense(rows * columns * widths[-1], use_bias=False)(x)
    x = layers.Reshape((rows, columns, widths[-1]))(x)
    x = _activated(x, condition)
    for size, filters in zip(stages[-2::-1], widths[-2::-1], strict=True):
        x, convolution = sizes.doubled(x, size)
        x = convolution(filters, 3, use_bias=False)(x)
        x = _activated(x, condition)
    x = layers.Conv2D(channels, 3, padding="same")(x)
    x = layers.Activation(activation)(x)
    return keras.Model(condition.inputs(latents), x, name=name)


@builder
def dcgan_discriminator(
    image_shape: Sequence[int],
    width: int = 64,
    depth: int | None = None,
    outputs: int = 1,
    normalization: str | None = None,
    num_classes: int | None = None,
    conditioning: str = "projection",
    pack: int = 1,
    condition_dim: int | None = None,
    name: str = "discriminator",
) -> keras.Model:
    """Builds a convolutional discriminator after DCGAN, for any image size.

    Each stage halves the size by a 4x4 convolution of stride 2.

    Args:
        image_shape: `(height, width, channels)`, of any size.
        width: Int, at least 1: channels of the first stage; each later stage has twice as
            many, up to 512.
        depth: Int, at least 1: number of stages; None for as many as bring the shorter
            side down to 4.
        outputs: Int, 1 for a logit, 2 for one-hot labels of real and fake.
        normalization: `"spectral"`, for all kernels; `"batch"`, `"layer"`, `"group"` or
            `"instance"`, for all stages but the first; or None. See
            `kgan.layers.normalized`.
        num_classes: Int, at least 1, for a conditional discriminator.
        conditioning: `"projection"`: labels are a second input, and the logit has a term
            that is the product of the features with an embedding of the label.
            `"auxiliary"`: class logits are a second output (AC-GAN).
        pack: Int, at least 1: number of images that the discriminator takes together,
            joined along their channels. See `kgan.GAN`.
        condition_dim: Int, at least 1, for a discriminator of `[images, condition]`, with
            float vectors of this length in the place of labels, by projection.
        name: Name of the model.

    Returns:
        A `keras.Model`, `(batch, *image_shape)` to logits `(batch, outputs)`.

    Raises:
        ValueError: If `image_shape` is not the shape of an image, or another argument is
            out of bounds or unknown.

    Reference:
        [Miyato and Koyama, 2018](https://arxiv.org/abs/1802.05637) for the projection;
        [Odena et al., 2016](https://arxiv.org/abs/1610.09585) for AC-GAN;
        [Lin et al., 2017](https://arxiv.org/abs/1712.04086) for packing.
    """
    width, pack = checks.units(width=width), checks.units(pack=pack)
    checks.one_of(NORMALIZATIONS, normalization=normalization)
    head = Head(outputs, num_classes, conditioning, condition_dim)
    stages, channels = sizes.halvings(image_shape, depth)
    images = x = keras.Input((*stages[0], pack * channels), name="images")
    spectral = normalization if normalization == "spectral" else None
    for i, filters in enumerate(_widths(width, len(stages) - 1)[1:]):
        normalization_of_stage = normalization if i else spectral
        use_bias = uses_bias(normalization_of_stage)
        stage = layers.Conv2D(filters, 4, strides=2, padding="same", use_bias=use_bias)
        x = normalized(stage, normalization_of_stage)(x)
        x = layers.LeakyReLU(0.2)(x)
    return head.model(images, layers.Flatten()(x), name, spectral)


def _widths(width: int, depth: int) -> list[int]:
    """Returns the channels at the full size and after each halving."""
    return [max(1, width // 2), *sizes.doubled_widths(width, depth)]


def _activated(x: Tensor, condition: Condition) -> Tensor:
    return layers.LeakyReLU(0.2)(condition.batch_normalized(x))
