import math
from collections.abc import Sequence
from typing import Any

import keras
from keras import layers

from kgan.networks import conditional


def mlp_generator(
    image_shape: Sequence[int],
    latent_dim: int = 64,
    hidden: Sequence[int] = (128, 128, 128),
    activation: Any = "tanh",
    num_classes: int | None = None,
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
        num_classes: Int, for a generator of `[latents, labels]`: an embedding of the
            label is joined to the latents.
        name: Name of the model.

    Returns:
        A `keras.Model`, `(batch, latent_dim)` to `(batch, *image_shape)`; with
        `num_classes` from `[(batch, latent_dim), (batch,)]`.

    Example:

    >>> import kgan
    >>> kgan.networks.mlp_generator((2,), latent_dim=8, activation=None).output_shape
    (None, 2)
    """
    latents = keras.Input((latent_dim,), name="latents")
    inputs, labels = conditional.inputs(latents, num_classes)
    x = conditional.with_labels(latents, labels, num_classes)
    for width in hidden:
        x = layers.Dense(width, activation="relu")(x)
    x = layers.Dense(math.prod(image_shape))(x)
    x = layers.Reshape(tuple(image_shape))(x)
    return keras.Model(inputs, layers.Activation(activation)(x), name=name)


def mlp_discriminator(
    image_shape: Sequence[int],
    hidden: Sequence[int] = (128, 128, 128),
    outputs: int = 1,
    num_classes: int | None = None,
    conditioning: str = "projection",
    pack: int = 1,
    name: str = "discriminator",
) -> keras.Model:
    """Builds a discriminator of dense layers, for samples of any shape.

    Args:
        image_shape: Shape of one sample without the batch.
        hidden: Widths of the hidden layers.
        outputs: Int, 1 for a logit, 2 for one-hot labels.
        num_classes: Int, for a conditional GAN.
        conditioning: `"projection"` or `"auxiliary"`, see `dcgan_discriminator`.
        pack: Int, how many samples it judges together, joined along their last axis.
        name: Name of the model.

    Returns:
        A `keras.Model`, `(batch, *image_shape)` to logits `(batch, outputs)`.

    Raises:
        ValueError: If `conditioning` is none of these.
    """
    conditional.check(num_classes, conditioning, outputs)
    *shape, channels = image_shape
    samples = keras.Input((*shape, pack * channels), name="samples")
    inputs, labels = conditional.inputs(samples, num_classes)
    x = layers.Flatten()(samples)
    for width in hidden:
        x = layers.Dense(width, activation="relu")(x)
    ends, used = conditional.logits(x, labels, num_classes, conditioning, outputs, None)
    return keras.Model(samples if used is None else inputs, ends, name=name)
