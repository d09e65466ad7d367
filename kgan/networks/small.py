from collections.abc import Sequence

import keras
from keras import layers

from kgan import checks
from kgan.networks import sizes
from kgan.networks.builder import builder
from kgan.networks.labels import Labels
from kgan.types import Identifier, Tensor


@builder
def small_generator(
    image_shape: Sequence[int],
    latent_dim: int = 64,
    width: int = 16,
    activation: Identifier = "tanh",
    num_classes: int | None = None,
    name: str = "generator",
) -> keras.Model:
    """Builds a generator that needs little computing time, for any image size.

    `dcgan_generator` convolves after each doubling of the size; this generator convolves
    before it, on a quarter of the pixels. A 5x5 convolution after the last doubling
    smooths the image. Most of the computing time therefore goes into the content of the
    image, not into its edges. A good discriminator for it is
    `dcgan_discriminator(normalization="batch")` of the same width.

    Args:
        image_shape: `(height, width, channels)`, of any size.
        latent_dim: Int, at least 1: length of a latent vector.
        width: Int, at least 1: channels at half the size of the image; twice as many at
            each smaller size, up to 512.
        activation: Activation of the output; `"tanh"` for data in [-1, 1].
        num_classes: Int, at least 1, for a generator of `[latents, labels]`, which joins
            an embedding of the label to the latents and uses conditional batch
            normalisation.
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
    stages, channels = sizes.halvings(image_shape)
    widths = sizes.doubled_widths(width, len(stages) - 1)[::-1]
    labels = Labels(num_classes)
    latents = keras.Input((latent_dim,), name="latents")

    def activated(x: Tensor) -> Tensor:
        return layers.LeakyReLU(0.2)(labels.batch_normalized(x))

    rows, columns = stages[-1]
    first = (widths or [width])[0]
    checks.parameters(
        rows * columns * first * latent_dim,
        image_shape=image_shape,
        latent_dim=latent_dim,
        width=width,
    )
    x = labels.join(latents)
    x = layers.Dense(rows * columns * first, use_bias=False)(x)
    x = activated(layers.Reshape((rows, columns, first))(x))
    for size, filters in zip(stages[-2::-1], widths, strict=True):
        x = layers.Conv2D(filters, 3, padding="same", use_bias=False)(x)
        x = sizes.cropped(layers.UpSampling2D(2)(activated(x)), size)
    x = layers.Conv2D(channels, 5, padding="same")(x)
    x = layers.Activation(activation)(x)
    return keras.Model(labels.inputs(latents), x, name=name)
