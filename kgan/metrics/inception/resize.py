"""Three ways to 299x299, whose results don't compare."""

from collections.abc import Callable

import numpy as np
from PIL import Image

SIDE = 299


def tf1(images: np.ndarray, dtype: str = "float32") -> np.ndarray:
    """Resizes as TensorFlow 1 did: bilinear, no antialiasing, first pixels aligned.

    That is the resize of the original FID, and of torch-fidelity: pixel i is taken from i
    times the scale. Then `(x - 128) / 128`.

    Args:
        images: uint8 `(n, height, width, 3)`.
        dtype: Of the result, and of what is computed.

    Returns:
        `(n, 299, 299, 3)`.
    """
    return (_bilinear(images, _corners, dtype) - 128) / 128


def pytorch(images: np.ndarray, dtype: str = "float32") -> np.ndarray:
    """Resizes as pytorch-fid does: bilinear, no antialiasing, pixels' centers aligned.

    Then `x / 127.5 - 1`. Arguments and result are those of `tf1`.
    """
    return _bilinear(images, _centers, dtype) / 127.5 - 1


def clean(images: np.ndarray, dtype: str = "float32") -> np.ndarray:
    """Resizes as clean-fid does: by Pillow, bicubic with antialiasing, each channel.

    Then `(x - 128) / 128`. Arguments and result are those of `tf1`.
    """
    out = np.empty((len(images), SIDE, SIDE, 3), dtype)
    for index in np.ndindex(len(images), 3):
        number, channel = index
        pixels = Image.fromarray(images[number, ..., channel].astype("float32"))
        resized = pixels.resize((SIDE, SIDE), Image.Resampling.BICUBIC)
        out[number, ..., channel] = np.asarray(resized).clip(0, 255)
    return (out - 128) / 128


PROTOCOLS: dict[str, Callable] = {"tf1": tf1, "pytorch": pytorch, "clean": clean}
# In words, for the protocol of a number.
RESIZES = {
    "tf1": "bilinear, as TensorFlow 1",
    "pytorch": "bilinear, as PyTorch",
    "clean": "bicubic, antialiased, as Pillow",
}


def _corners(count: int, dtype: str) -> np.ndarray:
    # The scale in float32, as TensorFlow had it: the places of some pixels depend on it.
    return np.arange(SIDE, dtype=dtype) * np.float32(count / SIDE)


def _centers(count: int, dtype: str) -> np.ndarray:
    places = (np.arange(SIDE, dtype=dtype) + 0.5) * np.dtype(dtype).type(count / SIDE)
    return np.maximum(places - 0.5, 0)


def _bilinear(images: np.ndarray, places: Callable, dtype: str) -> np.ndarray:
    x = images.astype(dtype)
    top, bottom, down = _neighbors(places(x.shape[1], dtype), x.shape[1], dtype)
    left, right, across = _neighbors(places(x.shape[2], dtype), x.shape[2], dtype)
    down, across = down[:, None, None], across[:, None]
    # Along rows first: the order of roundings is TensorFlow's.
    upper = _mixed(x[:, top], left, right, across)
    lower = _mixed(x[:, bottom], left, right, across)
    return upper + (lower - upper) * down


def _mixed(
    rows: np.ndarray, left: np.ndarray, right: np.ndarray, weight: np.ndarray
) -> np.ndarray:
    first = rows[:, :, left]
    return first + (rows[:, :, right] - first) * weight


def _neighbors(places: np.ndarray, count: int, dtype: str) -> tuple:
    low = np.floor(places).astype("int64")
    return low, np.minimum(low + 1, count - 1), (places - low).astype(dtype)
