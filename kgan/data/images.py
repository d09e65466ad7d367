"""Images: pixels in [-1, 1], and grids of samples."""

import math
from typing import Any

import numpy as np
from PIL import Image

from kgan import checks
from kgan.data.sample_range import UNBOUNDED
from kgan.types import Shape, Tensor

# The Pillow mode for each number of channels.
MODES = {1: "L", 2: "LA", 3: "RGB", 4: "RGBA"}


def scale_pixels(x: Tensor) -> Tensor:
    """Scales values of 0 to 255 to [-1, 1]: `x / 127.5 - 1`.

    Args:
        x: Float array or tensor of any shape.

    Returns:
        An array or tensor of the same type.
    """
    return x / 127.5 - 1.0


def to_float(x: Tensor) -> Tensor:
    """Scales uint8 pixels to [-1, 1], see `SampleRange.to_float`."""
    return UNBOUNDED.to_float(x)


def to_uint8(x: np.ndarray) -> np.ndarray:
    """Scales [-1, 1] back to uint8 pixels, see `SampleRange.to_uint8`.

    Example:

    >>> import numpy as np
    >>> to_uint8(np.array([-1.0, 0.0, 1.0, 3.0])).tolist()
    [0, 128, 255, 255]
    """
    return UNBOUNDED.to_uint8(x)


def is_image_shape(shape: Shape) -> bool:
    """Whether a shape, without the batch, is `(height, width, 1 to 4 channels)`."""
    return len(shape) == 3 and shape[-1] in MODES


def check_pictures(**sets: Any) -> None:
    """Checks sets of pictures, given as `name=value`.

    Raises:
        ValueError: If a set is no array of pictures, or is empty.
    """
    for name, value in sets.items():
        shape = getattr(value, "shape", ())
        if not is_image_shape(shape[1:]) or not shape[0]:
            raise ValueError(
                f"`{name}` must be images of shape (n, height, width, channels). "
                f"Received: {name} of type {type(value).__name__} and shape {shape}"
            )


def grid(
    images: np.ndarray,
    rows: int | None = None,
    columns: int | None = None,
    scale: int | None = None,
) -> Image.Image:
    """Draws images in rows and columns of one picture, with gaps between the images.

    Args:
        images: Array `(n, height, width, channels)` with 1 to 4 channels (grey,
            grey + alpha, RGB, RGBA): uint8, or float in [-1, 1].
        rows: Int; None for as few rows as hold the images.
        columns: Int; None for about as many columns as rows.
        scale: Int, the side in pixels at which each pixel is drawn; None for a picture
            that is about 512 pixels wide.

    Returns:
        A `PIL.Image.Image`. Cells without an image are empty.

    Raises:
        ValueError: If `images` has another shape.
    """
    if images.ndim != 4 or not is_image_shape(images.shape[1:]) or not len(images):
        raise ValueError(
            "A grid needs images of shape (n, height, width, channels) with 1 to 4 "
            f"channels, n at least 1. Received: images.shape={images.shape}"
        )
    rows = checks.optional_count(rows=rows)
    columns = checks.optional_count(columns=columns)
    scale = checks.optional_count(scale=scale)
    count, height, width, channels = images.shape
    columns = columns or math.ceil(math.sqrt(count) if rows is None else count / rows)
    rows = rows or math.ceil(count / columns)
    scale = scale or max(1, 512 // (columns * (width + 1)))
    gap = max(1, scale // 4)
    cell_height, cell_width = height * scale + gap, width * scale + gap
    size = rows * cell_height + gap, columns * cell_width + gap
    canvas = np.full((*size, channels), 255, "uint8")
    if channels in (2, 4):
        canvas[..., -1] = 0
    enlarged = to_uint8(images[: rows * columns])
    enlarged = enlarged.repeat(scale, axis=1).repeat(scale, axis=2)
    for index, image in enumerate(enlarged):
        top = index // columns * cell_height + gap
        left = index % columns * cell_width + gap
        canvas[top : top + height * scale, left : left + width * scale] = image
    return Image.fromarray(canvas[..., 0] if channels == 1 else canvas)
