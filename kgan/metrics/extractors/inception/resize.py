"""Three methods to resize images to 299x299. Their numbers are not comparable."""

from collections.abc import Callable

import numpy as np
from PIL import Image

SIDE = 299


def tf1(images: np.ndarray, dtype: str = "float32") -> np.ndarray:
    """Resizes in the way of TensorFlow 1: bilinear, without antialiasing.

    The original FID and torch-fidelity resize in this way. Pixel i of the result lies at
    i times the scale, so the first pixels are aligned, not the centers. The result is
    scaled by `(x - 128) / 128`.

    Args:
        images: uint8 `(n, height, width, 3)`.
        dtype: Str, dtype of the computation and of the result.

    Returns:
        `(n, 299, 299, 3)`.
    """
    return (_resize_bilinear(images, _aligned_corners, dtype) - 128) / 128


def pytorch(images: np.ndarray, dtype: str = "float32") -> np.ndarray:
    """Resizes in the way of pytorch-fid: bilinear, without antialiasing.

    The centers of pixels are aligned. The result is scaled by `x / 127.5 - 1`. For the
    arguments see `tf1`.
    """
    return _resize_bilinear(images, _aligned_centers, dtype) / 127.5 - 1


def clean(images: np.ndarray, dtype: str = "float32") -> np.ndarray:
    """Resizes in the way of clean-fid: by Pillow, bicubic with antialiasing.

    Each channel is resized as float32. The result is scaled by `(x - 128) / 128`. For
    the arguments see `tf1`.
    """
    out = np.empty((len(images), SIDE, SIDE, 3), dtype)
    for index in np.ndindex(len(images), 3):
        number, channel = index
        pixels = Image.fromarray(images[number, ..., channel].astype("float32"))
        resized = pixels.resize((SIDE, SIDE), Image.Resampling.BICUBIC)
        out[number, ..., channel] = np.asarray(resized).clip(0, 255)
    return (out - 128) / 128


Resize = Callable[[np.ndarray, str], np.ndarray]
PROTOCOLS: dict[str, Resize] = {"tf1": tf1, "pytorch": pytorch, "clean": clean}
# The descriptions in the protocol of a number.
RESIZES = {
    "tf1": "bilinear, as TensorFlow 1",
    "pytorch": "bilinear, as PyTorch",
    "clean": "bicubic, antialiased, as Pillow",
}


def _aligned_corners(count: int, dtype: str) -> np.ndarray:
    # TensorFlow computes the scale in float32, and some positions depend on that.
    return np.arange(SIDE, dtype=dtype) * np.float32(count / SIDE)


def _aligned_centers(count: int, dtype: str) -> np.ndarray:
    positions = (np.arange(SIDE, dtype=dtype) + 0.5) * np.dtype(dtype).type(count / SIDE)
    return np.maximum(positions - 0.5, 0)


def _resize_bilinear(
    images: np.ndarray, align: Callable[[int, str], np.ndarray], dtype: str
) -> np.ndarray:
    """Returns resized images.

    Args:
        images: Array `(n, height, width, channels)`.
        align: Callable from the number of pixels along an axis, and a dtype, to the
            positions `(SIDE,)` of the result's pixels.
        dtype: Str, dtype of the computation.
    """
    x = images.astype(dtype)
    height, width = x.shape[1:3]
    top, bottom, down = _neighbors(align(height, dtype), height, dtype)
    left, right, across = _neighbors(align(width, dtype), width, dtype)
    down, across = down[:, None, None], across[:, None]
    # Along rows first: this is TensorFlow's order of roundings.
    upper = _interpolate(x[:, top], left, right, across)
    lower = _interpolate(x[:, bottom], left, right, across)
    return upper + (lower - upper) * down


def _interpolate(
    rows: np.ndarray, left: np.ndarray, right: np.ndarray, weight: np.ndarray
) -> np.ndarray:
    first = rows[:, :, left]
    return first + (rows[:, :, right] - first) * weight


def _neighbors(
    positions: np.ndarray, count: int, dtype: str
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Returns the pixels before and after each position, and the weight of the latter."""
    low = np.floor(positions).astype("int64")
    return low, np.minimum(low + 1, count - 1), (positions - low).astype(dtype)
