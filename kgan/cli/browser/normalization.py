"""The steps of normalisations."""

from collections.abc import Sequence

import keras
import numpy as np
from keras import layers

from kgan.cli.browser.program import Program, Value
from kgan.cli.browser.registry import applied, array, translates, unknown
from kgan.layers import (
    BatchNormalization,
    ConditionalBatchNormalization,
    LayerNormalization,
    ModulatedBatchNormalization,
    PixelNormalization,
)


@translates(layers.BatchNormalization, BatchNormalization)
def _batch_normalization(
    program: Program, layer: keras.layers.Layer, inputs: Sequence[Value]
) -> Value:
    if layer.axis not in (-1, len(inputs[0].shape)):
        raise unknown(layer, f"axis={layer.axis}")
    return _normalized(program, layer, inputs[0], *_learned(layer, inputs[0]))


def _learned(layer: keras.layers.Layer, x: Value) -> tuple[np.ndarray, np.ndarray]:
    """Returns the scales and the offsets that a normalisation has learned."""
    one = np.ones(x.shape[-1], "float32")
    scale = array(layer.gamma) if layer.scale else one
    return scale, array(layer.beta) if layer.center else 0 * one


@translates(ConditionalBatchNormalization)
def _conditional_batch_normalization(
    program: Program, layer: keras.layers.Layer, inputs: Sequence[Value]
) -> Value:
    x, label = inputs
    inner, scale, offset = layer.normalization, array(layer.gamma), array(layer.beta)
    return _normalized(program, inner, x, scale, offset, label)


@translates(ModulatedBatchNormalization)
def _modulated_batch_normalization(
    program: Program, layer: keras.layers.Layer, inputs: Sequence[Value]
) -> Value:
    (x, vector), inner = inputs, layer.normalization
    x = _normalized(program, inner, x, *_learned(inner, x))
    scale, offset = (
        applied(program, part, vector) for part in (layer.scale, layer.offset)
    )
    scaled = program.add("multiply", [x, scale], x.shape)
    return program.add("add", [x, scaled, offset], x.shape)


def _normalized(
    program: Program,
    layer: keras.layers.Layer,
    x: Value,
    scale: np.ndarray,
    offset: np.ndarray,
    *label: Value,
) -> Value:
    """Adds a batch normalisation with its moving averages, as one scale and one offset.

    Args:
        program: The program.
        layer: The layer that has the averages.
        x: The features.
        scale: Array `(channels,)`, or `(num_classes, channels)` with a label.
        offset: Array of the shape of `scale`.
        *label: The label, if there is one.
    """
    mean, variance = array(layer.moving_mean), array(layer.moving_variance)
    scale = scale / np.sqrt(variance + layer.epsilon)
    return _scaled(program, x, scale, offset - mean * scale, *label)


def _scaled(
    program: Program, x: Value, scale: np.ndarray, offset: np.ndarray, *label: Value
) -> Value:
    arrays = {"scale": scale, "offset": offset}
    numbers = {"channels": x.shape[-1]}
    return program.add("scaled", [x, *label], x.shape, arrays, numbers)


@translates(layers.LayerNormalization, LayerNormalization)
def _layer_normalization(
    program: Program, layer: keras.layers.Layer, inputs: Sequence[Value]
) -> Value:
    (x,) = inputs
    axes = [layer.axis] if isinstance(layer.axis, int) else list(layer.axis)
    if axes not in ([-1], [len(x.shape)]):
        raise unknown(layer, f"axis={layer.axis}")
    if getattr(layer, "rms_scaling", False):
        raise unknown(layer, "rms_scaling=True")
    x = _by_pixel(program, x, layer.epsilon, centered=True)
    return _scaled(program, x, *_learned(layer, x))


@translates(PixelNormalization)
def _pixel_normalization(
    program: Program, layer: keras.layers.Layer, inputs: Sequence[Value]
) -> Value:
    return _by_pixel(program, inputs[0], layer.epsilon, centered=False)


def _by_pixel(program: Program, x: Value, epsilon: float, centered: bool) -> Value:
    """Adds a step that scales the channels of each pixel to a mean square of 1.

    Args:
        program: The program.
        x: The features.
        epsilon: Float, which is added to the mean square.
        centered: Bool, whether the channels of each pixel get a mean of 0 before.
    """
    numbers = {"channels": x.shape[-1], "epsilon": epsilon, "centered": centered}
    return program.add("normalized", [x], x.shape, numbers=numbers)
