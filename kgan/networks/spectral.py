"""Layers of discriminators with spectral normalisation, which several papers share."""

from collections.abc import Sequence

import keras
from keras import layers

from kgan.layers import BatchNormalization, normalized
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
