"""Data sets that are downloaded by name."""

import importlib
import os
from collections.abc import Callable, Iterator
from typing import Any

from kgan.data.arrays import Rows

KERAS = ("mnist", "fashion_mnist", "cifar10", "cifar100")
TFDS = "tfds:"
# Where Keras looks before it downloads.
_PLACES = {
    "mnist": "datasets/mnist.npz",
    "fashion_mnist": "datasets/fashion-mnist/, the four .gz files",
    "cifar10": "datasets/cifar-10-batches-py-target/",
    "cifar100": "datasets/cifar-100-python-target/",
}


def of_keras(name: str) -> tuple[Any, Any]:
    """Returns the training images and labels of one of `keras.datasets`.

    Raises:
        ValueError: If it can't be downloaded.
    """
    module = importlib.import_module(f"keras.datasets.{name}")
    try:
        (images, labels), _ = module.load_data()
    # `keras.utils.get_file` raises plain exceptions.
    except Exception as error:
        home = os.environ.get("KERAS_HOME", "~/.keras")
        raise ValueError(
            f"{name!r} can't be loaded ({error}). Without a connection put it where "
            f"Keras looks for it, {home}/{_PLACES[name]}. "
            f"Received: source={name!r}"
        ) from None
    return images, labels


def of_tfds(source: str) -> Rows:
    """Returns the pictures of a data set of tensorflow-datasets.

    Args:
        source: `"tfds:NAME"` for its training split, or `"tfds:NAME:SPLIT"`.

    Raises:
        ImportError: If tensorflow-datasets is not installed.
        ValueError: If it has no pictures.
    """
    name, _, split = source.removeprefix(TFDS).partition(":")
    split = split or "train"
    tfds = _tfds(source)
    try:
        dataset = tfds.load(name, split=split)
    # What it raises has many types, of its own and of its download's.
    except Exception as error:
        raise ValueError(
            f"tensorflow-datasets can't load it ({' '.join(str(error).split())[:300]}). "
            f"Received: source={source!r}"
        ) from None
    keys = dataset.element_spec
    if not isinstance(keys, dict) or "image" not in keys:
        raise ValueError(
            "Expected a data set with a feature `image`. "
            f"Received: source={source!r} with {sorted(keys)}"
        )
    return Rows(_pairs(lambda: tfds.as_numpy(dataset)))


def _pairs(elements: Callable) -> Callable[[], Iterator[tuple[Any, Any]]]:
    return lambda: ((x["image"], x.get("label")) for x in elements())


def _tfds(source: str) -> Any:
    try:
        return importlib.import_module("tensorflow_datasets")
    except ImportError as error:
        raise ImportError(
            "Sources that begin with `tfds:` need tensorflow-datasets: "
            f"pip install kgan[tfds] ({error}). Received: source={source!r}"
        ) from None
