import math
from collections.abc import Callable, Sequence

import keras
from keras import layers, ops

from kgan import checks
from kgan.layers import ModulatedBatchNormalization
from kgan.networks import sizes
from kgan.networks.builder import builder
from kgan.networks.conditions import Condition, Head, condition_of
from kgan.networks.residual import Blocks
from kgan.types import Identifier, Tensor

# Channels after each doubling, in multiples of `width`, by the number of doublings. With
# fewer doublings, as for CIFAR-10, all blocks have four times `width`.
_MULTIPLES = {
    4: (16, 8, 4, 2),
    5: (16, 8, 4, 2, 1),
    6: (16, 8, 8, 4, 2, 1),
    7: (16, 8, 8, 4, 2, 1, 1),
}
_FEW = 4
# With fewer doublings, the last two blocks of the discriminator compute at this size.
_LAST_SIZE = 8


@builder
def biggan_generator(
    image_shape: Sequence[int],
    latent_dim: int = 120,
    width: int = 64,
    num_classes: int | None = None,
    attention: int | None = None,
    embedding_dim: int = 128,
    kernel_regularizer: Identifier = None,
    condition_dim: int | None = None,
    name: str = "generator",
) -> keras.Model:
    """Builds the generator of BigGAN, for any image size.

    One residual block per doubling of the size, as in `resnet_generator`. The latents are
    split into equal parts. The first part, with the remainder, gives the smallest image.
    Each block gets one other part; together with an embedding of the label, which all
    blocks share, this part gives the scales and offsets of the block's batch
    normalisation. All kernels are orthogonal at the start and have spectral
    normalisation.

    Args:
        image_shape: `(height, width, channels)`, of any size.
        latent_dim: Int: length of a latent vector, at least the number of blocks + 1.
        width: Int, at least 1: 16 times as many channels at the smallest size of an image
            above 32 pixels, as many at 128 pixels; 4 times as many at all sizes of a
            smaller image. BigGAN has 96, and 64 for CIFAR-10.
        num_classes: Int, at least 1, for a generator of `[latents, labels]`.
        attention: Int, the shorter side of the image after whose block self-attention
            follows, see `kgan.layers.SelfAttention2D`; None for no attention. BigGAN has
            64, for images of 128 pixels.
        embedding_dim: Int, at least 1: length of the embedding of a label.
        kernel_regularizer: Regularizer of all kernels except the embedding, for example
            `kgan.regularizers.OrthogonalRegularizer(1e-4)`, which the truncation of
            latents needs.
        condition_dim: Int, at least 1, for a generator of `[latents, condition]`, with
            float vectors of this length in the place of labels, see `dcgan_generator`.
        name: Name of the model.

    Returns:
        A `keras.Model`, `(batch, latent_dim)` to `(batch, *image_shape)` in [-1, 1];
        with `num_classes` from `[(batch, latent_dim), (batch,)]`.

    Raises:
        ValueError: If `image_shape` is not the shape of an image, or another argument is
            out of bounds.

    Example:

    >>> import kgan
    >>> kgan.networks.biggan_generator((32, 32, 3), width=8).output_shape
    (None, 32, 32, 3)

    Reference:
        [Brock et al., 2018](https://arxiv.org/abs/1809.11096), appendix B.
    """
    width = checks.units(width=width)
    embedding_dim = checks.units(embedding_dim=embedding_dim)
    stages, channels = sizes.halvings(image_shape)
    parts = len(stages)
    latent_dim = checks.count(
        minimum=parts, maximum=checks.MOST_UNITS, latent_dim=latent_dim
    )
    sizes.check_attention(attention, stages[:-1])
    regularizer = keras.regularizers.get(kernel_regularizer)
    blocks = Blocks("spectral", "orthogonal", regularizer)
    widths = [multiple * width for multiple in _multiples(parts - 1)]
    rows, columns = stages[-1]
    first = (widths or [_FEW * width])[0]
    checks.parameters(9 * first * first, width=width)
    checks.parameters(rows * columns * first * latent_dim, latent_dim=latent_dim)
    condition = condition_of(num_classes, condition_dim)
    latents = keras.Input((latent_dim,), name="latents")
    start, *rest = _split(latents, parts)
    vectors = _with_condition(rest, condition, embedding_dim)
    x = blocks.dense(rows * columns * first)(start)
    x = layers.Reshape((rows, columns, first))(x)
    for size, filters, vector in zip(stages[-2::-1], widths, vectors, strict=True):
        x = blocks.doubled(x, filters, size, _modulated(vector, regularizer))
        x = blocks.attended(x, attention)
    x = layers.ReLU()(layers.BatchNormalization(momentum=0.9)(x))
    x = layers.Activation("tanh")(blocks.last(channels)(x))
    return keras.Model(condition.inputs(latents), x, name=name)


@builder
def biggan_discriminator(
    image_shape: Sequence[int],
    width: int = 64,
    num_classes: int | None = None,
    attention: int | None = None,
    pack: int = 1,
    condition_dim: int | None = None,
    name: str = "discriminator",
) -> keras.Model:
    """Builds the discriminator of BigGAN, for any image size.

    Residual blocks with spectral normalisation, as in `resnet_discriminator`, halve the
    size down to 4 pixels, and one more block keeps that size. Images of up to 32 pixels
    are halved down to 8 pixels, with two more blocks. ReLU, the sum over all pixels and a
    projection give the logit. All kernels of the blocks are orthogonal at the start.

    Args:
        image_shape: `(height, width, channels)`, of any size.
        width: Int, at least 1: as for `biggan_generator`.
        num_classes: Int, at least 1, for a discriminator of `[images, labels]`, by
            projection.
        attention: Int, the shorter side of the image after whose first block
            self-attention follows; None for no attention.
        pack: Int, at least 1: number of images that the discriminator takes together,
            joined along their channels. See `kgan.GAN`.
        condition_dim: Int, at least 1, for a discriminator of `[images, condition]`, with
            float vectors of this length in the place of labels, by projection.
        name: Name of the model.

    Returns:
        A `keras.Model`, `(batch, *image_shape)` to logits `(batch, 1)`.

    Raises:
        ValueError: If `image_shape` is not the shape of an image, or another argument is
            out of bounds.

    Example:

    >>> import kgan
    >>> kgan.networks.biggan_discriminator((32, 32, 3), width=8).output_shape
    (None, 1)

    Reference:
        [Brock et al., 2018](https://arxiv.org/abs/1809.11096), appendix B.
    """
    width, pack = checks.units(width=width), checks.units(pack=pack)
    head = Head(1, num_classes, "projection", condition_dim)
    stages, channels = sizes.halvings(image_shape)
    multiples = _multiples(len(stages) - 1)[::-1]
    last = max(multiples, default=_FEW) * width
    checks.parameters(9 * last**2, width=width)
    if len(multiples) == 4:
        # From 64 pixels the authors' code has half as many channels as its generator.
        multiples = [multiple // 2 for multiple in multiples]
    kept = 1
    if len(multiples) < min(_MULTIPLES):
        kept = 2
        stages = [size for size in stages if min(size) >= _LAST_SIZE] or stages[:1]
    sizes.check_attention(attention, stages[1:])
    images = x = keras.Input((*stages[0], pack * channels), name="images")
    blocks = Blocks("spectral", "orthogonal")
    for i, multiple in enumerate(multiples[: len(stages) - 1]):
        x = blocks.halved(x, multiple * width, first=not i)
        x = blocks.attended(x, attention)
    for _ in range(kept):
        x = blocks.kept(x, last)
    x = layers.GlobalAveragePooling2D()(layers.ReLU()(x))
    features = layers.Rescaling(float(math.prod(stages[-1])))(x)
    return head.model(images, features, name, "spectral")


def _multiples(doublings: int) -> list[int]:
    """Returns the channels after each doubling, in multiples of `width`."""
    known = max(_MULTIPLES)
    few = (_FEW,) * min(doublings, known)
    multiples = _MULTIPLES.get(min(doublings, known), few)
    return [*multiples, *(1 for _ in range(doublings - known))]


def _split(latents: Tensor, parts: int) -> list[Tensor]:
    """Returns the parts of latents; the first part has the remainder too."""
    length = latents.shape[-1]
    if parts == 1:
        return [latents]
    ends = [length - length // parts * (parts - i) for i in range(1, parts)]
    return ops.split(latents, ends, axis=-1)


def _with_condition(
    parts: Sequence[Tensor], condition: Condition, embedding_dim: int
) -> list[Tensor]:
    """Returns each part of the latents, joined with the embedding of the condition."""
    if condition.input is None:
        return list(parts)
    embedded = condition.embedded(embedding_dim, "orthogonal")
    return [layers.Concatenate()([embedded, part]) for part in parts]


def _modulated(vector: Tensor, regularizer: Identifier) -> Callable[[Tensor], Tensor]:
    """Returns the batch normalisation and the activation of a block."""

    def activated(x: Tensor) -> Tensor:
        normalize = ModulatedBatchNormalization(
            momentum=0.9,
            epsilon=1e-5,
            spectral_normalization=True,
            kernel_initializer="orthogonal",
            kernel_regularizer=regularizer,
        )
        return layers.ReLU()(normalize([x, vector]))

    return activated
