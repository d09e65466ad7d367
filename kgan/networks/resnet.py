import math
from collections.abc import Sequence

import keras
from keras import layers

from kgan import checks
from kgan.layers.normalized import NORMALIZATIONS
from kgan.networks import sizes
from kgan.networks.builder import builder
from kgan.networks.conditions import Head, condition_of
from kgan.networks.residual import Blocks
from kgan.types import Tensor

# The last two blocks of the discriminator compute at this size.
_LAST_SIZE = 8


@builder
def resnet_generator(
    image_shape: Sequence[int],
    latent_dim: int = 128,
    width: int = 256,
    num_classes: int | None = None,
    attention: int | None = None,
    spectral_normalization: bool = False,
    condition_dim: int | None = None,
    name: str = "generator",
) -> keras.Model:
    """Builds the residual generator of SNGAN and WGAN-GP, for any image size.

    One residual block per doubling of the size. A block has batch normalisation, ReLU,
    doubling by repeated pixels and a 3x3 convolution; then batch normalisation, ReLU and
    a 3x3 convolution again. Its shortcut is a 1x1 convolution and a doubling.

    Args:
        image_shape: `(height, width, channels)`, of any size.
        latent_dim: Int, at least 1: length of a latent vector.
        width: Int, at least 1: channels up to 32 pixels, and half as many at each
            doubling beyond. SNGAN has 256 for CIFAR-10, WGAN-GP 128.
        num_classes: Int, at least 1, for a generator of `[latents, labels]`, by
            conditional batch normalisation.
        attention: Int, the shorter side of the image after whose block self-attention
            follows, see `kgan.layers.SelfAttention2D`; None for no attention. SAGAN has
            32, for images of 128 pixels.
        spectral_normalization: Bool, whether to divide each kernel by its largest
            singular value, as in SAGAN. See `kgan.layers.SpectralNormalization`.
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
    >>> kgan.networks.resnet_generator((32, 32, 3)).output_shape
    (None, 32, 32, 3)

    Reference:
        [Miyato et al., 2018](https://arxiv.org/abs/1802.05957), appendix B.4, table 4;
        [Gulrajani et al., 2017](https://arxiv.org/abs/1704.00028), appendix F;
        [Zhang et al., 2018 (SAGAN)](https://arxiv.org/abs/1805.08318) for `attention`
        and `spectral_normalization`.
    """
    latent_dim, width = checks.units(latent_dim=latent_dim), checks.units(width=width)
    spectral = checks.flag(spectral_normalization=spectral_normalization)
    blocks = Blocks("spectral" if spectral else None)
    stages, channels = sizes.halvings(image_shape)
    sizes.check_attention(attention, stages[:-1])
    condition = condition_of(num_classes, condition_dim)
    latents = keras.Input((latent_dim,), name="latents")

    def activated(x: Tensor) -> Tensor:
        return layers.ReLU()(condition.batch_normalized(x))

    rows, columns = stages[-1]
    filters = sizes.width_at(stages[-1], width)
    checks.parameters(9 * filters * filters, width=width)
    checks.parameters(
        rows * columns * filters * latent_dim,
        image_shape=image_shape,
        latent_dim=latent_dim,
    )
    x = blocks.dense(rows * columns * filters)(latents)
    x = layers.Reshape((rows, columns, filters))(x)
    for size in stages[-2::-1]:
        x = blocks.doubled(x, sizes.width_at(size, width), size, activated)
        x = blocks.attended(x, attention)
    x = blocks.last(channels)(activated(x))
    return keras.Model(condition.inputs(latents), layers.Activation("tanh")(x), name=name)


@builder
def resnet_discriminator(
    image_shape: Sequence[int],
    width: int = 128,
    outputs: int = 1,
    normalization: str | None = "spectral",
    num_classes: int | None = None,
    conditioning: str = "projection",
    pack: int = 1,
    attention: int | None = None,
    condition_dim: int | None = None,
    name: str = "discriminator",
) -> keras.Model:
    """Builds the residual discriminator of SNGAN and WGAN-GP, for any image size.

    Residual blocks halve the size down to 8 pixels; two more blocks keep that size. ReLU,
    the sum over all pixels and a dense layer give the logit.

    Args:
        image_shape: `(height, width, channels)`, of any size.
        width: Int, at least 1: channels up to 32 pixels, and half as many at each
            doubling beyond.
        outputs: Int, 1 for a logit, 2 for one-hot labels of real and fake.
        normalization: `"spectral"` is the choice of SNGAN. `"group"` normalises over
            channels and pixels and is close to the choice of WGAN-GP. `"layer"`
            normalises over channels. `"batch"` and None are possible too. See
            `kgan.layers.normalized`.
        num_classes: Int, at least 1, for a conditional discriminator.
        conditioning: `"projection"` or `"auxiliary"`, see `dcgan_discriminator`.
        pack: Int, at least 1: number of images that the discriminator takes together,
            joined along their channels. See `kgan.GAN`.
        attention: Int, the shorter side of the image after whose first block
            self-attention follows, see `kgan.layers.SelfAttention2D`; None for no
            attention.
        condition_dim: Int, at least 1, for a discriminator of `[images, condition]`, with
            float vectors of this length in the place of labels, by projection.
        name: Name of the model.

    Returns:
        A `keras.Model`, `(batch, *image_shape)` to logits `(batch, outputs)`.

    Raises:
        ValueError: If `image_shape` is not the shape of an image, or another argument is
            out of bounds or unknown.

    Reference:
        [Miyato et al., 2018](https://arxiv.org/abs/1802.05957), appendix B.4, table 4;
        [Miyato and Koyama, 2018](https://arxiv.org/abs/1802.05637) for the projection;
        [Zhang et al., 2018 (SAGAN)](https://arxiv.org/abs/1805.08318) for `attention`.
    """
    width, pack = checks.units(width=width), checks.units(pack=pack)
    checks.one_of(NORMALIZATIONS, normalization=normalization)
    head = Head(outputs, num_classes, conditioning, condition_dim)
    stages, channels = sizes.halvings(image_shape)
    stages = [size for size in stages if min(size) >= _LAST_SIZE] or stages[:1]
    sizes.check_attention(attention, stages[1:])
    checks.parameters(9 * sizes.width_at(stages[-1], width) ** 2, width=width)
    images = x = keras.Input((*stages[0], pack * channels), name="images")
    blocks = Blocks(normalization)
    for i, size in enumerate(stages[:-1]):
        x = blocks.halved(x, sizes.width_at(size, width), first=not i)
        x = blocks.attended(x, attention)
    for _ in range(2):
        x = blocks.kept(x, sizes.width_at(stages[-1], width))
    x = layers.GlobalAveragePooling2D()(layers.ReLU()(x))
    features = layers.Rescaling(float(math.prod(stages[-1])))(x)
    return head.model(images, features, name, blocks.spectral)
