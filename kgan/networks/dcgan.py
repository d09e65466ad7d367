from collections.abc import Sequence
from typing import Any

import keras
from keras import layers

from kgan.layers import by_name, normalized
from kgan.networks import conditional, sizes


def dcgan_generator(
    image_shape: Sequence[int],
    latent_dim: int = 64,
    width: int = 64,
    depth: int | None = None,
    activation: Any = "tanh",
    num_classes: int | None = None,
    name: str = "generator",
) -> keras.Model:
    """Builds a convolutional generator after DCGAN, for any image size.

    Each stage doubles the size by repeating pixels and then convolves, 3x3, with
    batch normalisation: unlike a transposed convolution that draws no
    checkerboards. Where the size is odd, a row or column is cropped first.

    Args:
        image_shape: `(height, width, channels)`, of any size.
        latent_dim: Int, length of a noise vector.
        width: Int, channels at half the image's size; twice as many at each
            smaller size, up to 512, and half as many at the full one.
        depth: Int, number of stages; None for as many as bring the shorter side
            down to 4.
        activation: Activation of the output. `"tanh"` matches data in [-1, 1], to
            which uint8 images are scaled.
        num_classes: Int, for a generator of `[latents, labels]`: an embedding of the
            label is joined to the latents, and all batch normalisation is conditional.
        name: Name of the model.

    Returns:
        A `keras.Model`, `(batch, latent_dim)` to `(batch, *image_shape)`; with
        `num_classes` from `[(batch, latent_dim), (batch,)]`.

    Raises:
        ValueError: If `image_shape` is not that of an image.

    Example:

    >>> import kgan
    >>> kgan.networks.dcgan_generator((28, 28, 1), width=16).output_shape
    (None, 28, 28, 1)

    Reference:
        [Radford et al., 2015](https://arxiv.org/abs/1511.06434), with the
        upsampling of [Odena et al., 2016](https://distill.pub/2016/deconv-checkerboard).
    """
    steps, channels = sizes.halvings(image_shape, depth)
    widths = _widths(width, len(steps) - 1)
    latents = keras.Input((latent_dim,), name="latents")
    inputs, labels = conditional.inputs(latents, num_classes)
    high, wide = steps[-1]
    x = conditional.with_labels(latents, labels, num_classes)
    x = layers.Dense(high * wide * widths[-1], use_bias=False)(x)
    x = layers.Reshape((high, wide, widths[-1]))(x)
    x = _normalized(x, labels, num_classes)
    for size, filters in zip(steps[-2::-1], widths[-2::-1], strict=True):
        x = sizes.cropped(layers.UpSampling2D(2)(x), size)
        x = layers.Conv2D(filters, 3, padding="same", use_bias=False)(x)
        x = _normalized(x, labels, num_classes)
    x = layers.Conv2D(channels, 3, padding="same")(x)
    return keras.Model(inputs, layers.Activation(activation)(x), name=name)


def dcgan_discriminator(
    image_shape: Sequence[int],
    width: int = 64,
    depth: int | None = None,
    outputs: int = 1,
    normalization: str | None = None,
    num_classes: int | None = None,
    conditioning: str = "projection",
    pack: int = 1,
    name: str = "discriminator",
) -> keras.Model:
    """Builds a convolutional discriminator after DCGAN, for any image size.

    Each stage halves the size by a 4x4 convolution of stride 2.

    Args:
        image_shape: `(height, width, channels)`, of any size.
        width: Int, channels of the first stage; each later one has twice as many,
            up to 512.
        depth: Int, number of stages; None for as many as bring the shorter side
            down to 4.
        outputs: Int, 1 for a logit, 2 for one-hot labels.
        normalization: `"spectral"`, of all kernels; `"batch"`, `"layer"` or
            `"group"`, of all stages but the first; or None. See `kgan.layers`.
        num_classes: Int, for a conditional GAN.
        conditioning: How it is conditional: by `"projection"` of the features on an
            embedding of the label, a second input; or by an `"auxiliary"` second
            output, logits of the classes (AC-GAN).
        pack: Int, how many images it judges together, joined along their channels.
            See `kgan.GAN`.
        name: Name of the model.

    Returns:
        A `keras.Model`, `(batch, *image_shape)` to logits `(batch, outputs)`.

    Raises:
        ValueError: If `image_shape` is not that of an image, or `normalization` or
            `conditioning` is none of these.

    Reference:
        [Miyato and Koyama, 2018](https://arxiv.org/abs/1802.05637) for the projection;
        [Odena et al., 2016](https://arxiv.org/abs/1610.09585) for AC-GAN;
        [Lin et al., 2017](https://arxiv.org/abs/1712.04086) for packing.
    """
    by_name.check(normalization)
    conditional.check(num_classes, conditioning, outputs)
    steps, channels = sizes.halvings(image_shape, depth)
    images = x = keras.Input((*steps[0], pack * channels), name="images")
    inputs, labels = conditional.inputs(images, num_classes)
    spectral = normalization if normalization == "spectral" else None
    for i, filters in enumerate(_widths(width, len(steps) - 1)[1:]):
        kind = normalization if i else spectral
        # Batch normalisation would take a bias out again; its gradient is rounding.
        stage = layers.Conv2D(
            filters, 4, strides=2, padding="same", use_bias=kind != "batch"
        )
        x = normalized(stage, kind)(x)
        x = layers.LeakyReLU(0.2)(x)
    ends, used = conditional.logits(
        layers.Flatten()(x), labels, num_classes, conditioning, outputs, spectral
    )
    return keras.Model(images if used is None else inputs, ends, name=name)


def _widths(width: int, depth: int) -> list[int]:
    """Returns the channels at the full size and after each of the halvings."""
    return [max(1, width // 2), *sizes.doubled(width, depth)]


def _normalized(x: Any, labels: Any, num_classes: int | None) -> Any:
    x = conditional.batch_normalized(x, labels, num_classes)
    return layers.LeakyReLU(0.2)(x)
