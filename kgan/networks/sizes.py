"""The sizes of an image at each stage of a network, and the channels at each size."""

import functools
from collections.abc import Callable, Iterable, Sequence
from typing import TypeAlias

import keras
from keras import layers

from kgan import checks
from kgan.layers import UpSamplingConv2D
from kgan.types import Tensor

# Makes a layer from its number of filters, its kernel size and further arguments.
Convolution: TypeAlias = Callable[..., keras.layers.Layer]
# Keeps the size.
SAME: Convolution = functools.partial(layers.Conv2D, padding="same")

_IMAGE = "(height, width, channels) with 1 to 4 channels"
# The stages end when the shorter side is this small.
_SMALLEST = 4
_MOST_CHANNELS = 512


def halvings(
    image_shape: Sequence[int], depth: int | None = None
) -> tuple[list[tuple[int, int]], int]:
    """Returns the sizes of an image halved again and again, and its channels.

    Args:
        image_shape: `(height, width, channels)`.
        depth: Int, number of halvings; None to halve until the shorter side is at most 4.

    Returns:
        The sizes `(height, width)` from the full size down, rounded up, and the number of
        channels.

    Raises:
        ValueError: If `image_shape` is not the shape of an image, or `depth` is not an
            int of at least 1, or halves an image of one pixel.
    """
    height, width, channels = checks.shape(
        rank=3, maximum=checks.MOST_UNITS, form=_IMAGE, image_shape=image_shape
    )
    if channels > 4:
        received = checks.received(image_shape=image_shape)
        raise ValueError(f"`image_shape` must be {_IMAGE}. {received}")
    # After these halvings any image has one pixel.
    most = max(1, (max(height, width) - 1).bit_length())
    depth = checks.optional_count(maximum=most, depth=depth)
    sizes = [(height, width)]
    while min(sizes[-1]) > _SMALLEST if depth is None else len(sizes) <= depth:
        height, width = sizes[-1]
        sizes.append(((height + 1) // 2, (width + 1) // 2))
    return sizes, channels


def doubled_widths(width: int, depth: int) -> list[int]:
    """Returns the channels after each halving: twice as many each time, up to 512."""
    return [min(width * 2**i, _MOST_CHANNELS) for i in range(depth)]


def width_at(size: tuple[int, int], width: int) -> int:
    """Returns the channels at a size: `width` up to 32 pixels, then half per doubling."""
    return max(1, width * 32 // max(32, min(size)))


def widths(
    width: int | Sequence[int], stages: Sequence[tuple[int, int]]
) -> Sequence[int]:
    """Returns the channels at each size, from the smallest up.

    Args:
        width: Int for `width_at`, or a sequence of ints, one per size from the smallest
            up.
        stages: The sizes from the full size down, see `halvings`.

    Raises:
        ValueError: If `width` is not an int of at least 1, or not one for each size.
    """
    upwards = stages[::-1]
    if isinstance(width, Iterable):
        form = f"an int or one per size, {upwards}"
        return checks.shape(
            rank=len(upwards), maximum=checks.MOST_UNITS, form=form, width=width
        )
    width = checks.units(width=width)
    return [width_at(size, width) for size in upwards]


def check_attention(
    attention: int | None, stages: Sequence[tuple[int, int]]
) -> int | None:
    """Checks the size at which a network has self-attention.

    Args:
        attention: Int, the shorter side, or None.
        stages: The sizes `(height, width)` at which the network may have attention.
    """
    return checks.one_of((None, *map(min, stages)), attention=attention)


def doubled(x: Tensor, size: tuple[int, int]) -> tuple[Tensor, Convolution]:
    """Prepares a convolution of images whose size doubles by repeating pixels.

    Args:
        x: Tensor `(batch, height, width, channels)`.
        size: Height and width of the outputs: twice the size of `x`, or less by one.

    Returns:
        `(x, convolution)`: the inputs of the convolution, and a function
        `(filters, kernel_size, **arguments)` that makes its layer. The layer doubles the
        size itself unless a row or a column is cropped before the convolution.
    """
    if (2 * x.shape[1], 2 * x.shape[2]) == tuple(size):
        return x, UpSamplingConv2D
    x = cropped(layers.UpSampling2D(2)(x), size)
    return x, SAME


def cropped(x: Tensor, size: tuple[int, int]) -> Tensor:
    """Removes the last rows and columns of images that are larger than `size`."""
    surplus = [have - want for have, want in zip(x.shape[1:3], size, strict=True)]
    if any(surplus):
        x = layers.Cropping2D(tuple((0, rows) for rows in surplus))(x)
    return x
