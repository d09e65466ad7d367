import keras
from keras import ops

from kgan import backend, checks, serialization
from kgan.backend import keras_private
from kgan.layers.arguments import with_checked_arguments
from kgan.types import Config, Identifier, KerasArgument, Shape, Tensor

# Up to this number of pixels, the convolution of the doubled image is as fast.
_FEW_PIXELS = 16


@serialization.register
@with_checked_arguments
class UpSamplingConv2D(keras.layers.Layer):
    """Doubles height and width by repeating pixels, and then convolves.

    The outputs are those of `keras.layers.UpSampling2D(2)` and of a
    `keras.layers.Conv2D` with `padding="same"` after it, up to rounding. Neighbouring
    places of the kernel see the same pixel of the input, so the layer adds these places
    first: along each axis, a kernel `[a, b, c]` becomes the kernel `[c, b + c, a + b, a]`
    of a transposed convolution of stride 2. A 3x3 kernel then needs 4 multiplications for
    each output pixel and each pair of channels, and not 9, and the doubled image is never
    made.

    On JAX, and where the input has at most 16 pixels, the image is doubled and convolved:
    there the transposed convolution is not faster.

    Args:
        filters: Int, at least 1: channels of the outputs.
        kernel_size: An odd int.
        activation: See `keras.layers.Conv2D`.
        use_bias: Bool, whether to add a bias.
        kernel_initializer: See `keras.layers.Conv2D`.
        bias_initializer: See `keras.layers.Conv2D`.
        kernel_regularizer: See `keras.layers.Conv2D`.
        kernel_constraint: See `keras.layers.Conv2D`.
        **kwargs: See `keras.layers.Layer`.

    Raises:
        ValueError: If an argument is out of bounds.

    Example:

    >>> import kgan
    >>> layer = kgan.layers.UpSamplingConv2D(8)
    >>> tuple(layer(keras.ops.ones((2, 5, 4, 3))).shape)
    (2, 10, 8, 8)

    Reference:
        [Odena et al., 2016](https://distill.pub/2016/deconv-checkerboard), for the
        doubling before the convolution; [Shi et al.,
        2016](https://arxiv.org/abs/1609.07009), for equal convolutions of fewer pixels.
    """

    def __init__(
        self,
        filters: int,
        kernel_size: int = 3,
        activation: Identifier = None,
        use_bias: bool = True,
        kernel_initializer: Identifier = "glorot_uniform",
        bias_initializer: Identifier = "zeros",
        kernel_regularizer: Identifier = None,
        kernel_constraint: Identifier = None,
        **kwargs: KerasArgument,
    ):
        super().__init__(**kwargs)
        self.filters = checks.count(filters=filters)
        self.kernel_size = checks.count(kernel_size=kernel_size)
        if self.kernel_size % 2 == 0:
            raise ValueError(
                "`kernel_size` must be odd, so that a kernel has a middle. "
                f"{checks.received(kernel_size=kernel_size)}"
            )
        self.activation = keras.activations.get(activation)
        self.use_bias = checks.flag(use_bias=use_bias)
        self.kernel_initializer = keras.initializers.get(kernel_initializer)
        self.bias_initializer = keras.initializers.get(bias_initializer)
        self.kernel_regularizer = keras.regularizers.get(kernel_regularizer)
        self.kernel_constraint = keras.constraints.get(kernel_constraint)

    def build(self, input_shape: Shape) -> None:
        channels = input_shape[-1]
        if len(input_shape) != 4 or channels is None:
            raise ValueError(
                "The inputs must have the shape (batch, height, width, channels), with a "
                f"known number of channels. {checks.received(input_shape=input_shape)}"
            )
        self.input_spec = keras.layers.InputSpec(ndim=4, axes={-1: channels})
        self.kernel = self.add_weight(
            (self.kernel_size, self.kernel_size, channels, self.filters),
            self.kernel_initializer,
            regularizer=self.kernel_regularizer,
            constraint=self.kernel_constraint,
            name="kernel",
        )
        if self.use_bias:
            self.bias = self.add_weight(
                (self.filters,), self.bias_initializer, name="bias"
            )

    def call(self, inputs: Tensor) -> Tensor:
        """Returns images `(batch, 2 * height, 2 * width, filters)`.

        Args:
            inputs: Float tensor `(batch, height, width, channels)`.
        """
        options = {"padding": "same", "data_format": "channels_last"}
        if self.is_transposed(inputs.shape):
            # The places of the kernel are added in the precision of the kernel.
            with keras_private.without_autocast():
                kernel = _transposed(ops.convert_to_tensor(self.kernel))
            kernel = ops.cast(kernel, inputs.dtype)
            outputs = ops.conv_transpose(inputs, kernel, strides=2, **options)
        else:
            doubled = ops.repeat(ops.repeat(inputs, 2, axis=1), 2, axis=2)
            outputs = ops.conv(doubled, self.kernel, **options)
        return self.activation(outputs + self.bias if self.use_bias else outputs)

    def is_transposed(self, input_shape: Shape) -> bool:
        """Whether the layer computes a transposed convolution for inputs of a shape."""
        rows, columns = input_shape[1:3]
        # A size that is not known yet can be large.
        is_small = rows and columns and rows * columns <= _FEW_PIXELS
        return backend.FAST_TRANSPOSED_CONVOLUTIONS and not is_small

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        batch, rows, columns, _ = input_shape
        return (batch, rows and 2 * rows, columns and 2 * columns, self.filters)

    def get_config(self) -> Config:
        serialize = keras.saving.serialize_keras_object
        parts = (
            "kernel_initializer",
            "bias_initializer",
            "kernel_regularizer",
            "kernel_constraint",
        )
        return {
            **super().get_config(),
            "filters": self.filters,
            "kernel_size": self.kernel_size,
            "activation": keras.activations.serialize(self.activation),
            "use_bias": self.use_bias,
            **{name: serialize(getattr(self, name)) for name in parts},
        }


def _transposed(kernel: Tensor) -> Tensor:
    """Returns the kernel of the transposed convolution, `(k + 1, k + 1, out, in)`."""
    kernel = ops.pad(ops.flip(kernel, (0, 1)), [(1, 1), (1, 1), (0, 0), (0, 0)])
    kernel = kernel[:-1] + kernel[1:]
    return ops.transpose(kernel[:, :-1] + kernel[:, 1:], (0, 1, 3, 2))
