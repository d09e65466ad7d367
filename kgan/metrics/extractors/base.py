"""The base class of extractors."""

from typing import Any, NamedTuple

import numpy as np

from kgan import checks, data

# uint8 images `(n, height, width, channels)`, in memory or on disk.
Images = np.ndarray | data.Store


class Extracted(NamedTuple):
    """The features of images.

    Args:
        features: Float array `(n, d)`.
        probabilities: Float array `(n, classes)`, class probabilities for the Inception
            score; None if the extractor does not classify.
    """

    features: np.ndarray
    probabilities: np.ndarray | None = None


class Extractor:
    """Base class of extractors: functions from uint8 images to features, with a name.

    Subclasses implement `extract`.

    Args:
        name: Str, part of the name of each number: `fd_<name>`. None for the name of
            the class, its attribute `name`.
        batch_size: Int, the number of images in a call of `extract`.
    """

    name: str = ""
    # Whether the Fréchet distance of these features is the published FID.
    is_fid = False

    def __init__(self, name: str | None = None, batch_size: int = 64):
        self.name = checks.name(name=self.name if name is None else name)
        self.batch_size = checks.count(batch_size=batch_size)

    def extract(self, images: np.ndarray) -> Extracted:
        """Returns the features of a batch of uint8 `(n, height, width, channels)`."""
        raise NotImplementedError

    def protocol(self) -> dict[str, Any]:
        """Returns the facts about the extractor that a number depends on."""
        return {"extractor": self.name}

    def __call__(self, images: Images) -> Extracted:
        """Returns the features of all images, read in batches.

        Args:
            images: uint8 `(n, height, width, channels)`, an array or a `kgan.data.Store`.

        Raises:
            ValueError: If `images` has another dtype or shape, or `extract` returns
                features of another shape than `(n, d)`.
        """
        check_images(images)
        starts = range(0, len(images), self.batch_size)
        parts = [self._extract(images[i : i + self.batch_size]) for i in starts]
        features = np.concatenate([part.features for part in parts])
        if parts[0].probabilities is None:
            return Extracted(features)
        return Extracted(features, np.concatenate([part.probabilities for part in parts]))

    def _extract(self, images: np.ndarray) -> Extracted:
        found = self.extract(images)
        if found.features.ndim != 2 or len(found.features) != len(images):
            raise ValueError(
                "Expected features of shape (n, d), a row for each image. Received: "
                f"extractor {self.name!r}, images of shape {images.shape}, features of "
                f"shape {found.features.shape}"
            )
        return found


def check_extractor(extractor: object) -> None:
    """Raises a `ValueError` unless a value is an `Extractor` or None."""
    if extractor is not None:
        checks.instance(
            Extractor, "a `kgan.metrics.Extractor`, or None", extractor=extractor
        )


def check_images(images: object) -> None:
    """Raises a `ValueError` unless images are uint8 `(n, height, width, channels)`."""
    shape, dtype = getattr(images, "shape", None), getattr(images, "dtype", None)
    if shape is None or len(shape) != 4 or dtype != np.uint8 or not shape[0]:
        raise ValueError(
            "Expected uint8 images of shape (n, height, width, channels). Received: "
            f"images of type {type(images).__name__}, dtype {dtype} and shape {shape}"
        )
