from collections.abc import Sequence

import keras
from keras import ops

from kgan import checks, serialization
from kgan.layers.arguments import with_checked_arguments
from kgan.layers.normalization import at_least_float32
from kgan.types import Config, KerasArgument, Shape, Tensor


@serialization.register
@with_checked_arguments
class ScaledDotProductAttention(keras.layers.Layer):
    """The attention of transformers in several heads, without weights.

    `softmax(query · key / sqrt(d)) value`, the softmax over all tokens of the keys. Each
    head has an equal part of the channels, `d` channels of query and key.

    The layer has correct second derivatives on every backend. The fused kernels behind
    `keras.layers.MultiHeadAttention` have none on some of them.

    Args:
        num_heads: Int, at least 1: number of heads; divides the number of channels.
        **kwargs: See `keras.layers.Layer`.

    Raises:
        ValueError: If `num_heads` is not an int of at least 1, or does not divide the
            number of channels.

    Example:

    >>> import kgan
    >>> tokens = keras.Input((16, 64))
    >>> query, key, value = (keras.layers.Dense(64)(tokens) for _ in range(3))
    >>> kgan.layers.ScaledDotProductAttention(num_heads=4)([query, key, value]).shape
    (None, 16, 64)

    Reference:
        [Vaswani et al., 2017](https://arxiv.org/abs/1706.03762), section 3.2.
    """

    def __init__(self, num_heads: int = 1, **kwargs: KerasArgument):
        super().__init__(**kwargs)
        self.num_heads = checks.count(num_heads=num_heads)

    def build(self, input_shape: Sequence[Shape]) -> None:
        for shape in input_shape:
            channels = shape[-1]
            if channels is None or channels % self.num_heads:
                raise ValueError(
                    f"`num_heads` must divide the number of channels, {channels}. "
                    f"{checks.received(num_heads=self.num_heads)}"
                )

    def call(self, inputs: Sequence[Tensor]) -> Tensor:
        """Returns one mixture of values for each token of the query.

        Args:
            inputs: `[query, key, value]`: float tensors `(batch, tokens, channels)`.
                Query and key have the same channels, key and value the same tokens.
        """
        query, key, value = (self._in_heads(x) for x in inputs)
        scale = query.shape[-1] ** -0.5
        weights = softmax(ops.einsum("bqhd,bkhd->bhqk", query * scale, key))
        mixed = ops.einsum("bhqk,bkhd->bqhd", ops.cast(weights, value.dtype), value)
        return ops.reshape(mixed, (-1, ops.shape(mixed)[1], inputs[2].shape[-1]))

    def _in_heads(self, x: Tensor) -> Tensor:
        """Returns `(batch, tokens, heads, d)`."""
        channels = x.shape[-1] // self.num_heads
        return ops.reshape(x, (-1, ops.shape(x)[1], self.num_heads, channels))

    def compute_output_shape(self, input_shape: Sequence[Shape]) -> Shape:
        query, _, value = input_shape
        return (*query[:-1], value[-1])

    def get_config(self) -> Config:
        return {**super().get_config(), "num_heads": self.num_heads}


def softmax(scores: Tensor) -> Tensor:
    """Returns the softmax over the last axis, in float32 at least."""
    scores = at_least_float32(scores)
    # Keras' softmax warns of an axis of length 1: an image of one patch or one window.
    return ops.exp(scores - ops.logsumexp(scores, axis=-1, keepdims=True))
