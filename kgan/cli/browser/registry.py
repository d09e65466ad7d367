"""The functions that translate layers, by the class of the layer."""

from collections.abc import Callable, Sequence
from typing import Any

import keras
import numpy as np
from keras import ops

from kgan.cli.browser.program import Program, Value
from kgan.types import Tensor

Translator = Callable[[Program, Any, Sequence[Value]], Value | list[Value]]

# By the class itself: a subclass may compute something else. By the name of the class for
# the operations of `keras.ops`, whose classes are not public.
_TRANSLATORS: dict[type | str, Translator] = {}
_NETWORKS = "a generator of kgan.networks for images, or a model of the same layers"


def translator(operation: keras.Operation) -> Translator:
    """Returns the function that adds the steps of a layer or of an operation.

    Raises:
        ValueError: If there is none.
    """
    kind: type | str = type(operation)
    if not isinstance(operation, keras.layers.Layer):
        kind = type(operation).__name__
    if kind not in _TRANSLATORS:
        raise unknown(operation)
    return _TRANSLATORS[kind]


def applied(program: Program, layer: Any, value: Value) -> Value:
    """Adds the steps of a layer inside of another layer."""
    found = translator(layer)(program, layer, [value])
    assert isinstance(found, Value)
    return found


def unknown(layer: keras.Operation, option: str = "") -> ValueError:
    """Returns the error for a layer that a browser can't compute.

    Args:
        layer: The layer or the operation.
        option: The option of the layer that is not known, for example `"groups=2"`.
    """
    kind = type(layer).__name__
    received = f"{layer.name}, {'an' if kind[0] in 'AEIOU' else 'a'} {kind}"
    return ValueError(
        f"This generator has a layer that the page can't compute. Expected {_NETWORKS}. "
        f"Received: {received}{f' with {option}' if option else ''}"
    )


def translates(*classes: type | str) -> Callable[[Translator], Translator]:
    """Decorator of the function that adds the steps of some layers or operations.

    Args:
        *classes: Classes of layers, and names of classes of operations.
    """

    def register(function: Translator) -> Translator:
        _TRANSLATORS.update(dict.fromkeys(classes, function))
        return function

    return register


def array(variable: Tensor) -> np.ndarray:
    """Returns weights as float32."""
    return ops.convert_to_numpy(variable).astype("float32")
