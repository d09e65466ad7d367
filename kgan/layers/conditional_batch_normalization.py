from collections.abc import Sequence

import keras
from keras import ops

from kgan import checks, serialization
from kgan.layers.arguments import with_checked_arguments
from kgan.layers.label_embedding import lookup
from kgan.layers.normalization import BatchNormalization
from kgan.types import Config, KerasArgument, Shape, Tensor


@serialization.register
@with_checked_arguments
class ConditionalBatchNormalization(keras.layers.Layer):
    """Batch normalisation with a scale and an offset per class, for generators.

    `gamma[label] * (x - mean) / sqrt(variance + epsilon) + beta[label]`. Mean and
    variance are taken over the whole batch. `gamma` starts at 1 and `beta` at 0.

    Args:
        num_classes: Int, at least 1: labels are 0 to `num_classes - 1`.
        momentum: Float from 0 to 1, see `keras.layers.BatchNormalization`.
        epsilon: Float of at least 0, see `keras.layers.BatchNormalization`.
        synchronized: See `keras.layers.BatchNormalization`.
        **kwargs: See `keras.layers.Layer`.

    Raises:
        ValueError: If `num_classes`, `momentum` or `epsilon` is out of bounds.

    Example:

    >>> import kgan
    >>> features, labels = keras.Input((4, 4, 8)), keras.Input((), dtype="int32")
    >>> layer = kgan.layers.ConditionalBatchNormalization(num_classes=10)
    >>> layer([features, labels]).shape
    (None, 4, 4, 8)

    Reference:
        [Dumoulin et al., 2016](https://arxiv.org/abs/1610.07629), equation 5;
        [de Vries et al., 2017](https://arxiv.org/abs/1707.00683);
        [Miyato and Koyama, 2018](https://arxiv.org/abs/1802.05637), for GANs.
    """

    def __init__(
        self,
        num_classes: int,
        momentum: float = 0.99,
        epsilon: float = 1e-3,
        synchronized: bool = False,
        **kwargs: KerasArgument,
    ):
        super().__init__(**kwargs)
        self.num_classes = checks.count(num_classes=num_classes)
        self.normalization = BatchNormalization(
            momentum=checks.number(minimum=0, maximum=1, momentum=momentum),
            epsilon=checks.number(minimum=0, epsilon=epsilon),
            synchronized=synchronized,
            center=False,
            scale=False,
            dtype=self.dtype_policy,
            name="normalization",
        )

    def build(self, input_shape: Sequence[Shape]) -> None:
        features, _ = input_shape
        self.normalization.build(features)
        shape = (self.num_classes, features[-1])
        self.gamma = self.add_weight(shape, "ones", name="gamma")
        self.beta = self.add_weight(shape, "zeros", name="beta")

    def call(self, inputs: Sequence[Tensor], training: bool | None = None) -> Tensor:
        """Returns the normalised features.

        Args:
            inputs: `[features, labels]`: a float tensor `(batch, ..., channels)` and an
                int tensor `(batch,)` or `(batch, 1)`.
            training: Bool, whether to use the mean and the variance of the batch. In
                inference the moving averages are used.
        """
        features, labels = inputs
        x = self.normalization(features, training=training)
        shape = (-1, *(1 for _ in x.shape[1:-1]), x.shape[-1])
        gamma = ops.reshape(lookup(self.gamma, labels, x.dtype), shape)
        return x * gamma + ops.reshape(lookup(self.beta, labels, x.dtype), shape)

    def compute_output_shape(self, input_shape: Sequence[Shape]) -> Shape:
        return tuple(input_shape[0])

    def get_config(self) -> Config:
        own = {
            name: getattr(self.normalization, name)
            for name in ("momentum", "epsilon", "synchronized")
        }
        return {**super().get_config(), "num_classes": self.num_classes, **own}
