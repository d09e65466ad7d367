from collections.abc import Sequence

import keras
from keras import ops

from kgan import checks, serialization
from kgan.layers.arguments import with_checked_arguments
from kgan.layers.normalization import at_least_float32
from kgan.types import Config, KerasArgument, Shape, Tensor

# Keeps the derivatives of the square root finite when the samples of a group are equal.
_EPSILON = 1e-8


@serialization.register
@with_checked_arguments
class MinibatchStdDev(keras.layers.Layer):
    """Shows a discriminator how much the samples of a batch differ, against collapse.

    The batch is split into groups of consecutive samples. The layer takes the standard
    deviation of each feature over a group, averages it over all pixels and channels, and
    appends the average to each sample of the group as one more channel. Samples from the
    start of the batch complete a last group that is not full. A batch smaller than
    `group_size` is one group.

    Args:
        group_size: Int, at least 1: samples in a group.
        features: Int, at least 1: number of channels to append. The channels of the input
            are split into `features` equal parts, and each part gives one average.
        **kwargs: See `keras.layers.Layer`.

    Raises:
        ValueError: If an argument is not an int of at least 1, or `features` does not
            divide the number of channels.

    Example:

    >>> import kgan
    >>> layer = kgan.layers.MinibatchStdDev()
    >>> tuple(layer(keras.ops.ones((8, 4, 4, 16))).shape)
    (8, 4, 4, 17)

    Reference:
        [Karras et al., 2017](https://arxiv.org/abs/1710.10196), section 3;
        [Karras et al., 2019](https://arxiv.org/abs/1912.04958): its code has groups and
        `features`.
    """

    def __init__(self, group_size: int = 4, features: int = 1, **kwargs: KerasArgument):
        super().__init__(**kwargs)
        self.group_size = checks.count(group_size=group_size)
        self.features = checks.count(features=features)

    def build(self, input_shape: Shape) -> None:
        channels = input_shape[-1]
        if channels is None or channels % self.features:
            raise ValueError(
                f"`features` must divide the number of channels, {channels}. "
                f"{checks.received(features=self.features)}"
            )

    def call(self, inputs: Tensor) -> Tensor:
        """Returns the inputs with `features` more channels.

        Args:
            inputs: Float tensor `(batch, ..., channels)`.
        """
        x = at_least_float32(inputs)
        size, *places = ops.shape(x)[:-1]
        x = self._in_groups(x, size, places)
        variance = ops.mean(ops.square(x - ops.mean(x, axis=1, keepdims=True)), axis=1)
        deviation = ops.sqrt(variance + _EPSILON)
        axes = (*range(1, len(places) + 1), len(places) + 2)
        deviation = ops.mean(deviation, axis=axes)
        # The value of a group goes to each of its samples and to each pixel.
        deviation = ops.repeat(deviation, self.group_size, axis=0)[:size]
        deviation = ops.reshape(deviation, (-1, *(1 for _ in places), self.features))
        ones = ops.ones_like(inputs[..., : self.features])
        deviation = ones * ops.cast(deviation, self.compute_dtype)
        return ops.concatenate([inputs, deviation], axis=-1)

    def _in_groups(
        self, x: Tensor, size: int | Tensor, places: Sequence[int | Tensor]
    ) -> Tensor:
        """Returns `(groups, group size, *places, features, channels / features)`."""
        if isinstance(size, int):
            group = max(1, min(self.group_size, size))
        else:
            group = ops.minimum(self.group_size, size)
        groups = (size + group - 1) // group
        x = ops.concatenate([x, x], axis=0)[: groups * group]
        channels = x.shape[-1] // self.features
        return ops.reshape(x, (groups, group, *places, self.features, channels))

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        channels = input_shape[-1]
        return (*input_shape[:-1], channels and channels + self.features)

    def get_config(self) -> Config:
        own = {"group_size": self.group_size, "features": self.features}
        return {**super().get_config(), **own}
