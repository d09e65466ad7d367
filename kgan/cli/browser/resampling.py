"""The steps of layers that enlarge images."""

from collections.abc import Sequence

import keras
import numpy as np
from keras import layers

from kgan.cli.browser.activations import activated
from kgan.cli.browser.convolutions import (
    bias_of,
    check_channels_last,
    convolved,
    padded,
    places,
)
from kgan.cli.browser.program import Program, Value
from kgan.cli.browser.registry import array, translates, unknown
from kgan.layers import SmoothUpSampling2D, UpSamplingConv2D


@translates(layers.UpSampling2D)
def _up_sampling(
    program: Program, layer: keras.layers.Layer, inputs: Sequence[Value]
) -> Value:
    check_channels_last(layer)
    (x,) = inputs
    if layer.interpolation == "nearest":
        matrix = _nearest
    elif layer.interpolation == "bilinear":
        matrix = _bilinear
    else:
        raise unknown(layer, f"interpolation={layer.interpolation}")
    return resampled(program, x, *map(matrix, x.shape[:2], layer.size))


@translates(UpSamplingConv2D)
def _up_sampling_conv2d(
    program: Program, layer: keras.layers.Layer, inputs: Sequence[Value]
) -> Value:
    (x,) = inputs
    doubled = resampled(program, x, *(_nearest(side, 2) for side in x.shape[:2]))
    kernel = array(layer.kernel)
    x = padded(program, doubled, kernel.shape[:2])
    return activated(program, layer, convolved(program, x, kernel, bias_of(layer)))


@translates(SmoothUpSampling2D)
def _smooth_up_sampling(
    program: Program, layer: keras.layers.Layer, inputs: Sequence[Value]
) -> Value:
    (x,) = inputs
    # Beyond the edge there are zeros, not the pixels of the edge.
    matrices = (_bilinear(length + 2, 2)[2:-2, 1:-1] for length in x.shape[:2])
    return resampled(program, x, *matrices)


def _nearest(length: int, factor: int) -> np.ndarray:
    """Returns the matrix by which each new pixel is the old pixel in which it lies."""
    return np.eye(length).repeat(factor, axis=0)


def _bilinear(length: int, factor: int) -> np.ndarray:
    """Returns the matrix that weights the two old pixels nearest to each new centre."""
    new = np.arange(length * factor)
    centres = (new + 0.5) / factor - 0.5
    before = np.floor(centres)
    share = centres - before
    matrix = np.zeros((len(new), length))
    for place, weight in ((before, 1 - share), (before + 1, share)):
        matrix[new, np.clip(place, 0, length - 1).astype(int)] += weight
    return matrix


def blur(length: int, edge: int) -> np.ndarray:
    """Returns the matrix of the filter [1, 3, 3, 1] / 8 with zeros at both ends.

    Args:
        length: Int, the number of old pixels.
        edge: Int, the number of zeros at each end.
    """
    new = length + 2 * edge - 3
    taps = zip((1, 3, 3, 1), range(-edge, 4 - edge), strict=True)
    return np.sum([tap / 8 * np.eye(new, length, place) for tap, place in taps], axis=0)


def resampled(program: Program, x: Value, rows: np.ndarray, columns: np.ndarray) -> Value:
    """Adds a step in which each new pixel is a sum of old pixels along each axis.

    Args:
        program: The program.
        x: Images.
        rows: Array `(new rows, old rows)` of weights.
        columns: Array `(new columns, old columns)` of weights.
    """
    shape = (len(rows), len(columns), x.shape[-1])
    axes = [_taps(rows), _taps(columns)]
    return program.add("resampled", [x], shape, numbers=places(x) | {"axes": axes})


def _taps(matrix: np.ndarray) -> list[tuple[list[int], list[float]]]:
    """Returns pairs of an old pixel for each new pixel, and of its weight."""
    count = (matrix != 0).sum(axis=1).max()
    # The pixels with a weight come first.
    old = np.argsort(matrix == 0, axis=1, kind="stable")[:, :count]
    weights = np.take_along_axis(matrix, old, axis=1)
    return list(zip(old.T.tolist(), weights.T.tolist(), strict=True))
