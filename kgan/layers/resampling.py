from typing import Any

import keras
from keras import ops

from kgan import serialization


@serialization.register
class SmoothUpSampling2D(keras.layers.Layer):
    """Doubles height and width by the filter [1, 3, 3, 1] / 4, zeros beyond the edge.

    Each new pixel is 3/4 of the nearer old one and 1/4 of the farther one, along both
    axes. Stretched images, constant ones too, get no checkerboard.

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

    def call(self, x: Any) -> Any:
        """Returns `(batch, 2 * height, 2 * width, channels)`."""
        return _double(_double(x, 1), 2)

    def compute_output_shape(self, input_shape: Any) -> tuple:
        batch, height, width, channels = input_shape
        return (batch, 2 * height, 2 * width, channels)


@serialization.register
class SmoothDownSampling2D(keras.layers.Layer):
    """Halves height and width by the filter [1, 3, 3, 1] / 8, zeros beyond the edge.

    It is the transpose of `SmoothUpSampling2D`, but for its sum of 1. Odd sizes get a
    last row or column of zeros first.

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

    def call(self, x: Any) -> Any:
        """Returns `(batch, ceil(height / 2), ceil(width / 2), channels)`."""
        return _halve(_halve(x, 1), 2)

    def compute_output_shape(self, input_shape: Any) -> tuple:
        batch, height, width, channels = input_shape
        return (batch, -(-height // 2), -(-width // 2), channels)


def _double(x: Any, axis: int) -> Any:
    x = x / 4
    even, odd = _shifted(x, axis, 1) + 3 * x, _shifted(x, axis, -1) + 3 * x
    shape = (-1, *x.shape[1:axis], 2 * x.shape[axis], *x.shape[axis + 1 :])
    return ops.reshape(ops.stack([even, odd], axis=axis + 1), shape)


def _halve(x: Any, axis: int) -> Any:
    size = x.shape[axis]
    if size % 2:
        x = ops.pad(x, [(0, int(i == axis)) for i in range(4)])
    shape = (-1, *x.shape[1:axis], -(-size // 2), 2, *x.shape[axis + 1 :])
    even, odd = ops.unstack(ops.reshape(x / 8, shape), axis=axis + 1)
    return _shifted(odd, axis, 1) + 3 * (even + odd) + _shifted(even, axis, -1)


def _shifted(x: Any, axis: int, by: int) -> Any:
    """Returns `x` moved by one place, to higher indices or to lower, with a zero."""
    padded = ops.pad(x, [(int(i == axis),) * 2 for i in range(4)])
    rest = slice(1 - by, 1 - by + x.shape[axis])
    return padded[(slice(None),) * axis + (rest,)]
