"""What makes features of images: objects with a name, so that numbers can say by what."""

import hashlib
from collections.abc import Callable
from typing import Any, NamedTuple

import keras
import numpy as np

from kgan import data
from kgan.metrics import inception

# Networks compute so many images at once, always: how a convolution is rounded depends on
# their number, and no number may depend on the batch size.
_PORTION = 32


class Extracted(NamedTuple):
    """What an extractor makes of images.

    Args:
        features: Float array `(n, d)`.
        probabilities: Float array `(n, classes)`, for the Inception score; None without.
    """

    features: np.ndarray
    probabilities: np.ndarray | None = None


class Extractor:
    """Base of all: a name, and a function from uint8 images to features.

    One of your own implements `extract`.

    Args:
        name: What numbers are called by: `fd_<name>`.
        batch_size: Int, images at once.
    """

    # Whether a Fréchet distance of its features is what others call FID.
    is_fid = False

    def __init__(self, name: str, batch_size: int = 64):
        self.name = name
        self.batch_size = batch_size

    def extract(self, images: np.ndarray) -> Extracted:
        """Returns the features of a batch of uint8 `(n, height, width, channels)`."""
        raise NotImplementedError

    def protocol(self) -> dict[str, Any]:
        """Returns what a number must say of it: its name, and more."""
        return {"extractor": self.name}

    def __call__(self, images: Any) -> Extracted:
        """Returns the features of all images, which may lie on disk.

        Args:
            images: uint8 `(n, height, width, channels)`, an array or a `kgan.data.Store`.

        Raises:
            ValueError: If they are no such images, or its features are no such array.
        """
        check_images(images)
        starts = range(0, len(images), self.batch_size)
        parts = [self._part(images[i : i + self.batch_size]) for i in starts]
        features = np.concatenate([part.features for part in parts])
        if parts[0].probabilities is None:
            return Extracted(features)
        return Extracted(features, np.concatenate([part.probabilities for part in parts]))

    def _part(self, images: np.ndarray) -> Extracted:
        found = self.extract(images)
        if found.features.ndim != 2 or len(found.features) != len(images):
            raise ValueError(
                "Expected features of shape (n, d), a row for each image. Received: "
                f"extractor {self.name!r}, images of shape {images.shape}, features of "
                f"shape {found.features.shape}"
            )
        return found


def check_images(images: Any) -> None:
    """Raises a `ValueError` unless they are uint8 `(n, height, width, channels)`."""
    shape, dtype = getattr(images, "shape", None), getattr(images, "dtype", None)
    if shape is None or len(shape) != 4 or dtype != np.uint8 or not shape[0]:
        raise ValueError(
            "Expected uint8 images of shape (n, height, width, channels). Received: "
            f"images of type {type(images).__name__}, dtype {dtype} and shape {shape}"
        )


class Inception(Extractor):
    """The network of FID, by one of three protocols whose numbers don't compare.

    `"tf1"` resizes as the original and torch-fidelity do, `"pytorch"` as pytorch-fid,
    `"clean"` as clean-fid.

    Args:
        weights: Path of `pt_inception-2015-12-05-6726825d.pth`. None for that in the
            environment variable `KGAN_INCEPTION`, or an earlier download.
        protocol: `"tf1"`, `"pytorch"` or `"clean"`.
        download: Bool, whether to download the weights, 96 MB, if they are nowhere.
        dtype: What the network computes in.
        batch_size: Int, how many images are read and resized at once, rounded up to a
            multiple of the 32 that the network computes at once.

    Raises:
        FileNotFoundError: If there are no weights.
        ValueError: If the file is damaged, or not of this network.

    Reference:

    - [Heusel et al., 2017](https://arxiv.org/abs/1706.08500)
    - [Parmar et al., 2022 (clean-fid)](https://arxiv.org/abs/2104.11222)
    """

    def __init__(
        self,
        weights: Any = None,
        protocol: str = "tf1",
        download: bool = False,
        dtype: str = "float32",
        batch_size: int = 32,
    ):
        if protocol not in inception.PROTOCOLS:
            raise ValueError(
                f"`protocol` must be one of {', '.join(inception.PROTOCOLS)}. "
                f"Received: protocol={protocol!r}"
            )
        path = inception.find(weights, download)
        self.sha256 = inception.sha256(path)
        # With other weights the same network is another extractor.
        self.is_fid = self.sha256 == inception.SHA256
        name = f"inception_{protocol}"
        name = name if self.is_fid else f"{name}_{self.sha256[:8]}"
        super().__init__(name, _rounded(batch_size))
        self.resize_protocol, self.dtype = protocol, dtype
        self.network = inception.build(dtype)
        inception.load(self.network, inception.read(path))

    def extract(self, images: np.ndarray) -> Extracted:
        """Returns 2,048 features, and the probabilities of 1,008 classes."""
        resize = inception.PROTOCOLS[self.resize_protocol]
        resized = resize(_rgb(images), self.dtype)
        features, logits = _predicted(self.network, resized)
        return Extracted(features, _softmax(logits))

    def protocol(self) -> dict[str, Any]:
        """Returns name, hash of the weights, resize, and dtype."""
        return {
            "extractor": self.name,
            "weights": self.sha256,
            "resize": inception.RESIZES[self.resize_protocol],
            "dtype": self.dtype,
        }


class Network(Extractor):
    """Features of any Keras model of images, such as those of `keras.applications`.

    Args:
        model: From images to features, or to `[features, logits]`; features with more
            axes are averaged over all but the last.
        name: What numbers are called by; the model's by default.
        preprocess: Callable from uint8 images to the model's input; by default pixels
            are scaled to [-1, 1].
        size: Pair `(height, width)` to resize to, by Pillow's bicubic filter; None for
            the model's input size, if it has one.
        batch_size: Int, how many images are read and resized at once, rounded up to a
            multiple of the 32 that the model computes at once.

    Raises:
        ValueError: If the model does not take images.
    """

    def __init__(
        self,
        model: keras.Model,
        name: str | None = None,
        preprocess: Callable | None = None,
        size: tuple[int, int] | None = None,
        batch_size: int = 64,
    ):
        super().__init__(name or model.name, _rounded(batch_size))
        self.model = model
        self.preprocess = preprocess or _scaled
        if len(model.input_shape) != 4:
            raise ValueError(
                "Expected a model of images, (batch, height, width, channels). "
                f"Received: {model.name} of input shape {model.input_shape}"
            )
        height, width, self.channels = model.input_shape[1:]
        self.size = size or (None if height is None else (height, width))

    def extract(self, images: np.ndarray) -> Extracted:
        """Returns the features, and of logits the probabilities."""
        images = _rgb(images) if self.channels == 3 else images
        if self.channels not in (None, images.shape[-1]):
            raise ValueError(
                f"The extractor {self.name!r} takes images of {self.channels} channels. "
                f"Received: images of shape {images.shape}"
            )
        resized = self.preprocess(_resized(images, self.size))
        features, *logits = _predicted(self.model, resized)
        features = features.mean(axis=tuple(range(1, features.ndim - 1)))
        return Extracted(features, _softmax(logits[0]) if logits else None)

    def protocol(self) -> dict[str, Any]:
        """Returns name, hash of the weights, and resize."""
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


class Function(Extractor):
    """Features by any function of a batch of uint8 images.

    Args:
        function: From uint8 `(n, height, width, channels)` to a float array `(n, ...)`.
        name: What numbers are called by.
        batch_size: Int, images at once.

    Example:

    >>> import kgan, numpy as np
    >>> means = kgan.metrics.Function(lambda x: x.mean(axis=(1, 2)), name="means")
    >>> means(np.zeros((5, 8, 8, 3), "uint8")).features.shape
    (5, 3)
    """

    def __init__(self, function: Callable, name: str, batch_size: int = 64):
        super().__init__(name, batch_size)
        self.function = function

    def extract(self, images: np.ndarray) -> Extracted:
        """Returns what the function does, flattened."""
        features = np.asarray(self.function(images))
        flat = features.ndim > 1 and len(features) == len(images)
        return Extracted(features.reshape(len(images), -1) if flat else features)


def _rounded(batch_size: int) -> int:
    return -(-batch_size // _PORTION) * _PORTION


def _predicted(model: keras.Model, x: np.ndarray) -> list[np.ndarray]:
    """Returns the outputs of a model, in portions of which the last is filled up."""
    portions = []
    for start in range(0, len(x), _PORTION):
        part = x[start : start + _PORTION]
        filled = np.concatenate([part, part[-1:].repeat(_PORTION - len(part), axis=0)])
        out = model.predict_on_batch(filled)
        outputs = out if isinstance(out, list | tuple) else [out]
        portions.append([_at_least_float32(x)[: len(part)] for x in outputs])
    return [np.concatenate(parts) for parts in zip(*portions, strict=True)]


def _at_least_float32(x: Any) -> np.ndarray:
    # numpy has no bfloat16, and sums of float16 overflow.
    x = np.asarray(x)
    return x.astype("float32") if x.dtype.itemsize == 2 else x


def _rgb(images: np.ndarray) -> np.ndarray:
    """Returns three channels: grey repeated, transparency laid on white."""
    channels = images.shape[-1]
    if channels in (2, 4):
        alpha = images[..., -1:].astype("float32") / 255
        mixed = images[..., :-1] * alpha + 255 * (1 - alpha)
        images = np.rint(mixed).astype("uint8")
    return images if images.shape[-1] == 3 else np.repeat(images[..., :1], 3, axis=-1)


def _resized(images: np.ndarray, size: tuple[int, int] | None) -> np.ndarray:
    if size is None or images.shape[1:3] == tuple(size):
        return images
    fit = data.Fit(*size, images.shape[-1], crop="none")
    return np.stack([fit(data.to_image(image)) for image in images])


def _scaled(images: np.ndarray) -> np.ndarray:
    return images.astype("float32") / 127.5 - 1


def _softmax(logits: np.ndarray) -> np.ndarray:
    powers = np.exp(logits - logits.max(axis=1, keepdims=True), dtype="float64")
    return powers / powers.sum(axis=1, keepdims=True)
