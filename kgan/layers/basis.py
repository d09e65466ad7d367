from collections.abc import Sequence
from typing import Any

import keras
from keras import ops

from kgan import serialization


@serialization.register
class GenerativeBasis(keras.layers.Layer):
    """Where a generator begins: a learned picture per channel, times the channel.

    `output[b, i, j, c] = basis[i, j, c] * inputs[b, c]`.

    Args:
        size: `(height, width)` of the pictures.
        **kwargs: See `keras.layers.Layer`.

    Example:

    >>> import kgan
    >>> tuple(kgan.layers.GenerativeBasis((4, 4))(keras.ops.ones((2, 8))).shape)
    (2, 4, 4, 8)

    Reference:
        [Huang et al., 2025 (R3GAN)](https://arxiv.org/abs/2501.05441), section 3.
    """

    def __init__(self, size: Sequence[int], **kwargs: Any):
        super().__init__(**kwargs)
        self.size = tuple(size)

    def build(self, input_shape: Any) -> None:
        normal = keras.initializers.RandomNormal(stddev=1.0)
        self.basis = self.add_weight((*self.size, input_shape[-1]), normal, name="basis")

    def call(self, x: Any) -> Any:
        """Returns `(batch, height, width, channels)` of `(batch, channels)`."""
        return ops.cast(self.basis, self.compute_dtype) * x[:, None, None, :]

    def compute_output_shape(self, input_shape: Any) -> tuple:
        return (input_shape[0], *self.size, input_shape[-1])

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "size": self.size}


@serialization.register
class DiscriminativeBasis(keras.layers.Layer):
    """Where a discriminator ends: how much of a learned picture each channel holds.

    `output[b, c] = sum(basis[i, j, c] * inputs[b, i, j, c])` over the pixels, which is a
    depthwise convolution of the whole size.

    Args:
        **kwargs: See `keras.layers.Layer`.

    Example:

    >>> import kgan
    >>> tuple(kgan.layers.DiscriminativeBasis()(keras.ops.ones((2, 4, 4, 8))).shape)
    (2, 8)

    Reference:
        [Huang et al., 2025 (R3GAN)](https://arxiv.org/abs/2501.05441), section 3.
    """

    def build(self, input_shape: Any) -> None:
        _, height, width, channels = input_shape
        normal = keras.initializers.RandomNormal(stddev=(height * width) ** -0.5)
        self.basis = self.add_weight((height, width, channels), normal, name="basis")

    def call(self, x: Any) -> Any:
        """Returns `(batch, channels)` of `(batch, height, width, channels)`."""
        return ops.sum(ops.cast(self.basis, self.compute_dtype) * x, axis=(1, 2))

    def compute_output_shape(self, input_shape: Any) -> tuple:
        return (input_shape[0], input_shape[-1])
