"""Tells before training whether the file of a GAN will load."""

import contextlib
import inspect
import warnings
from collections.abc import Collection, Iterable, Iterator
from typing import Any

import keras

from kgan import serialization
from kgan.backend import keras_private

# Where Keras looks for functions.
_MODULES = (
    keras.activations,
    keras.losses,
    keras.metrics,
    keras.initializers,
    keras.regularizers,
    keras.constraints,
)
# Advice for a lambda in a `Lambda` layer, and for any other lambda.
_UNSAFE = (
    "A file of this GAN loads only with `safe_mode=False`, since a `Lambda` layer has a "
    "Python lambda: replace the lambda with a function that is registered by "
    "`keras.saving.register_keras_serializable()`, or load with this option."
)
_LOST = (
    "A file of this GAN can't be loaded, since Keras saves no lambda outside of a "
    "`Lambda` layer: replace the lambda with a function that is registered by "
    "`keras.saving.register_keras_serializable()`."
)


def warn_of_unknown(*parts: object) -> None:
    """Warns if Keras could not load the parts of a GAN from a file by itself.

    Args:
        *parts: Networks and options that the file of a GAN contains. While a file is
            loaded, Keras knows the `custom_objects`, so they give no warning.
    """
    found: dict[str, None] = {}
    lost: dict[str, None] = {}
    for part in parts:
        try:
            found |= dict.fromkeys(_unknown(_config(part)))
            lost |= dict.fromkeys(lost_arguments(part))
        except Exception as error:
            _warn(
                f"A GAN with {type(part).__name__} can't be saved, since its "
                f"`get_config` raises {type(error).__name__}"
            )
    for advice in (_UNSAFE, _LOST):
        if advice in found:
            del found[advice]
            if advice == _LOST or not keras_private.is_unsafe():
                _warn(advice)
    if found:
        _warn_of_names(found)
    reason = why_not_rebuilt(*parts)
    if reason:
        _warn(f"A file of this GAN can't be loaded, since {reason}.")
    _warn_of_lost(lost)


def why_not_rebuilt(*parts: object) -> str:
    """Returns why Keras can't build layers of networks from their configs, or "".

    Args:
        *parts: Networks; other parts are ignored.
    """
    names = dict.fromkeys(name for part in parts for name in _refusing(part))
    return _refused_by(*names) if names else ""


def _refused_by(*names: str) -> str:
    return (
        f"{', '.join(names)} can't take all values of the config, for example `name`: "
        "let `__init__` take `**kwargs`, and pass these to `super().__init__`"
    )


def warn_of_unknown_class(model: keras.Model) -> None:
    """Warns if Keras could not load a model of this class, for example of a subclass."""
    kind = type(model)
    name = keras.saving.get_registered_name(kind)
    if not keras.saving.get_registered_object(name):
        _warn_of_names([kind.__name__])
    try:
        config = model.get_config()
    except Exception:
        # `warn_of_unknown` names the part without a config.
        return
    if serialization.constructor_refuses(kind, config):
        _warn(f"A file of this GAN can't be loaded, since {_refused_by(kind.__name__)}.")
    known = {*config, *serialization.constructor_arguments(keras.Model)}
    arguments = [*serialization.constructor_arguments(kind), *_own_of_compile(kind)]
    _warn_of_lost([f"`{n}` of {kind.__name__}" for n in arguments if n not in known])


def _own_of_compile(kind: Any) -> list[str]:
    """Returns the arguments of `compile` that a subclass added, and no config has."""
    bases: list[Any] = [base for base in kind.__mro__ if _is_of(base, "kgan")]
    if kind.get_compile_config is not bases[0].get_compile_config:
        return []
    parameters = inspect.signature(kind.compile).parameters.values()
    known = inspect.signature(bases[0].compile).parameters
    named = [p for p in parameters if p.kind not in serialization.VARIADIC]
    return [p.name for p in named if p.name not in known]


def _warn_of_names(names: Iterable[str]) -> None:
    _warn(
        "A file of this GAN does not load by itself, since Keras does not know "
        f"{', '.join(names)}: register each by "
        "`keras.saving.register_keras_serializable()`, or pass `custom_objects` to "
        "`keras.models.load_model`."
    )


def _warn_of_lost(arguments: Collection[str]) -> None:
    if arguments:
        _warn(
            f"A file of this GAN loses {', '.join(arguments)}: implement `get_config` or "
            "`get_compile_config`, or, in parts of kgan, keep each argument as an "
            "attribute of the same name."
        )


def _warn(message: str) -> None:
    # At the line that makes or compiles the GAN, for most parts.
    warnings.warn(message, stacklevel=5)


def _config(part: object) -> Any:
    with warnings.catch_warnings():
        # Keras' own warning of a lambda names neither the part nor the remedy.
        warnings.simplefilter("ignore")
        return keras.saving.serialize_keras_object(part)


def _unknown(config: Any) -> Iterator[str]:
    """Yields the names in a serialised config that Keras can't resolve, and advice."""
    if isinstance(config, list | tuple):
        for item in config:
            yield from _unknown(item)
    if not isinstance(config, dict):
        return
    kind, inner = config.get("class_name"), config.get("config")
    if kind == "__lambda__" or _is_lambda(config):
        yield _UNSAFE if isinstance(inner, dict) and "code" in inner else _LOST
        return
    if "registered_name" in config:
        is_function = kind == "function"
        name = inner if is_function else config["registered_name"]
        is_of_keras = str(config.get("module")).partition(".")[0] == "keras"
        if is_function:
            is_of_keras = any(hasattr(module, str(name)) for module in _MODULES)
        if not is_of_keras and not keras.saving.get_registered_object(name):
            yield str(inner if is_function else kind)
    for item in config.values():
        yield from _unknown(item)


def lost_arguments(part: object) -> Iterator[str]:
    """Yields the arguments of options, losses and optimizers that no config has."""
    if isinstance(part, list | tuple):
        for item in part:
            yield from lost_arguments(item)
    if isinstance(part, keras.optimizers.LossScaleOptimizer):
        yield from lost_arguments(part.inner_optimizer)
    kinds = serialization.Configurable, keras.losses.Loss, keras.optimizers.Optimizer
    if not isinstance(part, kinds) or _is_of(type(part), "keras"):
        return
    is_loss = isinstance(part, keras.losses.Loss)
    config = serialization.loss_config(part) if is_loss else part.get_config()
    # Keras itself leaves some arguments out, for example the type of numbers of a loss.
    bases = type(part).__mro__
    of_keras = next((base for base in bases if _is_of(base, "keras")), object)
    known = {*config, *serialization.constructor_arguments(of_keras)}
    for name in serialization.constructor_arguments(type(part)):
        if name not in known:
            yield f"`{name}` of {type(part).__name__}"
    yield from lost_arguments(list(vars(part).values()))


def _refusing(part: object) -> Iterator[str]:
    """Yields the classes in a network whose constructors refuse their own configs."""
    if not isinstance(part, keras.layers.Layer):
        return
    kind = type(part)
    rebuilds = next(base for base in kind.__mro__ if "from_config" in vars(base))
    if _is_of(kind, "keras", "kgan"):
        for layer in getattr(part, "layers", ()):
            yield from _refusing(layer)
    elif _is_of(rebuilds, "keras"):
        config = {}
        # `warn_of_unknown` names a class without a config.
        with contextlib.suppress(Exception):
            config = part.get_config()
        if serialization.constructor_refuses(kind, config):
            yield kind.__name__


def _is_of(kind: type, *packages: str) -> bool:
    return kind.__module__.partition(".")[0] in packages


def _is_lambda(config: dict[str, Any]) -> bool:
    """Whether a config is the lambda of an activation, saved without its class."""
    code = config.get("value") if set(config) == {"value"} else None
    return isinstance(code, list | tuple) and bool(code) and isinstance(code[0], str)
