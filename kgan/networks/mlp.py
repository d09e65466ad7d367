import itertools
import math
from collections.abc import Sequence

import keras
from keras import layers

from kgan import checks
from kgan.networks.builder import builder
from kgan.networks.conditions import Head, condition_of
from kgan.types import Identifier


@builder
def mlp_generator(
    image_shape: Sequence[int],
    latent_dim: int = 64,
    hidden: Sequence[int] = (128, 128, 128),
    activation: Identifier = "tanh",
    num_classes: int | None = None,
    condition_dim: int | None = None,
    name: str = "generator",
) -> keras.Model:
    """Builds a generator of dense layers, for samples of any shape.

    Args:
        image_shape: Shape of one sample without the batch, for example `(28, 28, 1)`, or
            `(2,)` for points.
        latent_dim: Int, at least 1: length of a latent vector.
        hidden: Ints of at least 1: widths of the hidden layers.
        activation: Activation of the output: `"tanh"` for data in [-1, 1], to which kgan
            scales uint8 images; None for data without bounds.
        num_classes: Int, at least 1, for a generator of `[latents, labels]`, which joins
            an embedding of the label to the latents.
        condition_dim: Int, at least 1, for a generator of `[latents, condition]`, with
            float vectors of this length in the place of labels, see `dcgan_generator`.
        name: Name of the model.

    Returns:
        A `keras.Model`, `(batch, latent_dim)` to `(batch, *image_shape)`; with
        `num_classes` from `[(batch, latent_dim), (batch,)]`.

    Raises:
        ValueError: If an argument is out of bounds.

    Example:

    >>> import kgan
    >>> kgan.networks.mlp_generator((2,), latent_dim=8, activation=None).output_shape
    (None, 2)
    """
    shape = checks.shape(maximum=checks.MOST_UNITS, image_shape=image_shape)
    latent_dim = checks.units(latent_dim=latent_dim)
    condition = condition_of(num_classes, condition_dim)
    latents = keras.Input((latent_dim,), name="latents")
    widths = (latent_dim, *_hidden(hidden), math.prod(shape))
    for fan_in, width in itertools.pairwise(widths):
        checks.parameters(fan_in * width, image_shape=shape, hidden=hidden)
    x = condition.join(latents)
    for width in widths[1:-1]:
        x = layers.Dense(width, activation="relu")(x)
    x = layers.Dense(math.prod(shape))(x)
    x = layers.Activation(activation)(layers.Reshape(shape)(x))
    return keras.Model(condition.inputs(latents), x, name=name)


@builder
def mlp_discriminator(
    image_shape: Sequence[int],
    hidden: Sequence[int] = (128, 128, 128),
    outputs: int = 1,
    num_classes: int | None = None,
    conditioning: str = "projection",
    pack: int = 1,
    condition_dim: int | None = None,
    name: str = "discriminator",
) -> keras.Model:
    """Builds a discriminator of dense layers, for samples of any shape.

    Args:
        image_shape: Shape of one sample without the batch.
        hidden: Ints of at least 1: widths of the hidden layers.
        outputs: Int, 1 for a logit, 2 for one-hot labels of real and fake.
        num_classes: Int, at least 1, for a conditional discriminator.
        conditioning: `"projection"` or `"auxiliary"`, see `dcgan_discriminator`.
        pack: Int, at least 1: number of samples that the discriminator takes together,
            joined along their last axis. See `kgan.GAN`.
        condition_dim: Int, at least 1, for a discriminator of `[samples, condition]`,
            with float vectors of this length in the place of labels, by projection.
        name: Name of the model.

    Returns:
        A `keras.Model`, `(batch, *image_shape)` to logits `(batch, outputs)`.

    Raises:
        ValueError: If an argument is out of bounds.
    """
    *places, channels = checks.shape(maximum=checks.MOST_UNITS, image_shape=image_shape)
    pack = checks.units(pack=pack)
    head = Head(outputs, num_classes, conditioning, condition_dim)
    samples = keras.Input((*places, pack * channels), name="samples")
    x = layers.Flatten()(samples)
    for fan_in, width in itertools.pairwise((x.shape[-1], *_hidden(hidden))):
        checks.parameters(fan_in * width, image_shape=image_shape, hidden=hidden)
    for width in _hidden(hidden):
        x = layers.Dense(width, activation="relu")(x)
    return head.model(samples, x, name)


def _hidden(hidden: Sequence[int]) -> tuple[int, ...]:
    """Checks the widths of the hidden layers; there may be no hidden layer."""
    if isinstance(hidden, list | tuple) and not hidden:
        return ()
    form = f"the widths of at most {checks.MOST_LAYERS} hidden layers"
    widths = checks.shape(maximum=checks.MOST_UNITS, form=form, hidden=hidden)
    if len(widths) > checks.MOST_LAYERS:
        raise ValueError(f"`hidden` must be {form}. Received: {len(widths)} of them")
    return widths
