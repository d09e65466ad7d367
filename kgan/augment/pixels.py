"""Pixels of images, at integer and at fractional positions, and their channels.

Pixels are read by `backend.take_rows`. Its derivatives are exact to any order on every
backend, and pixels that are only moved keep their exact value. A matrix product would be
rounded to TensorFloat-32 on a GPU, and the gradient of TensorFlow's image transformation
is an approximation.
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
    index = ops.cast(rows, "int32") * width + ops.cast(columns, "int32")
    index = ops.reshape(index, (-1, height * width))
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
    rows, columns = reflect(rows, x.shape[1]), reflect(columns, x.shape[2])
    top, left = ops.floor(rows), ops.floor(columns)
    down, right = ops.cast(rows - top, x.dtype), ops.cast(columns - left, x.dtype)
    # Each pixel with its neighbours, so that a source is one access to memory, not four.
    squares = _with_next(_with_next(x, axis=2), axis=1)
    upper, lower = ops.split(take(squares, top, left), 2, axis=-1)
    near, far = ops.split(upper + down * (lower - upper), 2, axis=-1)
    return near + right * (far - near)


def _with_next(x: Tensor, axis: int) -> Tensor:
    """Joins the channels of each pixel and of the next; the last is its own next."""
    before = (slice(None),) * axis
    following = [x[(*before, slice(1, None))], x[(*before, slice(-1, None))]]
    return ops.concatenate([x, ops.concatenate(following, axis=axis)], axis=-1)
