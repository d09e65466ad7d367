"""The Inception network of 2015, as FID uses it."""

from typing import Any

import keras
import numpy as np
from keras import layers, ops

# Of batch normalisation, in all layers.
_EPSILON = 1e-3


class EdgeAwareAveragePooling(layers.Layer):
    """3x3 means with stride 1, of the pixels that there are: padding doesn't count."""

    def call(self, x: Any) -> Any:
        """Returns means, of the shape of `x`."""
        ones = ops.ones_like(x[:1, :, :, :1])
        return _sums(x) / _sums(ones)


def _sums(x: Any) -> Any:
    x = ops.pad(x, [[0, 0], [1, 1], [1, 1], [0, 0]])
    return ops.average_pool(x, 3, 1, "valid")


def build(dtype: str = "float32") -> keras.Model:
    """Builds the network, from resized images to features and logits.

    Args:
        dtype: What it computes in.

    Returns:
        A `keras.Model` from `(batch, 299, 299, 3)` to `[(batch, 2048), (batch, 1008)]`.
        Batch normalisation is part of the convolutions, see `load`. The logits are
        without the bias of the last layer, as torch-fidelity's Inception score has them.

    Reference:

    - [Szegedy et al., 2015](https://arxiv.org/abs/1512.00567), in the version of the
      TensorFlow graph of 2015-12-05
    """
    # The weights and what is averaged of them must not be rounded by a mixed policy.
    draw = _Builder(dtype)
    x = inputs = keras.Input((299, 299, 3), dtype=dtype)
    x = draw.conv(x, "Conv2d_1a_3x3", 32, 3, strides=2, padding="valid")
    x = draw.conv(x, "Conv2d_2a_3x3", 32, 3, padding="valid")
    x = draw.conv(x, "Conv2d_2b_3x3", 64, 3)
    x = draw.shrunk(x)
    x = draw.conv(x, "Conv2d_3b_1x1", 80, 1)
    x = draw.conv(x, "Conv2d_4a_3x3", 192, 3, padding="valid")
    x = draw.shrunk(x)
    for name, pool in (("Mixed_5b", 32), ("Mixed_5c", 64), ("Mixed_5d", 64)):
        x = draw.block_a(x, name, pool)
    x = draw.block_b(x, "Mixed_6a")
    for letter, width in zip("bcde", (128, 160, 160, 192), strict=True):
        x = draw.block_c(x, f"Mixed_6{letter}", width)
    x = draw.block_d(x, "Mixed_7a")
    x = draw.block_e(x, "Mixed_7b", EdgeAwareAveragePooling(dtype=dtype))
    # A quirk of the published graph: the last block pools by the maximum.
    x = draw.block_e(x, "Mixed_7c", layers.MaxPooling2D(3, 1, "same", dtype=dtype))
    features = layers.GlobalAveragePooling2D(dtype=dtype)(x)
    logits = layers.Dense(1008, use_bias=False, name="fc", dtype=dtype)(features)
    return keras.Model(inputs, [features, logits], name="inception")


class _Builder:
    def __init__(self, dtype: str):
        self.dtype = dtype

    def conv(self, x: Any, name: str, filters: int, size: Any, **options: Any) -> Any:
        options = {"padding": "same", "activation": "relu", **options}
        options = {"name": _flat(name), "dtype": self.dtype, **options}
        return layers.Conv2D(filters, size, **options)(x)

    def row(self, x: Any, name: str, *convolutions: tuple) -> Any:
        for part, filters, size, *options in convolutions:
            x = self.conv(x, f"{name}.{part}", filters, size, **(options or [{}])[0])
        return x

    def shrunk(self, x: Any) -> Any:
        return layers.MaxPooling2D(3, 2, dtype=self.dtype)(x)

    def joined(self, *branches: Any) -> Any:
        return layers.Concatenate(dtype=self.dtype)(branches)

    def averaged(self, x: Any, name: str, filters: int) -> Any:
        x = EdgeAwareAveragePooling(dtype=self.dtype)(x)
        return self.conv(x, f"{name}.branch_pool", filters, 1)

    def block_a(self, x: Any, name: str, pool: int) -> Any:
        return self.joined(
            self.row(x, name, ("branch1x1", 64, 1)),
            self.row(x, name, ("branch5x5_1", 48, 1), ("branch5x5_2", 64, 5)),
            self.row(x, name, ("branch3x3dbl_1", 64, 1), ("branch3x3dbl_2", 96, 3),
                     ("branch3x3dbl_3", 96, 3)),
            self.averaged(x, name, pool),
        )  # fmt: skip

    def block_b(self, x: Any, name: str) -> Any:
        half = {"strides": 2, "padding": "valid"}
        return self.joined(
            self.row(x, name, ("branch3x3", 384, 3, half)),
            self.row(x, name, ("branch3x3dbl_1", 64, 1), ("branch3x3dbl_2", 96, 3),
                     ("branch3x3dbl_3", 96, 3, half)),
            self.shrunk(x),
        )  # fmt: skip

    def block_c(self, x: Any, name: str, width: int) -> Any:
        return self.joined(
            self.row(x, name, ("branch1x1", 192, 1)),
            self.row(x, name, ("branch7x7_1", width, 1), ("branch7x7_2", width, (1, 7)),
                     ("branch7x7_3", 192, (7, 1))),
            self.row(x, name, ("branch7x7dbl_1", width, 1),
                     ("branch7x7dbl_2", width, (7, 1)), ("branch7x7dbl_3", width, (1, 7)),
                     ("branch7x7dbl_4", width, (7, 1)), ("branch7x7dbl_5", 192, (1, 7))),
            self.averaged(x, name, 192),
        )  # fmt: skip

    def block_d(self, x: Any, name: str) -> Any:
        half = {"strides": 2, "padding": "valid"}
        return self.joined(
            self.row(x, name, ("branch3x3_1", 192, 1), ("branch3x3_2", 320, 3, half)),
            self.row(x, name, ("branch7x7x3_1", 192, 1), ("branch7x7x3_2", 192, (1, 7)),
                     ("branch7x7x3_3", 192, (7, 1)), ("branch7x7x3_4", 192, 3, half)),
            self.shrunk(x),
        )  # fmt: skip

    def block_e(self, x: Any, name: str, pool: Any) -> Any:
        second = self.row(x, name, ("branch3x3_1", 384, 1))
        third = self.row(x, name, ("branch3x3dbl_1", 448, 1), ("branch3x3dbl_2", 384, 3))
        return self.joined(
            self.row(x, name, ("branch1x1", 320, 1)),
            self.row(second, name, ("branch3x3_2a", 384, (1, 3))),
            self.row(second, name, ("branch3x3_2b", 384, (3, 1))),
            self.row(third, name, ("branch3x3dbl_3a", 384, (1, 3))),
            self.row(third, name, ("branch3x3dbl_3b", 384, (3, 1))),
            self.conv(pool(x), f"{name}.branch_pool", 192, 1),
        )


def load(network: keras.Model, tensors: dict[str, np.ndarray]) -> None:
    """Loads the published weights.

    At inference batch normalisation is a factor and a shift for each channel: they go
    into the kernel and the bias of the convolution before it, worked out in float64.

    Args:
        network: What `build` returns.
        tensors: Arrays by their names in PyTorch, see `pth.read`.

    Raises:
        ValueError: If one is missing, or has another shape.
    """
    for layer in network.layers:
        if isinstance(layer, layers.Conv2D):
            _set(layer, *_folded(tensors, layer.name.replace("-", ".")))
        elif isinstance(layer, layers.Dense):
            _set(layer, _get(tensors, "fc.weight").T)


def _folded(tensors: dict[str, np.ndarray], name: str) -> tuple[np.ndarray, np.ndarray]:
    parts = ("weight", "bias", "running_mean", "running_var")
    scale, shift, mean, variance = (_get(tensors, f"{name}.bn.{part}") for part in parts)
    factor = scale / np.sqrt(variance + _EPSILON)
    kernel = _get(tensors, f"{name}.conv.weight").transpose(2, 3, 1, 0)
    return kernel * factor, shift - mean * factor


def _get(tensors: dict[str, np.ndarray], name: str) -> np.ndarray:
    if name not in tensors:
        raise ValueError(
            "These are not the weights of the Inception network of FID. "
            f"Received: weights without {name}"
        )
    return tensors[name].astype("float64")


def _set(layer: Any, *arrays: np.ndarray) -> None:
    wanted = [tuple(weight.shape) for weight in layer.weights]
    found = [array.shape for array in arrays]
    if wanted != found:
        raise ValueError(
            "These are not the weights of the Inception network of FID. "
            f"Received: {layer.name} of shapes {found}, expected {wanted}"
        )
    layer.set_weights(arrays)


def _flat(name: str) -> str:
    # Keras' names have no dots.
    return name.replace(".", "-")
