"""Pixels of images, at whole and at fractional positions.

All by `take_along_axis`: its derivatives are sums and picks again, exact to any order
on every backend, and what is only moved stays the same to the bit. A product with a
matrix of ones and zeros would be rounded to TensorFloat-32 on a GPU; the gradient of
TensorFlow's image transformation is an approximation.
"""

from typing import Any

from keras import ops


def positions(x: Any, axis: int) -> Any:
    """Returns 0, 1, ... along an axis of `x`, float32, of size 1 along the others."""
    shape = [1] * len(x.shape)
    shape[axis] = x.shape[axis]
    return ops.reshape(ops.arange(x.shape[axis], dtype="float32"), shape)


def pick(x: Any, rows: Any, columns: Any) -> Any:
    """Returns the pixels of each image at whole positions.

    Args:
        x: Float tensor `(batch, height, width, channels)`.
        rows: Tensor of whole numbers, 0 to height - 1, for each pixel of the result
            the row that it comes from. Both broadcast to `(batch, height, width, 1)`.
        columns: The same for the columns.

    Returns:
        A tensor of the shape of `x`.
    """
    height, width, channels = x.shape[1:]
    index = ops.cast(rows, "int32") * width + ops.cast(columns, "int32")
    index = ops.reshape(index, (-1, height * width, 1))
    pixels = ops.reshape(x, (-1, height * width, channels))
    return ops.reshape(ops.take_along_axis(pixels, index, axis=1), ops.shape(x))


def reflect(position: Any, size: int) -> Any:
    """Mirrors whole positions outside of 0 to size - 1 into it, about the edge pixels."""
    # An image of one pixel is the same all over.
    period = max(2 * (size - 1), 1)
    position = ops.mod(position, period)
    return ops.minimum(position, period - position)


def bilinear(x: Any, rows: Any, columns: Any) -> Any:
    """Returns each image at fractional positions, between its four nearest pixels.

    Outside the image is its reflection. See `pick` for the arguments, of float32.
    """
    top, left = ops.floor(rows), ops.floor(columns)
    down, right = ops.cast(rows - top, x.dtype), ops.cast(columns - left, x.dtype)

    def line(row: Any) -> Any:
        row = reflect(row, x.shape[1])
        near = pick(x, row, reflect(left, x.shape[2]))
        return near * (1 - right) + pick(x, row, reflect(left + 1, x.shape[2])) * right

    return line(top) * (1 - down) + line(top + 1) * down
