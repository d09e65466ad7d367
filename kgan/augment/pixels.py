"""Pixels of images, at integer and at fractional positions.

All functions use `take_along_axis`. Its derivatives are exact to any order on every
backend, and pixels that are only moved keep their exact value. A matrix product would be
rounded to TensorFloat-32 on a GPU, and the gradient of TensorFlow's image transformation
is an approximation.
"""

from keras import ops

from kgan.types import Tensor


def positions(x: Tensor, axis: int) -> Tensor:
    """Returns 0, 1, ... along an axis of `x`, in float32.

    The result has the rank of `x`, and size 1 along the other axes.
    """
    shape = [1] * len(x.shape)
    shape[axis] = x.shape[axis]
    return ops.reshape(ops.arange(x.shape[axis], dtype="float32"), shape)


def take(x: Tensor, rows: Tensor, columns: Tensor) -> Tensor:
    """Returns the pixels of each image at integer positions.

    Args:
        x: Float tensor `(batch, height, width, channels)`.
        rows: Tensor of whole numbers from 0 to height - 1: for each pixel of the result,
            the row of its source in `x`. `rows` and `columns` together broadcast to
            `(batch, height, width, 1)`.
        columns: Tensor of whole numbers from 0 to width - 1, the columns of the sources.

    Returns:
        A tensor with the shape of `x`.
    """
    height, width, channels = x.shape[1:]
    index = ops.cast(rows, "int32") * width + ops.cast(columns, "int32")
    index = ops.reshape(index, (-1, height * width, 1))
    flat = ops.reshape(x, (-1, height * width, channels))
    return ops.reshape(ops.take_along_axis(flat, index, axis=1), ops.shape(x))


def reflect(position: Tensor, size: int) -> Tensor:
    """Reflects integer positions at the edge pixels, into the range 0 to size - 1."""
    # An image of one pixel has period 1.
    period = max(2 * (size - 1), 1)
    position = ops.mod(position, period)
    return ops.minimum(position, period - position)


def interpolate(x: Tensor, rows: Tensor, columns: Tensor) -> Tensor:
    """Returns each image at fractional positions, interpolated bilinearly.

    Outside the image, its reflection is used.

    Args:
        x: See `take`.
        rows: Float32 tensor of any rows. See `take`.
        columns: Float32 tensor of any columns. See `take`.

    Returns:
        A tensor with the shape of `x`.
    """
    top, left = ops.floor(rows), ops.floor(columns)
    down, right = ops.cast(rows - top, x.dtype), ops.cast(columns - left, x.dtype)

    def between_columns(row: Tensor) -> Tensor:
        row = reflect(row, x.shape[1])
        near = take(x, row, reflect(left, x.shape[2]))
        return near * (1 - right) + take(x, row, reflect(left + 1, x.shape[2])) * right

    return between_columns(top) * (1 - down) + between_columns(top + 1) * down
