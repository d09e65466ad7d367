from typing import Any

import keras
from keras import ops

from kgan import serialization
from kgan.layers.normalization import at_least_float32


@serialization.register
class PixelNormalization(keras.layers.Layer):
    """Gives the channels of each pixel a mean square of 1, in generators.

    `x / sqrt(mean(x²) + epsilon)`, the mean over the last axis.

    Args:
        epsilon: Float above 0.
        **kwargs: See `keras.layers.Layer`.

    Raises:
        ValueError: If `epsilon` is not above 0.

    Example:

    >>> import kgan
    >>> layer = kgan.layers.PixelNormalization()
    >>> [round(float(value), 2) for value in layer(keras.ops.array([[3.0, 4.0]]))[0]]
    [0.85, 1.13]

    Reference:
        [Karras et al., 2017](https://arxiv.org/abs/1710.10196), section 4.2.
    """

    def __init__(self, epsilon: float = 1e-8, **kwargs: Any):
        super().__init__(**kwargs)
        if not epsilon > 0:
            raise ValueError(f"`epsilon` must be above 0. Received: epsilon={epsilon}")
        self.epsilon = epsilon

    def call(self, inputs: Any) -> Any:
        x = at_least_float32(inputs)
        square = ops.mean(ops.square(x), axis=-1, keepdims=True)
        return ops.cast(x * ops.rsqrt(square + self.epsilon), self.compute_dtype)

    def compute_output_shape(self, input_shape: Any) -> tuple:
        return tuple(input_shape)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "epsilon": self.epsilon}
