"""Encoders of text: from captions to vectors on which a generator can be conditioned.

An encoder is not trained. The vectors of a data set are computed once, before training.
A new encoder is one file with a subclass of `Encoder`, and one import below. A class
whose body sets `name` can be given by this name.
"""

from kgan import serialization
from kgan.text.encoder import Encoder as Encoder
from kgan.text.function import Function as Function
from kgan.text.keras_hub import KerasHub as KerasHub
from kgan.text.minilm import MiniLM as MiniLM
from kgan.text.saving import load as load
from kgan.text.standardize import Standardize as Standardize
from kgan.types import Identifier

_ENCODERS = serialization.by_name(Encoder, globals())


def names() -> list[str]:
    """Returns the names of the encoders that have one, in alphabetical order."""
    return list(_ENCODERS)


def get(identifier: Identifier) -> Encoder:
    """Returns the encoder for a name, a config, an object or a function.

    Args:
        identifier: One of `names()`, a serialised config, an `Encoder`, or a function
            from a list of n str to an array `(n, d)`.

    Returns:
        An `Encoder`.

    Raises:
        ValueError: If `identifier` is none of these.

    Example:

    >>> import kgan
    >>> lengths = kgan.text.get(lambda captions: [[len(text)] for text in captions])
    >>> lengths(["a cat", "a dog here"]).tolist()
    [[5.0], [10.0]]
    """
    is_function = callable(identifier) and not isinstance(identifier, Encoder | type)
    if is_function:
        return Function(identifier)
    return serialization.get(identifier, _ENCODERS, Encoder, "encoder")
