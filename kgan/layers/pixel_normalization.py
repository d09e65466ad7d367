import keras
from keras import ops

from kgan import checks, serialization
from kgan.layers.arguments import with_checked_arguments
from kgan.layers.normalization import at_least_float32
from kgan.types import Config, KerasArgument, Shape, Tensor


@serialization.register
@with_checked_arguments
class PixelNormalization(keras.layers.Layer):
    """Scales the channels of each pixel to a mean square of 1, for generators.

    `x / sqrt(mean(x²) + epsilon)`, the mean over the last axis.

    Args:
        epsilon: Float above 0.
        **kwargs: See `keras.layers.Layer`.

    Raises:
        ValueError: If `epsilon` is not a number above 0.

    Example:

    >>> import kgan
    >>> layer = kgan.layers.PixelNormalization()
    >>> [round(float(value), 2) for value in layer(keras.ops.array([[3.0, 4.0]]))[0]]
    [0.85, 1.13]

    Reference:
        [Karras et al., 2017](https://arxiv.org/abs/1710.10196), section 4.2.
    """

    def __init__(self, epsilon: float = 1e-8, **kwargs: KerasArgument):
        super().__init__(**kwargs)
        self.epsilon = checks.number(above=0, epsilon=epsilon)

    def call(self, inputs: Tensor) -> Tensor:
        x = at_least_float32(inputs)
        square = ops.mean(ops.square(x), axis=-1, keepdims=True)
        return ops.cast(x * ops.rsqrt(square + self.epsilon), self.compute_dtype)

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        return tuple(input_shape)

    def get_config(self) -> Config:
        return {**super().get_config(), "epsilon": self.epsilon}
