"""Loads encoders that were saved by `Encoder.save`."""

import json
import os
import pathlib

import keras

from kgan import checks
from kgan.text.encoder import Encoder
from kgan.types import PathLike


def load(filepath: PathLike) -> Encoder:
    """Loads an encoder that `Encoder.save` wrote.

    Args:
        filepath: Path of the JSON file.

    Returns:
        An `Encoder` that gives the vectors of the saved encoder.

    Raises:
        FileNotFoundError: If there is no file at the path.
        ValueError: If the file holds no encoder.
        ImportError: If the package of the encoder is not installed.

    Example:

    ```python
    encoder = kgan.text.Standardize("minilm")
    vectors = encoder.adapt(captions)
    encoder.save("encoder.json")
    # Later:
    encoder = kgan.text.load("encoder.json")
    gan.sample(conditions=encoder(["a small yellow bird"]))
    ```
    """
    path = pathlib.Path(checks.path(filepath=filepath))
    try:
        found = keras.saving.deserialize_keras_object(json.loads(path.read_text("utf-8")))
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        found, reason = None, (str(error) or type(error).__name__).splitlines()[0]
    else:
        reason = f"a {type(found).__name__}"
    if not isinstance(found, Encoder):
        raise ValueError(
            "Expected a file that `Encoder.save` wrote. "
            f"Received: filepath={os.fspath(path)!r} ({reason})"
        )
    return found
