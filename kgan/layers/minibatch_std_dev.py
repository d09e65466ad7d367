from typing import Any

import keras
from keras import ops

from kgan import serialization
from kgan.layers.label_embedding import count
from kgan.layers.normalization import at_least_float32

# Keeps the root's derivatives finite where a group is of one sample again and again.
_EPSILON = 1e-8


@serialization.register
class MinibatchStdDev(keras.layers.Layer):
    """Shows a discriminator how much samples differ, so that collapse is noticed.

    The batch is divided into groups of consecutive samples. The standard deviation of
    each feature over a group, averaged over all places and channels, is appended to
    each sample of the group as one more channel. Where the last group is not full,
    samples from the batch's beginning fill it up; batches smaller than a group are one.

    Args:
        group_size: Int, at least 1: samples in a group.
        features: Int, at least 1: how many channels to append. The input's are divided
            into so many parts, each of which is averaged by itself.
        **kwargs: See `keras.layers.Layer`.

    Raises:
        ValueError: If an argument is no such int, or `features` does not divide the
            number of channels.

    Example:

    >>> import kgan
    >>> layer = kgan.layers.MinibatchStdDev()
    >>> tuple(layer(keras.ops.ones((8, 4, 4, 16))).shape)
    (8, 4, 4, 17)

    Reference:
        [Karras et al., 2017](https://arxiv.org/abs/1710.10196), section 3;
        [Karras et al., 2019](https://arxiv.org/abs/1912.04958), whose code has groups
        and `features`.
    """

    def __init__(self, group_size: int = 4, features: int = 1, **kwargs: Any):
        super().__init__(**kwargs)
        self.group_size = count(group_size=group_size)
        self.features = count(features=features)

    def build(self, input_shape: Any) -> None:
        if input_shape[-1] % self.features:
            raise ValueError(
                f"`features` must divide the number of channels, {input_shape[-1]}. "
                f"Received: features={self.features}"
            )

    def call(self, inputs: Any) -> Any:
        x = at_least_float32(inputs)
        size, *places = ops.shape(x)[:-1]
        x = self._grouped(x, size, places)
        spread = ops.mean(ops.square(x - ops.mean(x, axis=1, keepdims=True)), axis=1)
        spread = ops.sqrt(spread + _EPSILON)
        axes = (*range(1, len(places) + 1), len(places) + 2)
        spread = ops.mean(spread, axis=axes)
        # To each sample of its group, and to each place.
        spread = ops.repeat(spread, self.group_size, axis=0)[:size]
        spread = ops.reshape(spread, (-1, *(1 for _ in places), self.features))
        ones = ops.ones_like(inputs[..., : self.features])
        spread = ones * ops.cast(spread, self.compute_dtype)
        return ops.concatenate([inputs, spread], axis=-1)

    def _grouped(self, x: Any, size: Any, places: list) -> Any:
        """Returns `(groups, group size, *places, features, channels / features)`."""
        if isinstance(size, int):
            group = max(1, min(self.group_size, size))
        else:
            group = ops.minimum(self.group_size, size)
        groups = (size + group - 1) // group
        x = ops.concatenate([x, x], axis=0)[: groups * group]
        channels = x.shape[-1] // self.features
        return ops.reshape(x, (groups, group, *places, self.features, channels))

    def compute_output_shape(self, input_shape: Any) -> tuple:
        return (*input_shape[:-1], input_shape[-1] + self.features)

    def get_config(self) -> dict[str, Any]:
        own = {"group_size": self.group_size, "features": self.features}
        return {**super().get_config(), **own}
