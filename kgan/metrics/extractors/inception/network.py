"""The Inception network of 2015, as FID uses it."""

from collections.abc import Sequence
from typing import NamedTuple

import keras
import numpy as np
from keras import layers, ops

from kgan.backend import channels_last
from kgan.types import Tensor

# The size of a kernel: the side of a square, or height and width.
Size = int | tuple[int, int]

# The epsilon of every batch normalisation.
_EPSILON = 1e-3


class EdgeAwareAveragePooling(layers.Layer):
    """Average pooling, 3x3 with stride 1, in which padding does not count."""

    def call(self, x: Tensor) -> Tensor:
        """Returns means, in the shape of `x`."""
        ones = ops.ones_like(x[:1, :, :, :1])
        return _pool_padded(x) / _pool_padded(ones)


def _pool_padded(x: Tensor) -> Tensor:
    x = ops.pad(x, [[0, 0], [1, 1], [1, 1], [0, 0]])
    return ops.average_pool(x, 3, 1, "valid", data_format="channels_last")


@channels_last()
def build(dtype: str = "float32") -> keras.Model:
    """Builds the network, from resized images to features and logits.

    Args:
        dtype: Str, the dtype that the network computes in.

    Returns:
        A `keras.Model` from `(batch, 299, 299, 3)` to `[(batch, 2048), (batch, 1008)]`.
        Batch normalisation is part of the convolutions, see `load`. The logits lack the
        bias of the last layer, as in torch-fidelity's Inception score.

    Reference:

    - [Szegedy et al., 2015](https://arxiv.org/abs/1512.00567), in the version of the
      TensorFlow graph of 2015-12-05
    """
    # Each layer gets the dtype: a mixed policy would round the weights.
    builder = _Builder(dtype)
    x = inputs = keras.Input((299, 299, 3), dtype=dtype)
    x = builder.convolve(x, _Convolution("Conv2d_1a_3x3", 32, 3, halves=True))
    x = builder.convolve(x, _Convolution("Conv2d_2a_3x3", 32, 3), padding="valid")
    x = builder.convolve(x, _Convolution("Conv2d_2b_3x3", 64, 3))
    x = builder.pool(x)
    x = builder.convolve(x, _Convolution("Conv2d_3b_1x1", 80, 1))
    x = builder.convolve(x, _Convolution("Conv2d_4a_3x3", 192, 3), padding="valid")
    x = builder.pool(x)
    for name, pool_filters in (("Mixed_5b", 32), ("Mixed_5c", 64), ("Mixed_5d", 64)):
        x = builder.block_a(x, name, pool_filters)
    x = builder.block_b(x, "Mixed_6a")
    for letter, filters in zip("bcde", (128, 160, 160, 192), strict=True):
        x = builder.block_c(x, f"Mixed_6{letter}", filters)
    x = builder.block_d(x, "Mixed_7a")
    x = builder.block_e(x, "Mixed_7b", EdgeAwareAveragePooling(dtype=dtype))
    # A quirk of the published graph: the last block pools by the maximum.
    x = builder.block_e(x, "Mixed_7c", layers.MaxPooling2D(3, 1, "same", dtype=dtype))
    features = layers.GlobalAveragePooling2D(dtype=dtype)(x)
    logits = layers.Dense(1008, use_bias=False, name="fc", dtype=dtype)(features)
    return keras.Model(inputs, [features, logits], name="inception")


class _Convolution(NamedTuple):
    """A convolution: its published name, and whether it halves height and width."""

    name: str
    filters: int
    size: Size
    halves: bool = False


# A branch of a block: convolutions, one after the other.
_Branch = Sequence[_Convolution]

_A: tuple[_Branch, ...] = (
    [_Convolution("branch1x1", 64, 1)],
    [_Convolution("branch5x5_1", 48, 1), _Convolution("branch5x5_2", 64, 5)],
    [
        _Convolution("branch3x3dbl_1", 64, 1),
        _Convolution("branch3x3dbl_2", 96, 3),
        _Convolution("branch3x3dbl_3", 96, 3),
    ],
)
_B: tuple[_Branch, ...] = (
    [_Convolution("branch3x3", 384, 3, halves=True)],
    [
        _Convolution("branch3x3dbl_1", 64, 1),
        _Convolution("branch3x3dbl_2", 96, 3),
        _Convolution("branch3x3dbl_3", 96, 3, halves=True),
    ],
)
_D: tuple[_Branch, ...] = (
    [
        _Convolution("branch3x3_1", 192, 1),
        _Convolution("branch3x3_2", 320, 3, halves=True),
    ],
    [
        _Convolution("branch7x7x3_1", 192, 1),
        _Convolution("branch7x7x3_2", 192, (1, 7)),
        _Convolution("branch7x7x3_3", 192, (7, 1)),
        _Convolution("branch7x7x3_4", 192, 3, halves=True),
    ],
)


def _branches_c(filters: int) -> tuple[_Branch, ...]:
    return (
        [_Convolution("branch1x1", 192, 1)],
        [
            _Convolution("branch7x7_1", filters, 1),
            _Convolution("branch7x7_2", filters, (1, 7)),
            _Convolution("branch7x7_3", 192, (7, 1)),
        ],
        [
            _Convolution("branch7x7dbl_1", filters, 1),
            _Convolution("branch7x7dbl_2", filters, (7, 1)),
            _Convolution("branch7x7dbl_3", filters, (1, 7)),
            _Convolution("branch7x7dbl_4", filters, (7, 1)),
            _Convolution("branch7x7dbl_5", 192, (1, 7)),
        ],
    )


class _Builder:
    """Applies the blocks of the network to tensors."""

    def __init__(self, dtype: str):
        self.dtype = dtype

    def convolve(
        self,
        x: Tensor,
        convolution: _Convolution,
        block: str = "",
        padding: str = "same",
    ) -> Tensor:
        name, filters, size, halves = convolution
        name = f"{block}.{name}" if block else name
        layer = layers.Conv2D(
            filters,
            size,
            2 if halves else 1,
            "valid" if halves else padding,
            activation="relu",
            name=_keras_name(name),
            dtype=self.dtype,
        )
        return layer(x)

    def branch(self, x: Tensor, block: str, *convolutions: _Convolution) -> Tensor:
        for convolution in convolutions:
            x = self.convolve(x, convolution, block)
        return x

    def pool(self, x: Tensor) -> Tensor:
        return layers.MaxPooling2D(3, 2, dtype=self.dtype)(x)

    def average_branch(self, x: Tensor, block: str, filters: int) -> Tensor:
        x = EdgeAwareAveragePooling(dtype=self.dtype)(x)
        return self.convolve(x, _Convolution("branch_pool", filters, 1), block)

    def concatenate(self, *branches: Tensor) -> Tensor:
        return layers.Concatenate(dtype=self.dtype)(branches)

    def block_a(self, x: Tensor, name: str, pool_filters: int) -> Tensor:
        branches = [self.branch(x, name, *branch) for branch in _A]
        return self.concatenate(*branches, self.average_branch(x, name, pool_filters))

    def block_b(self, x: Tensor, name: str) -> Tensor:
        branches = [self.branch(x, name, *branch) for branch in _B]
        return self.concatenate(*branches, self.pool(x))

    def block_c(self, x: Tensor, name: str, filters: int) -> Tensor:
        branches = [self.branch(x, name, *branch) for branch in _branches_c(filters)]
        return self.concatenate(*branches, self.average_branch(x, name, 192))

    def block_d(self, x: Tensor, name: str) -> Tensor:
        branches = [self.branch(x, name, *branch) for branch in _D]
        return self.concatenate(*branches, self.pool(x))

    def block_e(self, x: Tensor, name: str, pool: layers.Layer) -> Tensor:
        def convolve(x: Tensor, part: str, filters: int, size: Size) -> Tensor:
            return self.convolve(x, _Convolution(part, filters, size), name)

        second = convolve(x, "branch3x3_1", 384, 1)
        third = convolve(x, "branch3x3dbl_1", 448, 1)
        third = convolve(third, "branch3x3dbl_2", 384, 3)
        return self.concatenate(
            convolve(x, "branch1x1", 320, 1),
            convolve(second, "branch3x3_2a", 384, (1, 3)),
            convolve(second, "branch3x3_2b", 384, (3, 1)),
            convolve(third, "branch3x3dbl_3a", 384, (1, 3)),
            convolve(third, "branch3x3dbl_3b", 384, (3, 1)),
            convolve(pool(x), "branch_pool", 192, 1),
        )


def load(network: keras.Model, tensors: dict[str, np.ndarray]) -> None:
    """Loads the published weights.

    At inference, batch normalisation is a factor and a shift for each channel. Both are
    folded into the kernel and the bias of the convolution before, in float64.

    Args:
        network: A `keras.Model` that `build` returned.
        tensors: Arrays by their names in PyTorch, see `pth.read`.

    Raises:
        ValueError: If a tensor is missing, or has another shape.
    """
    for layer in network.layers:
        if isinstance(layer, layers.Conv2D):
            layer.set_weights(_fold(tensors, layer))
        elif isinstance(layer, layers.Dense):
            shape = layer.kernel.shape[::-1]
            layer.set_weights([_get(tensors, "fc.weight", shape).T])


def _fold(
    tensors: dict[str, np.ndarray], layer: layers.Conv2D
) -> tuple[np.ndarray, np.ndarray]:
    """Returns the kernel and the bias of a convolution with its batch normalisation."""
    name = layer.name.replace("-", ".")
    height, width, channels, filters = layer.kernel.shape
    parts = ("weight", "bias", "running_mean", "running_var")
    scale, shift, mean, variance = (
        _get(tensors, f"{name}.bn.{part}", (filters,)) for part in parts
    )
    factor = scale / np.sqrt(variance + _EPSILON)
    shape = filters, channels, height, width
    kernel = _get(tensors, f"{name}.conv.weight", shape).transpose(2, 3, 1, 0)
    return kernel * factor, shift - mean * factor


def _get(tensors: dict[str, np.ndarray], name: str, shape: tuple[int, ...]) -> np.ndarray:
    """Returns a tensor as float64. Other shapes could fill the memory when multiplied."""
    found = tensors[name].shape if name in tensors else None
    if found != tuple(shape):
        named = f"weights without {name}" if found is None else f"shape {found}"
        raise ValueError(
            f"Expected the weights of the Inception network of FID, {name} of shape "
            f"{tuple(shape)}. Received: {named}"
        )
    return tensors[name].astype("float64")


def _keras_name(name: str) -> str:
    # Keras allows no dots in names.
    return name.replace(".", "-")
