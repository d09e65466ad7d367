"""The forward pass of a BERT in numpy."""

import json
import math
from collections.abc import Mapping

import numpy as np

from kgan.types import PathLike

_EPSILON = 1e-12
# The dtypes of the format, of which the weights of a BERT need two.
_DTYPES = {"F32": "<f4", "I64": "<i8"}


def read_weights(path: PathLike) -> dict[str, np.ndarray]:
    """Reads the arrays of a `.safetensors` file.

    The file begins with the length of a header, as a little-endian int of 8 bytes. The
    header is JSON: from each name to the dtype, the shape and the place of the bytes.
    """
    with open(path, "rb") as file:
        length = int.from_bytes(file.read(8), "little")
        header = json.loads(file.read(length))
    header.pop("__metadata__", None)
    content = np.memmap(path, "uint8", "r", 8 + length)
    return {
        name: content[slice(*entry["data_offsets"])]
        .view(_DTYPES[entry["dtype"]])
        .reshape(entry["shape"])
        for name, entry in header.items()
    }


class Transformer:
    """A BERT: embeddings, and layers of attention and of two dense layers.

    All texts of a batch have the same length, so there is no padding.

    Args:
        weights: Dict from the names of the weights, as PyTorch's BERT has them, to
            float32 arrays. A kernel has the shape `(outputs, inputs)`.
        heads: Int, the number of heads of attention.

    Reference:
        [Devlin et al., 2019](https://arxiv.org/abs/1810.04805) (BERT).
    """

    def __init__(self, weights: Mapping[str, np.ndarray], heads: int):
        self.weights, self.heads = weights, heads
        self.width = weights["embeddings.word_embeddings.weight"].shape[1]
        query = "attention.self.query.weight"
        self.layers = sum(name.endswith(query) for name in weights)

    def __call__(self, tokens: np.ndarray) -> np.ndarray:
        """Computes the states of the last layer.

        Args:
            tokens: Int array `(batch, length)`, numbers of tokens.

        Returns:
            A float32 array `(batch, length, width)`.
        """
        words, places, kinds = (
            self.weights[f"embeddings.{name}_embeddings.weight"]
            for name in ("word", "position", "token_type")
        )
        x = words[tokens] + places[: tokens.shape[1]] + kinds[0]
        x = self._normalized(x, "embeddings")
        for number in range(self.layers):
            x = self._layer(x, f"encoder.layer.{number}")
        return x

    def _layer(self, x: np.ndarray, name: str) -> np.ndarray:
        attended = self._attended(x, f"{name}.attention.self")
        attended = self._dense(attended, f"{name}.attention.output.dense")
        x = self._normalized(x + attended, f"{name}.attention.output")
        inner = gelu(self._dense(x, f"{name}.intermediate.dense"))
        return self._normalized(
            x + self._dense(inner, f"{name}.output.dense"), f"{name}.output"
        )

    def _attended(self, x: np.ndarray, name: str) -> np.ndarray:
        """Returns the means of the values, weighted by `softmax(q k / sqrt(d))`."""
        batch, length, width = x.shape
        shape = batch, length, self.heads, width // self.heads
        query, key, value = (
            self._dense(x, f"{name}.{part}").reshape(shape).swapaxes(1, 2)
            for part in ("query", "key", "value")
        )
        scores = query @ key.swapaxes(2, 3) / np.float32(math.sqrt(shape[-1]))
        weights = np.exp(scores - scores.max(axis=-1, keepdims=True))
        weights /= weights.sum(axis=-1, keepdims=True)
        return (weights @ value).swapaxes(1, 2).reshape(x.shape)

    def _dense(self, x: np.ndarray, name: str) -> np.ndarray:
        kernel, bias = self.weights[f"{name}.weight"], self.weights[f"{name}.bias"]
        # One product of matrices, where numpy would multiply text by text.
        flat = x.reshape(-1, x.shape[-1]) @ kernel.T + bias
        return flat.reshape(*x.shape[:-1], -1)

    def _normalized(self, x: np.ndarray, name: str) -> np.ndarray:
        scale = self.weights[f"{name}.LayerNorm.weight"]
        offset = self.weights[f"{name}.LayerNorm.bias"]
        x = x - x.mean(axis=-1, keepdims=True)
        variance = np.square(x).mean(axis=-1, keepdims=True)
        return x / np.sqrt(variance + np.float32(_EPSILON)) * scale + offset


def gelu(x: np.ndarray) -> np.ndarray:
    """Returns `x * (1 + erf(x / sqrt(2))) / 2`, with an error of erf of at most 1.5e-7.

    numpy has no erf. The polynomial is formula 7.1.26 of Abramowitz and Stegun, Handbook
    of Mathematical Functions, 1964: with `t = 1 / (1 + 0.3275911 |u|)`,
    `erf(|u|) = 1 - exp(-u²) (a1 t + a2 t² + ... + a5 t⁵)`.

    Example:

    >>> gelu(np.array([-1.0, 0.0, 1.0])).round(4).tolist()
    [-0.1587, 0.0, 0.8413]
    """
    u = np.abs(x) * x.dtype.type(math.sqrt(0.5))
    t = 1 / (1 + x.dtype.type(0.3275911) * u)
    rest = np.zeros_like(x)
    for a in (1.061405429, -1.453152027, 1.421413741, -0.284496736, 0.254829592):
        rest = (rest + x.dtype.type(a)) * t
    # The rest of erf at infinity: 1 - erf(|u|).
    rest *= np.exp(-u * u)
    return np.where(x < 0, x * rest / 2, x * (1 - rest / 2))
