"""Vectors with the same mean and the same spread in each component."""

from collections.abc import Sequence

import keras
import numpy as np

from kgan import checks, serialization
from kgan.text.encoder import Encoder, check_captions
from kgan.types import ArrayLike, Config, Identifier

# A spread below this share of the largest number is an error of rounding.
_SMALLEST = 1e-6


@serialization.register
class Standardize(Encoder):
    """Standardises the vectors of an encoder: `(vector - mean) / std`.

    The captions of a data set are similar, so the components of their vectors spread
    little around values that all captions share. `adapt` computes the mean and the
    standard deviation of each component over the captions. Each later caption gets the
    same transformation, also after saving and loading. A component without spread
    becomes 0.

    Args:
        encoder: An `Encoder`, its name, or a function, see `kgan.text.get`.
        mean: List of d floats; None before `adapt`.
        std: List of d floats of at least 0, 0 for a component without spread; None
            before `adapt`.

    Raises:
        ValueError: If `encoder` is unknown, or `mean` and `std` don't fit together.

    Example:

    >>> import kgan
    >>> def encode(captions):
    ...     return [[len(text), 1] for text in captions]
    >>> encoder = kgan.text.Standardize(encode)
    >>> encoder.adapt(["a", "abc"]).tolist()
    [[-1.0, 0.0], [1.0, 0.0]]
    >>> encoder(["abcde"]).tolist()
    [[3.0, 0.0]]
    """

    def __init__(
        self,
        encoder: Identifier = "minilm",
        mean: Sequence[float] | None = None,
        std: Sequence[float] | None = None,
    ):
        # The module imports this one.
        from kgan import text

        self.encoder: Encoder = text.get(encoder)
        self.mean, self.std = _check_statistics(mean, std)

    def adapt(self, captions: Sequence[str]) -> np.ndarray:
        """Computes the mean and the standard deviation over captions.

        Args:
            captions: List of n str, at least one.

        Returns:
            The standardised vectors of the captions, a float32 array `(n, d)`, so that
            no caption is encoded twice.
        """
        vectors = self.encoder(check_captions(captions))
        exact = vectors.astype("float64")
        mean, std = exact.mean(axis=0), exact.std(axis=0)
        std[std <= _SMALLEST * np.abs(exact).max(axis=0)] = 0
        self.mean, self.std = mean.tolist(), std.tolist()
        return self._standardized(vectors)

    def encode(self, captions: list[str]) -> ArrayLike:
        if self.mean is None:
            raise ValueError(
                "Standardize needs the mean and the standard deviation of the vectors: "
                "call `adapt(captions)` with the captions of the data. "
                "Received: mean=None"
            )
        return self._standardized(self.encoder(captions))

    def _standardized(self, vectors: np.ndarray) -> np.ndarray:
        mean, std = np.array(self.mean), np.array(self.std)
        if vectors.shape[1:] != mean.shape:
            raise ValueError(
                f"The encoder must return vectors of {len(mean)} numbers, as many as "
                f"`mean` has. Received: vectors.shape={vectors.shape}"
            )
        scale = np.divide(1, std, out=np.zeros_like(std), where=std > 0)
        return ((vectors - mean) * scale).astype("float32")

    def get_config(self) -> Config:
        encoder = keras.saving.serialize_keras_object(self.encoder)
        return {"encoder": encoder, "mean": self.mean, "std": self.std}


def _check_statistics(
    mean: Sequence[float] | None, std: Sequence[float] | None
) -> tuple[list[float] | None, list[float] | None]:
    if mean is None and std is None:
        return None, None
    are_lists = all(isinstance(one, list | tuple | np.ndarray) for one in (mean, std))
    if not are_lists or len(mean or ()) != len(std or ()) or not len(mean or ()):
        raise ValueError(
            "`mean` and `std` must be lists of one length, or both None. "
            f"{checks.received(mean=mean, std=std)}"
        )
    assert mean is not None and std is not None
    return (
        [float(checks.number(mean=value)) for value in mean],
        [float(checks.number(minimum=0, std=value)) for value in std],
    )
