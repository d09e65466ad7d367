from collections.abc import Callable, Sequence

import keras
from keras import layers, ops

from kgan import checks
from kgan.layers import (
    EqualizedConv2D,
    EqualizedDense,
    EqualizedEmbedding,
    LearnedConstant,
    MinibatchStdDev,
    ModulatedConv2D,
    NoiseInjection,
    PairSwap,
    PixelNormalization,
    ScaledLeakyReLU,
    SmoothDownSampling2D,
    SmoothUpSampling2D,
    StyleMixing,
    StyleTruncation,
)
from kgan.networks import sizes
from kgan.networks.builder import builder
from kgan.networks.conditions import Condition, Labels, condition_of
from kgan.types import Tensor

# The speed of mapping networks, as a part of the learning rate.
_MAPPING_RATE = 0.01


@builder
def stylegan2_generator(
    image_shape: Sequence[int],
    latent_dim: int = 512,
    width: int | Sequence[int] = 512,
    mapping_layers: int = 8,
    style_mixing: float = 0.9,
    num_classes: int | None = None,
    condition_dim: int | None = None,
    name: str = "generator",
) -> keras.Model:
    """Builds the generator of StyleGAN2, for any image size.

    The model has two parts, which are models too. `generator.get_layer("mapping")` turns
    latents into styles, `(batch, count, latent_dim)`, with one style for each layer that
    a style modulates. `generator.get_layer("synthesis")` turns styles into images: it
    starts with a learned image of 4x4 pixels, and at each size it adds colours to the
    image of the size before. The layer `"truncation"` of the mapping keeps the running
    mean of styles, and truncates in inference, see `kgan.layers.StyleTruncation`.

    The output has no activation. In training, layers draw fresh noise; in inference the
    noise is fixed, so equal latents give equal images. With style mixing, the second
    latents are the latents of another sample of the batch.

    Args:
        image_shape: `(height, width, channels)`, of any size. At powers of two the
            structure is exactly the official structure.
        latent_dim: Int, at least 1: length of a latent vector and of a style.
        width: Int, at least 1: channels up to 32 pixels, and half as many at each
            doubling beyond; or a sequence of ints, one per size from the smallest up.
            512 is the choice of the authors for images below 512 pixels.
        mapping_layers: Int, at least 1: dense layers of the mapping. The paper has 8, and
            the code of ADA has 2.
        style_mixing: Float of 0 to 1, the probability that a batch mixes styles.
        num_classes: Int, at least 1, for a generator of `[latents, labels]`. An embedding
            of the label is normalised and joined to the latents in front of the mapping.
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
    >>> generator = kgan.networks.stylegan2_generator((16, 16, 3), 64, width=32)
    >>> generator.get_layer("mapping").output_shape
    (None, 6, 64)
    >>> generator.get_layer("synthesis").output_shape
    (None, 16, 16, 3)

    Reference:
        [Karras et al., 2019](https://arxiv.org/abs/1912.04958);
        [Karras et al., 2020](https://arxiv.org/abs/2006.06676), for labels and widths.
    """
    latent_dim = checks.units(latent_dim=latent_dim)
    mapping_layers = _depth(mapping_layers)
    style_mixing = checks.number(minimum=0, maximum=1, style_mixing=style_mixing)
    stages, channels = sizes.halvings(image_shape)
    widths = sizes.widths(width, stages)
    _check_size(stages, widths, image_shape, width)
    checks.parameters(2 * latent_dim**2, latent_dim=latent_dim)
    checks.parameters(latent_dim * max(widths), latent_dim=latent_dim, width=width)
    styles = 2 * len(stages)
    condition = condition_of(num_classes, condition_dim)
    inputs = condition.inputs(keras.Input((latent_dim,), name="latents"))
    # The mapping is a model with an input of its own for the condition.
    own = condition_of(num_classes, condition_dim)
    mapping = _mapping(latent_dim, mapping_layers, style_mixing, styles, own)
    synthesis = _synthesis(stages[::-1], widths, channels, (styles, latent_dim))
    return keras.Model(inputs, synthesis(mapping(inputs)), name=name)


@builder
def stylegan2_discriminator(
    image_shape: Sequence[int],
    width: int | Sequence[int] = 512,
    mapping_layers: int = 8,
    num_classes: int | None = None,
    pack: int = 1,
    condition_dim: int | None = None,
    name: str = "discriminator",
) -> keras.Model:
    """Builds the residual discriminator of StyleGAN2, for any image size.

    Args:
        image_shape: `(height, width, channels)`, of any size.
        width: As for the generator; a sequence starts with the smallest size here too.
        mapping_layers: Int, at least 1: dense layers that map the embedding of a label;
            without labels there is no mapping.
        num_classes: Int, at least 1, for a discriminator of `[images, labels]`. Its logit
            is the product of the features with the mapped label.
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

    Example:

    >>> import kgan
    >>> kgan.networks.stylegan2_discriminator((16, 16, 3), width=32).output_shape
    (None, 1)

    Reference:
        [Karras et al., 2019](https://arxiv.org/abs/1912.04958);
        [Karras et al., 2020](https://arxiv.org/abs/2006.06676), for labels.
    """
    mapping_layers, pack = _depth(mapping_layers), checks.units(pack=pack)
    stages, channels = sizes.halvings(image_shape)
    widths = sizes.widths(width, stages)[::-1]
    _check_size(stages, widths, image_shape, width)
    condition = condition_of(num_classes, condition_dim)
    images = keras.Input((*stages[0], pack * channels), name="images")
    x = ScaledLeakyReLU()(EqualizedConv2D(widths[0], 1)(images))
    for filters in widths[1:]:
        x = _halving_block(x, filters)
    x = EqualizedConv2D(widths[-1], 3)(MinibatchStdDev()(x))
    x = layers.Flatten()(ScaledLeakyReLU()(x))
    x = ScaledLeakyReLU()(EqualizedDense(widths[-1])(x))
    units = 1 if condition.input is None else widths[-1]
    x = EqualizedDense(units)(x)
    if condition.input is not None:
        mapped = _dense_layers(units, mapping_layers)(_embedded(condition, units))
        x = layers.Rescaling(units**-0.5)(layers.Dot(1)([x, mapped]))
    return keras.Model(condition.inputs(images), x, name=name)


def _depth(mapping_layers: int) -> int:
    return checks.count(maximum=checks.MOST_LAYERS, mapping_layers=mapping_layers)


def _check_size(
    stages: Sequence[tuple[int, int]],
    widths: Sequence[int],
    image_shape: Sequence[int],
    width: int | Sequence[int],
) -> None:
    """Checks that no layer is absurdly large."""
    for height, columns in stages:
        checks.parameters(height * columns, image_shape=image_shape)
    checks.parameters(9 * max(widths) ** 2, width=width)
    height, columns = stages[-1]
    largest = height * columns * max(widths) ** 2
    checks.parameters(largest, image_shape=image_shape, width=width)


def _mapping(
    latent_dim: int,
    depth: int,
    style_mixing: float,
    styles: int,
    condition: Condition,
) -> keras.Model:
    """Builds the network from latents to styles, `(batch, styles, latent_dim)`."""
    latents = keras.Input((latent_dim,), name="latents")
    normalized = PixelNormalization(dtype=_precise())
    embedded = None
    if condition.input is not None:
        embedded = _embedded(condition, latent_dim)
    dense = _dense_layers(latent_dim, depth)

    def style(latents: Tensor) -> Tensor:
        x = normalized(latents)
        if embedded is not None:
            x = layers.Concatenate(dtype=_precise())([x, embedded])
        return dense(x)

    w = StyleTruncation(dtype=_precise(), name="truncation")(style(latents))
    if style_mixing:
        # The latents of another sample have the distribution of the GAN's noise.
        second = style(PairSwap(dtype=_precise())(latents))
        mixing = StyleMixing(styles, style_mixing, dtype=_precise(), name="mixing")
        w = mixing([w, second])
    else:
        w = layers.RepeatVector(styles, dtype=_precise())(w)
    return keras.Model(condition.inputs(latents), w, name="mapping")


def _synthesis(
    sizes_upwards: Sequence[tuple[int, int]],
    widths: Sequence[int],
    channels: int,
    styles_shape: tuple[int, int],
) -> keras.Model:
    """Builds the network from styles to images.

    The first size has one convolution with noise, and each other size has two. The layer
    that draws the colours at a size has the style of the next convolution.
    """
    styles = keras.Input(styles_shape, name="styles")
    each = ops.unstack(styles, axis=1)
    x = LearnedConstant((*sizes_upwards[0], widths[0]))(each[0])
    image = None
    for i, (size, filters) in enumerate(zip(sizes_upwards, widths, strict=True)):
        if i:
            x = _styled(x, each[2 * i - 1], filters, size, up=True)
            image = sizes.cropped(SmoothUpSampling2D()(image), size)
        x = _styled(x, each[2 * i], filters, size)
        colors = ModulatedConv2D(channels, 1, demodulate=False)([x, each[2 * i + 1]])
        image = colors if image is None else layers.Add()([image, colors])
    return keras.Model(styles, image, name="synthesis")


def _styled(
    x: Tensor, style: Tensor, filters: int, size: tuple[int, int], up: bool = False
) -> Tensor:
    """A modulated convolution with noise and activation."""
    x = sizes.cropped(ModulatedConv2D(filters, 3, up=up)([x, style]), size)
    return ScaledLeakyReLU()(NoiseInjection()(x))


def _halving_block(x: Tensor, filters: int) -> Tensor:
    """A residual block of the discriminator, which halves the size."""
    y = ScaledLeakyReLU()(EqualizedConv2D(x.shape[-1], 3)(x))
    y = ScaledLeakyReLU()(EqualizedConv2D(filters, 3, down=True)(y))
    shortcut = EqualizedConv2D(filters, 1, use_bias=False)(SmoothDownSampling2D()(x))
    # The sum of two parts of variance 1 has variance 1 again.
    return layers.Rescaling(0.5**0.5)(layers.Add()([shortcut, y]))


def _dense_layers(units: int, depth: int) -> Callable[[Tensor], Tensor]:
    """Returns the dense layers of a mapping, which may be called again."""
    dtype = _precise()
    steps: list[keras.layers.Layer] = []
    for _ in range(depth):
        steps.append(EqualizedDense(units, learning_rate=_MAPPING_RATE, dtype=dtype))
        steps.append(ScaledLeakyReLU(dtype=dtype))

    def apply(x: Tensor) -> Tensor:
        for step in steps:
            x = step(x)
        return x

    return apply


def _embedded(condition: Condition, units: int) -> Tensor:
    """Returns the normalised embedding of the condition."""
    condition.check(units)
    dtype = _precise()
    if isinstance(condition, Labels):
        embedding = EqualizedEmbedding(condition.size, units, dtype=dtype)
    else:
        embedding = EqualizedDense(units, dtype=dtype)
    return PixelNormalization(dtype=dtype)(embedding(condition.input))


def _precise() -> str:
    """Returns the dtype of weights, in which a mapping computes under mixed precision."""
    return keras.config.dtype_policy().variable_dtype
