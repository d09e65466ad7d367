"""The steps of sums and products, and of the operations of `keras.ops`."""

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
from keras import layers

from kgan.cli.browser.elementary import sliced
from kgan.cli.browser.program import Program, Value
from kgan.cli.browser.registry import translates, unknown


@translates(layers.Add, "Add")
def _add(program: Program, operation: Any, inputs: Sequence[Value]) -> Value:
    return _elementwise("add", program, operation, inputs)


@translates(layers.Multiply, "Multiply")
def _multiply(program: Program, operation: Any, inputs: Sequence[Value]) -> Value:
    return _elementwise("multiply", program, operation, inputs)


def _elementwise(
    name: str, program: Program, operation: Any, inputs: Sequence[Value]
) -> Value:
    shape = np.broadcast_shapes(*(value.shape for value in inputs))
    for value in inputs:
        # Without the ones at the start, the numbers repeat as the steps repeat them.
        own = value.shape
        while own and own[0] == 1:
            own = own[1:]
        has_rank = not value.shape or len(value.shape) == len(shape)
        if not has_rank or own != shape[len(shape) - len(own) :]:
            raise unknown(operation, "inputs of several shapes")
    return program.add(name, inputs, shape)


@translates("Unstack")
def _unstack(program: Program, operation: Any, inputs: Sequence[Value]) -> list[Value]:
    (x,) = inputs
    if operation.axis != 1:
        raise unknown(operation, f"axis={operation.axis}")
    count, *shape = x.shape
    rows = sliced(program, x._replace(shape=(int(np.prod(x.shape)),)), count)
    return [row._replace(shape=tuple(shape)) for row in rows]


@translates("Split")
def _split(program: Program, operation: Any, inputs: Sequence[Value]) -> list[Value]:
    _check_last_axis(operation, inputs[0])
    return sliced(program, inputs[0], operation.indices_or_sections)


@translates("Glu")
def _glu(program: Program, operation: Any, inputs: Sequence[Value]) -> Value:
    _check_last_axis(operation, inputs[0])
    x, gate = sliced(program, inputs[0], 2)
    gate = program.add("sigmoid", [gate], gate.shape)
    return program.add("multiply", [x, gate], x.shape)


def _check_last_axis(operation: keras.Operation, x: Value) -> None:
    if operation.axis not in (-1, len(x.shape)):
        raise unknown(operation, f"axis={operation.axis}")
