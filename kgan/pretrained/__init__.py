"""Trained GANs that are part of the package.

A GAN has three files: `NAME.json` with its configuration and the names of its classes,
`NAME.npz` with the weights of both networks in float16, and the model card `NAME.md`.
The generator has the weights of the average of the training. There is no state of
optimizers.
"""

import json
import pathlib
from typing import Any

import keras
import numpy as np

from kgan import checks, files
from kgan.types import PathLike

_FOLDER = pathlib.Path(__file__).parent
_NETWORKS = ("generator", "discriminator")


def names() -> list[str]:
    """Returns the names of the trained GANs.

    Example:

    >>> import kgan
    >>> kgan.pretrained.names()
    ['digits', 'emoji', 'mnist']
    """
    return sorted(path.stem for path in _FOLDER.glob("*.json"))


def class_names(name: str) -> list[str]:
    """Returns the names of the classes of a trained GAN, in the order of its labels.

    Args:
        name: One of `names()`.

    Raises:
        ValueError: If there is no trained GAN of this name.

    Example:

    >>> import kgan
    >>> kgan.pretrained.class_names("mnist")[7]
    '7'
    """
    return _read(name)["classes"]


def load(name: str) -> Any:
    """Returns a trained GAN, see `kgan.GAN.from_preset`.

    Args:
        name: One of `names()`.

    Raises:
        ValueError: If there is no trained GAN of this name.
    """
    gan = keras.saving.deserialize_keras_object(_read(name)["gan"])
    with np.load(_FOLDER / f"{name}.npz") as arrays:
        for network in _NETWORKS:
            count = len(getattr(gan, network).weights)
            weights = [arrays[f"{network}_{i}"].astype("float32") for i in range(count)]
            getattr(gan, network).set_weights(weights)
    gan.sampling_generator.set_weights(gan.generator.get_weights())
    # The average has no untrained generator to forget.
    gan.average.ramp = None
    return gan


def save(gan: Any, path: PathLike, classes: list[str]) -> None:
    """Writes the files of a trained GAN, without its model card.

    Args:
        gan: A `kgan.GAN`.
        path: Path of the files, without a suffix.
        classes: The names of the classes.
    """
    networks = {
        "generator": gan.sampling_generator,
        "discriminator": gan.discriminator,
    }
    arrays = {
        f"{network}_{i}": weight.astype("float16")
        for network in _NETWORKS
        for i, weight in enumerate(networks[network].get_weights())
    }
    content = {"classes": classes, "gan": keras.saving.serialize_keras_object(gan)}
    with files.atomic_path(f"{path}.npz", suffix=".tmp.npz") as temporary:
        np.savez_compressed(temporary, **arrays)
    with files.atomic_path(f"{path}.json") as temporary:
        temporary.write_text(json.dumps(content) + "\n", "utf-8")


def _read(name: str) -> dict[str, Any]:
    checks.one_of(names(), name=name)
    return json.loads((_FOLDER / f"{name}.json").read_text("utf-8"))
