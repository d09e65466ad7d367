"""Between uint8 pixels and the [-1, 1] of the networks, and grids to look at."""

import math
from typing import Any

import keras
import numpy as np
from keras import ops
from PIL import Image

_MODES = {1: "L", 2: "LA", 3: "RGB", 4: "RGBA"}


def to_float(x: Any) -> Any:
    """Scales uint8 pixels to [-1, 1]; other dtypes are only cast to float.

    Args:
        x: Tensor of any shape.

    Returns:
        A float tensor: `x / 127.5 - 1` if `x` is uint8.
    """
    pixels = keras.backend.standardize_dtype(x.dtype) == "uint8"
    x = ops.cast(x, "float32")
    return x / 127.5 - 1.0 if pixels else x


def to_uint8(x: np.ndarray) -> np.ndarray:
    """Scales [-1, 1] back to uint8 pixels, rounded and clipped.

    Args:
        x: Float array of any shape.

    Returns:
        A uint8 array of that shape.

    Example:

    >>> import numpy as np
    >>> to_uint8(np.array([-1.0, 0.0, 1.0, 3.0])).tolist()
    [0, 128, 255, 255]
    """
    if x.dtype == np.uint8:
        return x
    return np.clip(np.rint((np.asarray(x, "float32") + 1.0) * 127.5), 0, 255).astype(
        "uint8"
    )


def is_image_shape(shape: tuple) -> bool:
    """Says whether `shape`, without the batch, is that of an image we can draw."""
    return len(shape) == 3 and shape[-1] in _MODES


def grid(
    images: np.ndarray,
    rows: int | None = None,
    columns: int | None = None,
    scale: int | None = None,
) -> Image.Image:
    """Lays images out on one picture, with a gap between them.

    Args:
        images: Array `(n, height, width, channels)` with 1 to 4 channels (grey,
            grey + alpha, RGB, RGBA): uint8, or float in [-1, 1].
        rows: Int; None for as few as hold the images.
        columns: Int; None for about as many as rows.
        scale: Int, the side in pixels that each pixel becomes; None for one that
            makes the picture about 512 pixels wide.

    Returns:
        A `PIL.Image.Image`. Cells without an image are empty.

    Raises:
        ValueError: If `images` does not have that shape.
    """
    if images.ndim != 4 or not is_image_shape(images.shape[1:]) or not len(images):
        raise ValueError(
            "A grid needs images of shape (n, height, width, channels) with 1 to 4 "
            f"channels, n at least 1. Received: images.shape={images.shape}"
        )
    count, height, width, channels = images.shape
    columns = columns or math.ceil(math.sqrt(count) if rows is None else count / rows)
    rows = rows or math.ceil(count / columns)
    scale = scale or max(1, 512 // (columns * (width + 1)))
    gap = max(1, scale // 4)
    high, wide = height * scale + gap, width * scale + gap
    canvas = np.full((rows * high + gap, columns * wide + gap, channels), 255, "uint8")
    if channels in (2, 4):
        canvas[..., -1] = 0
    big = to_uint8(images[: rows * columns])
    big = big.repeat(scale, axis=1).repeat(scale, axis=2)
    for index, image in enumerate(big):
        top = index // columns * high + gap
        left = index % columns * wide + gap
        canvas[top : top + height * scale, left : left + width * scale] = image
    return Image.fromarray(canvas[..., 0] if channels == 1 else canvas)
