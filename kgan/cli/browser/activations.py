"""The steps of activations."""

from collections.abc import Sequence

import keras
from keras import layers

from kgan.cli.browser.program import Program, Value
from kgan.cli.browser.registry import translates, unknown
from kgan.layers import ScaledLeakyReLU
from kgan.types import Config

# The steps of `generator.js` by the names of Keras' functions, with Keras' defaults.
_ACTIVATIONS: dict[str, tuple[str, Config]] = {
    "relu": ("leakyRelu", {"slope": 0.0, "gain": 1.0}),
    "leaky_relu": ("leakyRelu", {"slope": 0.2, "gain": 1.0}),
    "tanh": ("tanh", {}),
    "sigmoid": ("sigmoid", {}),
    "silu": ("silu", {}),
    "elu": ("elu", {}),
    "softplus": ("softplus", {}),
    "gelu": ("gelu", {}),
}


@translates(layers.Activation)
def _activation(
    program: Program, layer: keras.layers.Layer, inputs: Sequence[Value]
) -> Value:
    return activated(program, layer, inputs[0])


@translates(layers.LeakyReLU)
def _leaky_relu(
    program: Program, layer: keras.layers.Layer, inputs: Sequence[Value]
) -> Value:
    return _leaky(program, inputs[0], layer.negative_slope)


@translates(ScaledLeakyReLU)
def _scaled_leaky_relu(
    program: Program, layer: keras.layers.Layer, inputs: Sequence[Value]
) -> Value:
    return _leaky(program, inputs[0], layer.negative_slope, layer.gain)


@translates(layers.ReLU)
def _relu(program: Program, layer: keras.layers.Layer, inputs: Sequence[Value]) -> Value:
    if layer.max_value is not None or layer.threshold:
        raise unknown(layer, f"max_value={layer.max_value}, threshold={layer.threshold}")
    return _leaky(program, inputs[0], layer.negative_slope or 0)


def _leaky(program: Program, x: Value, slope: float, gain: float = 1) -> Value:
    numbers = {"slope": float(slope), "gain": float(gain)}
    return program.add("leakyRelu", [x], x.shape, numbers=numbers)


def activated(program: Program, layer: keras.layers.Layer, value: Value) -> Value:
    """Adds the attribute `activation` of a layer."""
    name = getattr(layer.activation, "__name__", str(layer.activation))
    if name == "linear":
        return value
    if name not in _ACTIVATIONS or layer.activation is not keras.activations.get(name):
        raise unknown(layer, f"activation={name}")
    step, numbers = _ACTIVATIONS[name]
    return program.add(step, [value], value.shape, numbers=numbers)
