"""The steps of the layers of StyleGAN2."""

from collections.abc import Sequence

import keras
import numpy as np

from kgan.cli.browser.convolutions import convolved, padded, transposed
from kgan.cli.browser.elementary import repeated
from kgan.cli.browser.program import Program, Value
from kgan.cli.browser.registry import applied, array, translates, unknown
from kgan.cli.browser.resampling import blur, resampled
from kgan.layers import (
    EqualizedDense,
    EqualizedEmbedding,
    ModulatedConv2D,
    NoiseInjection,
    StyleMixing,
    StyleTruncation,
)
from kgan.layers.modulated_conv2d import EPSILON


@translates(EqualizedDense)
def _dense(program: Program, layer: keras.layers.Layer, inputs: Sequence[Value]) -> Value:
    (x,) = inputs
    kernel = array(layer.scaled_kernel())[None, None]
    y = convolved(program, x._replace(shape=(1, 1, *x.shape)), kernel, _bias(layer))
    return y._replace(shape=y.shape[-1:])


@translates(EqualizedEmbedding)
def _embedding(
    program: Program, layer: keras.layers.Layer, inputs: Sequence[Value]
) -> Value:
    table = array(layer.scaled_kernel()) + _bias(layer)
    return program.add("row", inputs, table.shape[1:], {"table": table})


def _bias(layer: keras.layers.Layer) -> np.ndarray:
    """Returns the numbers that a layer adds to its outputs."""
    if not layer.use_bias:
        return np.zeros(layer.kernel.shape[-1], "float32")
    return array(layer.bias) * layer.learning_rate


@translates(StyleTruncation)
def _truncation(
    program: Program, layer: keras.layers.Layer, inputs: Sequence[Value]
) -> Value:
    (style,) = inputs
    if style.shape != program.move.shape:
        raise unknown(layer, f"styles of length {style.shape[0]}")
    arrays = {"mean": array(layer.mean)}
    numbers = {"psi": float(array(layer.psi))}
    read = [style, program.psi, program.move]
    return program.add("truncated", read, style.shape, arrays, numbers)


@translates(StyleMixing)
def _mixing(
    program: Program, layer: keras.layers.Layer, inputs: Sequence[Value]
) -> Value:
    # Styles are mixed in training only.
    return repeated(program, inputs[0], layer.count)


@translates(NoiseInjection)
def _noise(program: Program, layer: keras.layers.Layer, inputs: Sequence[Value]) -> Value:
    (x,) = inputs
    noise = array(layer.strength) * array(layer.fixed)
    numbers = {"channels": x.shape[-1]}
    return program.add("noise", [x], x.shape, {"noise": noise}, numbers)


@translates(ModulatedConv2D)
def _modulated(
    program: Program, layer: keras.layers.Layer, inputs: Sequence[Value]
) -> Value:
    x, style = inputs
    scale, kernel = applied(program, layer.style, style), array(layer.scaled_kernel())
    x = program.add("multiply", [x, scale], x.shape)
    x = _doubled(program, layer, x, kernel) if layer.up else _same(program, x, kernel)
    if layer.demodulate:
        x = program.add("multiply", [x, _norms(program, scale, kernel)], x.shape)
    return program.add("add", [x, program.constant(_bias(layer))], x.shape)


def _same(program: Program, x: Value, kernel: np.ndarray) -> Value:
    """Adds the steps of a convolution that keeps the size."""
    return convolved(program, padded(program, x, kernel.shape[:2]), kernel)


def _doubled(
    program: Program, layer: keras.layers.Layer, x: Value, kernel: np.ndarray
) -> Value:
    """Adds the steps of a transposed convolution, and of a filter behind it."""
    size = [2 * (side - 1) + max(2, layer.kernel_size) for side in x.shape[:2]]
    x = transposed(program, x, kernel.swapaxes(2, 3), (2, 2), size)
    edge = (5 - layer.kernel_size) // 2
    # The zeros between the old pixels are three of four.
    return resampled(program, x, *(2 * blur(side, edge) for side in x.shape[:2]))


def _norms(program: Program, scale: Value, kernel: np.ndarray) -> Value:
    """Adds the steps of the inverse norms of the kernel that a style has scaled."""
    squares = np.square(kernel).sum(axis=(0, 1))
    x = program.add("multiply", [scale, scale], (1, 1, *scale.shape))
    epsilon = np.full(squares.shape[-1], EPSILON, "float32")
    x = convolved(program, x, squares[None, None], epsilon)
    return program.add("inverseRoot", [x], x.shape[-1:])
