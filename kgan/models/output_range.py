"""The range of the samples of a generator, from its last layers."""

from typing import Any

import keras

from kgan import checks
from kgan.data import SampleRange
from kgan.types import ArrayLike

_RANGES = {
    "tanh": (-1.0, 1.0),
    "hardtanh": (-1.0, 1.0),
    "softsign": (-1.0, 1.0),
    "sigmoid": (0.0, 1.0),
    "hardsigmoid": (0.0, 1.0),
}
# Layers and operations that move values and don't change them.
_MOVES = (
    "InputLayer",
    "Reshape",
    "Flatten",
    "Permute",
    "Transpose",
    "Identity",
    "Cropping1D",
    "Cropping2D",
    "Cropping3D",
    "UpSampling1D",
    "UpSampling2D",
)
# Activations without an upper bound, and `softmax`: they can draw pixels in [0, 1].
_NOT_NEGATIVE = ("relu", "relu6", "softplus", "exponential", "softmax")


def sample_range(generator: keras.Model, asked: ArrayLike | None) -> SampleRange:
    """Returns the range of the generator's samples.

    Args:
        generator: The generator.
        asked: The argument of the user; None for the range of the last activation, also
            before a `Rescaling`. An activation without bounds can draw pixels in
            [-1, 1], or in [0, 1] if it has no values below 0.

    Raises:
        ValueError: If the argument is not a range.
    """
    return _range_of(_steps(generator)) if asked is None else SampleRange.get(asked)


def last_activation(model: keras.Model) -> str:
    """Returns the name of the activation of the last layer that computes values."""
    return _activation(_steps(model))


def _steps(model: Any) -> list[Any]:
    """Returns the layers of a model up to the last layer that computes values."""
    return _to_last(_layers(model))


def _layers(model: Any) -> list[Any]:
    return list(getattr(model, "operations", None) or getattr(model, "layers", []))


def _to_last(steps: list[Any]) -> list[Any]:
    """Returns steps up to the last that computes values; a model is its layers."""
    while steps and (_layers(steps[-1]) or type(steps[-1]).__name__ in _MOVES):
        steps = steps[:-1] + _layers(steps[-1])
    return steps


def _activation(steps: list[Any]) -> str:
    if not steps:
        return ""
    # `ops.sigmoid` in a functional model is an operation of the class `Sigmoid`.
    activation = getattr(steps[-1], "activation", type(steps[-1]))
    if getattr(steps[-1], "negative_slope", 0):
        return "leakyrelu"
    return getattr(activation, "__name__", "").lower().replace("_", "")


def _range_of(steps: list[Any]) -> SampleRange:
    if steps and isinstance(steps[-1], keras.layers.Rescaling):
        return _rescaled(_range_of(_to_last(steps[:-1])), steps[-1])
    name = _activation(steps)
    if name in _NOT_NEGATIVE:
        return SampleRange(0.0, 1.0)
    return SampleRange(*_RANGES[name], bounded=True) if name in _RANGES else SampleRange()


def _rescaled(inner: SampleRange, layer: keras.layers.Rescaling) -> SampleRange:
    """Returns the range after a layer that multiplies and adds; numbers only."""
    factors = layer.scale, layer.offset
    if not inner.bounded or not all(map(checks.is_number, factors)):
        return SampleRange()
    low, high = sorted(float(end * factors[0] + factors[1]) for end in inner[:2])
    return SampleRange(low, high, bounded=True) if low < high else SampleRange()
