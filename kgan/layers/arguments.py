"""The arguments that layers pass on to Keras: checks, by their names, and copies."""

import functools
import inspect
from collections.abc import Callable
from typing import Any

import keras

from kgan import checks

_FLAGS = (
    "autocast",
    "center",
    "renorm",
    "scale",
    "synchronized",
    "trainable",
    "use_gamma",
)
_PARTS: dict[str, tuple[Callable[[Any], Any], str]] = {
    "activation": (keras.activations.get, "an activation of Keras, a function, or None"),
    "initializer": (keras.initializers.get, "an initializer of Keras"),
    "regularizer": (keras.regularizers.get, "a regularizer of Keras, or None"),
    "constraint": (keras.constraints.get, "a constraint of Keras, or None"),
}


def with_checked_arguments(
    layer: type[keras.layers.Layer],
) -> type[keras.layers.Layer]:
    """Class decorator: checks the arguments of a layer that Keras does not check.

    Keras would take any value, or raise an error without the name of the argument.
    """
    build = layer.__init__
    # Only this layer of Keras normalises over several axes.
    several = issubclass(layer, keras.layers.LayerNormalization)
    signature = inspect.signature(build)

    @functools.wraps(build)
    def checked(self: keras.layers.Layer, *args: Any, **kwargs: Any) -> None:
        given = checks.bound(build, self, *args, **kwargs)
        for name, value in {**given, **given.get("kwargs", {})}.items():
            _check(name, value, several)
        build(self, *args, **kwargs)

    # Keras reads the signature for `get_config`.
    vars(checked)["__signature__"] = signature
    setattr(layer, "__init__", checked)  # noqa: B010
    return layer


def _check(name: str, value: Any, several: bool) -> None:
    kind = name.rpartition("_")[2]
    if kind in _PARTS:
        get, expected = _PARTS[kind]
        checks.resolved(get, expected, **{name: value})
    elif name in _FLAGS:
        checks.flag(**{name: value})
    elif name == "name" and value is not None:
        checks.name(name=value)
    elif name == "dtype":
        expected = "a dtype, a policy of Keras, or None"
        checks.resolved(keras.dtype_policies.get, expected, dtype=value)
    elif name.endswith("momentum"):
        checks.number(minimum=0, maximum=1, **{name: value})
    elif name == "epsilon":
        checks.number(minimum=0, epsilon=value)
    elif name == "renorm_clipping" and value is not None:
        expected = "a dict from rmax, rmin and dmax to numbers, or None"
        checks.resolved(_clipping, expected, renorm_clipping=value)
    elif name == "axis":
        _check_axis(value, several)


def _check_axis(axis: Any, several: bool) -> None:
    axes = axis if several and isinstance(axis, list | tuple) else [axis]
    if not axes or not all(checks.is_count(a, minimum=-(2**31)) for a in axes):
        raise ValueError(
            f"`axis` must be an int{', or a list of ints' if several else ''}. "
            f"{checks.received(axis=axis)}"
        )


def _clipping(renorm_clipping: dict[str, float]) -> None:
    for name, value in renorm_clipping.items():
        checks.one_of(("rmax", "rmin", "dmax"), name=name)
        checks.number(value=value)


def fresh(initializer: keras.initializers.Initializer) -> keras.initializers.Initializer:
    """Returns the same initializer with a new seed, unless a user gave the seed.

    An initializer draws the same numbers each time, and keys must differ from queries.
    """
    clone = getattr(initializer, "clone", None)
    return clone() if clone else initializer
