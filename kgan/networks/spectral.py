"""Layers of discriminators with spectral normalisation, which several papers share."""

from collections.abc import Sequence

import keras
from keras import layers

from kgan.layers import BatchNormalization, normalized
from kgan.networks import sizes
from kgan.types import Tensor


def convolution(
    filters: int,
    kernel_size: int | Sequence[int] = 3,
    strides: int = 1,
    padding: str = "same",
) -> keras.layers.Layer:
    """Returns a convolution without bias, whose kernel has spectral normalisation."""
    layer = layers.Conv2D(filters, kernel_size, strides, padding, use_bias=False)
    return normalized(layer, "spectral")


def doubled(x: Tensor, size: tuple[int, int], filters: int) -> Tensor:
    """Returns the output of a 3x3 `convolution` of images of twice the size of `x`."""
    x, kind = sizes.doubled(x, size)
    return normalized(kind(filters, 3, use_bias=False), "spectral")(x)


def activated(x: Tensor) -> Tensor:
    """Returns features after batch normalisation and a leaky ReLU."""
    return layers.LeakyReLU(0.2)(BatchNormalization()(x))


def place_logits(x: Tensor) -> Tensor:
    """Returns the logits of all windows of 4x4 places, `(batch, rows, columns, 1)`.

    Features with a side below 4 have smaller windows.
    """
    kernel = [min(4, side) for side in x.shape[1:3]]
    return convolution(1, kernel, padding="valid")(x)


def mean(x: Tensor) -> Tensor:
    """Returns the mean over all places, `(batch, channels)`."""
    return layers.GlobalAveragePooling2D()(x)
