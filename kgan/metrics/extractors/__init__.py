"""Extractors: functions from images to features, with a name and a protocol."""

from kgan import checks
from kgan.metrics.extractors.base import (
    Extracted,
    Extractor,
    Images,
    check_extractor,
    check_images,
)
from kgan.metrics.extractors.classifiers import (
    Classifier,
    classifier,
    default_extractor,
    untrained,
)
from kgan.metrics.extractors.function import Function
from kgan.metrics.extractors.inception import PROTOCOLS, Inception
from kgan.metrics.extractors.network import Network
from kgan.types import ArrayLike, PathLike

__all__ = [
    "Extracted",
    "Extractor",
    "Function",
    "Images",
    "Inception",
    "Network",
    "check_extractor",
    "check_images",
    "classifier",
    "default_extractor",
    "get",
    "names",
    "untrained",
]


def names() -> list[str]:
    """Returns the names that `get` takes, the default first."""
    return [Classifier.name, *(f"{Inception.name}-{name}" for name in PROTOCOLS)]


def get(
    name: str,
    images: Images,
    labels: ArrayLike | None = None,
    weights: PathLike | None = None,
    download: bool = False,
) -> Extractor:
    """Returns the extractor with a name.

    Args:
        name: One of `names()`. `"classifier"` gives the `default_extractor` of the
            images and labels, `"inception-tf1"` gives `Inception(protocol="tf1")`.
        images: uint8 `(n, height, width, channels)`, for the classifier.
        labels: One label for each image, or None, for the classifier.
        weights: See `Inception`.
        download: See `Inception`.

    Raises:
        ValueError: If no extractor has that name.
    """
    name = checks.one_of(names(), name=name)
    if name == Classifier.name:
        return default_extractor(images, labels)
    return Inception(weights, name.removeprefix(f"{Inception.name}-"), download)
