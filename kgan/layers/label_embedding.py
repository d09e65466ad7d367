import keras
from keras import ops

from kgan import checks, serialization
from kgan.layers.arguments import with_checked_arguments
from kgan.types import Config, Identifier, KerasArgument, Shape, Tensor


@serialization.register
@with_checked_arguments
class LabelEmbedding(keras.layers.Layer):
    """A learned vector for each class.

    The layer differs from `keras.layers.Embedding` in two points. It multiplies the table
    by one-hot labels, so second derivatives work on every backend. It takes one label per
    sample.

    Args:
        num_classes: Int, at least 1: labels are 0 to `num_classes - 1`.
        dim: Int, at least 1: length of a vector.
        embeddings_initializer: See `keras.layers.Embedding`.
        embeddings_constraint: See `keras.layers.Embedding`.
        **kwargs: See `keras.layers.Layer`.

    Raises:
        ValueError: If `num_classes` or `dim` is not an int of at least 1.

    Example:

    >>> import kgan
    >>> layer = kgan.layers.LabelEmbedding(num_classes=10, dim=4)
    >>> tuple(layer(keras.ops.array([3, 1])).shape)
    (2, 4)
    """

    def __init__(
        self,
        num_classes: int,
        dim: int,
        embeddings_initializer: Identifier = "uniform",
        embeddings_constraint: Identifier = None,
        **kwargs: KerasArgument,
    ):
        super().__init__(**kwargs)
        self.num_classes = checks.count(num_classes=num_classes)
        self.dim = checks.count(dim=dim)
        self.embeddings_initializer = keras.initializers.get(embeddings_initializer)
        self.embeddings_constraint = keras.constraints.get(embeddings_constraint)

    def build(self, input_shape: Shape) -> None:
        self.embeddings = self.add_weight(
            (self.num_classes, self.dim),
            self.embeddings_initializer,
            constraint=self.embeddings_constraint,
            name="embeddings",
        )

    def call(self, labels: Tensor) -> Tensor:
        """Returns the vectors of the labels, `(batch, dim)`.

        Args:
            labels: Int tensor `(batch,)` or `(batch, 1)`.
        """
        return lookup(self.embeddings, labels, self.compute_dtype)

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        return (input_shape[0], self.dim)

    def get_config(self) -> Config:
        return {
            **super().get_config(),
            "num_classes": self.num_classes,
            "dim": self.dim,
            "embeddings_initializer": keras.initializers.serialize(
                self.embeddings_initializer
            ),
            "embeddings_constraint": keras.constraints.serialize(
                self.embeddings_constraint
            ),
        }


def lookup(table: Tensor, labels: Tensor, dtype: str) -> Tensor:
    """Returns the row of a table for each label; zeros for a label out of range.

    Args:
        table: Float tensor `(num_classes, dim)`.
        labels: Int tensor `(batch,)` or `(batch, 1)`.
        dtype: The dtype of the rows.
    """
    labels = ops.cast(ops.reshape(labels, (-1, 1)), "int32")
    # `ops.one_hot` of PyTorch checks the labels, which no exporter to LiteRT can write.
    one_hot = ops.equal(labels, ops.arange(0, table.shape[0], dtype="int32"))
    return ops.cast(one_hot, dtype) @ ops.cast(table, dtype)
