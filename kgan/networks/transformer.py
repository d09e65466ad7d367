import math
from collections.abc import Callable, Sequence

import keras
from keras import layers

from kgan import checks
from kgan.layers import (
    LayerNormalization,
    LearnedConstant,
    ScaledDotProductAttention,
)
from kgan.networks import sizes
from kgan.networks.builder import builder
from kgan.networks.conditions import Head, condition_of
from kgan.types import Tensor

# The channels inside the dense layers of a block, in multiples of `width`.
_EXPANSION = 4


@builder
def transformer_generator(
    image_shape: Sequence[int],
    latent_dim: int = 64,
    width: int = 256,
    depth: int = 6,
    num_heads: int = 4,
    patch_size: int = 4,
    num_classes: int | None = None,
    condition_dim: int | None = None,
    name: str = "generator",
) -> keras.Model:
    """Builds a generator of transformer blocks, for any image size.

    Each patch of the image is a token, which starts as a learned vector. Dense layers map
    the latents to a style. A block has attention between all tokens and two dense layers
    with GELU, both with a shortcut around them. The style gives the scales and offsets
    of the layer normalisation in front of each part. A dense layer draws the pixels of
    each patch.

    Args:
        image_shape: `(height, width, channels)`, of any size. Patches at the lower and
            the right edge are cut if `patch_size` does not divide the size.
        latent_dim: Int, at least 1: length of a latent vector.
        width: Int, at least 1: channels of a token.
        depth: Int, at least 1: number of blocks.
        num_heads: Int, at least 1: heads of the attention; divides `width`.
        patch_size: Int, at least 1: pixels along each side of a patch. The cost of the
            attention grows with the square of the number of patches.
        num_classes: Int, at least 1, for a generator of `[latents, labels]`, which joins
            an embedding of the label to the latents.
        condition_dim: Int, at least 1, for a generator of `[latents, condition]`, with
            float vectors of this length in the place of labels, see `dcgan_generator`.
        name: Name of the model.

    Returns:
        A `keras.Model`, `(batch, latent_dim)` to `(batch, *image_shape)` in [-1, 1];
        with `num_classes` from `[(batch, latent_dim), (batch,)]`.

    Raises:
        ValueError: If `image_shape` is not the shape of an image, or another argument is
            out of bounds or does not fit.

    Example:

    >>> import kgan
    >>> kgan.networks.transformer_generator((32, 32, 3), width=32).output_shape
    (None, 32, 32, 3)

    Reference:
        [Hyun et al., 2025 (GAT)](https://arxiv.org/abs/2509.24935): a pure transformer at
        both ends; [Peebles and Xie, 2022 (DiT)](https://arxiv.org/abs/2212.09748),
        section 3.2, for the adaptive layer normalisation.
    """
    latent_dim = checks.units(latent_dim=latent_dim)
    patch_size = checks.units(patch_size=patch_size)
    blocks = _Blocks(width, depth, num_heads)
    grid, size, channels = _patches(image_shape, patch_size, blocks.width)
    checks.parameters(2 * latent_dim * blocks.width, latent_dim=latent_dim, width=width)
    condition = condition_of(num_classes, condition_dim)
    latents = keras.Input((latent_dim,), name="latents")
    style = condition.join(latents)
    for _ in range(2):
        style = layers.Dense(blocks.width, "silu")(style)

    def normalized(x: Tensor) -> Tensor:
        scale, offset = (
            layers.Reshape((1, blocks.width))(layers.Dense(blocks.width)(style))
            for _ in range(2)
        )
        plain = LayerNormalization(center=False, scale=False)(x)
        return plain * (1.0 + scale) + offset

    x = LearnedConstant((*grid, blocks.width))(style)
    x = blocks(layers.Reshape((math.prod(grid), blocks.width))(x), normalized)
    x = layers.Dense(patch_size**2 * channels)(normalized(x))
    x = layers.Reshape((*grid, patch_size, patch_size, channels))(x)
    x = layers.Permute((1, 3, 2, 4, 5))(x)
    x = layers.Reshape((*(patch_size * side for side in grid), channels))(x)
    x = layers.Activation("tanh")(sizes.cropped(x, size))
    return keras.Model(condition.inputs(latents), x, name=name)


@builder
def transformer_discriminator(
    image_shape: Sequence[int],
    width: int = 256,
    depth: int = 6,
    num_heads: int = 4,
    patch_size: int = 4,
    outputs: int = 1,
    num_classes: int | None = None,
    conditioning: str = "projection",
    pack: int = 1,
    condition_dim: int | None = None,
    name: str = "discriminator",
) -> keras.Model:
    """Builds a discriminator of transformer blocks, for any image size.

    A convolution turns each patch of the image into a token, and a learned vector tells
    the place of the patch. The blocks are the blocks of `transformer_generator`, with
    layer normalisation that learns its scales and offsets. The mean of all tokens gives
    the logit. The layers have correct second derivatives, so R1 and R2 are exact.

    Args:
        image_shape: `(height, width, channels)`, of any size. Zeros fill up the patches
            at the edges if `patch_size` does not divide the size.
        width: Int, at least 1: channels of a token.
        depth: Int, at least 1: number of blocks.
        num_heads: Int, at least 1: heads of the attention; divides `width`.
        patch_size: Int, at least 1: pixels along each side of a patch.
        outputs: Int, 1 for a logit, 2 for one-hot labels of real and fake.
        num_classes: Int, at least 1, for a conditional discriminator.
        conditioning: `"projection"` or `"auxiliary"`, see `dcgan_discriminator`.
        pack: Int, at least 1: number of images that the discriminator takes together,
            joined along their channels. See `kgan.GAN`.
        condition_dim: Int, at least 1, for a discriminator of `[images, condition]`, with
            float vectors of this length in the place of labels, by projection.
        name: Name of the model.

    Returns:
        A `keras.Model`, `(batch, *image_shape)` to logits `(batch, outputs)`.

    Raises:
        ValueError: If `image_shape` is not the shape of an image, or another argument is
            out of bounds, unknown, or does not fit.

    Example:

    >>> import kgan
    >>> kgan.networks.transformer_discriminator((32, 32, 3), width=32).output_shape
    (None, 1)

    Reference:
        [Hyun et al., 2025 (GAT)](https://arxiv.org/abs/2509.24935);
        [Dosovitskiy et al., 2020](https://arxiv.org/abs/2010.11929), for the patches.
    """
    pack, patch_size = checks.units(pack=pack), checks.units(patch_size=patch_size)
    head = Head(outputs, num_classes, conditioning, condition_dim)
    blocks = _Blocks(width, depth, num_heads)
    grid, size, channels = _patches(image_shape, patch_size, pack * blocks.width)
    images = keras.Input((*size, pack * channels), name="images")
    # The tokens get about the variance of the vectors of their places.
    embedding = layers.Conv2D(
        blocks.width,
        patch_size,
        strides=patch_size,
        padding="same",
        kernel_initializer="he_normal",
    )
    x = embedding(images)
    x = layers.Add()([x, LearnedConstant((*grid, blocks.width))(x)])
    x = layers.Reshape((math.prod(grid), blocks.width))(x)
    x = LayerNormalization()(blocks(x, lambda x: LayerNormalization()(x)))
    return head.model(images, layers.GlobalAveragePooling1D()(x), name)


class _Blocks:
    """Builds the transformer blocks of one network.

    Args:
        width: Int, channels of a token.
        depth: Int, number of blocks.
        num_heads: Int, heads of the attention.

    Raises:
        ValueError: If an argument is out of bounds, or they do not fit together.
    """

    def __init__(self, width: int, depth: int, num_heads: int):
        self.width = checks.units(width=width)
        self.depth = checks.count(maximum=checks.MOST_LAYERS, depth=depth)
        self.num_heads = checks.units(num_heads=num_heads)
        if self.width % self.num_heads:
            received = checks.received(num_heads=num_heads, width=width)
            raise ValueError(f"`num_heads` must divide `width`. {received}")
        checks.parameters(_EXPANSION * self.width**2, width=width)

    def __call__(self, x: Tensor, normalized: Callable[[Tensor], Tensor]) -> Tensor:
        """Returns the tokens after all blocks.

        Args:
            x: Tensor `(batch, tokens, width)`.
            normalized: Function that normalises tokens, with new weights at each call.
        """
        for _ in range(self.depth):
            x = layers.Add()([x, self._attended(normalized(x))])
            y = layers.Dense(_EXPANSION * self.width, "gelu")(normalized(x))
            x = layers.Add()([x, layers.Dense(self.width)(y)])
        return x

    def _attended(self, x: Tensor) -> Tensor:
        parts = [layers.Dense(self.width)(x) for _ in ("query", "key", "value")]
        mixed = ScaledDotProductAttention(self.num_heads)(parts)
        return layers.Dense(self.width)(mixed)


def _patches(
    image_shape: Sequence[int], patch_size: int, width: int
) -> tuple[tuple[int, int], tuple[int, int], int]:
    """Returns the rows and columns of patches, the size of an image, and its channels.

    Raises:
        ValueError: If `image_shape` is not the shape of an image, or the image has too
            many patches.
    """
    stages, channels = sizes.halvings(image_shape)
    size = stages[0]
    rows, columns = (-(-side // patch_size) for side in size)
    if (rows * columns) ** 2 > checks.MOST_PARAMETERS:
        received = checks.received(patch_size=patch_size, image_shape=image_shape)
        raise ValueError(
            f"`patch_size` must be larger: attention between {rows * columns:,} patches "
            f"takes too much memory. {received}"
        )
    checks.parameters(patch_size**2 * channels * width, patch_size=patch_size)
    return (rows, columns), size, channels
