"""The steps of attention, and of the excitation of FastGAN."""

from collections.abc import Sequence

import keras
import numpy as np

from kgan.cli.browser.convolutions import places
from kgan.cli.browser.program import Program, Value
from kgan.cli.browser.registry import applied, array, translates
from kgan.cli.browser.resampling import resampled
from kgan.layers import ScaledDotProductAttention, SelfAttention2D, SkipLayerExcitation


@translates(ScaledDotProductAttention)
def _attention(
    program: Program, layer: keras.layers.Layer, inputs: Sequence[Value]
) -> Value:
    query, key, value = inputs
    scale = (query.shape[-1] // layer.num_heads) ** -0.5
    return _attended(program, query, key, value, layer.num_heads, scale)


@translates(SelfAttention2D)
def _self_attention(
    program: Program, layer: keras.layers.Layer, inputs: Sequence[Value]
) -> Value:
    (x,) = inputs
    query, key, value = (
        applied(program, part, x) for part in (layer.query, layer.key, layer.value)
    )
    key, value = _pooled(program, key), _pooled(program, value)
    mixed = _attended(program, query, key, value, heads=1, scale=1)
    mixed = applied(program, layer.out, mixed)
    gamma = program.constant(array(layer.gamma))
    mixed = program.add("multiply", [mixed, gamma], x.shape)
    return program.add("add", [x, mixed], x.shape)


def _attended(
    program: Program, query: Value, key: Value, value: Value, heads: int, scale: float
) -> Value:
    """Adds a step in which each place of the query gets a mixture of values."""
    numbers = {
        "heads": heads,
        "scale": scale,
        "channels": query.shape[-1],
        "width": value.shape[-1],
    }
    shape = (*query.shape[:-1], value.shape[-1])
    return program.add("attention", [query, key, value], shape, numbers=numbers)


def _pooled(program: Program, x: Value) -> Value:
    """Adds a step that takes the maximum over windows of 2x2 pixels."""
    rows, columns, channels = x.shape
    shape = (-(-rows // 2), -(-columns // 2), channels)
    return program.add("pooled", [x], shape, numbers=places(x))


@translates(SkipLayerExcitation)
def _excitation(
    program: Program, layer: keras.layers.Layer, inputs: Sequence[Value]
) -> Value:
    source, features = inputs
    x = resampled(program, source, layer.rows, layer.columns)
    x = x._replace(shape=(int(np.prod(x.shape)),))
    x = applied(program, layer.squeeze, x)
    x = program.add("silu", [x], x.shape)
    x = applied(program, layer.excite, x)
    x = program.add("sigmoid", [x], x.shape)
    return program.add("multiply", [features, x], features.shape)
