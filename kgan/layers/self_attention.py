import keras
from keras import ops

from kgan import checks, serialization
from kgan.layers.arguments import fresh, with_checked_arguments
from kgan.layers.scaled_dot_product_attention import softmax
from kgan.layers.spectral_normalization import spectral_if
from kgan.types import Config, Identifier, KerasArgument, Shape, Tensor


@serialization.register
@with_checked_arguments
class SelfAttention2D(keras.layers.Layer):
    """Lets each pixel of an image use features from all places of the image.

    `inputs + gamma * out(softmax(query · key) value)`, the softmax over all places.
    `query`, `key`, `value` and `out` are 1x1 convolutions without bias: `query` and `key`
    have an eighth of the channels, `value` has half of the channels. The maximum over
    windows of 2x2 pixels makes keys and values four times fewer. `gamma` is one learned
    number and starts at 0, so the layer first passes its inputs on.

    Args:
        spectral_normalization: Bool, whether to divide each kernel by its largest
            singular value, see `kgan.layers.SpectralNormalization`.
        kernel_initializer: Initializer of the four kernels.
        kernel_regularizer: Regularizer of the four kernels.
        **kwargs: See `keras.layers.Layer`.

    Raises:
        ValueError: If an argument is none of these.

    Example:

    >>> import kgan
    >>> layer = kgan.layers.SelfAttention2D()
    >>> tuple(layer(keras.ops.ones((2, 8, 8, 16))).shape)
    (2, 8, 8, 16)

    Reference:
        [Zhang et al., 2018 (SAGAN)](https://arxiv.org/abs/1805.08318), section 3;
        [Brock et al., 2018 (BigGAN)](https://arxiv.org/abs/1809.11096): its code has the
        pooling and the half of the channels.
    """

    def __init__(
        self,
        spectral_normalization: bool = False,
        kernel_initializer: Identifier = "glorot_uniform",
        kernel_regularizer: Identifier = None,
        **kwargs: KerasArgument,
    ):
        super().__init__(**kwargs)
        self.spectral_normalization = checks.flag(
            spectral_normalization=spectral_normalization
        )
        self.kernel_initializer = keras.initializers.get(kernel_initializer)
        self.kernel_regularizer = keras.regularizers.get(kernel_regularizer)

    def build(self, input_shape: Shape) -> None:
        channels = checks.count(channels=input_shape[-1])
        few, half = max(1, channels // 8), max(1, channels // 2)
        self.query = self._pointwise("query", few, channels)
        self.key = self._pointwise("key", few, channels)
        self.value = self._pointwise("value", half, channels)
        self.out = self._pointwise("out", channels, half)
        self.gamma = self.add_weight((), "zeros", name="gamma")

    def _pointwise(self, name: str, filters: int, channels: int) -> keras.layers.Layer:
        """Returns a built 1x1 convolution: a dense layer computes along the last axis."""
        layer = keras.layers.Dense(
            filters,
            use_bias=False,
            kernel_initializer=fresh(self.kernel_initializer),
            kernel_regularizer=self.kernel_regularizer,
            dtype=self.dtype_policy,
            name=name,
        )
        layer = spectral_if(self.spectral_normalization, layer)
        layer.build((None, None, None, channels))
        return layer

    def call(self, inputs: Tensor, training: bool | None = None) -> Tensor:
        """Returns images of the shape of the inputs.

        Args:
            inputs: Float tensor `(batch, height, width, channels)`.
            training: Bool, whether spectral normalisation updates its singular vectors.
        """
        options = {"training": training} if self.spectral_normalization else {}
        query = self.query(inputs, **options)
        key = _pooled(self.key(inputs, **options))
        value = _pooled(self.value(inputs, **options))
        # From each pixel (h, w) to each pooled pixel n.
        weights = softmax(ops.einsum("bhwc,bnc->bhwn", query, key))
        weights = ops.cast(weights, value.dtype)
        mixed = ops.einsum("bhwn,bnc->bhwc", weights, value)
        gamma = ops.cast(self.gamma, inputs.dtype)
        return inputs + gamma * self.out(mixed, **options)

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        return tuple(input_shape)

    def get_config(self) -> Config:
        return {
            **super().get_config(),
            "spectral_normalization": self.spectral_normalization,
            "kernel_initializer": keras.initializers.serialize(self.kernel_initializer),
            "kernel_regularizer": keras.regularizers.serialize(self.kernel_regularizer),
        }


def _pooled(x: Tensor) -> Tensor:
    """Returns the maximum over windows of 2x2 pixels, `(batch, windows, channels)`.

    An odd size is rounded up.
    """
    x = ops.max_pool(x, 2, strides=2, padding="same", data_format="channels_last")
    return ops.reshape(x, (-1, x.shape[1] * x.shape[2], x.shape[3]))
