"""Two networks as one model, for a model that trains both with one optimizer."""

from typing import Any, Self

import keras

from kgan import serialization
from kgan.types import KerasArgument, Tensor


@serialization.register
class NetworkPair(keras.Model):
    """Two networks side by side: `[x, y]` to `[first(x), second(y)]`.

    The variables of the pair are those of both networks, the first network first. So an
    optimizer, an average and a file take the pair as one network.

    Args:
        first: A `keras.Model` that is built.
        second: A `keras.Model` that is built.
    """

    def __init__(
        self, first: keras.Model, second: keras.Model, **kwargs: KerasArgument
    ) -> None:
        super().__init__(**kwargs)
        self.first = first
        self.second = second
        self.built = True

    def call(self, inputs: list[Tensor], training: bool | None = None) -> list[Tensor]:
        """Returns the outputs of both networks.

        Args:
            inputs: One input for each network.
            training: Bool, the mode of both networks.
        """
        x, y = inputs
        return [self.first(x, training=training), self.second(y, training=training)]

    def get_config(self) -> dict[str, Any]:
        networks = {"first": self.first, "second": self.second}
        serialize = keras.saving.serialize_keras_object
        config = {name: serialize(network) for name, network in networks.items()}
        return {**config, "name": self.name}

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: Any = None) -> Self:
        first, second = (
            keras.saving.deserialize_keras_object(config[name], custom_objects)
            for name in ("first", "second")
        )
        return cls(**config | {"first": first, "second": second})
