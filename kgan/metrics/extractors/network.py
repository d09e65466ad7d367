"""Features computed by any Keras model."""

import hashlib
from collections.abc import Callable
from typing import Any

import keras
import numpy as np

from kgan import checks, data
from kgan.metrics.extractors.base import Extracted, Extractor
from kgan.metrics.extractors.inference import predict, softmax, to_rgb, whole_portions


class Network(Extractor):
    """Features computed by a Keras model of images, for example of `keras.applications`.

    Args:
        model: A `keras.Model` from images to features, or to `[features, logits]`.
            Features with more than two axes are averaged over all axes between the
            first and the last.
        name: Str, part of the name of each number; the model's name by default.
        preprocess: Callable from uint8 images to the model's input; by default the
            scaling of pixels to [-1, 1].
        size: Pair `(height, width)` to resize to, by Pillow's bicubic filter; None for
            the model's input size, if it has a fixed one.
        batch_size: Int, the number of images to read and resize at once, rounded up to a
            multiple of the 32 that the model computes at once.

    Raises:
        ValueError: If the model does not take images.
    """

    def __init__(
        self,
        model: keras.Model,
        name: str | None = None,
        preprocess: Callable[[np.ndarray], np.ndarray] | None = None,
        size: tuple[int, int] | None = None,
        batch_size: int = 64,
    ):
        default = self.name or model.name
        super().__init__(default if name is None else name, whole_portions(batch_size))
        self.model = model
        self.preprocess = preprocess or _scale
        if len(model.input_shape) != 4:
            raise ValueError(
                "Expected a model of images, (batch, height, width, channels). "
                f"Received: {model.name} of input shape {model.input_shape}"
            )
        height, width, self.channels = model.input_shape[1:]
        if size is None and None not in (height, width):
            size = height, width
        self.size: tuple[int, ...] | None = None
        if size is not None:
            self.size = checks.shape(rank=2, form="(height, width)", size=size)

    def extract(self, images: np.ndarray) -> Extracted:
        """Returns the features, and class probabilities if the model gives logits."""
        images = to_rgb(images) if self.channels == 3 else images
        if self.channels not in (None, images.shape[-1]):
            raise ValueError(
                f"The extractor {self.name!r} takes images of {self.channels} channels. "
                f"Received: images of shape {images.shape}"
            )
        inputs = self.preprocess(_resize(images, self.size))
        features, *logits = predict(self.model, inputs)
        features = features.mean(axis=tuple(range(1, features.ndim - 1)))
        return Extracted(features, softmax(logits[0]) if logits else None)

    def protocol(self) -> dict[str, Any]:
        """Returns the name, the hash of the weights, the resize method and the dtype."""
        digest = hashlib.sha256()
        for weight in self.model.get_weights():
            digest.update(np.ascontiguousarray(weight).data)
        size = self.size and f"bicubic, antialiased, to {self.size[0]}x{self.size[1]}"
        return {
            "extractor": self.name,
            "weights": digest.hexdigest(),
            "resize": size,
            "dtype": str(self.model.outputs[0].dtype),
        }


def _scale(images: np.ndarray) -> np.ndarray:
    return data.scale_pixels(images.astype("float32"))


def _resize(images: np.ndarray, size: tuple[int, ...] | None) -> np.ndarray:
    if size is None or images.shape[1:3] == size:
        return images
    height, width = size
    fit = data.Fit(height, width, images.shape[-1], crop="none")
    return np.stack([fit(data.to_image(image)) for image in images])
