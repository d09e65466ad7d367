"""Vectors computed by a function."""

from collections.abc import Callable
from typing import Any

import keras

from kgan import checks, serialization
from kgan.text.encoder import Encoder
from kgan.types import ArrayLike, Config


@serialization.register
class Function(Encoder):
    """Vectors computed by any function of a list of str.

    `kgan.text.get` wraps a function automatically. A function that is registered by
    `keras.saving.register_keras_serializable` is saved by its name.

    Args:
        function: Callable from a list of n str to a float array `(n, d)`.

    Raises:
        ValueError: If `function` is not callable.

    Example:

    >>> import kgan
    >>> has_cat = kgan.text.Function(lambda captions: [["cat" in c] for c in captions])
    >>> has_cat(["a cat", "a dog"]).tolist()
    [[1.0], [0.0]]
    """

    def __init__(self, function: Callable[[list[str]], ArrayLike]):
        if not callable(function) or isinstance(function, type):
            raise ValueError(
                "`function` must be a function from a list of str to an array (n, d). "
                f"{checks.received(function=function)}"
            )
        self.function = function

    def encode(self, captions: list[str]) -> ArrayLike:
        return self.function(captions)

    def get_config(self) -> Config:
        return {"function": keras.saving.serialize_keras_object(self.function)}

    @classmethod
    def from_config(cls, config: Config) -> Any:
        function: Any = config["function"]
        return cls(keras.saving.deserialize_keras_object(function))
