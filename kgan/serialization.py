"""Registration, names and configs of kgan's option objects."""

import inspect
from collections.abc import Callable, Mapping
from typing import Any, Self, TypeVar

import keras

from kgan.backend import keras_private
from kgan.types import Config, Identifier

Option = TypeVar("Option")

Class = TypeVar("Class", bound=type)

# The kinds of `*args` and `**kwargs`.
VARIADIC = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)


def register(known: Class, name: str | None = None) -> Class:
    """Class decorator: Keras saves the class as "kgan>Name" and finds it by this name.

    Args:
        known: The class.
        name: Str, the name for Keras; None for the name of the class.

    Raises:
        ValueError: If another class has the name: a file would load the wrong class.
    """
    name = name or known.__name__
    other = keras.saving.get_registered_object(f"kgan>{name}")
    if other is not None and other.__module__ != known.__module__:
        raise ValueError(
            f"Two classes are registered as {name!r}: give one another name. "
            f"Received: {known.__module__}, which is not {other.__module__}"
        )
    return keras.saving.register_keras_serializable("kgan", name)(known)


class Configurable:
    """Base class of option objects: losses, penalties, augmentations, noises, schedules.

    The config has the arguments of the constructor. A class keeps each argument as an
    attribute of the same name, or implements `get_config`. Two objects are equal if their
    classes and configs are equal. `repr` is the Python expression that builds the object,
    on one line.
    """

    def get_config(self) -> Config:
        """Returns the arguments of the constructor, as Keras saves them."""
        names = constructor_arguments(type(self))
        return {name: getattr(self, name) for name in names if hasattr(self, name)}

    @classmethod
    def from_config(cls, config: Config) -> Self:
        """Builds the object from the result of `get_config`."""
        return cls(**{name: _deserialize(value) for name, value in config.items()})

    def not_implemented(self, method: str) -> NotImplementedError:
        """Returns the error for a method that a subclass must implement."""
        return NotImplementedError(f"{type(self).__name__} must implement `{method}`.")

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, Configurable)
            and type(self) is type(other)
            and self.get_config() == other.get_config()
        )

    def __hash__(self) -> int:
        return hash((type(self), repr(sorted(self.get_config().items()))))

    def __repr__(self) -> str:
        config = self.get_config()
        # A serialised object is long, and the object itself is an attribute.
        values = {
            k: getattr(self, k, v) if _is_object(v) else v for k, v in config.items()
        }
        arguments = ", ".join(f"{k}={shown(v)}" for k, v in values.items())
        return f"{type(self).__name__}({arguments})"


def constructor_arguments(kind: type) -> list[str]:
    """Returns the names of the arguments of a class that have names.

    A constructor with `**kwargs` takes the arguments of the next class too.
    """
    names: dict[str, None] = {}
    for base in kind.__mro__:
        if "__init__" not in vars(base):
            continue
        _, *parameters = inspect.signature(base.__init__).parameters.values()
        names |= dict.fromkeys(p.name for p in parameters if p.kind not in VARIADIC)
        if all(p.kind is not p.VAR_KEYWORD for p in parameters):
            break
    return list(names)


def constructor_refuses(kind: type, config: Config) -> bool:
    """Whether the constructor of a class does not take all values of a config."""
    parameters = inspect.signature(kind.__init__).parameters
    takes_any = any(p.kind is p.VAR_KEYWORD for p in parameters.values())
    return not takes_any and not config.keys() <= parameters.keys()


def _is_object(value: Any) -> bool:
    """Whether a value of a config is an object that is serialised already."""
    return isinstance(value, dict) and "class_name" in value


def shown(value: Any) -> str:
    """Returns the expression that builds a value."""
    if inspect.isfunction(value):
        name = value.__name__
        return repr(name) if getattr(keras.losses, name, None) is value else name
    if not isinstance(value, keras.losses.Loss):
        return repr(value)
    known = inspect.signature(type(value)).parameters
    arguments = ", ".join(
        f"{name}={argument!r}"
        for name, argument in loss_config(value).items()
        if name in known and repr(argument) != repr(known[name].default)
    )
    return f"{type(value).__name__}({arguments})"


def loss_config(loss: keras.losses.Loss) -> Config:
    """Returns the config of a Keras loss, with the options that Keras leaves out."""
    return {**loss.get_config(), **keras_private.unsaved_options(loss)}


def serialized_loss(loss: Any) -> Any:
    """Returns what `keras.losses.serialize` returns, with all options of the loss.

    Args:
        loss: A `keras.losses.Loss`, or a function of `(y_true, y_pred)`.
    """
    serialized = keras.losses.serialize(loss)
    if not isinstance(loss, keras.losses.Loss):
        return serialized
    options = keras_private.unsaved_options(loss)
    return {**serialized, "config": {**serialized["config"], **options}}


def _deserialize(value: Any) -> Any:
    """Builds the objects inside a config, which Keras leaves serialised."""
    if isinstance(value, list | tuple):
        return [_deserialize(item) for item in value]
    if isinstance(value, dict):
        return keras.saving.deserialize_keras_object(value)
    return value


def copy_without_state(option: Any) -> Any:
    """Returns a new option of the same class and config, which has no state yet.

    Args:
        option: A `Configurable`, or a list or tuple of these. The options in its config
            are copied too; other values, for example networks, are not.
    """
    if isinstance(option, Configurable):
        config = option.get_config()
        return type(option).from_config(
            {name: copy_without_state(value) for name, value in config.items()}
        )
    if isinstance(option, list | tuple):
        return type(option)(map(copy_without_state, option))
    return option


def by_name(base: type[Option], namespace: Mapping[str, Any]) -> dict[str, type[Option]]:
    """Returns the named subclasses of a base class, by name, in alphabetical order.

    Args:
        base: The base class, for example `kgan.losses.Loss`.
        namespace: `globals()` of the module that imports the classes. A class has a name
            if its own body sets `name`; a name that it inherits does not count. Nor does
            the name of a class that needs arguments, since a name alone can't build it.
    """
    found = {
        vars(value)["name"]: value
        for value in namespace.values()
        if isinstance(value, type) and issubclass(value, base) and value is not base
        if "name" in vars(value) and not _needs_arguments(value)
    }
    return dict(sorted(found.items()))


def _needs_arguments(known: type) -> bool:
    parameters = inspect.signature(known).parameters.values()
    positional = (p for p in parameters if p.kind is p.POSITIONAL_OR_KEYWORD)
    return any(parameter.default is parameter.empty for parameter in positional)


def find(
    identifier: Identifier, known: Mapping[str, Callable[[], Option]]
) -> Callable[[], Option] | None:
    """Returns what builds the object for a name or the name of a class; None for others.

    Args:
        identifier: A key of `known`, or as in Keras the name of a class in it: `"R1"`.
        known: See `get`.
    """
    if not isinstance(identifier, str):
        return None
    classes = {made.__name__: made for made in known.values() if isinstance(made, type)}
    return known.get(identifier) or classes.get(identifier)


def get(
    identifier: Identifier,
    known: Mapping[str, Callable[[], Option]],
    base: type[Option],
    argument: str,
) -> Option:
    """Returns the object for a name, a config or an object.

    Args:
        identifier: A name, see `find`, a serialised config, or an instance of `base`.
        known: From each name to a class, or to a function that builds the object.
        base: The class of which the result is an instance.
        argument: Name of the argument, for the error message.

    Returns:
        An instance of `base`.

    Raises:
        ValueError: If `identifier` is none of these.
    """
    if isinstance(identifier, dict):
        identifier = keras.saving.deserialize_keras_object(identifier)
    make = find(identifier, known)
    if make is not None:
        return make()
    if isinstance(identifier, base):
        return identifier
    raise ValueError(
        f"Unknown `{argument}`. Expected one of {', '.join(sorted(known))}, or an object "
        f"of the class `{base.__name__}`. Received: {argument}={identifier!r}"
    )
