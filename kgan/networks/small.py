from collections.abc import Sequence
from typing import Any

import keras
from keras import layers

from kgan.networks import conditional, sizes


def small_generator(
    image_shape: Sequence[int],
    latent_dim: int = 64,
    width: int = 16,
    activation: Any = "tanh",
    num_classes: int | None = None,
    name: str = "generator",
) -> keras.Model:
    """Builds a generator that draws well for little arithmetic, for any image size.

    `dcgan_generator` convolves after each doubling of the size, this one before it, where
    pixels are a quarter as many; after the last one a 5x5 convolution smooths. So most of
    its arithmetic goes into what is drawn, and not into the edges. Beside it
    `dcgan_discriminator(normalization="batch")` of the same width trains well.

    Args:
        image_shape: `(height, width, channels)`, of any size.
        latent_dim: Int, length of a noise vector.
        width: Int, channels at half the image's size; twice as many at each smaller
            size, up to 512.
        activation: Activation of the output; `"tanh"` for data in [-1, 1].
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
    >>> kgan.networks.small_generator((28, 28, 1)).output_shape
    (None, 28, 28, 1)
    """
    steps, channels = sizes.halvings(image_shape)
    widths = sizes.doubled(width, len(steps) - 1)[::-1]
    latents = keras.Input((latent_dim,), name="latents")
    inputs, labels = conditional.inputs(latents, num_classes)

    def normalize(x: Any) -> Any:
        x = conditional.batch_normalized(x, labels, num_classes)
        return layers.LeakyReLU(0.2)(x)

    high, wide = steps[-1]
    first = (widths or [width])[0]
    x = conditional.with_labels(latents, labels, num_classes)
    x = layers.Dense(high * wide * first, use_bias=False)(x)
    x = normalize(layers.Reshape((high, wide, first))(x))
    for size, filters in zip(steps[-2::-1], widths, strict=True):
        x = layers.Conv2D(filters, 3, padding="same", use_bias=False)(x)
        x = sizes.cropped(layers.UpSampling2D(2)(normalize(x)), size)
    x = layers.Conv2D(channels, 5, padding="same")(x)
    return keras.Model(inputs, layers.Activation(activation)(x), name=name)
