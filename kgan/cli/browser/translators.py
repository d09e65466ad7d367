"""One function for each layer that a browser can compute: the steps of the layer.

Shapes have no batch. Images are `(height, width, channels)`.
"""

from collections.abc import Callable, Sequence
from typing import Any

import keras
import numpy as np
from keras import layers, ops

from kgan.cli.browser.program import Program, Value
from kgan.layers import (
    BatchNormalization,
    ConditionalBatchNormalization,
    GenerativeBasis,
    LabelEmbedding,
    SmoothUpSampling2D,
    SpectralNormalization,
)

Translator = Callable[[Program, Any, Sequence[Value]], Value]

# By the class itself: a subclass may compute something else.
_TRANSLATORS: dict[type, Translator] = {}
# The steps of `generator.js` for activations of Keras, by the name in Keras.
_ACTIVATIONS = {
    "relu": "relu",
    "leaky_relu": "leakyRelu",
    "tanh": "tanh",
    "sigmoid": "sigmoid",
    "silu": "silu",
    "elu": "elu",
    "softplus": "softplus",
}
_NETWORKS = (
    "mlp_generator, small_generator, dcgan_generator, resnet_generator, r3gan_generator "
    "without groups, and models of the same layers"
)


def translator(layer: Any) -> Translator:
    """Returns the function that adds the steps of a layer.

    Raises:
        ValueError: If there is none.
    """
    if type(layer) not in _TRANSLATORS:
        raise unknown(layer)
    return _TRANSLATORS[type(layer)]


def unknown(layer: Any, option: str = "") -> ValueError:
    """Returns the error for a layer that a browser can't compute.

    Args:
        layer: The layer.
        option: The option of the layer that is not known, for example `"groups=2"`.
    """
    kind = type(layer).__name__
    received = f"{layer.name}, {'an' if kind[0] in 'AEIOU' else 'a'} {kind}"
    return ValueError(
        f"This generator has a layer that the page can't compute. Expected {_NETWORKS}. "
        f"Received: {received}{f' with {option}' if option else ''}"
    )


def _translates(*classes: type) -> Callable[[Translator], Translator]:
    """Decorator of the function that adds the steps of the layers of some classes."""

    def register(function: Translator) -> Translator:
        _TRANSLATORS.update(dict.fromkeys(classes, function))
        return function

    return register


def _array(variable: Any) -> np.ndarray:
    return ops.convert_to_numpy(variable).astype("float32")


@_translates(layers.Dropout, layers.GaussianNoise)
def _identity(program: Program, layer: Any, inputs: Sequence[Value]) -> Value:
    return inputs[0]


@_translates(layers.Reshape, layers.Flatten)
def _reshape(program: Program, layer: Any, inputs: Sequence[Value]) -> Value:
    shape = layer.compute_output_shape((1, *inputs[0].shape))[1:]
    return inputs[0]._replace(shape=tuple(shape))


@_translates(layers.Add)
def _add(program: Program, layer: Any, inputs: Sequence[Value]) -> Value:
    return _elementwise("add", program, layer, inputs)


@_translates(layers.Multiply)
def _multiply(program: Program, layer: Any, inputs: Sequence[Value]) -> Value:
    return _elementwise("multiply", program, layer, inputs)


def _elementwise(
    name: str, program: Program, layer: Any, inputs: Sequence[Value]
) -> Value:
    shapes = {value.shape for value in inputs}
    if len(shapes) > 1:
        raise unknown(layer, "inputs of several shapes")
    return program.add(name, inputs, inputs[0].shape)


@_translates(layers.Concatenate)
def _concatenate(program: Program, layer: Any, inputs: Sequence[Value]) -> Value:
    rank = len(inputs[0].shape)
    if layer.axis not in (-1, rank):
        raise unknown(layer, f"axis={layer.axis}")
    widths = [value.shape[-1] for value in inputs]
    shape = (*inputs[0].shape[:-1], sum(widths))
    return program.add("concatenate", inputs, shape, widths=widths)


@_translates(LabelEmbedding, layers.Embedding)
def _embedding(program: Program, layer: Any, inputs: Sequence[Value]) -> Value:
    table = _array(layer.embeddings)
    shape = table.shape[1:]
    return program.add("row", inputs, shape, {"table": table})


@_translates(GenerativeBasis)
def _basis(program: Program, layer: Any, inputs: Sequence[Value]) -> Value:
    basis = _array(layer.basis)
    arrays = {"basis": basis}
    return program.add("basis", inputs, basis.shape, arrays, channels=basis.shape[-1])


@_translates(layers.Activation)
def _activation(program: Program, layer: Any, inputs: Sequence[Value]) -> Value:
    return _activated(program, layer, inputs[0])


@_translates(layers.LeakyReLU)
def _leaky_relu(program: Program, layer: Any, inputs: Sequence[Value]) -> Value:
    slope = float(layer.negative_slope)
    return program.add("leakyRelu", inputs, inputs[0].shape, slope=slope)


@_translates(layers.ReLU)
def _relu(program: Program, layer: Any, inputs: Sequence[Value]) -> Value:
    if layer.max_value is not None or layer.threshold:
        raise unknown(layer, f"max_value={layer.max_value}, threshold={layer.threshold}")
    slope = float(layer.negative_slope or 0)
    return program.add("leakyRelu", inputs, inputs[0].shape, slope=slope)


def _activated(program: Program, layer: Any, value: Value) -> Value:
    """Adds the attribute `activation` of a layer."""
    name = getattr(layer.activation, "__name__", str(layer.activation))
    if name == "linear":
        return value
    if name not in _ACTIVATIONS or layer.activation is not keras.activations.get(name):
        raise unknown(layer, f"activation={name}")
    # The slopes are the defaults of Keras' functions.
    slopes = {"relu": {"slope": 0.0}, "leaky_relu": {"slope": 0.2}}
    step = "leakyRelu" if name == "relu" else _ACTIVATIONS[name]
    return program.add(step, [value], value.shape, **slopes.get(name, {}))


@_translates(layers.Dense)
def _dense(program: Program, layer: Any, inputs: Sequence[Value]) -> Value:
    (x,) = inputs
    # A dense layer is a 1x1 convolution, here of images with one row.
    pixels = x._replace(shape=(1, int(np.prod(x.shape[:-1])), x.shape[-1]))
    y = _convolved(program, layer, pixels, _array(layer.kernel)[None, None])
    return _activated(program, layer, y._replace(shape=(*x.shape[:-1], y.shape[-1])))


@_translates(layers.Conv2D)
def _conv2d(program: Program, layer: Any, inputs: Sequence[Value]) -> Value:
    _check_convolution(layer)
    kernel, (x,) = _array(layer.kernel), inputs
    if layer.padding == "same":
        sizes = zip(x.shape[:2], kernel.shape[:2], layer.strides, strict=True)
        surplus = [max(0, (-(-n // s) - 1) * s + k - n) for n, k, s in sizes]
        # With an odd surplus, the larger part is at the end.
        starts = [one // 2 for one in surplus]
        shape = [n + one for n, one in zip(x.shape[:2], surplus, strict=True)]
        x = _spread(program, x, starts, shape)
    return _activated(program, layer, _convolved(program, layer, x, kernel))


@_translates(layers.Conv2DTranspose)
def _conv2d_transpose(program: Program, layer: Any, inputs: Sequence[Value]) -> Value:
    _check_convolution(layer)
    (x,), kernel = inputs, _array(layer.kernel)
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
    y = _convolved(program, layer, x, turned, strides=(1, 1))
    return _activated(program, layer, y)


def _check_convolution(layer: Any) -> None:
    _check_channels_last(layer)
    if getattr(layer, "groups", 1) != 1:
        raise unknown(layer, f"groups={layer.groups}")
    if set(layer.dilation_rate) != {1}:
        raise unknown(layer, f"dilation_rate={layer.dilation_rate}")
    if getattr(layer, "output_padding", None) is not None:
        raise unknown(layer, f"output_padding={layer.output_padding}")


def _check_channels_last(layer: Any) -> None:
    if layer.data_format != "channels_last":
        raise unknown(layer, f"data_format={layer.data_format}")


def _convolved(
    program: Program,
    layer: Any,
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
    height, width, channels, filters = kernel.shape
    rows, columns, _ = x.shape
    bias = _array(layer.bias) if layer.use_bias else np.zeros(filters, "float32")
    return program.add(
        "convolution",
        [x],
        ((rows - height) // down + 1, (columns - width) // across + 1, filters),
        # The numbers that are multiplied one after the other are side by side.
        {"kernel": np.moveaxis(kernel, -1, 0), "bias": bias},
        **{"rows": rows, "columns": columns, "channels": channels, "filters": filters},
        **{"height": height, "width": width, "down": down, "across": across},
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
    rows, columns, channels = x.shape
    return program.add(
        "spread",
        [x],
        (*size, channels),
        **{"rows": rows, "columns": columns, "channels": channels},
        **{"starts": list(starts), "size": list(size), "steps": list(steps)},
    )


@_translates(layers.Cropping2D)
def _cropping(program: Program, layer: Any, inputs: Sequence[Value]) -> Value:
    _check_channels_last(layer)
    (x,), crops = inputs, layer.cropping
    size = [n - sum(crop) for n, crop in zip(x.shape[:2], crops, strict=True)]
    return _spread(program, x, [-before for before, _ in crops], size)


@_translates(layers.ZeroPadding2D)
def _padding(program: Program, layer: Any, inputs: Sequence[Value]) -> Value:
    _check_channels_last(layer)
    (x,), zeros = inputs, layer.padding
    size = [n + sum(pair) for n, pair in zip(x.shape[:2], zeros, strict=True)]
    return _spread(program, x, [before for before, _ in zeros], size)


@_translates(layers.BatchNormalization, BatchNormalization)
def _batch_normalization(program: Program, layer: Any, inputs: Sequence[Value]) -> Value:
    if layer.axis not in (-1, len(inputs[0].shape)):
        raise unknown(layer, f"axis={layer.axis}")
    one = np.ones(layer.moving_mean.shape, "float32")
    scale = _array(layer.gamma) if layer.scale else one
    offset = _array(layer.beta) if layer.center else 0 * one
    return _normalized(program, layer, inputs[0], scale, offset)


@_translates(ConditionalBatchNormalization)
def _conditional_batch_normalization(
    program: Program, layer: Any, inputs: Sequence[Value]
) -> Value:
    x, label = inputs
    inner, scale, offset = layer.normalization, _array(layer.gamma), _array(layer.beta)
    return _normalized(program, inner, x, scale, offset, label)


def _normalized(
    program: Program,
    layer: Any,
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
    mean, variance = _array(layer.moving_mean), _array(layer.moving_variance)
    scale = scale / np.sqrt(variance + layer.epsilon)
    arrays = {"scale": scale, "offset": offset - mean * scale}
    return program.add("scaled", [x, *label], x.shape, arrays, channels=x.shape[-1])


@_translates(layers.UpSampling2D)
def _up_sampling(program: Program, layer: Any, inputs: Sequence[Value]) -> Value:
    _check_channels_last(layer)
    (x,) = inputs
    sizes = list(zip(x.shape[:2], layer.size, strict=True))
    if layer.interpolation == "nearest":
        axes = [_nearest(*pair) for pair in sizes]
    elif layer.interpolation == "bilinear":
        axes = [_bilinear(*pair) for pair in sizes]
    else:
        raise unknown(layer, f"interpolation={layer.interpolation}")
    return _resampled(program, x, axes)


@_translates(SmoothUpSampling2D)
def _smooth_up_sampling(program: Program, layer: Any, inputs: Sequence[Value]) -> Value:
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
    places = [new // factor for new in range(length * factor)]
    return places, places, [1.0] * len(places), [0.0] * len(places)


def _bilinear(length: int, factor: int) -> _Axis:
    # The centre of each new pixel, among the centres of the old pixels.
    centres = (np.arange(length * factor) + 0.5) / factor - 0.5
    before = np.floor(centres)
    share = centres - before
    first = np.clip(before, 0, length - 1).astype(int)
    second = np.clip(before + 1, 0, length - 1).astype(int)
    return first.tolist(), second.tolist(), (1 - share).tolist(), share.tolist()


def _resampled(program: Program, x: Value, axes: Sequence[_Axis]) -> Value:
    """Adds a step in which each new pixel is a sum of two old pixels along each axis."""
    rows, columns, channels = x.shape
    size = [len(axis[0]) for axis in axes]
    return program.add(
        "resampled",
        [x],
        (*size, channels),
        **{"rows": rows, "columns": columns, "channels": channels, "axes": axes},
    )


@_translates(SpectralNormalization)
def _spectral(program: Program, layer: Any, inputs: Sequence[Value]) -> Value:
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

    def __init__(self, layer: Any, values: dict[str, Any]):
        self._layer = layer
        self.__dict__.update(values)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._layer, name)
