"""Pixels of images, at integer and at fractional positions, and their channels.

Pixels are read by `backend.take_rows` and `backend.blend_rows`. Their derivatives are
exact on every backend, and pixels that are only moved keep their exact value. A GPU would
round a matrix product to TensorFloat-32, and the gradient of TensorFlow's image
transformation is an approximation.
"""

from collections.abc import Callable

from keras import ops

from kgan import backend
from kgan.types import Tensor

# The number of colours of images whose last channel is alpha: grey, and RGB.
_COLORS_BEFORE_ALPHA = {2: 1, 4: 3}


def change_colors(x: Tensor, change: Callable[[Tensor], Tensor]) -> Tensor:
    """Applies a function to the channels without alpha.

    Args:
        x: Float tensor `(batch, height, width, channels)`. The last of two or four
            channels is alpha, as in `kgan.data.load`.
        change: Takes and returns a tensor `(batch, height, width, colors)`.

    Returns:
        A tensor with the shape of `x`.
    """
    colors = _COLORS_BEFORE_ALPHA.get(x.shape[-1])
    if colors is None:
        return change(x)
    return ops.concatenate([change(x[..., :colors]), x[..., colors:]], axis=-1)


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
    index = ops.reshape(_index(rows, columns, width), (-1, height * width))
    flat = ops.reshape(x, (-1, height * width, channels))
    return ops.reshape(backend.take_rows(flat, index), ops.shape(x))


def reflect(position: Tensor, size: int) -> Tensor:
    """Reflects positions at the edge pixels, into the range 0 to size - 1."""
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
    height, width, channels = x.shape[1:]
    rows, columns = reflect(rows, height), reflect(columns, width)
    top, left = ops.floor(rows), ops.floor(columns)
    down, right = rows - top, columns - left
    # The last pixel has no next one, and stands for the next one, whose weight is 0.
    below = width * ops.cast(top < height - 1, "int32")
    beside = ops.cast(left < width - 1, "int32")
    corner = _index(top, left, width)
    corners = [corner, corner + beside, corner + below, corner + below + beside]
    weights = [
        vertical * horizontal
        for vertical in (1 - down, down)
        for horizontal in (1 - right, right)
    ]

    def flat(values: Tensor) -> Tensor:
        return ops.reshape(values, (-1, height * width))

    flat_x = ops.reshape(x, (-1, height * width, channels))
    sums = backend.blend_rows(flat_x, list(map(flat, corners)), list(map(flat, weights)))
    return ops.reshape(sums, ops.shape(x))


def _index(rows: Tensor, columns: Tensor, width: int) -> Tensor:
    """Returns the numbers of pixels that are counted row by row."""
    return ops.cast(rows, "int32") * width + ops.cast(columns, "int32")
