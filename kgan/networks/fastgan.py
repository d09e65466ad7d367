from collections.abc import Sequence

import keras
from keras import layers, ops

from kgan import checks
from kgan.layers import (
    BatchNormalization,
    NoiseInjection,
    Reconstruction,
    SkipLayerExcitation,
    normalized,
)
from kgan.networks import sizes
from kgan.networks.builder import builder
from kgan.networks.conditions import condition_of
from kgan.networks.spectral import (
    activated,
    convolution,
    doubled,
    mean,
    place_logits,
)
from kgan.types import Number, Tensor

# Channels at each size, in multiples of `width`, from the smallest size up; beyond the
# list half as many at each doubling.
_GENERATOR = (16, 8, 4, 2, 2)
_DISCRIMINATOR = (8,)
_SMALL_BRANCH = (4,)
_DECODER = (2, 1, 1)
# The discriminator ends at the first size whose shorter side is at most this.
_LAST_SIZE = 8
# Larger images first shrink to this size.
_LARGEST = 256
# The small branch and the decoders have at most this size.
_SMALL = 128


@builder
def fastgan_generator(
    image_shape: Sequence[int],
    latent_dim: int = 256,
    width: int = 64,
    num_classes: int | None = None,
    condition_dim: int | None = None,
    name: str = "generator",
) -> keras.Model:
    """Builds the generator of FastGAN, which learns from few images, for any image size.

    One block per doubling of the size: repeated pixels, a 3x3 convolution, batch
    normalisation and a gated linear unit; every other block has a second convolution, and
    noise before each normalisation. Skip-layer excitation lets the features of a small
    size scale the channels at a size 16 times larger, or at the largest size of an image
    below 64 pixels. All kernels have spectral normalisation.

    The official code trains a second output of 128 pixels too; this network has one.

    Args:
        image_shape: `(height, width, channels)`, of any size.
        latent_dim: Int, at least 1: length of a latent vector.
        width: Int, at least 1: 16 times as many channels at the smallest size, 1/2 as
            many at the seventh size, which is 256 pixels.
        num_classes: Int, at least 1, for a generator of `[latents, labels]`, which joins
            an embedding of the label to the latents and uses conditional batch
            normalisation. The paper has no labels.
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
    >>> kgan.networks.fastgan_generator((64, 64, 3), width=8).output_shape
    (None, 64, 64, 3)

    Reference:
        [Liu et al., 2021](https://arxiv.org/abs/2101.04775), section 3.1.
    """
    latent_dim, width = checks.units(latent_dim=latent_dim), checks.units(width=width)
    stages, channels = sizes.halvings(image_shape)
    stages = stages[::-1]
    widths = _widths(_GENERATOR, width, len(stages))
    checks.parameters(9 * widths[0] * 2 * widths[0], width=width)
    first = 2 * widths[0] * stages[0][0] * stages[0][1]
    checks.parameters(first * latent_dim, latent_dim=latent_dim, width=width)
    condition = condition_of(num_classes, condition_dim)
    latents = keras.Input((latent_dim,), name="latents")

    def gated(x: Tensor) -> Tensor:
        return ops.glu(condition.batch_normalized(x))

    x = condition.join(latents)
    x = layers.Reshape((1, 1, x.shape[-1]))(x)
    start = layers.Conv2DTranspose(2 * widths[0], stages[0], use_bias=False)
    x = gated(normalized(start, "spectral")(x))
    features = [x]
    gap = min(4, len(stages) - 1)
    for i, (size, filters) in enumerate(zip(stages[1:], widths[1:], strict=True), 1):
        x = doubled(x, size, 2 * filters)
        if i % 2:
            x = gated(NoiseInjection()(x))
            x = NoiseInjection()(convolution(2 * filters)(x))
        x = gated(x)
        # Four pairs of sizes are the most of the paper.
        if gap <= i < gap + 4:
            x = _excited(features[i - gap], x)
        features.append(x)
    x = layers.Activation("tanh")(convolution(channels)(x))
    return keras.Model(condition.inputs(latents), x, name=name)


@builder
def fastgan_discriminator(
    image_shape: Sequence[int],
    width: int = 64,
    reconstruction: Number = 1.0,
    num_classes: int | None = None,
    pack: int = 1,
    condition_dim: int | None = None,
    name: str = "discriminator",
) -> keras.Model:
    """Builds the discriminator of FastGAN, which also learns to encode real images.

    A branch of residual blocks halves the image to at most 8 pixels; skip-layer
    excitation lets the features of a size scale the channels at a size 8 times smaller. A
    second branch judges the image at half its size, or at 128 pixels. Each
    branch has logits at up to 5x5 places of a square image.

    Three decoders draw real images from the last features of both branches, and a random
    quarter of the image from the features of the size before. The mean absolute errors
    are a further loss of the discriminator, see `kgan.layers.Reconstruction`; the
    official code has a perceptual distance in its place. The decoders draw pixels in
    [-1, 1], at the full size up to 128 pixels.

    Args:
        image_shape: `(height, width, channels)`, of any size.
        width: Int, at least 1: 8 times as many channels at the smallest size, half as
            many at each larger size.
        reconstruction: Float of at least 0: weight of the errors of the decoders; 0 for a
            discriminator without decoders.
        num_classes: Int, at least 1, for a discriminator of `[images, labels]`, whose
            logits also have the product of the mean features with an embedding of the
            label. The paper has no labels.
        pack: Int, at least 1: number of images that the discriminator takes together,
            joined along their channels. See `kgan.GAN`.
        condition_dim: Int, at least 1, for a discriminator of `[images, condition]`, with
            float vectors of this length in the place of labels, by projection.
        name: Name of the model.

    Returns:
        A `keras.Model`, `(batch, *image_shape)` to logits `(batch, rows, columns, 1)`, or
        to a list of the logits of both branches, for images above 8 pixels.

    Raises:
        ValueError: If `image_shape` is not the shape of an image, or another argument is
            out of bounds.

    Example:

    >>> import kgan
    >>> kgan.networks.fastgan_discriminator((64, 64, 3), width=8).output_shape
    [(None, 5, 5, 1), (None, 5, 5, 1)]

    Reference:
        [Liu et al., 2021](https://arxiv.org/abs/2101.04775), section 3.2.
    """
    width, pack = checks.units(width=width), checks.units(pack=pack)
    weight = checks.number(minimum=0, reconstruction=reconstruction)
    checks.parameters(9 * (8 * width) ** 2, width=width)
    stages, channels = sizes.halvings(image_shape)
    last = next(i for i, size in enumerate(stages) if min(size) <= _LAST_SIZE)
    stages = stages[: last + 1]
    condition = condition_of(num_classes, condition_dim)
    images = keras.Input((*stages[0], pack * channels), name="images")
    features = _large_branch(images, stages, width)
    logits = [_large_logits(features[-1], width)]
    small = []
    if last:
        small = [_small_branch(images, stages, width)]
        logits.append(place_logits(small[0]))
    if weight:
        parts = images, stages, features, small, width, weight
        logits[0] = _reconstructed(logits[0], *parts)
    means = [mean(x) for x in (features[-1], *small)]
    logits = [condition.add_match(*x) for x in zip(logits, means, strict=True)]
    return keras.Model(
        condition.inputs(images), logits if small else logits[0], name=name
    )


def _large_branch(
    images: Tensor, stages: Sequence[tuple[int, int]], width: int
) -> list[Tensor]:
    """Returns the features at each size up to 256 pixels, the largest size first."""
    widths = _widths(_DISCRIMINATOR, width, len(stages))[::-1]
    # The halvings before the residual blocks.
    start = sum(min(size) > _LARGEST for size in stages)
    x = images
    for i in range(start):
        x = convolution(widths[i + 1], 4, strides=2)(x)
        x = layers.LeakyReLU(0.2)(BatchNormalization()(x) if i else x)
    if not start:
        x = layers.LeakyReLU(0.2)(convolution(widths[0])(x))
    features = [x]
    rest = widths[start + 1 :]
    gap = min(3, len(rest))
    for i, filters in enumerate(rest, 1):
        y = activated(convolution(filters, 4, strides=2)(x))
        y = activated(convolution(filters)(y))
        side = layers.AveragePooling2D(2, padding="same")(x)
        x = layers.Average()([y, activated(convolution(filters, 1)(side))])
        if i >= gap:
            x = _excited(features[i - gap], x)
        features.append(x)
    return features


def _large_logits(x: Tensor, width: int) -> Tensor:
    return place_logits(activated(convolution(16 * width, 1)(x)))


def _small_branch(
    images: Tensor, stages: Sequence[tuple[int, int]], width: int
) -> Tensor:
    """Returns the last features of the branch that judges a small image."""
    start = max(1, _small_stage(stages))
    x = _shrunk(images, start)
    # One more size, since a halving comes first.
    widths = _widths(_SMALL_BRANCH, width, len(stages) - start)[::-1]
    if len(widths) == 1:
        return layers.LeakyReLU(0.2)(convolution(widths[0])(x))
    for i, filters in enumerate(widths[1:]):
        x = convolution(filters, 4, strides=2)(x)
        x = activated(x) if i else layers.LeakyReLU(0.2)(x)
    return x


def _reconstructed(
    x: Tensor,
    images: Tensor,
    stages: Sequence[tuple[int, int]],
    features: Sequence[Tensor],
    small: Sequence[Tensor],
    width: int,
    weight: float,
) -> Tensor:
    """Returns the logit, through which the decoders add their losses."""
    stage = _small_stage(stages)
    upwards = stages[stage:-1][::-1]
    image = _shrunk(images, stage)
    for encoded in (features[-1], *small):
        decoder = _decoder(encoded.shape[1:], upwards, image.shape[-1], width)
        x = Reconstruction(decoder, weight)([x, encoded, image])
    if small:
        # A quarter of an image has the size of the next stage.
        stage = max(1, stage)
        image = _shrunk(images, stage - 1)
        before = features[-2]
        shape = (*stages[-1], before.shape[-1])
        decoder = _decoder(shape, stages[stage:-1][::-1], image.shape[-1], width)
        x = Reconstruction(decoder, weight, quarter=True)([x, before, image])
    return x


def _decoder(
    shape: Sequence[int], upwards: Sequence[tuple[int, int]], channels: int, width: int
) -> keras.Model:
    """Returns a model from features to images: one block for each larger size."""
    x = start = keras.Input(shape)
    for size, filters in zip(
        upwards, _widths(_DECODER, width, len(upwards)), strict=True
    ):
        x = doubled(x, size, 2 * filters)
        x = ops.glu(BatchNormalization()(x))
    x = layers.Activation("tanh")(convolution(channels)(x))
    return keras.Model(start, x, name="decoder")


def _small_stage(stages: Sequence[tuple[int, int]]) -> int:
    """Returns the index of the first size of at most 128 pixels."""
    return next(i for i, size in enumerate(stages) if min(size) <= _SMALL)


def _shrunk(images: Tensor, halvings: int) -> Tensor:
    if not halvings:
        return images
    return layers.AveragePooling2D(2**halvings, padding="same")(images)


def _widths(multiples: Sequence[int], width: int, count: int) -> list[int]:
    """Returns the channels at `count` sizes, from the smallest size up."""
    halved = [multiples[-1] / 2**i for i in range(1, count)]
    return [max(1, int(width * m)) for m in (*multiples, *halved)][:count]


def _excited(source: Tensor, features: Tensor) -> Tensor:
    return SkipLayerExcitation(spectral_normalization=True)([source, features])
