from collections.abc import Sequence

import keras
from keras import ops

from kgan import serialization
from kgan.layers.arguments import with_checked_arguments
from kgan.types import Shape, Tensor


@serialization.register
@with_checked_arguments
class SmoothUpSampling2D(keras.layers.Layer):
    """Doubles height and width with the filter [1, 3, 3, 1] / 4.

    Along each axis, a new pixel is 3/4 of the nearer old pixel and 1/4 of the farther old
    pixel. The filter draws no checkerboard patterns. Pixels beyond the edge count as 0.

    Args:
        **kwargs: See `keras.layers.Layer`.

    Example:

    >>> import kgan
    >>> x = keras.ops.ones((1, 2, 1, 1))
    >>> [float(v) for v in kgan.layers.SmoothUpSampling2D()(x)[0, :, 0, 0]]
    [0.5625, 0.75, 0.75, 0.5625]

    Reference:
        [Karras et al., 2020](https://arxiv.org/abs/1912.04958), appendix B, for the
        filter; [Huang et al., 2025 (R3GAN)](https://arxiv.org/abs/2501.05441).
    """

    def call(self, inputs: Tensor) -> Tensor:
        """Returns images `(batch, 2 * height, 2 * width, channels)`.

        Args:
            inputs: Float tensor `(batch, height, width, channels)`.
        """
        return _doubled(_doubled(inputs, 1), 2)

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        batch, height, width, channels = input_shape
        return (batch, height and 2 * height, width and 2 * width, channels)


@serialization.register
@with_checked_arguments
class SmoothDownSampling2D(keras.layers.Layer):
    """Halves height and width with the filter [1, 3, 3, 1] / 8.

    The filter sums to 1. Apart from that factor the layer is the transpose of
    `SmoothUpSampling2D`. Pixels beyond the edge count as 0, and an odd size is first
    extended by one row or column of zeros.

    Args:
        **kwargs: See `keras.layers.Layer`.

    Example:

    >>> import kgan
    >>> x = keras.ops.ones((1, 6, 2, 1))
    >>> [float(v) for v in kgan.layers.SmoothDownSampling2D()(x)[0, :, 0, 0]]
    [0.65625, 0.75, 0.65625]

    Reference:
        [Karras et al., 2020](https://arxiv.org/abs/1912.04958), appendix B, for the
        filter; [Huang et al., 2025 (R3GAN)](https://arxiv.org/abs/2501.05441).
    """

    def call(self, inputs: Tensor) -> Tensor:
        """Returns images `(batch, ceil(height / 2), ceil(width / 2), channels)`.

        Args:
            inputs: Float tensor `(batch, height, width, channels)`.
        """
        return _halved(_halved(inputs, 1), 2)

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        batch, height, width, channels = input_shape
        return (batch, height and -(-height // 2), width and -(-width // 2), channels)


def blurred(x: Tensor, rows: Sequence[int], columns: Sequence[int]) -> Tensor:
    """Filters images with [1, 3, 3, 1] / 8 along both axes.

    Args:
        x: Float tensor `(batch, height, width, channels)`.
        rows: Zeros before and after the rows. A size of n gives n + zeros - 3 pixels.
        columns: Zeros before and after the columns.
    """
    x = ops.pad(x, [(0, 0), tuple(rows), tuple(columns), (0, 0)]) / 64
    x = 3 * (x[:, 1:-2] + x[:, 2:-1]) + x[:, :-3] + x[:, 3:]
    return 3 * (x[:, :, 1:-2] + x[:, :, 2:-1]) + x[:, :, :-3] + x[:, :, 3:]


def _doubled(x: Tensor, axis: int) -> Tensor:
    """Doubles the length of one axis."""
    x = x / 4
    even, odd = _shifted(x, axis, 1) + 3 * x, _shifted(x, axis, -1) + 3 * x
    shape = (-1, *x.shape[1:axis], 2 * x.shape[axis], *x.shape[axis + 1 :])
    return ops.reshape(ops.stack([even, odd], axis=axis + 1), shape)


def _halved(x: Tensor, axis: int) -> Tensor:
    """Halves the length of one axis, rounded up."""
    size = x.shape[axis]
    if size % 2:
        x = ops.pad(x, [(0, int(i == axis)) for i in range(4)])
    shape = (-1, *x.shape[1:axis], -(-size // 2), 2, *x.shape[axis + 1 :])
    even, odd = ops.unstack(ops.reshape(x / 8, shape), axis=axis + 1)
    return _shifted(odd, axis, 1) + 3 * (even + odd) + _shifted(even, axis, -1)


def _shifted(x: Tensor, axis: int, step: int) -> Tensor:
    """Shifts `x` along an axis by one place, up (1) or down (-1); a 0 fills the gap."""
    padded = ops.pad(x, [(int(i == axis),) * 2 for i in range(4)])
    kept = slice(1 - step, 1 - step + x.shape[axis])
    return padded[(slice(None),) * axis + (kept,)]
