"""Keras' normalisations, with second derivatives that are right on every backend.

On TensorFlow Keras takes the moments from `tf.nn.moments`, which stops the gradient of
the mean inside the variance. A penalty on the discriminator's gradient, such as R1,
then trains through a norm with an error of up to 4 %. Here the moments are plain.
"""

from collections.abc import Sequence
from typing import Any

import keras
from keras import ops

from kgan import serialization


def moments(x: Any, axes: Sequence[int]) -> tuple[Any, Any]:
    """Returns the mean and the biased variance, `mean((x - mean(x))²)`, over axes.

    The axes stay, with a size of 1.
    """
    mean = ops.mean(x, axis=axes, keepdims=True)
    return mean, ops.mean(ops.square(x - mean), axis=axes, keepdims=True)


@serialization.register
class BatchNormalization(keras.layers.BatchNormalization):
    """`keras.layers.BatchNormalization` that penalties can train through.

    Takes the same arguments. Its values are those of Keras, and so are its second
    derivatives on JAX and PyTorch; on TensorFlow Keras' are off by up to 4 %, and so
    they are here with `renorm=True`.

    Example:

    >>> import kgan
    >>> tuple(kgan.layers.BatchNormalization()(keras.ops.ones((2, 8))).shape)
    (2, 8)

    Reference:
        [Ioffe and Szegedy, 2015](https://arxiv.org/abs/1502.03167).
    """

    def call(self, inputs: Any, training: bool | None = None, mask: Any = None) -> Any:
        # With the first two Keras' moments are plain too.
        if mask is not None or self.synchronized or getattr(self, "renorm", False):
            return super().call(inputs, training=training, mask=mask)
        x = at_least_float32(inputs)
        axis = self.axis % len(x.shape)
        shape = [x.shape[i] if i == axis else 1 for i in range(len(x.shape))]
        if training and self.trainable:
            axes = [i for i in range(len(x.shape)) if i != axis]
            mean, variance = moments(x, axes)
            self._follow(self.moving_mean, mean)
            self._follow(self.moving_variance, variance)
        else:
            mean, variance = self.moving_mean, self.moving_variance
            mean = ops.reshape(ops.cast(mean, x.dtype), shape)
            variance = ops.reshape(ops.cast(variance, x.dtype), shape)
        outputs = (x - mean) * ops.rsqrt(variance + self.epsilon)
        return ops.cast(_scaled(self, outputs, shape), self.compute_dtype)

    def _follow(self, average: Any, statistic: Any) -> None:
        kept = ops.cast(average, statistic.dtype) * self.momentum
        new = ops.reshape(statistic, average.shape) * (1.0 - self.momentum)
        average.assign(kept + new)


@serialization.register
class LayerNormalization(keras.layers.LayerNormalization):
    """`keras.layers.LayerNormalization` that penalties can train through.

    Takes the same arguments. Its values are those of Keras, and so are its second
    derivatives on JAX and PyTorch; on TensorFlow Keras' are off by up to 4 %.

    Reference:
        [Ba et al., 2016](https://arxiv.org/abs/1607.06450).
    """

    def call(self, inputs: Any) -> Any:
        if getattr(self, "rms_scaling", False):
            return super().call(inputs)
        x = at_least_float32(inputs)
        axes = [self.axis] if isinstance(self.axis, int) else list(self.axis)
        axes = [axis % len(x.shape) for axis in axes]
        mean, variance = moments(x, axes)
        outputs = (x - mean) * ops.rsqrt(variance + self.epsilon)
        shape = [x.shape[i] if i in axes else 1 for i in range(len(x.shape))]
        return ops.cast(_scaled(self, outputs, shape), self.compute_dtype)


@serialization.register
class GroupNormalization(keras.layers.GroupNormalization):
    """`keras.layers.GroupNormalization` that penalties can train through.

    Takes the same arguments. Its values are those of Keras, and so are its second
    derivatives on JAX and PyTorch; on TensorFlow Keras' are off by up to 4 %.

    Reference:
        [Wu and He, 2018](https://arxiv.org/abs/1803.08494).
    """

    def call(self, inputs: Any) -> Any:
        x = at_least_float32(inputs)
        axis = self.axis % len(x.shape)
        sizes = [size or ops.shape(x)[i] for i, size in enumerate(x.shape)]
        # The groups become an axis of their own, in front of the channels'.
        grouped = [*sizes[:axis], self.groups, -1, *sizes[axis + 1 :]]
        x = ops.reshape(x, grouped)
        axes = [i for i in range(1, len(grouped)) if i != axis]
        mean, variance = moments(x, axes)
        x = ops.reshape((x - mean) * ops.rsqrt(variance + self.epsilon), sizes)
        shape = [inputs.shape[i] if i == axis else 1 for i in range(len(sizes))]
        return ops.cast(_scaled(self, x, shape), self.compute_dtype)


def at_least_float32(x: Any) -> Any:
    """Returns a tensor in which moments may be taken under mixed precision."""
    # Not `result_type`, which knows float64 on TensorFlow only.
    dtype = keras.backend.standardize_dtype(x.dtype)
    return x if dtype == "float64" else ops.cast(x, "float32")


def _scaled(layer: keras.layers.Layer, x: Any, shape: list[int]) -> Any:
    if layer.scale:
        x = x * ops.cast(ops.reshape(layer.gamma, shape), x.dtype)
    if layer.center:
        x = x + ops.cast(ops.reshape(layer.beta, shape), x.dtype)
    return x
