"""The steps of layers that join, arrange and look up numbers."""

from collections.abc import Sequence

import keras
from keras import layers

from kgan.cli.browser.program import Program, Value
from kgan.cli.browser.registry import array, translates, unknown
from kgan.layers import GenerativeBasis, LabelEmbedding, LearnedConstant, PairSwap


@translates(layers.Dropout, layers.GaussianNoise, PairSwap)
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


@translates(layers.Permute)
def _permuted(
    program: Program, layer: keras.layers.Layer, inputs: Sequence[Value]
) -> Value:
    (x,), order = inputs, [axis - 1 for axis in layer.dims]
    numbers = {"shape": list(x.shape), "order": order}
    shape = [x.shape[axis] for axis in order]
    return program.add("permuted", inputs, shape, numbers=numbers)


@translates(layers.RepeatVector)
def _repeated(
    program: Program, layer: keras.layers.Layer, inputs: Sequence[Value]
) -> Value:
    return repeated(program, inputs[0], layer.n)


def repeated(program: Program, x: Value, count: int) -> Value:
    """Adds a step that repeats a vector, to numbers `(count, length)`."""
    shape = (count, *x.shape)
    numbers = {"widths": [x.shape[-1]] * count}
    return program.add("concatenate", [x] * count, shape, numbers=numbers)


@translates(layers.Concatenate)
def _concatenate(
    program: Program, layer: keras.layers.Layer, inputs: Sequence[Value]
) -> Value:
    rank = len(inputs[0].shape)
    if layer.axis not in (-1, rank):
        raise unknown(layer, f"axis={layer.axis}")
    return joined(program, inputs)


def joined(program: Program, values: Sequence[Value]) -> Value:
    """Adds a step that puts the channels of several values one after the other."""
    widths = [value.shape[-1] for value in values]
    shape = (*values[0].shape[:-1], sum(widths))
    return program.add("concatenate", values, shape, numbers={"widths": widths})


def sliced(program: Program, x: Value, parts: int | Sequence[int]) -> list[Value]:
    """Adds steps that take parts of the last axis.

    Args:
        program: The program.
        x: The numbers.
        parts: The number of equal parts, or the places where parts begin, without 0.
    """
    *shape, channels = x.shape
    if isinstance(parts, int):
        parts = range(0, channels, channels // parts)[1:]
    found = []
    for start, end in zip([0, *parts], [*parts, channels], strict=True):
        numbers = {"channels": channels, "start": start, "width": end - start}
        found.append(program.add("slice", [x], (*shape, end - start), numbers=numbers))
    return found


@translates(LabelEmbedding, layers.Embedding)
def _embedding(
    program: Program, layer: keras.layers.Layer, inputs: Sequence[Value]
) -> Value:
    table = array(layer.embeddings)
    shape = table.shape[1:]
    return program.add("row", inputs, shape, {"table": table})


@translates(LearnedConstant)
def _learned(
    program: Program, layer: keras.layers.Layer, inputs: Sequence[Value]
) -> Value:
    return program.constant(array(layer.constant))


@translates(GenerativeBasis)
def _basis(program: Program, layer: keras.layers.Layer, inputs: Sequence[Value]) -> Value:
    basis = array(layer.basis)
    numbers = {"channels": basis.shape[-1]}
    return program.add("basis", inputs, basis.shape, {"basis": basis}, numbers)
