"""Every builder of a network has this decorator."""

import functools
from collections.abc import Callable
from typing import Any, ParamSpec

import keras

from kgan import checks
from kgan.backend import channels_last
from kgan.types import Identifier

_Arguments = ParamSpec("_Arguments")


def builder(
    build: Callable[_Arguments, keras.Model],
) -> Callable[_Arguments, keras.Model]:
    """Decorator of a builder: checks its name, its activation and its regularizer.

    The layers are made for `(batch, ..., channels)`, also if the default of Keras is
    `channels_first`.
    """

    @functools.wraps(build)
    def checked(*args: _Arguments.args, **kwargs: _Arguments.kwargs) -> keras.Model:
        given = checks.bound(build, *args, **kwargs)
        if "name" in given:
            checks.name(name=given["name"])
        if "activation" in given:
            expected = "an activation of Keras, or None"
            checks.resolved(_activation, expected, activation=given["activation"])
        if "kernel_regularizer" in given:
            expected = "a regularizer of Keras, or None"
            found = given["kernel_regularizer"]
            checks.resolved(_regularizer, expected, kernel_regularizer=found)
        with channels_last():
            return build(*args, **kwargs)

    return checked


def _regularizer(identifier: Identifier) -> Any:
    found = keras.regularizers.get(identifier)
    if found is not None and not callable(found):
        raise TypeError("The class is no regularizer.")
    return found


def _activation(identifier: Identifier) -> Any:
    if isinstance(identifier, type) and not issubclass(identifier, keras.layers.Layer):
        raise TypeError("A class is no activation.")
    return keras.activations.get(identifier)
