"""Base class of the encoders of text."""

import json
from collections.abc import Sequence

import keras
import numpy as np

from kgan import checks, serialization
from kgan.files import atomic_path
from kgan.types import ArrayLike, PathLike


class Encoder(serialization.Configurable):
    """Base class of encoders of text. Subclasses implement `encode`.

    Example:

    >>> import kgan
    >>> class Words(kgan.text.Encoder):
    ...     def encode(self, captions):
    ...         return [[len(text.split())] for text in captions]
    >>> Words()(["a red car", "a cat"]).tolist()
    [[3.0], [2.0]]
    """

    # The name for `kgan.text.get`, which a class sets in its own body; optional.
    name: str

    def __call__(self, captions: Sequence[str]) -> np.ndarray:
        """Turns captions into vectors.

        Args:
            captions: List of n str, at least one.

        Returns:
            A float32 array `(n, d)`.

        Raises:
            ValueError: If `captions` is not a list of str, or if `encode` returns
                anything but a finite vector for each caption.
        """
        every = check_captions(captions)
        # Many captions of a data set may be the same: each is encoded once.
        places = {text: place for place, text in enumerate(dict.fromkeys(every))}
        captions = list(places)
        vectors = np.asarray(self.encode(captions), "float32")
        if vectors.ndim != 2 or len(vectors) != len(captions) or not vectors.size:
            raise ValueError(
                f"{type(self).__name__} must return an array (n, d), a vector for each "
                f"of the {len(captions)} captions. "
                f"Received: vectors.shape={vectors.shape}"
            )
        if not np.isfinite(vectors).all():
            number = int(np.argmin(np.isfinite(vectors).all(axis=1)))
            raise ValueError(
                f"{type(self).__name__} must return finite vectors. "
                f"Received: NaN or infinity for the caption {captions[number]!r}"
            )
        return vectors[[places[text] for text in every]]

    def encode(self, captions: list[str]) -> ArrayLike:
        """Returns an array `(n, d)` of finite numbers for a list of n str."""
        raise self.not_implemented("encode")

    def save(self, filepath: PathLike) -> None:
        """Writes the config of the encoder to a JSON file, for `kgan.text.load`.

        Beside the file of a GAN, it turns later captions into the vectors that the GAN
        knows. The weights of a language model are not in the file.

        Args:
            filepath: Path of the file, for example `"encoder.json"`.

        Raises:
            ValueError: If the encoder has no config, see `kgan.text.KerasHub`.
        """
        config = keras.saving.serialize_keras_object(self)
        with atomic_path(checks.path(filepath=filepath)) as path:
            path.write_text(json.dumps(config, indent=1) + "\n", "utf-8")


def check_captions(captions: Sequence[str]) -> list[str]:
    """Checks that captions are a list of at least one str, and returns a list."""
    is_list = isinstance(captions, list | tuple | np.ndarray) and len(captions) > 0
    if not is_list or not all(isinstance(text, str) for text in captions):
        raise ValueError(
            "`captions` must be a list of at least one str. "
            f"{checks.received(captions=captions)}"
        )
    return [str(text) for text in captions]
