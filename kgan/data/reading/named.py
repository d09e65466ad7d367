"""Datasets that are downloaded by name."""

import importlib
import os
import types
from collections.abc import Iterator

from kgan import checks, extras
from kgan.data.reading.arrays import Row, Rows
from kgan.types import ArrayLike

KERAS = ("mnist", "fashion_mnist", "cifar10", "cifar100")
TFDS = "tfds:"
# The place where Keras looks for each dataset before it downloads.
_PLACES = {
    "mnist": "datasets/mnist.npz",
    "fashion_mnist": "datasets/fashion-mnist/, the four .gz files",
    "cifar10": "datasets/cifar-10-batches-py-target/",
    "cifar100": "datasets/cifar-100-python-target/",
}


def from_keras(name: str) -> tuple[ArrayLike, ArrayLike]:
    """Returns the training images and labels of a dataset of `keras.datasets`.

    Args:
        name: Str, one of `KERAS`.

    Raises:
        ValueError: If the dataset can't be downloaded.
    """
    module = importlib.import_module(f"keras.datasets.{name}")
    try:
        (images, labels), _ = module.load_data()
    # `keras.utils.get_file` raises plain exceptions.
    except Exception as error:
        home = os.environ.get("KERAS_HOME", "~/.keras")
        raise ValueError(
            f"{name!r} can't be loaded ({error}). Without a connection, put the dataset "
            f"where Keras looks for it, {home}/{_PLACES[name]}. "
            f"Received: source={name!r}"
        ) from None
    return images, labels


def from_tfds(source: str) -> Rows:
    """Returns the pictures of a dataset of tensorflow-datasets.

    Args:
        source: `"tfds:NAME"` for the training split, or `"tfds:NAME:SPLIT"`.

    Raises:
        ImportError: If tensorflow-datasets is not installed.
        ValueError: If the dataset can't be loaded, or has no images.
    """
    name, _, split = source.removeprefix(TFDS).partition(":")
    tfds = _import_tfds(source)
    try:
        dataset = tfds.load(name, split=split or "train")
    # tensorflow-datasets raises errors of many types, also from its downloads.
    except Exception as error:
        reason = " ".join(str(error).split())[:300]
        raise ValueError(
            f"tensorflow-datasets can't load the dataset ({reason}). "
            f"Received: source={source!r}"
        ) from None
    features = dataset.element_spec
    if not isinstance(features, dict) or "image" not in features:
        raise ValueError(
            "Expected a dataset with a feature `image`. "
            f"Received: source={source!r} with {sorted(features)}"
        )

    def rows() -> Iterator[Row]:
        for element in tfds.as_numpy(dataset):
            yield element["image"], element.get("label")

    return Rows(rows)


def _import_tfds(source: str) -> types.ModuleType:
    try:
        return importlib.import_module("tensorflow_datasets")
    except ImportError as error:
        user = "A source that begins with `tfds:`"
        text = extras.missing(user, "tensorflow-datasets", "tfds", error)
        raise ImportError(f"{text} {checks.received(source=source)}") from None
