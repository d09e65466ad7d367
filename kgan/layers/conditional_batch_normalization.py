from collections.abc import Sequence

from kgan import checks, serialization
from kgan.layers.affine_batch_normalization import AffineBatchNormalization
from kgan.layers.arguments import with_checked_arguments
from kgan.layers.label_embedding import lookup
from kgan.types import Config, KerasArgument, Shape, Tensor


@serialization.register
@with_checked_arguments
class ConditionalBatchNormalization(AffineBatchNormalization):
    """Batch normalisation with a scale and an offset per class, for generators.

    `gamma[label] * (x - mean) / sqrt(variance + epsilon) + beta[label]`. The inputs are
    `[features, labels]`: a float tensor `(batch, ..., channels)` and an int tensor
    `(batch,)` or `(batch, 1)`. Mean and variance are taken over the whole batch.
    `gamma` starts at 1 and `beta` at 0.

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
        super().__init__(momentum, epsilon, synchronized, **kwargs)
        self.num_classes = checks.count(num_classes=num_classes)

    def build(self, input_shape: Sequence[Shape]) -> None:
        super().build(input_shape)
        features, _ = input_shape
        shape = (self.num_classes, features[-1])
        self.gamma = self.add_weight(shape, "ones", name="gamma")
        self.beta = self.add_weight(shape, "zeros", name="beta")

    def scale_and_offset(
        self, condition: Tensor, training: bool | None
    ) -> tuple[Tensor, Tensor]:
        """Returns the scale and the offset of each label.

        Args:
            condition: Int tensor `(batch,)` or `(batch, 1)`, the labels.
            training: Bool, the mode of the pass, which makes no difference.
        """
        dtype = self.compute_dtype
        scale = lookup(self.gamma, condition, dtype)
        return scale, lookup(self.beta, condition, dtype)

    def get_config(self) -> Config:
        return {**super().get_config(), "num_classes": self.num_classes}
