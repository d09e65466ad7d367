from collections.abc import Sequence

import keras
from keras import ops

from kgan import checks, serialization
from kgan.layers.arguments import with_checked_arguments
from kgan.layers.label_embedding import LabelEmbedding
from kgan.layers.spectral_normalization import spectral_if
from kgan.types import Config, KerasArgument, Shape, Tensor


@serialization.register
@with_checked_arguments
class ProjectionLogit(keras.layers.Layer):
    """Last layer of a projection discriminator: a logit from features and a condition.

    `Dense(1)(features) + sum(embedding * features)`. The second term tells how well the
    sample fits its condition. The embedding of a label is a row of a learned table, and
    the embedding of a vector is its product with a learned matrix.

    Args:
        num_classes: Int, at least 1: labels are 0 to `num_classes - 1`; None for a
            condition that is a float vector.
        spectral_normalization: Bool, whether to divide the kernel and the embedding by
            their largest singular values, see `kgan.layers.SpectralNormalization`.
        **kwargs: See `keras.layers.Layer`.

    Raises:
        ValueError: If `num_classes` is neither None nor an int of at least 1, or the
            features or a condition without classes are not vectors.

    Example:

    >>> import kgan
    >>> features, labels = keras.Input((64,)), keras.Input((), dtype="int32")
    >>> kgan.layers.ProjectionLogit(num_classes=10)([features, labels]).shape
    (None, 1)

    Reference:
        [Miyato and Koyama, 2018](https://arxiv.org/abs/1802.05637), equation 3.
    """

    def __init__(
        self,
        num_classes: int | None = None,
        spectral_normalization: bool = False,
        **kwargs: KerasArgument,
    ):
        super().__init__(**kwargs)
        self.num_classes = checks.optional_count(num_classes=num_classes)
        self.spectral_normalization = checks.flag(
            spectral_normalization=spectral_normalization
        )

    def build(self, input_shape: Sequence[Shape]) -> None:
        features, condition = input_shape
        units = _length("Features", features)
        if self.num_classes is None:
            _length("Conditions", condition)
        dense = keras.layers.Dense(1, dtype=self.dtype_policy, name="logit")
        self.logit = spectral_if(self.spectral_normalization, dense)
        embedding = self._embedding(units)
        self.embedding = spectral_if(self.spectral_normalization, embedding)
        self.logit.build(features)
        self.embedding.build(condition)

    def _embedding(self, units: int) -> keras.layers.Layer:
        options = {"dtype": self.dtype_policy, "name": "embedding"}
        if self.num_classes is None:
            return vector_embedding(units, **options)
        return LabelEmbedding(self.num_classes, units, **options)

    def call(self, inputs: Sequence[Tensor], training: bool | None = None) -> Tensor:
        """Returns the logits, `(batch, 1)`.

        Args:
            inputs: `[features, condition]`: a float tensor `(batch, dim)`, and labels, an
                int tensor `(batch,)` or `(batch, 1)`, or vectors, a float tensor
                `(batch, condition_dim)`.
            training: Bool, whether spectral normalisation updates its singular vectors.
        """
        features, condition = inputs
        options = {"training": training} if self.spectral_normalization else {}
        embedded = self.embedding(condition, **options)
        match = ops.sum(embedded * features, axis=-1, keepdims=True)
        return self.logit(features, **options) + match

    def compute_output_shape(self, input_shape: Sequence[Shape]) -> Shape:
        return (input_shape[0][0], 1)

    def get_config(self) -> Config:
        own = {
            "num_classes": self.num_classes,
            "spectral_normalization": self.spectral_normalization,
        }
        return {**super().get_config(), **own}


def vector_embedding(units: int, **options: KerasArgument) -> keras.layers.Layer:
    """Returns the matrix that maps a vector to features, for their product.

    At the start, with conditions of mean 0 and variance 1, the product has the mean
    square of a feature as its variance, whatever the lengths of both.

    Args:
        units: Int, length of the features.
        **options: See `keras.layers.Dense`.
    """
    initializer = keras.initializers.VarianceScaling(
        1 / units, mode="fan_in", distribution="untruncated_normal"
    )
    return keras.layers.Dense(
        units, use_bias=False, kernel_initializer=initializer, **options
    )


def _length(what: str, shape: Shape) -> int:
    """Returns the length of vectors; raises an error if a shape is not of vectors."""
    if len(shape) != 2 or shape[-1] is None:
        raise ValueError(
            f"{what} must be vectors, (batch, dim): flatten or pool them first. "
            f"Received: {what.lower()} of shape {tuple(shape)}"
        )
    return shape[-1]
