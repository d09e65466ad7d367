import math
from collections.abc import Sequence
from typing import Any

import keras
from keras import layers


def mlp_generator(
    image_shape: Sequence[int],
    latent_dim: int = 64,
    hidden: Sequence[int] = (128, 128, 128),
    activation: Any = "tanh",
    name: str = "generator",
) -> keras.Model:
    """Builds a generator of dense layers, for samples of any shape.

    Args:
        image_shape: Shape of one sample without the batch, such as `(28, 28, 1)`,
            or `(2,)` for points.
        latent_dim: Int, length of a noise vector.
        hidden: Widths of the hidden layers.
        activation: Activation of the output: `"tanh"` for data in [-1, 1], such as
            uint8 images, which kgan scales to that; None for data without bounds.
        name: Name of the model.

    Returns:
        A `keras.Model`, `(batch, latent_dim)` to `(batch, *image_shape)`.

    Example:

    >>> import kgan
    >>> kgan.networks.mlp_generator((2,), latent_dim=8, activation=None).output_shape
    (None, 2)
    """
    latents = x = keras.Input((latent_dim,), name="latents")
    for width in hidden:
        x = layers.Dense(width, activation="relu")(x)
    x = layers.Dense(math.prod(image_shape))(x)
    x = layers.Reshape(tuple(image_shape))(x)
    return keras.Model(latents, layers.Activation(activation)(x), name=name)


def mlp_discriminator(
    image_shape: Sequence[int],
    hidden: Sequence[int] = (128, 128, 128),
    outputs: int = 1,
    name: str = "discriminator",
) -> keras.Model:
    """Builds a discriminator of dense layers, for samples of any shape.

    Args:
        image_shape: Shape of one sample without the batch.
        hidden: Widths of the hidden layers.
        outputs: Int, 1 for a logit, 2 for one-hot labels.
        name: Name of the model.

    Returns:
        A `keras.Model`, `(batch, *image_shape)` to logits `(batch, outputs)`.
    """
    samples = keras.Input(tuple(image_shape), name="samples")
    x = layers.Flatten()(samples)
    for width in hidden:
        x = layers.Dense(width, activation="relu")(x)
    return keras.Model(samples, layers.Dense(outputs)(x), name=name)
