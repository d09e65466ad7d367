from collections.abc import Sequence

import keras
from keras import layers

from kgan import checks
from kgan.networks import sizes
from kgan.networks.builder import builder
from kgan.networks.conditions import condition_of
from kgan.types import Identifier, Tensor

# The number of times that the source is halved before the residual blocks.
_HALVINGS = 2


@builder
def super_resolution_generator(
    image_shape: Sequence[int],
    source_shape: Sequence[int] | None = None,
    width: int = 64,
    blocks: int = 4,
    num_classes: int | None = None,
    condition_dim: int | None = None,
    activation: Identifier = "tanh",
    name: str = "generator",
) -> keras.Model:
    """Builds a generator that draws a large image from a small image.

    It is the second stage of StackGAN: 4x4 convolutions of stride 2 halve the source two
    times, residual blocks of two 3x3 convolutions follow, and each doubling repeats the
    pixels and then convolves. A condition scales the normalised features. Unlike in the
    paper, a doubling up to the size of the source also takes the features that the source
    had at this size, so that details need not pass the residual blocks. The network has
    no latents.

    Args:
        image_shape: `(height, width, channels)` of the large image, of any size.
        source_shape: Shape of the small image: the large size after one or more halvings,
            rounded up. None for one halving, with as many channels.
        width: Int, at least 1: channels at the size of the source; twice as many at each
            halving, and half as many at each doubling beyond.
        blocks: Int, at least 1: number of residual blocks. The paper has 4 for 256
            pixels.
        num_classes: Int, at least 1, for a generator of `[source, labels]`, by
            conditional batch normalisation.
        condition_dim: Int, at least 1, for a generator of `[source, condition]`, with
            float vectors of this length in the place of labels.
        activation: Activation of the output; `"tanh"` for data in [-1, 1].
        name: Name of the model.

    Returns:
        A `keras.Model`, `(batch, *source_shape)` to `(batch, *image_shape)`; with
        `condition_dim` from `[(batch, *source_shape), (batch, condition_dim)]`.

    Raises:
        ValueError: If a shape is not the shape of an image, the source has not the size
            of a halved image, or another argument is out of bounds.

    Example:

    >>> import kgan
    >>> generator = kgan.networks.super_resolution_generator((64, 64, 3), (16, 16, 3))
    >>> generator.input_shape, generator.output_shape
    ((None, 16, 16, 3), (None, 64, 64, 3))

    Reference:
        [Zhang et al., 2017 (StackGAN)](https://arxiv.org/abs/1612.03242), section 3.4.
    """
    width = checks.units(width=width)
    blocks = checks.count(maximum=checks.MOST_LAYERS, blocks=blocks)
    stages, start, channels = _stages(image_shape, source_shape)
    condition = condition_of(num_classes, condition_dim)
    checks.parameters(9 * (2**_HALVINGS * width) ** 2, width=width)
    checks.parameters(9 * max(channels) * width, source_shape=source_shape, width=width)
    source = keras.Input((*stages[start], channels[0]), name="source")

    def activated(x: Tensor) -> Tensor:
        return layers.ReLU()(condition.batch_normalized(x))

    last = min(start + _HALVINGS, len(stages) - 1)
    widths = [max(1, int(width * 2.0 ** (i - start))) for i in range(last + 1)]
    features = [layers.ReLU()(layers.Conv2D(width, 3, padding="same")(source))]
    for filters in widths[start + 1 :]:
        features.append(activated(_convolved(features[-1], filters, 4, strides=2)))
    x = features.pop()
    for _ in range(blocks):
        y = activated(_convolved(x, widths[last]))
        y = condition.batch_normalized(_convolved(y, widths[last]))
        x = layers.ReLU()(layers.Add()([x, y]))
    for size, filters in zip(stages[:last][::-1], widths[:last][::-1], strict=True):
        x, convolution = sizes.doubled(x, size)
        x = activated(convolution(filters, 3, use_bias=False)(x))
        if features:
            x = layers.Concatenate()([x, features.pop()])
    x = layers.Conv2D(channels[1], 3, padding="same")(x)
    x = layers.Activation(activation)(x)
    return keras.Model(condition.inputs(source), x, name=name)


def _convolved(x: Tensor, filters: int, kernel_size: int = 3, strides: int = 1) -> Tensor:
    layer = layers.Conv2D(filters, kernel_size, strides, padding="same", use_bias=False)
    return layer(x)


def _stages(
    image_shape: Sequence[int], source_shape: Sequence[int] | None
) -> tuple[list[tuple[int, int]], int, tuple[int, int]]:
    """Returns the sizes of the image halved again and again, down to one pixel.

    Returns:
        The sizes, the index of the size of the source, and the channels of the source and
        of the image.

    Raises:
        ValueError: If a shape is not the shape of an image, or the source has not the
            size of a halved image.
    """
    (height, width), *_ = sizes.halvings(image_shape)[0]
    # A side of one pixel stays one pixel.
    depth = max(1, (max(height, width) - 1).bit_length())
    stages, channels = sizes.halvings(image_shape, depth)
    if source_shape is None:
        return stages, 1, (channels, channels)
    source = checks.shape(
        rank=3,
        maximum=checks.MOST_UNITS,
        form="(height, width, channels)",
        source_shape=source_shape,
    )
    size = source[0], source[1]
    if size not in stages[1:]:
        raise ValueError(
            "`source_shape` must have the height and the width of a halved image: "
            f"{', '.join(map(str, stages[1:]))}. "
            f"{checks.received(image_shape=image_shape, source_shape=source_shape)}"
        )
    return stages, stages.index(size, 1), (source[2], channels)
