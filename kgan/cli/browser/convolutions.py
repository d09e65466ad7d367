"""The steps of convolutions and dense layers, and of padding and cropping.

Images are `(height, width, channels)`, without the batch.
"""

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
from keras import layers

from kgan.cli.browser.activations import activated
from kgan.cli.browser.elementary import joined, sliced
from kgan.cli.browser.program import Program, Value
from kgan.cli.browser.registry import array, translates, translator, unknown
from kgan.layers import SpectralNormalization
from kgan.types import Config, Tensor


@translates(layers.Dense)
def _dense(program: Program, layer: keras.layers.Layer, inputs: Sequence[Value]) -> Value:
    (x,) = inputs
    # A dense layer is a 1x1 convolution, here of images with one row.
    pixels = x._replace(shape=(1, int(np.prod(x.shape[:-1])), x.shape[-1]))
    y = convolved(program, pixels, array(layer.kernel)[None, None], bias_of(layer))
    return activated(program, layer, y._replace(shape=(*x.shape[:-1], y.shape[-1])))


@translates(layers.Conv2D)
def _conv2d(
    program: Program, layer: keras.layers.Layer, inputs: Sequence[Value]
) -> Value:
    _check_convolution(layer)
    kernel, (x,) = array(layer.kernel), inputs
    if layer.padding == "same":
        x = padded(program, x, kernel.shape[:2], layer.strides)
    y = _grouped(program, x, kernel, bias_of(layer), layer)
    return activated(program, layer, y)


def _grouped(
    program: Program,
    x: Value,
    kernel: np.ndarray,
    bias: np.ndarray | None,
    layer: keras.layers.Layer,
) -> Value:
    """Adds a convolution of each group of channels, see `convolved`."""
    if layer.groups == 1:
        return convolved(program, x, kernel, bias, layer.strides)
    kernels = np.split(kernel, layer.groups, axis=-1)
    biases = [None] * layer.groups if bias is None else np.split(bias, layer.groups)
    groups = zip(sliced(program, x, layer.groups), kernels, biases, strict=True)
    return joined(
        program, [convolved(program, *group, layer.strides) for group in groups]
    )


def padded(
    program: Program, x: Value, lengths: Sequence[int], strides: Sequence[int] = (1, 1)
) -> Value:
    """Adds the zeros around images that a convolution with `padding="same"` sees.

    Args:
        program: The program.
        x: Images.
        lengths: The height and the width of the kernel.
        strides: Two ints.
    """
    sizes = zip(x.shape[:2], lengths, strides, strict=True)
    surplus = [max(0, (-(-n // s) - 1) * s + k - n) for n, k, s in sizes]
    # With an odd surplus, the larger part is at the end.
    starts = [one // 2 for one in surplus]
    shape = [n + one for n, one in zip(x.shape[:2], surplus, strict=True)]
    return _spread(program, x, starts, shape)


@translates(layers.Conv2DTranspose)
def _conv2d_transpose(
    program: Program, layer: keras.layers.Layer, inputs: Sequence[Value]
) -> Value:
    _check_convolution(layer)
    (x,), kernel = inputs, array(layer.kernel)
    # The forward convolution of these strides pads by half of its surplus.
    cuts = [
        max(0, k - s) // 2 if layer.padding == "same" else 0
        for k, s in zip(kernel.shape[:2], layer.strides, strict=True)
    ]
    size = layer.compute_output_shape((1, *x.shape))[1:3]
    y = transposed(program, x, kernel, layer.strides, size, cuts, bias_of(layer))
    return activated(program, layer, y)


def transposed(
    program: Program,
    x: Value,
    kernel: np.ndarray,
    strides: Sequence[int],
    size: Sequence[int],
    cuts: Sequence[int] = (0, 0),
    bias: np.ndarray | None = None,
) -> Value:
    """Adds a transposed convolution.

    Args:
        program: The program.
        x: Images.
        kernel: Array `(height, width, filters, channels)`.
        strides: Two ints.
        size: The height and the width of the outputs.
        cuts: The rows and the columns that the outputs lack at the start.
        bias: Array `(filters,)`, or None.
    """
    lengths = kernel.shape[:2]
    starts = [k - 1 - cut for k, cut in zip(lengths, cuts, strict=True)]
    whole = [n + k - 1 for n, k in zip(size, lengths, strict=True)]
    x = _spread(program, x, starts, whole, strides)
    # Turned by half a circle; the kernel ends in (output, input) channels.
    return convolved(program, x, kernel[::-1, ::-1].swapaxes(2, 3), bias)


def bias_of(layer: keras.layers.Layer) -> np.ndarray | None:
    """Returns the bias of a convolution; None without a bias."""
    return array(layer.bias) if layer.use_bias else None


def _check_convolution(layer: keras.layers.Layer) -> None:
    check_channels_last(layer)
    if set(layer.dilation_rate) != {1}:
        raise unknown(layer, f"dilation_rate={layer.dilation_rate}")
    if getattr(layer, "output_padding", None) is not None:
        raise unknown(layer, f"output_padding={layer.output_padding}")


def check_channels_last(layer: keras.layers.Layer) -> None:
    if layer.data_format != "channels_last":
        raise unknown(layer, f"data_format={layer.data_format}")


def convolved(
    program: Program,
    x: Value,
    kernel: np.ndarray,
    bias: np.ndarray | None = None,
    strides: Sequence[int] = (1, 1),
) -> Value:
    """Adds a convolution of images that are already padded.

    Args:
        program: The program.
        x: Images `(rows, columns, channels)`.
        kernel: Array `(height, width, channels, filters)`.
        bias: Array `(filters,)`; None for zeros.
        strides: Two ints.
    """
    down, across = strides
    height, width, _, filters = kernel.shape
    rows, columns, _ = x.shape
    bias = np.zeros(filters, "float32") if bias is None else bias
    return program.add(
        "convolution",
        [x],
        ((rows - height) // down + 1, (columns - width) // across + 1, filters),
        # The numbers that are multiplied one after the other are side by side.
        {"kernel": np.moveaxis(kernel, -1, 0), "bias": bias},
        places(x)
        | {"filters": filters, "height": height, "width": width}
        | {"down": down, "across": across},
    )


def _spread(
    program: Program,
    x: Value,
    starts: Sequence[int],
    size: Sequence[int],
    steps: Sequence[int] = (1, 1),
) -> Value:
    """Adds a step that puts pixels on zeros: padding, cropping, and gaps between pixels.

    Args:
        program: The program.
        x: Images.
        starts: The row and the column of the first pixel; below 0 for a cropped pixel.
        size: The height and the width of the outputs.
        steps: The distances of the pixels.
    """
    if (*starts, *size, *steps) == (0, 0, *x.shape[:2], 1, 1):
        return x
    numbers = {"starts": list(starts), "size": list(size), "steps": list(steps)}
    shape = (*size, x.shape[-1])
    return program.add("spread", [x], shape, numbers=places(x) | numbers)


def places(x: Value) -> Config:
    """Returns the shape of images as arguments of a step."""
    return dict(zip(("rows", "columns", "channels"), x.shape, strict=True))


@translates(layers.Cropping2D)
def _cropping(
    program: Program, layer: keras.layers.Layer, inputs: Sequence[Value]
) -> Value:
    check_channels_last(layer)
    (x,), crops = inputs, layer.cropping
    size = [n - sum(crop) for n, crop in zip(x.shape[:2], crops, strict=True)]
    return _spread(program, x, [-before for before, _ in crops], size)


@translates(layers.ZeroPadding2D)
def _padding(
    program: Program, layer: keras.layers.Layer, inputs: Sequence[Value]
) -> Value:
    check_channels_last(layer)
    (x,), zeros = inputs, layer.padding
    size = [n + sum(pair) for n, pair in zip(x.shape[:2], zeros, strict=True)]
    return _spread(program, x, [before for before, _ in zeros], size)


@translates(SpectralNormalization)
def _spectral(
    program: Program, layer: keras.layers.Layer, inputs: Sequence[Value]
) -> Value | list[Value]:
    """Adds the steps of the inner layer, with the kernel divided by sigma."""
    inner = layer.layer
    name = "kernel" if hasattr(inner, "kernel") else "embeddings"
    normalized, _ = layer.normalized_kernel()
    substitute = _Substitute(inner, {name: normalized})
    return translator(inner)(program, substitute, inputs)


class _Substitute:
    """A layer with other values of some attributes.

    Args:
        layer: The layer.
        values: The values by the names of attributes.
    """

    def __init__(self, layer: keras.layers.Layer, values: dict[str, Tensor]):
        self._layer = layer
        self.__dict__.update(values)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._layer, name)
