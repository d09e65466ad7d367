from collections.abc import Sequence

import keras
from keras import ops

from kgan import checks, serialization
from kgan.layers.arguments import with_checked_arguments
from kgan.types import Config, KerasArgument, Shape, Tensor


@serialization.register
@with_checked_arguments
class GenerativeBasis(keras.layers.Layer):
    """First layer of a generator: one learned image per channel, scaled by the channel.

    `output[b, i, j, c] = basis[i, j, c] * inputs[b, c]`.

    Args:
        size: `(height, width)` of the learned images.
        **kwargs: See `keras.layers.Layer`.

    Raises:
        ValueError: If `size` is not two ints of at least 1.

    Example:

    >>> import kgan
    >>> tuple(kgan.layers.GenerativeBasis((4, 4))(keras.ops.ones((2, 8))).shape)
    (2, 4, 4, 8)

    Reference:
        [Huang et al., 2025 (R3GAN)](https://arxiv.org/abs/2501.05441), section 3.
    """

    def __init__(self, size: Sequence[int], **kwargs: KerasArgument):
        super().__init__(**kwargs)
        self.size = checks.shape(rank=2, form="(height, width)", size=size)

    def build(self, input_shape: Shape) -> None:
        normal = keras.initializers.RandomNormal(stddev=1.0)
        self.basis = self.add_weight((*self.size, input_shape[-1]), normal, name="basis")

    def call(self, inputs: Tensor) -> Tensor:
        """Returns images `(batch, height, width, channels)`.

        Args:
            inputs: Float tensor `(batch, channels)`.
        """
        return ops.cast(self.basis, self.compute_dtype) * inputs[:, None, None, :]

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        return (input_shape[0], *self.size, input_shape[-1])

    def get_config(self) -> Config:
        return {**super().get_config(), "size": self.size}


@serialization.register
@with_checked_arguments
class LearnedConstant(keras.layers.Layer):
    """First layer of a synthesis network: one learned image, the same for all samples.

    Args:
        shape: `(height, width, channels)` of the image.
        **kwargs: See `keras.layers.Layer`.

    Raises:
        ValueError: If `shape` is not three ints of at least 1.

    Example:

    >>> import kgan
    >>> tuple(kgan.layers.LearnedConstant((4, 4, 8))(keras.ops.ones((2, 5))).shape)
    (2, 4, 4, 8)

    Reference:
        [Karras et al., 2018](https://arxiv.org/abs/1812.04948), section 2.
    """

    def __init__(self, shape: Sequence[int], **kwargs: KerasArgument):
        super().__init__(**kwargs)
        self.shape = checks.shape(rank=3, form="(height, width, channels)", shape=shape)

    def build(self, input_shape: Shape) -> None:
        normal = keras.initializers.RandomNormal(stddev=1.0)
        self.constant = self.add_weight(self.shape, normal, name="constant")

    def call(self, inputs: Tensor) -> Tensor:
        """Returns the image for each sample, `(batch, height, width, channels)`.

        Args:
            inputs: Tensor `(batch, ...)`, of which only the batch counts.
        """
        constant = ops.cast(self.constant, self.compute_dtype)
        return ops.broadcast_to(constant, (ops.shape(inputs)[0], *self.shape))

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        return (input_shape[0], *self.shape)

    def get_config(self) -> Config:
        return {**super().get_config(), "shape": self.shape}


@serialization.register
@with_checked_arguments
class DiscriminativeBasis(keras.layers.Layer):
    """Last layer of a discriminator: the product of each channel with a learned image.

    `output[b, c] = sum(basis[i, j, c] * inputs[b, i, j, c])`, the sum over all pixels.
    The layer is a depthwise convolution whose kernel has the size of the input.

    Args:
        **kwargs: See `keras.layers.Layer`.

    Example:

    >>> import kgan
    >>> tuple(kgan.layers.DiscriminativeBasis()(keras.ops.ones((2, 4, 4, 8))).shape)
    (2, 8)

    Reference:
        [Huang et al., 2025 (R3GAN)](https://arxiv.org/abs/2501.05441), section 3.
    """

    def build(self, input_shape: Shape) -> None:
        height, width, channels = checks.shape(
            rank=3, form="(height, width, channels)", input_shape=input_shape[1:]
        )
        normal = keras.initializers.RandomNormal(stddev=(height * width) ** -0.5)
        self.basis = self.add_weight((height, width, channels), normal, name="basis")

    def call(self, inputs: Tensor) -> Tensor:
        """Returns features `(batch, channels)`.

        Args:
            inputs: Float tensor `(batch, height, width, channels)`.
        """
        return ops.sum(ops.cast(self.basis, self.compute_dtype) * inputs, axis=(1, 2))

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        return (input_shape[0], input_shape[-1])
