"""The steps of convolutions and dense layers, and of padding and cropping.

Images are `(height, width, channels)`, without the batch.
"""

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
from keras import layers

from kgan.cli.browser.activations import activated
from kgan.cli.browser.program import Program, Value
from kgan.cli.browser.registry import array, translates, translator, unknown
from kgan.layers import SpectralNormalization
from kgan.types import Config, Tensor


@translates(layers.Dense)
def _dense(program: Program, layer: keras.layers.Layer, inputs: Sequence[Value]) -> Value:
    (x,) = inputs
    # A dense layer is a 1x1 convolution, here of images with one row.
    pixels = x._replace(shape=(1, int(np.prod(x.shape[:-1])), x.shape[-1]))
    y = convolved(program, layer, pixels, array(layer.kernel)[None, None])
    return activated(program, layer, y._replace(shape=(*x.shape[:-1], y.shape[-1])))


@translates(layers.Conv2D)
def _conv2d(
    program: Program, layer: keras.layers.Layer, inputs: Sequence[Value]
) -> Value:
    _check_convolution(layer)
    kernel, (x,) = array(layer.kernel), inputs
    if layer.padding == "same":
        sizes = zip(x.shape[:2], kernel.shape[:2], layer.strides, strict=True)
        surplus = [max(0, (-(-n // s) - 1) * s + k - n) for n, k, s in sizes]
        # With an odd surplus, the larger part is at the end.
        starts = [one // 2 for one in surplus]
        shape = [n + one for n, one in zip(x.shape[:2], surplus, strict=True)]
        x = _spread(program, x, starts, shape)
    return activated(program, layer, convolved(program, layer, x, kernel))


@translates(layers.Conv2DTranspose)
def _conv2d_transpose(
    program: Program, layer: keras.layers.Layer, inputs: Sequence[Value]
) -> Value:
    _check_convolution(layer)
    (x,), kernel = inputs, array(layer.kernel)
    lengths = kernel.shape[:2]
    # The forward convolution of these strides pads by half of its surplus.
    surplus = [
        max(0, k - s) if layer.padding == "same" else 0
        for k, s in zip(lengths, layer.strides, strict=True)
    ]
    starts = [k - 1 - one // 2 for k, one in zip(lengths, surplus, strict=True)]
    shape = layer.compute_output_shape((1, *x.shape))[1:3]
    size = [n + k - 1 for n, k in zip(shape, lengths, strict=True)]
    x = _spread(program, x, starts, size, layer.strides)
    # Turned by half a circle; the kernel ends in (output, input) channels.
    turned = kernel[::-1, ::-1].swapaxes(2, 3)
    y = convolved(program, layer, x, turned, strides=(1, 1))
    return activated(program, layer, y)


def _check_convolution(layer: keras.layers.Layer) -> None:
    check_channels_last(layer)
    if getattr(layer, "groups", 1) != 1:
        raise unknown(layer, f"groups={layer.groups}")
    if set(layer.dilation_rate) != {1}:
        raise unknown(layer, f"dilation_rate={layer.dilation_rate}")
    if getattr(layer, "output_padding", None) is not None:
        raise unknown(layer, f"output_padding={layer.output_padding}")


def check_channels_last(layer: keras.layers.Layer) -> None:
    if layer.data_format != "channels_last":
        raise unknown(layer, f"data_format={layer.data_format}")


def convolved(
    program: Program,
    layer: keras.layers.Layer,
    x: Value,
    kernel: np.ndarray,
    strides: Sequence[int] | None = None,
) -> Value:
    """Adds a convolution of images that are already padded, with the bias if any.

    Args:
        program: The program.
        layer: The layer, whose bias and, by default, strides are used.
        x: Images `(rows, columns, channels)`.
        kernel: Array `(height, width, channels, filters)`.
        strides: Two ints.
    """
    down, across = strides or getattr(layer, "strides", (1, 1))
    height, width, _, filters = kernel.shape
    rows, columns, _ = x.shape
    bias = array(layer.bias) if layer.use_bias else np.zeros(filters, "float32")
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
) -> Value:
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
