"""Steps that the extractors with a Keras model share."""

import keras
import numpy as np

from kgan import checks
from kgan.types import Tensor

# A model always computes this many images at once: the rounding in a convolution depends
# on the number of images, and no feature may depend on the batch size.
PORTION = 32


def whole_portions(batch_size: int) -> int:
    """Returns the batch size, rounded up to a multiple of `PORTION`."""
    return -(-checks.count(batch_size=batch_size) // PORTION) * PORTION


def predict(model: keras.Model, x: np.ndarray) -> list[np.ndarray]:
    """Returns the outputs of a model as a list of arrays.

    The model computes portions of `PORTION` images. The last portion is filled up with
    copies of the last image, and the outputs for the copies are dropped.

    Args:
        model: A `keras.Model` with one or several outputs.
        x: Array `(n, ...)`.
    """
    portions = []
    for start in range(0, len(x), PORTION):
        part = x[start : start + PORTION]
        filled = np.concatenate([part, part[-1:].repeat(PORTION - len(part), axis=0)])
        outputs = model.predict_on_batch(filled)
        outputs = outputs if isinstance(outputs, list | tuple) else [outputs]
        portions.append([_at_least_float32(y)[: len(part)] for y in outputs])
    return [np.concatenate(parts) for parts in zip(*portions, strict=True)]


def _at_least_float32(x: Tensor) -> np.ndarray:
    # numpy has no bfloat16, and sums of float16 overflow.
    x = np.asarray(x)
    return x.astype("float32") if x.dtype.itemsize == 2 else x


def softmax(logits: np.ndarray) -> np.ndarray:
    """Returns the class probabilities of logits `(n, classes)`, in float64."""
    powers = np.exp(logits - logits.max(axis=1, keepdims=True), dtype="float64")
    return powers / powers.sum(axis=1, keepdims=True)


def to_rgb(images: np.ndarray) -> np.ndarray:
    """Returns uint8 images with three channels.

    A grey channel is repeated. Transparent pixels are blended with white.

    Args:
        images: uint8 `(n, height, width, channels)` with 1 to 4 channels: grey, grey
            and alpha, RGB, or RGB and alpha.
    """
    channels = images.shape[-1]
    if channels in (2, 4):
        alpha = images[..., -1:].astype("float32") / 255
        blended = images[..., :-1] * alpha + 255 * (1 - alpha)
        images = np.rint(blended).astype("uint8")
    return images if images.shape[-1] == 3 else np.repeat(images[..., :1], 3, axis=-1)
