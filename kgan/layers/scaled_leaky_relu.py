import keras
from keras import ops

from kgan import checks, serialization
from kgan.layers.arguments import with_checked_arguments
from kgan.types import Config, KerasArgument, Shape, Tensor


@serialization.register
@with_checked_arguments
class ScaledLeakyReLU(keras.layers.Layer):
    """Leaky ReLU times a gain that nearly keeps the mean square of its inputs.

    `gain * leaky_relu(x)`. With normal inputs of variance 1, the mean square of the
    outputs is 1.04 by default.

    Args:
        negative_slope: Float of 0 to 1, the slope below 0.
        gain: Float above 0, the square root of 2 by default.
        **kwargs: See `keras.layers.Layer`.

    Raises:
        ValueError: If an argument is out of bounds.

    Example:

    >>> import kgan
    >>> layer = kgan.layers.ScaledLeakyReLU(gain=2.0)
    >>> [round(float(value), 2) for value in layer(keras.ops.array([[3.0, -1.0]]))[0]]
    [6.0, -0.4]

    Reference:
        [Karras et al., 2019](https://arxiv.org/abs/1912.04958): its code has this gain.
    """

    def __init__(
        self,
        negative_slope: float = 0.2,
        gain: float = 2**0.5,
        **kwargs: KerasArgument,
    ):
        super().__init__(**kwargs)
        self.negative_slope = checks.number(
            minimum=0, maximum=1, negative_slope=negative_slope
        )
        self.gain = checks.number(above=0, gain=gain)

    def call(self, inputs: Tensor) -> Tensor:
        return self.gain * ops.leaky_relu(inputs, self.negative_slope)

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        return tuple(input_shape)

    def get_config(self) -> Config:
        own = {"negative_slope": self.negative_slope, "gain": self.gain}
        return {**super().get_config(), **own}
