"""The normalisations of Keras, with correct second derivatives on every backend.

On TensorFlow, Keras computes mean and variance by `tf.nn.moments`, which stops the
gradient of the mean inside the variance. A penalty on the gradient of the discriminator,
such as R1, then trains with an error of up to 4 %. The layers of this module compute the
mean and the variance without that stop.
"""

from collections.abc import Sequence

import keras
from keras import ops

from kgan import checks, serialization
from kgan.layers.arguments import with_checked_arguments
from kgan.types import Config, KerasArgument, Shape, Tensor


def moments(x: Tensor, axes: Sequence[int]) -> tuple[Tensor, Tensor]:
    """Returns the mean and the biased variance, `mean((x - mean(x))²)`, over some axes.

    The axes are kept, with a size of 1.
    """
    mean = ops.mean(x, axis=axes, keepdims=True)
    return mean, ops.mean(ops.square(x - mean), axis=axes, keepdims=True)


@serialization.register
@with_checked_arguments
class BatchNormalization(keras.layers.BatchNormalization):
    """`keras.layers.BatchNormalization` for discriminators that train with a penalty.

    Arguments and outputs are the same as in Keras. On TensorFlow the second derivatives
    of Keras are wrong by up to 4 %; here they are correct, except with `renorm=True`.

    Example:

    >>> import kgan
    >>> tuple(kgan.layers.BatchNormalization()(keras.ops.ones((2, 8))).shape)
    (2, 8)

    Reference:
        [Ioffe and Szegedy, 2015](https://arxiv.org/abs/1502.03167).
    """

    def call(
        self,
        inputs: Tensor,
        training: bool | None = None,
        mask: Tensor | None = None,
    ) -> Tensor:
        # With a mask or with `synchronized`, the derivatives of Keras are correct too.
        if mask is not None or self.synchronized or getattr(self, "renorm", False):
            return super().call(inputs, training=training, mask=mask)
        x = at_least_float32(inputs)
        axis = self.axis % len(x.shape)
        shape = [x.shape[i] if i == axis else 1 for i in range(len(x.shape))]
        if training and self.trainable:
            axes = [i for i in range(len(x.shape)) if i != axis]
            mean, variance = moments(x, axes)
            self._move_average(self.moving_mean, mean)
            self._move_average(self.moving_variance, variance)
        else:
            mean, variance = self.moving_mean, self.moving_variance
            mean = ops.reshape(ops.cast(mean, x.dtype), shape)
            variance = ops.reshape(ops.cast(variance, x.dtype), shape)
        outputs = (x - mean) * ops.rsqrt(variance + self.epsilon)
        return ops.cast(_scaled(self, outputs, shape), self.compute_dtype)

    def _move_average(self, average: keras.Variable, value: Tensor) -> None:
        kept = ops.cast(average, value.dtype) * self.momentum
        new = ops.reshape(value, average.shape) * (1.0 - self.momentum)
        average.assign(kept + new)


@serialization.register
@with_checked_arguments
class LayerNormalization(keras.layers.LayerNormalization):
    """`keras.layers.LayerNormalization` for discriminators that train with a penalty.

    Arguments and outputs are the same as in Keras. On TensorFlow the second derivatives
    of Keras are wrong by up to 4 %; here they are correct.

    Reference:
        [Ba et al., 2016](https://arxiv.org/abs/1607.06450).
    """

    def call(self, inputs: Tensor) -> Tensor:
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
@with_checked_arguments
class GroupNormalization(keras.layers.GroupNormalization):
    """`keras.layers.GroupNormalization` for discriminators that train with a penalty.

    Arguments and outputs are the same as in Keras. On TensorFlow the second derivatives
    of Keras are wrong by up to 4 %; here they are correct.

    Args:
        groups: Int, at least 1: number of groups; -1 for one group per channel.
        *args: See `keras.layers.GroupNormalization`.
        **kwargs: See `keras.layers.GroupNormalization`.

    Raises:
        ValueError: If `groups` is neither -1 nor an int of at least 1.

    Reference:
        [Wu and He, 2018](https://arxiv.org/abs/1803.08494).
    """

    def __init__(self, groups: int = 32, *args: KerasArgument, **kwargs: KerasArgument):
        if not checks.is_count(groups, minimum=-1) or groups != -1:
            groups = checks.count(groups=groups)
        super().__init__(int(groups), *args, **kwargs)

    def call(self, inputs: Tensor) -> Tensor:
        x = at_least_float32(inputs)
        axis = self.axis % len(x.shape)
        sizes = [size or ops.shape(x)[i] for i, size in enumerate(x.shape)]
        # The groups become an axis in front of the channels.
        grouped = [*sizes[:axis], self.groups, -1, *sizes[axis + 1 :]]
        x = ops.reshape(x, grouped)
        axes = [i for i in range(1, len(grouped)) if i != axis]
        mean, variance = moments(x, axes)
        x = ops.reshape((x - mean) * ops.rsqrt(variance + self.epsilon), sizes)
        shape = [inputs.shape[i] if i == axis else 1 for i in range(len(sizes))]
        return ops.cast(_scaled(self, x, shape), self.compute_dtype)


@serialization.register
@with_checked_arguments
class InstanceNormalization(GroupNormalization):
    """Normalises each channel of each sample over its pixels.

    `gamma * (x - mean) / sqrt(variance + epsilon) + beta`, where the mean and the
    variance belong to one sample and one channel. The layer is a `GroupNormalization`
    with one group per channel. Training and inference are the same. Second derivatives
    are correct on every backend, and under mixed precision the layer computes in float32.

    Args:
        axis: Int, the axis of the channels.
        epsilon: Float of at least 0, added to the variance.
        center: Bool, whether to add a learned offset `beta` per channel.
        scale: Bool, whether to multiply by a learned `gamma` per channel.
        **kwargs: See `keras.layers.GroupNormalization`.

    Raises:
        ValueError: If an argument is out of bounds, or the inputs have no axis beside the
            batch and the channels.

    Example:

    >>> import kgan
    >>> layer = kgan.layers.InstanceNormalization(epsilon=0.0)
    >>> x = layer(keras.ops.array([[[1.0, 20.0], [3.0, 10.0]]]))
    >>> keras.ops.convert_to_numpy(x)[0, 0].tolist()
    [-1.0, 1.0]

    Reference:
        [Ulyanov et al., 2016](https://arxiv.org/abs/1607.08022).
    """

    def __init__(
        self,
        axis: int = -1,
        epsilon: float = 1e-3,
        center: bool = True,
        scale: bool = True,
        **kwargs: KerasArgument,
    ):
        super().__init__(-1, axis, epsilon, center, scale, **kwargs)

    def build(self, input_shape: Shape) -> None:
        if len(input_shape) < 3:
            received = checks.received(input_shape=tuple(input_shape))
            raise ValueError(
                "Instance normalisation needs inputs (batch, ..., channels) with an axis "
                f"of pixels. {received}"
            )
        super().build(input_shape)

    def get_config(self) -> Config:
        config = super().get_config()
        # One group per channel is no choice.
        del config["groups"]
        return config


def at_least_float32(x: Tensor) -> Tensor:
    """Casts a float tensor to float32; float64 stays.

    Under mixed precision, means and variances need more precision than the inputs have.
    """
    # `keras.backend.result_type` returns float64 on TensorFlow only.
    dtype = keras.backend.standardize_dtype(x.dtype)
    return x if dtype == "float64" else ops.cast(x, "float32")


def _scaled(layer: keras.layers.Layer, x: Tensor, shape: Sequence[int]) -> Tensor:
    """Applies the scale and the offset of a normalisation, if the layer has them."""
    if layer.scale:
        x = x * ops.cast(ops.reshape(layer.gamma, shape), x.dtype)
    if layer.center:
        x = x + ops.cast(ops.reshape(layer.beta, shape), x.dtype)
    return x
