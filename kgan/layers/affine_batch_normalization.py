from collections.abc import Sequence

import keras
from keras import ops

from kgan import checks
from kgan.layers.normalization import BatchNormalization
from kgan.types import Config, KerasArgument, Shape, Tensor


class AffineBatchNormalization(keras.layers.Layer):
    """Base class of batch normalisations whose scale and offset depend on an input.

    Subclasses implement `scale_and_offset`.

    Args:
        momentum: Float from 0 to 1, see `keras.layers.BatchNormalization`.
        epsilon: Float of at least 0, see `keras.layers.BatchNormalization`.
        synchronized: See `keras.layers.BatchNormalization`.
        **kwargs: See `keras.layers.Layer`.
    """

    def __init__(
        self,
        momentum: float,
        epsilon: float,
        synchronized: bool,
        **kwargs: KerasArgument,
    ):
        super().__init__(**kwargs)
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

    def scale_and_offset(
        self, condition: Tensor, training: bool | None
    ) -> tuple[Tensor, Tensor]:
        """Returns the scales and the offsets of samples, each `(batch, channels)`.

        Args:
            condition: The second input of the layer.
            training: Bool, the mode of the pass.
        """
        raise NotImplementedError

    def call(self, inputs: Sequence[Tensor], training: bool | None = None) -> Tensor:
        """Returns the normalised features.

        Args:
            inputs: `[features, condition]`: a float tensor `(batch, ..., channels)`, and
                the tensor on which the scale and the offset depend.
            training: Bool, whether to use the mean and the variance of the batch. In
                inference the moving averages are used.
        """
        features, condition = inputs
        x = self.normalization(features, training=training)
        shape = (-1, *(1 for _ in x.shape[1:-1]), x.shape[-1])
        scale, offset = self.scale_and_offset(condition, training)
        return x * ops.reshape(scale, shape) + ops.reshape(offset, shape)

    def compute_output_shape(self, input_shape: Sequence[Shape]) -> Shape:
        return tuple(input_shape[0])

    def get_config(self) -> Config:
        own = {
            name: getattr(self.normalization, name)
            for name in ("momentum", "epsilon", "synchronized")
        }
        return {**super().get_config(), **own}
