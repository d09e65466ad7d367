from collections.abc import Sequence

import keras
from keras import layers

from kgan import checks
from kgan.layers import (
    DiscriminativeBasis,
    GenerativeBasis,
    SmoothDownSampling2D,
    SmoothUpSampling2D,
)
from kgan.networks import sizes
from kgan.networks.builder import builder
from kgan.networks.conditions import condition_of
from kgan.types import Tensor

_SLOPE = 0.2
# The gain that keeps the variance through a leaky ReLU.
_GAIN = (2 / (1 + _SLOPE**2)) ** 0.5


@builder
def r3gan_generator(
    image_shape: Sequence[int],
    latent_dim: int = 64,
    width: int | Sequence[int] = 64,
    blocks: int = 2,
    expansion: int = 2,
    group_size: int | None = 16,
    num_classes: int | None = None,
    condition_dim: int | None = None,
    name: str = "generator",
) -> keras.Model:
    """Builds the generator of R3GAN, for any image size.

    The network has no normalisation and no activation of the output. It starts with a
    learned 4x4 image per channel. Residual blocks follow at each size, and the filter
    [1, 3, 3, 1] doubles the size. A block is a 1x1 convolution to `expansion * width`
    channels, a grouped 3x3 convolution, and a 1x1 convolution back to `width` channels
    that starts at zero. Only convolutions before an activation have a bias.

    Args:
        image_shape: `(height, width, channels)`, of any size.
        latent_dim: Int, at least 1: length of a latent vector.
        width: Int, at least 1: channels up to 32 pixels, and half as many at each
            doubling beyond; or a sequence of ints, one per size from the smallest up.
            The paper has 768 for CIFAR-10.
        blocks: Int, at least 1: residual blocks at each size.
        expansion: Int, at least 1: how many times wider a block is inside.
        group_size: Int, at least 1: channels per group of the 3x3 convolutions; None for
            one group. TensorFlow computes groups slowly on a CPU.
        num_classes: Int, at least 1, for a generator of `[latents, labels]`, which joins
            an embedding of the label, as long as the latents, to the latents.
        condition_dim: Int, at least 1, for a generator of `[latents, condition]`, with
            float vectors of this length in the place of labels, see `dcgan_generator`.
        name: Name of the model.

    Returns:
        A `keras.Model`, `(batch, latent_dim)` to `(batch, *image_shape)`; with
        `num_classes` from `[(batch, latent_dim), (batch,)]`.

    Raises:
        ValueError: If `image_shape` is not the shape of an image, or another argument is
            out of bounds or does not fit.

    Example:

    >>> import kgan
    >>> kgan.networks.r3gan_generator((32, 32, 3), width=768).count_params()
    20732160

    Reference:
        [Huang et al., 2025](https://arxiv.org/abs/2501.05441), section 3 and appendix.
    """
    latent_dim, blocks = (
        checks.units(latent_dim=latent_dim),
        checks.count(maximum=checks.MOST_LAYERS, blocks=blocks),
    )
    stages, channels = sizes.halvings(image_shape)
    widths = sizes.widths(width, stages)
    block = _Block(expansion, group_size, len(stages) * blocks)
    condition = condition_of(num_classes, condition_dim)
    latents = keras.Input((latent_dim,), name="latents")
    x = latents
    if condition.input is not None:
        x = condition.join(latents, _normal(1 / condition.size))
    x = layers.Dense(widths[0], use_bias=False, kernel_initializer=_fan_in(1))(x)
    x = GenerativeBasis(stages[-1])(x)
    for i, (size, filters) in enumerate(zip(stages[::-1], widths, strict=True)):
        if i:
            x = _with_width(x, filters)
            x = sizes.cropped(SmoothUpSampling2D()(x), size)
        for _ in range(blocks):
            x = block(x, filters)
    return keras.Model(condition.inputs(latents), _pointwise(x, channels), name=name)


@builder
def r3gan_discriminator(
    image_shape: Sequence[int],
    width: int | Sequence[int] = 64,
    blocks: int = 2,
    expansion: int = 2,
    group_size: int | None = 16,
    num_classes: int | None = None,
    pack: int = 1,
    condition_dim: int | None = None,
    name: str = "discriminator",
) -> keras.Model:
    """Builds the discriminator of R3GAN, the mirror image of `r3gan_generator`.

    Args:
        image_shape: `(height, width, channels)`, of any size.
        width: As for the generator; a sequence starts with the smallest size here too.
        blocks: Int, at least 1: residual blocks at each size.
        expansion: Int, at least 1: how many times wider a block is inside.
        group_size: Int, at least 1: channels per group of the 3x3 convolutions; None for
            one group.
        num_classes: Int, at least 1, for a discriminator of `[images, labels]`. Its logit
            is the product of the features with an embedding of the label.
        pack: Int, at least 1: number of images that the discriminator takes together,
            joined along their channels. See `kgan.GAN`.
        condition_dim: Int, at least 1, for a discriminator of `[images, condition]`, with
            float vectors of this length in the place of labels, by projection.
        name: Name of the model.

    Returns:
        A `keras.Model`, `(batch, *image_shape)` to logits `(batch, 1)`.

    Raises:
        ValueError: If `image_shape` is not the shape of an image, or another argument is
            out of bounds or does not fit.

    Reference:
        [Huang et al., 2025](https://arxiv.org/abs/2501.05441), section 3 and appendix.
    """
    blocks, pack = (
        checks.count(maximum=checks.MOST_LAYERS, blocks=blocks),
        checks.units(pack=pack),
    )
    stages, channels = sizes.halvings(image_shape)
    widths = sizes.widths(width, stages)[::-1]
    block = _Block(expansion, group_size, len(stages) * blocks)
    condition = condition_of(num_classes, condition_dim)
    images = keras.Input((*stages[0], pack * channels), name="images")
    x = _pointwise(images, widths[0])
    for i, filters in enumerate(widths):
        if i:
            x = _with_width(SmoothDownSampling2D()(x), filters)
        for _ in range(blocks):
            x = block(x, filters)
    x = DiscriminativeBasis()(x)
    units = 1 if condition.input is None else widths[-1]
    x = layers.Dense(units, use_bias=False, kernel_initializer=_fan_in(1))(x)
    if condition.input is not None:
        initializer = _normal(1 / (condition.size * units))
        x = layers.Dot(1)([x, condition.embedded(units, initializer)])
    return keras.Model(condition.inputs(images), x, name=name)


class _Block:
    """The residual blocks of a network.

    Args:
        expansion: Int, how many times wider a block is inside.
        group_size: Int, channels per group of the 3x3 convolution; None for one group.
        count: Int, number of blocks in the network.
    """

    def __init__(self, expansion: int, group_size: int | None, count: int):
        self.expansion = checks.units(expansion=expansion)
        self.group_size = checks.optional_units(group_size=group_size)
        # The gain of a kernel sinks with the number of blocks: the initial values of m
        # layers in each of L blocks are scaled by L ** (-1 / (2m - 2)), here with m = 3.
        # Reference: Zhang et al., 2019 (Fixup), https://arxiv.org/abs/1901.09321.
        self.gain = _GAIN * count**-0.25

    def __call__(self, x: Tensor, width: int) -> Tensor:
        """Returns the output of a new block."""
        inside = self.expansion * width
        checks.parameters(inside * width, expansion=self.expansion, width=width)
        if self.group_size is None:
            checks.parameters(9 * inside**2, expansion=self.expansion, width=width)
        if self.group_size is not None and inside % self.group_size:
            raise ValueError(
                "`group_size` must divide the channels of a block, `expansion * width`, "
                f"or be None. {checks.received(group_size=self.group_size)} for {inside} "
                "channels"
            )
        groups = 1 if self.group_size is None else inside // self.group_size
        y = self._activated(x, inside, kernel_size=1)
        y = self._activated(y, inside, kernel_size=3, groups=groups)
        back = layers.Conv2D(x.shape[-1], 1, use_bias=False, kernel_initializer="zeros")
        return layers.Add()([x, back(y)])

    def _activated(
        self, x: Tensor, filters: int, kernel_size: int, groups: int = 1
    ) -> Tensor:
        convolution = layers.Conv2D(
            filters,
            kernel_size,
            padding="same",
            groups=groups,
            kernel_initializer=_fan_in(self.gain),
        )
        return layers.LeakyReLU(_SLOPE)(convolution(x))


def _with_width(x: Tensor, filters: int) -> Tensor:
    """Changes the number of channels, by a layer only if the number differs."""
    return x if x.shape[-1] == filters else _pointwise(x, filters)


def _pointwise(x: Tensor, filters: int) -> Tensor:
    """A 1x1 convolution without a bias."""
    kernel = layers.Conv2D(filters, 1, use_bias=False, kernel_initializer=_fan_in(1))
    return kernel(x)


def _fan_in(gain: float) -> keras.initializers.Initializer:
    return keras.initializers.VarianceScaling(gain**2, "fan_in", "untruncated_normal")


def _normal(variance: float) -> keras.initializers.Initializer:
    return keras.initializers.RandomNormal(stddev=variance**0.5)
