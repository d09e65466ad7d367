from collections.abc import Sequence
from typing import Any

import keras
from keras import layers

from kgan.layers import (
    DiscriminativeBasis,
    GenerativeBasis,
    LabelEmbedding,
    SmoothDownSampling2D,
    SmoothUpSampling2D,
)
from kgan.networks import conditional, sizes

# What keeps the variance through a leaky ReLU.
_SLOPE = 0.2
_GAIN = (2 / (1 + _SLOPE**2)) ** 0.5


def r3gan_generator(
    image_shape: Sequence[int],
    latent_dim: int = 64,
    width: int | Sequence[int] = 64,
    blocks: int = 2,
    expansion: int = 2,
    group_size: int | None = 16,
    num_classes: int | None = None,
    name: str = "generator",
) -> keras.Model:
    """Builds the generator of R3GAN, for any image size.

    No normalisation, and no activation at the end: a learned 4x4 picture per channel,
    then residual blocks at each size, between which the filter [1, 3, 3, 1] doubles it.
    A block is a 1x1 convolution to `expansion * width` channels, a grouped 3x3 one, and
    a 1x1 one back that begins at zero. Biases stand in front of activations only.

    Args:
        image_shape: `(height, width, channels)`, of any size.
        latent_dim: Int, length of a noise vector.
        width: Int, channels up to 32 pixels, and half as many at each doubling beyond;
            or a sequence of them, one per size from the smallest up. The paper's for
            CIFAR-10 is 768.
        blocks: Int, residual blocks at each size.
        expansion: Int, how many times wider a block is inside.
        group_size: Int, channels of a group of the 3x3 convolutions; None for one group.
            TensorFlow has a slow way alone for groups on a CPU.
        num_classes: Int, for a generator of `[latents, labels]`: an embedding of the
            label, as long as the latents, is joined to them.
        name: Name of the model.

    Returns:
        A `keras.Model`, `(batch, latent_dim)` to `(batch, *image_shape)`; with
        `num_classes` from `[(batch, latent_dim), (batch,)]`.

    Raises:
        ValueError: If `image_shape` is not that of an image, or widths don't fit.

    Example:

    >>> import kgan
    >>> kgan.networks.r3gan_generator((32, 32, 3), width=768).count_params()
    20732160

    Reference:
        [Huang et al., 2025](https://arxiv.org/abs/2501.05441), section 3 and appendix.
    """
    steps, channels = sizes.halvings(image_shape)
    widths = _widths(width, steps)
    scale = _scale(len(steps) * blocks)
    latents = keras.Input((latent_dim,), name="latents")
    inputs, labels = conditional.inputs(latents, num_classes)
    x = latents
    if num_classes is not None:
        initializer = _normal(1 / num_classes)
        embedded = LabelEmbedding(num_classes, latent_dim, initializer)(labels)
        x = layers.Concatenate()([latents, embedded])
    x = layers.Dense(widths[0], use_bias=False, kernel_initializer=_fan_in(1))(x)
    x = GenerativeBasis(steps[-1])(x)
    for i, (size, filters) in enumerate(zip(steps[::-1], widths, strict=True)):
        if i:
            x = _pointwise(x, filters)
            x = sizes.cropped(SmoothUpSampling2D()(x), size)
        for _ in range(blocks):
            x = _residual(x, expansion * filters, group_size, scale)
    return keras.Model(inputs, _convolved(x, channels), name=name)


def r3gan_discriminator(
    image_shape: Sequence[int],
    width: int | Sequence[int] = 64,
    blocks: int = 2,
    expansion: int = 2,
    group_size: int | None = 16,
    num_classes: int | None = None,
    pack: int = 1,
    name: str = "discriminator",
) -> keras.Model:
    """Builds the discriminator of R3GAN, the mirror of `r3gan_generator`.

    Args:
        image_shape: `(height, width, channels)`, of any size.
        width: As of the generator; a sequence goes from the smallest size up here too.
        blocks: Int, residual blocks at each size.
        expansion: Int, how many times wider a block is inside.
        group_size: Int, channels of a group of the 3x3 convolutions; None for one group.
        num_classes: Int, for a discriminator of `[images, labels]`: its logit is the
            product of features with an embedding of the label.
        pack: Int, how many images it judges together, joined along their channels.
            See `kgan.GAN`.
        name: Name of the model.

    Returns:
        A `keras.Model`, `(batch, *image_shape)` to logits `(batch, 1)`.

    Raises:
        ValueError: If `image_shape` is not that of an image, or widths don't fit.

    Reference:
        [Huang et al., 2025](https://arxiv.org/abs/2501.05441), section 3 and appendix.
    """
    steps, channels = sizes.halvings(image_shape)
    widths = _widths(width, steps)[::-1]
    scale = _scale(len(steps) * blocks)
    images = keras.Input((*steps[0], pack * channels), name="images")
    inputs, labels = conditional.inputs(images, num_classes)
    x = _convolved(images, widths[0])
    for i, filters in enumerate(widths):
        if i:
            x = _pointwise(SmoothDownSampling2D()(x), filters)
        for _ in range(blocks):
            x = _residual(x, expansion * filters, group_size, scale)
    x = DiscriminativeBasis()(x)
    units = 1 if num_classes is None else widths[-1]
    x = layers.Dense(units, use_bias=False, kernel_initializer=_fan_in(1))(x)
    if num_classes is not None:
        initializer = _normal(1 / (num_classes * units))
        x = layers.Dot(1)([x, LabelEmbedding(num_classes, units, initializer)(labels)])
    return keras.Model(inputs, x, name=name)


def _residual(x: Any, inside: int, group_size: int | None, scale: float) -> Any:
    if group_size and inside % group_size:
        raise ValueError(
            "`group_size` must divide a block's channels, `expansion * width`, or be "
            f"None. Received: group_size={group_size} for {inside} channels"
        )
    y = x
    for kernel_size, group in ((1, None), (3, group_size)):
        y = layers.Conv2D(
            inside, kernel_size, padding="same", groups=inside // group if group else 1,
            kernel_initializer=_fan_in(scale),
        )(y)  # fmt: skip
        y = layers.LeakyReLU(_SLOPE)(y)
    back = layers.Conv2D(x.shape[-1], 1, use_bias=False, kernel_initializer="zeros")
    return layers.Add()([x, back(y)])


def _pointwise(x: Any, filters: int) -> Any:
    """Brings features to another width; between equal ones nothing is learned."""
    return x if x.shape[-1] == filters else _convolved(x, filters)


def _convolved(x: Any, filters: int) -> Any:
    kernel = layers.Conv2D(filters, 1, use_bias=False, kernel_initializer=_fan_in(1))
    return kernel(x)


def _scale(blocks: int) -> float:
    """Returns the gain of a block's kernels, which sinks with the number of blocks.

    Of m layers in each of L blocks the initial values are times L ** (-1 / (2m - 2)),
    here with m = 3.

    Reference: [Zhang et al., 2019 (Fixup)](https://arxiv.org/abs/1901.09321).
    """
    return _GAIN * blocks**-0.25


def _fan_in(gain: float) -> keras.initializers.Initializer:
    return keras.initializers.VarianceScaling(gain**2, "fan_in", "untruncated_normal")


def _normal(variance: float) -> keras.initializers.Initializer:
    return keras.initializers.RandomNormal(stddev=variance**0.5)


def _widths(width: int | Sequence[int], steps: list) -> list[int]:
    """Returns the channels at each size, from the smallest up."""
    if not isinstance(width, int):
        if len(width) != len(steps):
            raise ValueError(
                f"`width` must be an int or one per size, {steps[::-1]}. "
                f"Received: width={width}"
            )
        return list(width)
    return [sizes.level(width, size) for size in steps[::-1]]
