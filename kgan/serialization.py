"""How kgan's objects are registered, named, and turned into configs."""

from collections.abc import Mapping
from typing import Any, Self

import keras

register = keras.saving.register_keras_serializable(package="kgan")


def portable(config: Any) -> Any:
    """Returns a serialised config in which nothing is of one backend only.

    On PyTorch Keras' optimizers are of classes of their own, whose configs would
    bring PyTorch's to the other backends.

    Args:
        config: What `keras.saving.serialize_keras_object` returned.
    """
    if isinstance(config, list):
        return [portable(item) for item in config]
    if not isinstance(config, dict):
        return config
    config = {key: portable(value) for key, value in config.items()}
    if str(config.get("module")).startswith("keras.src.backend.torch.optimizers"):
        config |= {"module": "keras.optimizers", "registered_name": None}
    return config


class Configurable:
    """Base of the small option objects: losses, penalties, noise.

    Two of them are equal when their class and config are; they print as the
    Python that builds them.
    """

    def get_config(self) -> dict[str, Any]:
        """Returns the constructor's arguments as a serialisable dict."""
        return {}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Self:
        """Builds the object from what `get_config` returned."""
        return cls(**{name: _restored(value) for name, value in config.items()})

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and self.get_config() == other.get_config()  # type: ignore[attr-defined]

    def __hash__(self) -> int:
        return hash((type(self), repr(sorted(self.get_config().items()))))

    def __repr__(self) -> str:
        arguments = ", ".join(f"{k}={v!r}" for k, v in self.get_config().items())
        return f"{type(self).__name__}({arguments})"


def _restored(value: Any) -> Any:
    # Of objects within an object Keras leaves the configs as they are.
    if isinstance(value, list | tuple):
        return [_restored(item) for item in value]
    if isinstance(value, dict):
        return keras.saving.deserialize_keras_object(value)
    return value


def by_name(kind: type, namespace: Mapping[str, Any]) -> dict[str, Any]:
    """Returns the classes of a package by their names, in the order of the alphabet.

    Args:
        kind: The base class, such as `kgan.losses.Loss`.
        namespace: `globals()` of the package that imports the classes. A class has a name
            if its own body sets `name`.
    """
    found = {
        vars(value)["name"]: value
        for value in namespace.values()
        if isinstance(value, type) and issubclass(value, kind) and value is not kind
        if "name" in vars(value)
    }
    return dict(sorted(found.items()))


def get(identifier: Any, known: Mapping[str, type], kind: type, argument: str) -> Any:
    """Resolves a name, a config or an instance to an instance.

    Args:
        identifier: A key of `known`, a serialised config, or a `kind` object.
        known: Names and the classes that they stand for.
        kind: The class that the result must be an instance of.
        argument: Name of the argument, for the error.

    Returns:
        An instance of `kind`.

    Raises:
        ValueError: If `identifier` is none of these.
    """
    if isinstance(identifier, dict):
        identifier = keras.saving.deserialize_keras_object(identifier)
    if isinstance(identifier, str) and identifier in known:
        return known[identifier]()
    if isinstance(identifier, kind):
        return identifier
    raise ValueError(
        f"Unknown `{argument}`. Expected one of {', '.join(sorted(known))}, or a "
        f"`{kind.__name__}` object. Received: {argument}={identifier!r}"
    )
