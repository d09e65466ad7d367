"""The functions that translate layers, by the class of the layer."""

from collections.abc import Callable, Sequence
from typing import Any

import keras
import numpy as np
from keras import ops

from kgan.cli.browser.program import Program, Value
from kgan.types import Tensor

Translator = Callable[[Program, Any, Sequence[Value]], Value]

# By the class itself: a subclass may compute something else.
_TRANSLATORS: dict[type, Translator] = {}
_NETWORKS = (
    "mlp_generator, small_generator, dcgan_generator, resnet_generator, r3gan_generator "
    "without groups, and models of the same layers"
)


def translator(layer: keras.layers.Layer) -> Translator:
    """Returns the function that adds the steps of a layer.

    Raises:
        ValueError: If there is none.
    """
    if type(layer) not in _TRANSLATORS:
        raise unknown(layer)
    return _TRANSLATORS[type(layer)]


def unknown(layer: keras.layers.Layer, option: str = "") -> ValueError:
    """Returns the error for a layer that a browser can't compute.

    Args:
        layer: The layer.
        option: The option of the layer that is not known, for example `"groups=2"`.
    """
    kind = type(layer).__name__
    received = f"{layer.name}, {'an' if kind[0] in 'AEIOU' else 'a'} {kind}"
    return ValueError(
        f"This generator has a layer that the page can't compute. Expected {_NETWORKS}. "
        f"Received: {received}{f' with {option}' if option else ''}"
    )


def translates(*classes: type) -> Callable[[Translator], Translator]:
    """Decorator of the function that adds the steps of the layers of some classes."""

    def register(function: Translator) -> Translator:
        _TRANSLATORS.update(dict.fromkeys(classes, function))
        return function

    return register


def array(variable: Tensor) -> np.ndarray:
    """Returns weights as float32."""
    return ops.convert_to_numpy(variable).astype("float32")
