"""Layers with an equalised learning rate: weights begin at N(0, 1) and are scaled in use.

An optimizer like Adam moves each weight by a step that does not depend on the scale of
the gradient. With weights of one scale, all layers learn at one speed.
"""

import keras
from keras import ops

from kgan import checks, serialization
from kgan.layers.arguments import with_checked_arguments
from kgan.layers.label_embedding import lookup
from kgan.layers.resampling import blurred
from kgan.types import Config, Identifier, KerasArgument, Shape, Tensor

# Larger kernels would reach further than the padding of the filter [1, 3, 3, 1].
KERNEL_SIZES = (1, 3, 5)


class Equalized(keras.layers.Layer):
    """Base class of layers whose kernel is scaled at each call.

    Args:
        use_bias: Bool, whether to add a bias.
        bias_initializer: See `keras.layers.Dense`.
        learning_rate: Float above 0, see `EqualizedDense`.
        gain: Float above 0, see `EqualizedDense`.
        **kwargs: See `keras.layers.Layer`.
    """

    def __init__(
        self,
        use_bias: bool = True,
        bias_initializer: Identifier = "zeros",
        learning_rate: float = 1.0,
        gain: float = 1.0,
        **kwargs: KerasArgument,
    ):
        super().__init__(**kwargs)
        self.use_bias = checks.flag(use_bias=use_bias)
        self.bias_initializer = keras.initializers.get(bias_initializer)
        self.learning_rate = checks.number(above=0, learning_rate=learning_rate)
        self.gain = checks.number(above=0, gain=gain)

    def add_kernel(self, shape: tuple[int, ...]) -> None:
        """Creates the kernel and the bias.

        Args:
            shape: Shape of the kernel; the last length is the number of outputs.
        """
        fan_in = 1
        for length in shape[:-1]:
            fan_in *= length
        self.kernel_scale = self.learning_rate * self.gain / fan_in**0.5
        normal = keras.initializers.RandomNormal(stddev=1 / self.learning_rate)
        self.kernel = self.add_weight(shape, normal, name="kernel")
        if self.use_bias:
            self.bias = self.add_weight(shape[-1:], self.bias_initializer, name="bias")

    def scaled_kernel(self) -> Tensor:
        """Returns the kernel that the layer computes with."""
        return self.kernel * self.kernel_scale

    def biased(self, x: Tensor) -> Tensor:
        """Adds the bias if there is one."""
        return x + self.bias * self.learning_rate if self.use_bias else x

    def get_config(self) -> Config:
        initializer = keras.initializers.serialize(self.bias_initializer)
        return {
            **super().get_config(),
            "use_bias": self.use_bias,
            "bias_initializer": initializer,
            "learning_rate": self.learning_rate,
            "gain": self.gain,
        }


@serialization.register
@with_checked_arguments
class EqualizedDense(Equalized):
    """Dense layer with an equalised learning rate.

    `inputs @ (kernel * learning_rate * gain / sqrt(fan_in)) + bias * learning_rate`. The
    kernel begins at N(0, 1) / `learning_rate`, so the outputs begin with the variance of
    the inputs times `gain ** 2`, whatever the learning rate.

    Args:
        units: Int, at least 1: length of the outputs.
        use_bias: Bool, whether to add a bias.
        bias_initializer: See `keras.layers.Dense`.
        learning_rate: Float above 0: factor of the speed at which an optimizer like Adam
            changes the outputs. The mapping network of StyleGAN has 0.01.
        gain: Float above 0: factor of the kernel.
        **kwargs: See `keras.layers.Layer`.

    Raises:
        ValueError: If an argument is out of bounds, or the inputs are not vectors.

    Example:

    >>> import kgan
    >>> tuple(kgan.layers.EqualizedDense(4)(keras.ops.ones((2, 3))).shape)
    (2, 4)

    Reference:
        [Karras et al., 2017](https://arxiv.org/abs/1710.10196), section 4.1.
    """

    def __init__(
        self,
        units: int,
        use_bias: bool = True,
        bias_initializer: Identifier = "zeros",
        learning_rate: float = 1.0,
        gain: float = 1.0,
        **kwargs: KerasArgument,
    ):
        super().__init__(use_bias, bias_initializer, learning_rate, gain, **kwargs)
        self.units = checks.count(units=units)

    def build(self, input_shape: Shape) -> None:
        (length,) = checks.shape(rank=1, form="(length,)", input_shape=input_shape[1:])
        self.add_kernel((length, self.units))

    def call(self, inputs: Tensor) -> Tensor:
        """Returns vectors `(batch, units)`.

        Args:
            inputs: Float tensor `(batch, length)`.
        """
        return self.biased(inputs @ self.scaled_kernel())

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        return (input_shape[0], self.units)

    def get_config(self) -> Config:
        return {**super().get_config(), "units": self.units}


@serialization.register
@with_checked_arguments
class EqualizedEmbedding(EqualizedDense):
    """`EqualizedDense` of one-hot labels.

    Args:
        num_classes: Int, at least 1: labels are 0 to `num_classes - 1`.
        units: Int, at least 1: length of the vector of a label.
        **kwargs: See `EqualizedDense`.

    Raises:
        ValueError: If an argument is out of bounds.

    Example:

    >>> import kgan
    >>> layer = kgan.layers.EqualizedEmbedding(num_classes=10, units=4)
    >>> tuple(layer(keras.ops.array([3, 1])).shape)
    (2, 4)

    Reference:
        [Karras et al., 2020](https://arxiv.org/abs/2006.06676): its code has this layer
        in front of the mapping networks.
    """

    def __init__(self, num_classes: int, units: int, **kwargs: KerasArgument):
        super().__init__(units, **kwargs)
        self.num_classes = checks.count(num_classes=num_classes)

    def build(self, input_shape: Shape) -> None:
        self.add_kernel((self.num_classes, self.units))

    def call(self, labels: Tensor) -> Tensor:
        """Returns the vectors of the labels, `(batch, units)`.

        Args:
            labels: Int tensor `(batch,)` or `(batch, 1)`.
        """
        return self.biased(lookup(self.scaled_kernel(), labels, self.compute_dtype))

    def get_config(self) -> Config:
        return {**super().get_config(), "num_classes": self.num_classes}


@serialization.register
@with_checked_arguments
class EqualizedConv2D(Equalized):
    """Convolution with an equalised learning rate, of stride 1 or with a smooth stride 2.

    The kernel is scaled as in `EqualizedDense`, with the number of inputs of an output
    pixel for `fan_in`. Pixels beyond the edge count as 0. With `down=True` the filter
    [1, 3, 3, 1] / 8 comes in front of a convolution of stride 2, and an odd size is first
    extended by one row or column of zeros.

    Args:
        filters: Int, at least 1: channels of the outputs.
        kernel_size: 1, 3 or 5.
        down: Bool, whether to halve height and width.
        use_bias: Bool, whether to add a bias.
        bias_initializer: See `keras.layers.Conv2D`.
        learning_rate: Float above 0, see `EqualizedDense`.
        gain: Float above 0: factor of the kernel.
        **kwargs: See `keras.layers.Layer`.

    Raises:
        ValueError: If an argument is out of bounds.

    Example:

    >>> import kgan
    >>> layer = kgan.layers.EqualizedConv2D(8, 3, down=True)
    >>> tuple(layer(keras.ops.ones((2, 7, 4, 3))).shape)
    (2, 4, 2, 8)

    Reference:
        [Karras et al., 2017](https://arxiv.org/abs/1710.10196), section 4.1;
        [Karras et al., 2020](https://arxiv.org/abs/1912.04958), appendix B, for the
        filter.
    """

    def __init__(
        self,
        filters: int,
        kernel_size: int,
        down: bool = False,
        use_bias: bool = True,
        bias_initializer: Identifier = "zeros",
        learning_rate: float = 1.0,
        gain: float = 1.0,
        **kwargs: KerasArgument,
    ):
        super().__init__(use_bias, bias_initializer, learning_rate, gain, **kwargs)
        self.filters = checks.count(filters=filters)
        self.kernel_size = checks.one_of(KERNEL_SIZES, kernel_size=kernel_size)
        self.down = checks.flag(down=down)

    def build(self, input_shape: Shape) -> None:
        channels = checks.shape(
            rank=3, form="(height, width, channels)", input_shape=input_shape[1:]
        )[-1]
        self.add_kernel((self.kernel_size, self.kernel_size, channels, self.filters))

    def call(self, inputs: Tensor) -> Tensor:
        """Returns images `(batch, height, width, filters)`, or of half the size.

        Args:
            inputs: Float tensor `(batch, height, width, channels)`.
        """
        x, strides, padding = inputs, 1, "same"
        if self.down:
            reach = self.kernel_size // 2 + 1
            strides, padding = 2, "valid"
            x = blurred(x, *((reach, reach + size % 2) for size in x.shape[1:3]))
        kernel = self.scaled_kernel()
        return self.biased(ops.conv(x, kernel, strides, padding, "channels_last"))

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        batch, *size, _ = input_shape
        if self.down:
            size = [side and -(-side // 2) for side in size]
        return (batch, *size, self.filters)

    def get_config(self) -> Config:
        own = {"filters": self.filters, "kernel_size": self.kernel_size}
        return {**super().get_config(), **own, "down": self.down}
