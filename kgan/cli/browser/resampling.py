"""The steps of layers that enlarge images."""

from collections.abc import Sequence

import keras
import numpy as np
from keras import layers

from kgan.cli.browser.convolutions import check_channels_last, places
from kgan.cli.browser.program import Program, Value
from kgan.cli.browser.registry import translates, unknown
from kgan.layers import SmoothUpSampling2D


@translates(layers.UpSampling2D)
def _up_sampling(
    program: Program, layer: keras.layers.Layer, inputs: Sequence[Value]
) -> Value:
    check_channels_last(layer)
    (x,) = inputs
    sizes = list(zip(x.shape[:2], layer.size, strict=True))
    if layer.interpolation == "nearest":
        axes = [_nearest(*pair) for pair in sizes]
    elif layer.interpolation == "bilinear":
        axes = [_bilinear(*pair) for pair in sizes]
    else:
        raise unknown(layer, f"interpolation={layer.interpolation}")
    return _resampled(program, x, axes)


@translates(SmoothUpSampling2D)
def _smooth_up_sampling(
    program: Program, layer: keras.layers.Layer, inputs: Sequence[Value]
) -> Value:
    (x,) = inputs
    axes = []
    for length in x.shape[:2]:
        axis = _bilinear(length, 2)
        # Beyond the edge there are zeros, not the pixels of the edge.
        axis[2][0] = axis[3][-1] = 0.0
        axes.append(axis)
    return _resampled(program, x, axes)


# The places of two old pixels for each new pixel along an axis, and their weights.
_Axis = tuple[list[int], list[int], list[float], list[float]]


def _nearest(length: int, factor: int) -> _Axis:
    """Returns the old pixel in which each new pixel lies."""
    old = [new // factor for new in range(length * factor)]
    return old, old, [1.0] * len(old), [0.0] * len(old)


def _bilinear(length: int, factor: int) -> _Axis:
    """Returns the two old pixels between whose centres each new pixel has its centre."""
    centres = (np.arange(length * factor) + 0.5) / factor - 0.5
    before = np.floor(centres)
    share = centres - before
    first = np.clip(before, 0, length - 1).astype(int)
    second = np.clip(before + 1, 0, length - 1).astype(int)
    return first.tolist(), second.tolist(), (1 - share).tolist(), share.tolist()


def _resampled(program: Program, x: Value, axes: Sequence[_Axis]) -> Value:
    """Adds a step in which each new pixel is a sum of two old pixels along each axis."""
    shape = (*(len(axis[0]) for axis in axes), x.shape[-1])
    return program.add("resampled", [x], shape, numbers=places(x) | {"axes": axes})
