"""The steps of layers that add, join, scale and look up numbers."""

from collections.abc import Sequence

import keras
import numpy as np
from keras import layers

from kgan.cli.browser.program import Program, Value
from kgan.cli.browser.registry import array, translates, unknown
from kgan.layers import (
    BatchNormalization,
    ConditionalBatchNormalization,
    GenerativeBasis,
    LabelEmbedding,
)


@translates(layers.Dropout, layers.GaussianNoise)
def _identity(
    program: Program, layer: keras.layers.Layer, inputs: Sequence[Value]
) -> Value:
    return inputs[0]


@translates(layers.Reshape, layers.Flatten)
def _reshape(
    program: Program, layer: keras.layers.Layer, inputs: Sequence[Value]
) -> Value:
    shape = layer.compute_output_shape((1, *inputs[0].shape))[1:]
    return inputs[0]._replace(shape=tuple(shape))


@translates(layers.Add)
def _add(program: Program, layer: keras.layers.Layer, inputs: Sequence[Value]) -> Value:
    return _elementwise("add", program, layer, inputs)


@translates(layers.Multiply)
def _multiply(
    program: Program, layer: keras.layers.Layer, inputs: Sequence[Value]
) -> Value:
    return _elementwise("multiply", program, layer, inputs)


def _elementwise(
    name: str, program: Program, layer: keras.layers.Layer, inputs: Sequence[Value]
) -> Value:
    shapes = {value.shape for value in inputs}
    if len(shapes) > 1:
        raise unknown(layer, "inputs of several shapes")
    return program.add(name, inputs, inputs[0].shape)


@translates(layers.Concatenate)
def _concatenate(
    program: Program, layer: keras.layers.Layer, inputs: Sequence[Value]
) -> Value:
    rank = len(inputs[0].shape)
    if layer.axis not in (-1, rank):
        raise unknown(layer, f"axis={layer.axis}")
    widths = [value.shape[-1] for value in inputs]
    shape = (*inputs[0].shape[:-1], sum(widths))
    return program.add("concatenate", inputs, shape, numbers={"widths": widths})


@translates(LabelEmbedding, layers.Embedding)
def _embedding(
    program: Program, layer: keras.layers.Layer, inputs: Sequence[Value]
) -> Value:
    table = array(layer.embeddings)
    shape = table.shape[1:]
    return program.add("row", inputs, shape, {"table": table})


@translates(GenerativeBasis)
def _basis(program: Program, layer: keras.layers.Layer, inputs: Sequence[Value]) -> Value:
    basis = array(layer.basis)
    numbers = {"channels": basis.shape[-1]}
    return program.add("basis", inputs, basis.shape, {"basis": basis}, numbers)


@translates(layers.BatchNormalization, BatchNormalization)
def _batch_normalization(
    program: Program, layer: keras.layers.Layer, inputs: Sequence[Value]
) -> Value:
    if layer.axis not in (-1, len(inputs[0].shape)):
        raise unknown(layer, f"axis={layer.axis}")
    one = np.ones(layer.moving_mean.shape, "float32")
    scale = array(layer.gamma) if layer.scale else one
    offset = array(layer.beta) if layer.center else 0 * one
    return _normalized(program, layer, inputs[0], scale, offset)


@translates(ConditionalBatchNormalization)
def _conditional_batch_normalization(
    program: Program, layer: keras.layers.Layer, inputs: Sequence[Value]
) -> Value:
    x, label = inputs
    inner, scale, offset = layer.normalization, array(layer.gamma), array(layer.beta)
    return _normalized(program, inner, x, scale, offset, label)


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
    arrays = {"scale": scale, "offset": offset - mean * scale}
    numbers = {"channels": x.shape[-1]}
    return program.add("scaled", [x, *label], x.shape, arrays, numbers)
