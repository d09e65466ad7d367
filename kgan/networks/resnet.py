import math
from collections.abc import Sequence
from typing import Any

import keras
from keras import layers

from kgan.layers import by_name, normalized
from kgan.networks import conditional, sizes

# The discriminator's last two blocks work at this size.
_INSIDE = 8


def resnet_generator(
    image_shape: Sequence[int],
    latent_dim: int = 128,
    width: int = 256,
    num_classes: int | None = None,
    name: str = "generator",
) -> keras.Model:
    """Builds the residual generator of SNGAN and WGAN-GP, for any image size.

    A residual block per doubling of the size: batch normalisation, ReLU, doubling by
    repeated pixels and a 3x3 convolution, once more without the doubling, beside a
    shortcut that is doubled too and convolved by 1x1.

    Args:
        image_shape: `(height, width, channels)`, of any size.
        latent_dim: Int, length of a noise vector.
        width: Int, channels up to 32 pixels, and half as many at each doubling beyond.
            SNGAN's for CIFAR-10 is 256, WGAN-GP's 128.
        num_classes: Int, for a generator of `[latents, labels]`, by conditional batch
            normalisation.
        name: Name of the model.

    Returns:
        A `keras.Model`, `(batch, latent_dim)` to `(batch, *image_shape)` in [-1, 1];
        with `num_classes` from `[(batch, latent_dim), (batch,)]`.

    Raises:
        ValueError: If `image_shape` is not that of an image.

    Example:

    >>> import kgan
    >>> kgan.networks.resnet_generator((32, 32, 3)).output_shape
    (None, 32, 32, 3)

    Reference:
        [Miyato et al., 2018](https://arxiv.org/abs/1802.05957), appendix B.4, table 4;
        [Gulrajani et al., 2017](https://arxiv.org/abs/1704.00028), appendix F.
    """
    steps, channels = sizes.halvings(image_shape)
    latents = keras.Input((latent_dim,), name="latents")
    inputs, labels = conditional.inputs(latents, num_classes)

    def normalize(x: Any) -> Any:
        return layers.ReLU()(conditional.batch_normalized(x, labels, num_classes))

    high, wide = steps[-1]
    filters = sizes.level(width, steps[-1])
    x = layers.Reshape((high, wide, filters))(
        layers.Dense(high * wide * filters)(latents)
    )
    for size in steps[-2::-1]:
        filters = sizes.level(width, size)
        y = sizes.cropped(layers.UpSampling2D(2)(normalize(x)), size)
        y = _convolve(filters)(y)
        y = _convolve(filters)(normalize(y))
        # A 1x1 convolution before the doubling is the same as after it, at a quarter.
        x = layers.UpSampling2D(2)(layers.Conv2D(filters, 1)(x))
        x = layers.Add()([y, sizes.cropped(x, size)])
    x = layers.Conv2D(channels, 3, padding="same")(normalize(x))
    return keras.Model(inputs, layers.Activation("tanh")(x), name=name)


def resnet_discriminator(
    image_shape: Sequence[int],
    width: int = 128,
    outputs: int = 1,
    normalization: str | None = "spectral",
    num_classes: int | None = None,
    conditioning: str = "projection",
    pack: int = 1,
    name: str = "discriminator",
) -> keras.Model:
    """Builds the residual discriminator of SNGAN and WGAN-GP, for any image size.

    Residual blocks that halve the size down to 8 pixels, two more at that size, ReLU,
    the sum over all pixels, and a logit.

    Args:
        image_shape: `(height, width, channels)`, of any size.
        width: Int, channels up to 32 pixels, and half as many at each doubling beyond.
        outputs: Int, 1 for a logit, 2 for one-hot labels.
        normalization: `"spectral"` as SNGAN; `"group"` is near to WGAN-GP's, which
            normalises over channels and pixels; `"layer"` over channels, `"batch"` or
            None. See `kgan.layers`.
        num_classes: Int, for a conditional GAN.
        conditioning: `"projection"` or `"auxiliary"`, see `dcgan_discriminator`.
        pack: Int, how many images it judges together, joined along their channels.
            See `kgan.GAN`.
        name: Name of the model.

    Returns:
        A `keras.Model`, `(batch, *image_shape)` to logits `(batch, outputs)`.

    Raises:
        ValueError: If `image_shape` is not that of an image, or `normalization` or
            `conditioning` is none of these.

    Reference:
        [Miyato et al., 2018](https://arxiv.org/abs/1802.05957), appendix B.4, table 4;
        [Miyato and Koyama, 2018](https://arxiv.org/abs/1802.05637) for the projection.
    """
    by_name.check(normalization)
    conditional.check(num_classes, conditioning, outputs)
    steps, channels = sizes.halvings(image_shape)
    steps = [size for size in steps if min(size) >= _INSIDE] or steps[:1]
    images = keras.Input((*steps[0], pack * channels), name="images")
    inputs, labels = conditional.inputs(images, num_classes)
    spectral = normalization if normalization == "spectral" else None

    def convolve(filters: int, first: bool = False) -> Any:
        return normalized(_convolve(filters), spectral if first else normalization)

    def shortcut(x: Any, filters: int) -> Any:
        return normalized(layers.Conv2D(filters, 1), spectral)(x)

    x = images
    for i, size in enumerate(steps[:-1]):
        filters = sizes.level(width, size)
        # Pixels go in as they are.
        y = layers.ReLU()(x) if i else x
        y = layers.ReLU()(convolve(filters, first=not i)(y))
        y = _halve(convolve(filters)(y))
        x = layers.Add()([y, shortcut(_halve(x), filters)])
    filters = sizes.level(width, steps[-1])
    for _ in range(2):
        y = convolve(filters)(layers.ReLU()(x))
        y = convolve(filters)(layers.ReLU()(y))
        x = x if x.shape[-1] == filters else shortcut(x, filters)
        x = layers.Add()([y, x])
    x = layers.GlobalAveragePooling2D()(layers.ReLU()(x))
    features = layers.Rescaling(float(math.prod(steps[-1])))(x)
    ends, used = conditional.logits(
        features, labels, num_classes, conditioning, outputs, spectral
    )
    return keras.Model(images if used is None else inputs, ends, name=name)


def _convolve(filters: int) -> layers.Layer:
    # Of what a ReLU lets through half the variance is left.
    initializer = keras.initializers.VarianceScaling(2.0, "fan_avg", "uniform")
    return layers.Conv2D(filters, 3, padding="same", kernel_initializer=initializer)


def _halve(x: Any) -> Any:
    return layers.AveragePooling2D(2, padding="same")(x)
