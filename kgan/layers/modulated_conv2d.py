from collections.abc import Sequence

import keras
from keras import ops

from kgan import checks, serialization
from kgan.layers.arguments import with_checked_arguments
from kgan.layers.equalized import KERNEL_SIZES, Equalized, EqualizedDense
from kgan.layers.normalization import at_least_float32
from kgan.layers.resampling import blurred
from kgan.types import Config, KerasArgument, Shape, Tensor

# Keeps the inverse of the square root finite where the style is 0.
EPSILON = 1e-8


@serialization.register
@with_checked_arguments
class ModulatedConv2D(Equalized):
    """Convolution whose kernel depends on a style vector of each sample.

    A dense layer turns the style vector into a scale `s[i]` for each input channel. The
    kernel of a sample is `s[i] * k[y, x, i, j]`. Demodulation divides the kernel by the
    Euclidean norm of its part for each output channel `j`, so outputs keep their variance
    whatever the style.

    The layer has no kernel for each sample. It scales the input by `s`, convolves all
    samples with one kernel, and scales the output by
    `1 / sqrt(sum(s[i]² * k[y, x, i, j]²))`, which gives the same outputs.

    Args:
        filters: Int, at least 1: channels of the outputs.
        kernel_size: 1, 3 or 5.
        up: Bool, whether to double height and width: a transposed convolution of stride
            2, and then the filter [1, 3, 3, 1] / 4.
        demodulate: Bool, whether to divide by the norm. The layers that draw colours do
            not demodulate.
        use_bias: Bool, whether to add a bias.
        **kwargs: See `keras.layers.Layer`.

    Raises:
        ValueError: If an argument is out of bounds.

    Example:

    >>> import kgan
    >>> features, style = keras.Input((4, 4, 8)), keras.Input((16,))
    >>> kgan.layers.ModulatedConv2D(6, 3, up=True)([features, style]).shape
    (None, 8, 8, 6)

    Reference:
        [Karras et al., 2020](https://arxiv.org/abs/1912.04958), section 2.2 and
        appendix B.
    """

    def __init__(
        self,
        filters: int,
        kernel_size: int,
        up: bool = False,
        demodulate: bool = True,
        use_bias: bool = True,
        **kwargs: KerasArgument,
    ):
        super().__init__(use_bias, **kwargs)
        self.filters = checks.count(filters=filters)
        self.kernel_size = checks.one_of(KERNEL_SIZES, kernel_size=kernel_size)
        self.up = checks.flag(up=up)
        self.demodulate = checks.flag(demodulate=demodulate)

    def build(self, input_shape: Sequence[Shape]) -> None:
        features, style = input_shape
        channels = checks.shape(
            rank=3, form="(height, width, channels)", input_shape=features[1:]
        )[-1]
        self.style = EqualizedDense(
            channels, bias_initializer="ones", dtype=self.dtype_policy, name="style"
        )
        self.style.build(style)
        self.add_kernel((self.kernel_size, self.kernel_size, channels, self.filters))

    def call(self, inputs: Sequence[Tensor]) -> Tensor:
        """Returns images `(batch, height, width, filters)`, or of twice the size.

        Args:
            inputs: `[features, style]`: float tensors `(batch, height, width, channels)`
                and `(batch, dim)`.
        """
        x, style = inputs
        scale, kernel = self.style(style), self.scaled_kernel()
        x = self._convolved(x * scale[:, None, None, :], kernel)
        if self.demodulate:
            x = x * self._inverse_norms(scale, kernel)[:, None, None, :]
        return self.biased(x)

    def _convolved(self, x: Tensor, kernel: Tensor) -> Tensor:
        if not self.up:
            return ops.conv(x, kernel, 1, "same", "channels_last")
        kernel = ops.transpose(kernel, (0, 1, 3, 2))
        x = ops.conv_transpose(x, kernel, 2, "valid", data_format="channels_last")
        edge = ((5 - self.kernel_size) // 2,) * 2
        # The zeros between the old pixels are three of four.
        return 4 * blurred(x, edge, edge)

    def _inverse_norms(self, scale: Tensor, kernel: Tensor) -> Tensor:
        """Returns the inverse norm of the kernel of each sample, `(batch, filters)`."""
        squares = ops.sum(ops.square(at_least_float32(kernel)), axis=(0, 1))
        norms = ops.square(at_least_float32(scale)) @ squares
        return ops.cast(ops.rsqrt(norms + EPSILON), self.compute_dtype)

    def compute_output_shape(self, input_shape: Sequence[Shape]) -> Shape:
        batch, *size, _ = input_shape[0]
        if self.up:
            size = [side and 2 * side for side in size]
        return (batch, *size, self.filters)

    def get_config(self) -> Config:
        names = ("filters", "kernel_size", "up", "demodulate", "use_bias")
        own = {name: getattr(self, name) for name in names}
        return {**keras.layers.Layer.get_config(self), **own}
