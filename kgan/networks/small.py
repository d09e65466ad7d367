from collections.abc import Sequence

import keras
from keras import layers

from kgan import checks
from kgan.layers import MinibatchStdDev
from kgan.layers.normalized import normalized, uses_bias
from kgan.networks import sizes
from kgan.networks.builder import builder
from kgan.networks.conditions import Head, condition_of
from kgan.types import Identifier, Tensor


@builder
def small_generator(
    image_shape: Sequence[int],
    latent_dim: int = 64,
    width: int = 16,
    depth: int | None = None,
    activation: Identifier = "tanh",
    num_classes: int | None = None,
    condition_dim: int | None = None,
    name: str = "generator",
) -> keras.Model:
    """Builds a generator that needs little computing time, for any image size.

    `dcgan_generator` convolves after each doubling of the size; this generator convolves
    before it, on a quarter of the pixels. Most of the computing time therefore goes into
    the content of the image. Against a woven texture, the last doubling interpolates
    between the pixels, and two more 3x3 convolutions follow at the full size. Its
    discriminator is `small_discriminator` of the same width.

    Args:
        image_shape: `(height, width, channels)`, of any size.
        latent_dim: Int, at least 1: length of a latent vector.
        width: Int, at least 1: channels at half the size of the image; twice as many at
            each smaller size, up to 512, and half as many at the full size.
        depth: Int, at least 1: number of doublings of the size; None to start at the
            size at which the shorter side is 4 or less.
        activation: Activation of the output; `"tanh"` for data in [-1, 1].
        num_classes: Int, at least 1, for a generator of `[latents, labels]`, which joins
            an embedding of the label to the latents and uses conditional batch
            normalisation.
        condition_dim: Int, at least 1, for a generator of `[latents, condition]`, with
            float vectors of this length in the place of labels, see `dcgan_generator`.
        name: Name of the model.

    Returns:
        A `keras.Model`, `(batch, latent_dim)` to `(batch, *image_shape)`; with
        `num_classes` from `[(batch, latent_dim), (batch,)]`.

    Raises:
        ValueError: If `image_shape` is not the shape of an image, or another argument is
            out of bounds.

    Example:

    >>> import kgan
    >>> kgan.networks.small_generator((28, 28, 1)).output_shape
    (None, 28, 28, 1)
    """
    latent_dim, width = checks.units(latent_dim=latent_dim), checks.units(width=width)
    stages, channels = sizes.halvings(image_shape, depth)
    widths = sizes.doubled_widths(width, len(stages) - 1)[::-1]
    condition = condition_of(num_classes, condition_dim)
    latents = keras.Input((latent_dim,), name="latents")

    def activated(x: Tensor) -> Tensor:
        return layers.LeakyReLU(0.2)(condition.batch_normalized(x))

    rows, columns = stages[-1]
    first = (widths or [width])[0]
    checks.parameters(
        rows * columns * first * latent_dim,
        image_shape=image_shape,
        latent_dim=latent_dim,
        width=width,
    )
    x = condition.join(latents)
    x = layers.Dense(rows * columns * first, use_bias=False)(x)
    x = activated(layers.Reshape((rows, columns, first))(x))
    convolution = sizes.SAME
    for size, filters in zip(stages[-2::-1], widths, strict=True):
        x = activated(convolution(filters, 3, use_bias=False)(x))
        # A smaller image with doubled pixels still passes two or more convolutions.
        if size != stages[0]:
            x, convolution = sizes.doubled(x, size)
        else:
            bilinear = layers.UpSampling2D(2, interpolation="bilinear")
            x, convolution = sizes.cropped(bilinear(x), size), sizes.SAME
    x = convolution(max(1, width // 2), 3, use_bias=False)(x)
    x = layers.Conv2D(channels, 3, padding="same")(activated(x))
    x = layers.Activation(activation)(x)
    return keras.Model(condition.inputs(latents), x, name=name)


@builder
def small_discriminator(
    image_shape: Sequence[int],
    width: int = 16,
    depth: int | None = None,
    num_classes: int | None = None,
    pack: int = 1,
    condition_dim: int | None = None,
    name: str = "discriminator",
) -> keras.Model:
    """Builds the discriminator for `small_generator`.

    Each stage halves the size by a 4x4 convolution of stride 2, with batch normalisation
    after all stages but the first. At the smallest size the standard deviation over
    groups of 4 images becomes a further channel, which shows collapse, and a 3x3
    convolution compares it with the features.

    Args:
        image_shape: `(height, width, channels)`, of any size.
        width: Int, at least 1: channels of the first stage; each later stage has twice as
            many, up to 512.
        depth: Int, at least 1: number of stages; None for as many as bring the shorter
            side down to 4.
        num_classes: Int, at least 1, for a discriminator of `[images, labels]`, by
            projection.
        pack: Int, at least 1: number of images that the discriminator takes together,
            joined along their channels. See `kgan.GAN`.
        condition_dim: Int, at least 1, for a discriminator of `[images, condition]`, with
            float vectors of this length in the place of labels, by projection.
        name: Name of the model.

    Returns:
        A `keras.Model`, `(batch, *image_shape)` to logits `(batch, 1)`.

    Raises:
        ValueError: If `image_shape` is not the shape of an image, or another argument is
            out of bounds.

    Example:

    >>> import kgan
    >>> kgan.networks.small_discriminator((28, 28, 1)).output_shape
    (None, 1)

    Reference:
        [Radford et al., 2015](https://arxiv.org/abs/1511.06434) for the stages;
        [Karras et al., 2017](https://arxiv.org/abs/1710.10196), section 3, for the
        standard deviation.
    """
    width, pack = checks.units(width=width), checks.units(pack=pack)
    head = Head(1, num_classes, "projection", condition_dim)
    stages, channels = sizes.halvings(image_shape, depth)
    images = x = keras.Input((*stages[0], pack * channels), name="images")
    widths = sizes.doubled_widths(width, len(stages) - 1) or [width]
    for i, filters in enumerate(widths[: len(stages) - 1]):
        normalization = "batch" if i else None
        use_bias = uses_bias(normalization)
        stage = layers.Conv2D(filters, 4, strides=2, padding="same", use_bias=use_bias)
        x = layers.LeakyReLU(0.2)(normalized(stage, normalization)(x))
    x = MinibatchStdDev()(x)
    x = layers.LeakyReLU(0.2)(layers.Conv2D(widths[-1], 3, padding="same")(x))
    return head.model(images, layers.Flatten()(x), name)
