from typing import Any

import keras
from keras import ops

from kgan import serialization


@serialization.register
class LabelEmbedding(keras.layers.Layer):
    """A trained vector for each class.

    Unlike `keras.layers.Embedding` it multiplies with one-hot labels, whose second
    derivatives are plain on every backend, and takes one label per sample.

    Args:
        num_classes: Int, at least 1: labels are 0 to `num_classes - 1`.
        dim: Int, at least 1: length of a vector.
        embeddings_initializer: See `keras.layers.Embedding`.
        embeddings_constraint: See `keras.layers.Embedding`.
        **kwargs: See `keras.layers.Layer`.

    Raises:
        ValueError: If an argument is no such int.

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
        embeddings_initializer: Any = "uniform",
        embeddings_constraint: Any = None,
        **kwargs: Any,
    ):
        super().__init__(**kwargs)
        self.num_classes = count(num_classes=num_classes)
        self.dim = count(dim=dim)
        self.embeddings_initializer = keras.initializers.get(embeddings_initializer)
        self.embeddings_constraint = keras.constraints.get(embeddings_constraint)

    def build(self, input_shape: Any) -> None:
        self.embeddings = self.add_weight(
            (self.num_classes, self.dim),
            self.embeddings_initializer,
            constraint=self.embeddings_constraint,
            name="embeddings",
        )

    def call(self, labels: Any) -> Any:
        """Returns the vectors, `(batch, dim)`.

        Args:
            labels: Int tensor `(batch,)` or `(batch, 1)`.
        """
        return lookup(self.embeddings, labels, self.compute_dtype)

    def compute_output_shape(self, input_shape: Any) -> tuple:
        return (input_shape[0], self.dim)

    def get_config(self) -> dict[str, Any]:
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


def lookup(table: Any, labels: Any, dtype: Any) -> Any:
    """Returns the rows of a table, `(classes, dim)`, at labels; zeros out of range."""
    labels = ops.cast(ops.reshape(labels, (-1,)), "int32")
    return ops.one_hot(labels, table.shape[0], dtype=dtype) @ ops.cast(table, dtype)


def count(**number: Any) -> int:
    """Returns a number given by name, refused where it is no int of at least 1."""
    ((name, value),) = number.items()
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise ValueError(
            f"`{name}` must be an int of at least 1. Received: {name}={value!r}"
        )
    return value
