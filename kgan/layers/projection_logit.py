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
    """Last layer of a projection discriminator: a logit from features and a label.

    `Dense(1)(features) + sum(embedding[label] * features)`. The second term tells how
    well the sample fits its label.

    Args:
        num_classes: Int, at least 1: labels are 0 to `num_classes - 1`.
        spectral_normalization: Bool, whether to divide the kernel and the embedding by
            their largest singular values, see `kgan.layers.SpectralNormalization`.
        **kwargs: See `keras.layers.Layer`.

    Raises:
        ValueError: If `num_classes` is not an int of at least 1, or the features are not
            vectors.

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
        num_classes: int,
        spectral_normalization: bool = False,
        **kwargs: KerasArgument,
    ):
        super().__init__(**kwargs)
        self.num_classes = checks.count(num_classes=num_classes)
        self.spectral_normalization = checks.flag(
            spectral_normalization=spectral_normalization
        )

    def build(self, input_shape: Sequence[Shape]) -> None:
        features, labels = input_shape
        if len(features) != 2 or features[-1] is None:
            raise ValueError(
                "Features must be vectors, (batch, dim): flatten or pool them first. "
                f"Received: features of shape {tuple(features)}"
            )
        dense = keras.layers.Dense(1, dtype=self.dtype_policy, name="logit")
        embedding = LabelEmbedding(
            self.num_classes, features[-1], dtype=self.dtype_policy, name="embedding"
        )
        self.logit = spectral_if(self.spectral_normalization, dense)
        self.embedding = spectral_if(self.spectral_normalization, embedding)
        self.logit.build(features)
        self.embedding.build(labels)

    def call(self, inputs: Sequence[Tensor], training: bool | None = None) -> Tensor:
        """Returns the logits, `(batch, 1)`.

        Args:
            inputs: `[features, labels]`: a float tensor `(batch, dim)` and an int tensor
                `(batch,)` or `(batch, 1)`.
            training: Bool, whether spectral normalisation updates its singular vectors.
        """
        features, labels = inputs
        options = {"training": training} if self.spectral_normalization else {}
        embedded = self.embedding(labels, **options)
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
