"""How a condition enters a network, and how a discriminator ends."""

from collections.abc import Sequence

import keras
from keras import layers

from kgan import checks
from kgan.layers import (
    ConditionalBatchNormalization,
    LabelEmbedding,
    ModulatedBatchNormalization,
    ProjectionLogit,
    normalized,
)
from kgan.layers.projection_logit import vector_embedding
from kgan.types import Identifier, Tensor, Tensors

# How a discriminator can use labels.
CONDITIONINGS = ("projection", "auxiliary")
# With a low momentum the statistics follow the weights even in a short run.
_MOMENTUM = 0.9


class Condition:
    """The condition of a network. This base class stands for no condition.

    Attributes:
        input: The input of the condition; None without a condition.
        num_classes: Int, the number of labels; None without labels.
        size: Int, the number of classes or the length of a vector; 0 without a condition.
    """

    input: Tensor = None
    num_classes: int | None = None
    size = 0

    def inputs(self, x: Tensor) -> Tensors:
        """Returns the inputs of the network: `[x, condition]`, or `x` alone."""
        return x if self.input is None else [x, self.input]

    def embedded(self, dim: int, initializer: Identifier = None) -> Tensor:
        """Returns a learned vector `(batch, dim)` for each condition.

        Args:
            dim: Int, length of a vector.
            initializer: Initializer of the matrix that holds or makes the vectors; None
                for the default of the condition.
        """
        raise NotImplementedError

    def matching(self, dim: int) -> Tensor:
        """Returns the vectors `(batch, dim)` whose product with features is a logit."""
        return self.embedded(dim)

    def join(self, latents: Tensor, initializer: Identifier = None) -> Tensor:
        """Concatenates latents with an embedding of the condition of the same length."""
        if self.input is None:
            return latents
        embedded = self.embedded(latents.shape[-1], initializer)
        return layers.Concatenate()([latents, embedded])

    def batch_normalized(self, x: Tensor) -> Tensor:
        """Normalises the features of a generator, and scales them by the condition."""
        return layers.BatchNormalization(momentum=_MOMENTUM)(x)

    def add_match(self, logits: Tensor, features: Tensor) -> Tensor:
        """Adds the product of features with an embedding of the condition to logits.

        Without a condition the logits stay as they are.

        Args:
            logits: Tensor `(batch, ..., 1)`; the logits of all places of a sample get the
                same product.
            features: Tensor `(batch, dim)`.
        """
        if self.input is None:
            return logits
        match = layers.Dot(1)([features, self.matching(features.shape[-1])])
        if len(logits.shape) > 2:
            match = layers.Reshape([1] * (len(logits.shape) - 1))(match)
        return layers.Add()([logits, match])

    def logit(self, features: Tensor, normalization: str | None) -> Tensor:
        """Returns the logit of a projection discriminator, `(batch, 1)`.

        Args:
            features: Tensor `(batch, dim)`.
            normalization: `"spectral"` or None, for the matrices of the logit.
        """
        self.check(features.shape[-1])
        layer = ProjectionLogit(self.num_classes, normalization == "spectral")
        return layer(self.inputs(features))

    def check(self, units: int) -> None:
        """Checks that a matrix from conditions to a number of units is not too large."""


class Labels(Condition):
    """Labels, ints of 0 to `num_classes - 1`."""

    def __init__(self, num_classes: int):
        self.num_classes = self.size = num_classes
        self.input = keras.Input((), dtype="int32", name="labels")

    def embedded(self, dim: int, initializer: Identifier = None) -> Tensor:
        """Returns the row of a learned table for each label, `(batch, dim)`."""
        self.check(dim)
        return LabelEmbedding(self.size, dim, initializer or "uniform")(self.input)

    def batch_normalized(self, x: Tensor) -> Tensor:
        """Normalises features, with a scale and an offset per class."""
        layer = ConditionalBatchNormalization(self.size, momentum=_MOMENTUM)
        return layer([x, self.input])

    def check(self, units: int) -> None:
        """Checks that a table of vectors is not too large."""
        checks.parameters(self.size * units, num_classes=self.size)


class Vectors(Condition):
    """Float vectors `(batch, condition_dim)`, for example of texts or of attributes."""

    def __init__(self, condition_dim: int):
        self.size = condition_dim
        self.input = keras.Input((condition_dim,), name="condition")

    def embedded(self, dim: int, initializer: Identifier = None) -> Tensor:
        """Returns the product of each vector with a learned matrix, `(batch, dim)`."""
        self.check(dim)
        initializer = initializer or "glorot_uniform"
        layer = layers.Dense(dim, use_bias=False, kernel_initializer=initializer)
        return layer(self.input)

    def matching(self, dim: int) -> Tensor:
        """Returns the vectors `(batch, dim)` whose product with features is a logit."""
        self.check(dim)
        return vector_embedding(dim)(self.input)

    def batch_normalized(self, x: Tensor) -> Tensor:
        """Normalises features, with a scale and an offset that depend on the vector."""
        self.check(x.shape[-1])
        # As with labels, the scale starts at 1 and the offset at 0.
        layer = ModulatedBatchNormalization(_MOMENTUM, kernel_initializer="zeros")
        return layer([x, self.input])

    def check(self, units: int) -> None:
        """Checks that a matrix is not too large."""
        checks.parameters(self.size * units, condition_dim=self.size)


def condition_of(num_classes: int | None, condition_dim: int | None = None) -> Condition:
    """Returns the condition that the arguments of a builder ask for.

    Args:
        num_classes: Int, at least 1, for labels; or None.
        condition_dim: Int, at least 1, for float vectors of this length; or None.

    Raises:
        ValueError: If an argument is out of bounds, or both are given.
    """
    num_classes = checks.optional_units(num_classes=num_classes)
    condition_dim = checks.optional_units(condition_dim=condition_dim)
    if num_classes is not None and condition_dim is not None:
        raise ValueError(
            "A network is conditioned on labels or on vectors: give `num_classes` or "
            "`condition_dim`. A vector can hold the one-hot label too. "
            f"{checks.received(num_classes=num_classes, condition_dim=condition_dim)}"
        )
    if condition_dim is not None:
        return Vectors(condition_dim)
    return Condition() if num_classes is None else Labels(num_classes)


class Head:
    """The end of a discriminator: from features to logits.

    Args:
        outputs: Int, at least 1: number of logits.
        num_classes: Int, at least 1; None for a discriminator without labels.
        conditioning: One of `CONDITIONINGS`: whether the label is an input
            (`"projection"`) or a second output (`"auxiliary"`).
        condition_dim: Int, at least 1, for a discriminator that takes float vectors of
            this length; or None.

    Raises:
        ValueError: If an argument is out of bounds, or they do not fit together.
    """

    def __init__(
        self,
        outputs: int,
        num_classes: int | None,
        conditioning: str,
        condition_dim: int | None = None,
    ):
        self.outputs = checks.units(outputs=outputs)
        auxiliary = checks.one_of(CONDITIONINGS, conditioning=conditioning) == "auxiliary"
        self.condition = condition_of(num_classes, condition_dim)
        if auxiliary and condition_dim is not None:
            received = checks.received(
                conditioning=conditioning, condition_dim=condition_dim
            )
            raise ValueError(
                "A discriminator sees vectors by projection; conditioning='auxiliary' is "
                f"for labels. {received}"
            )
        # The classes of which the discriminator has logits as a second output.
        self.classes: int | None = None
        if auxiliary:
            self.classes, self.condition = self.condition.num_classes, Condition()
        if self.condition.input is not None and outputs != 1:
            raise ValueError(
                "A projection discriminator has one logit; for one-hot labels of real "
                "and fake use conditioning='auxiliary'. "
                f"{checks.received(outputs=outputs, conditioning=conditioning)}"
            )

    def model(
        self,
        samples: Tensor,
        features: Tensor,
        name: str,
        normalization: str | None = None,
    ) -> keras.Model:
        """Returns the discriminator.

        Args:
            samples: The input of samples.
            features: Tensor `(batch, dim)`.
            name: Name of the model.
            normalization: `"spectral"` or None, for the layers of the head.
        """
        units = self.outputs * features.shape[-1]
        checks.parameters(units, outputs=self.outputs, samples=samples.shape[1:])
        logits = self._logits(features, normalization)
        return keras.Model(self.condition.inputs(samples), logits, name=name)

    def _logits(
        self, features: Tensor, normalization: str | None
    ) -> Tensor | Sequence[Tensor]:
        if self.condition.input is not None:
            return self.condition.logit(features, normalization)
        logits = normalized(layers.Dense(self.outputs), normalization)(features)
        if self.classes is None:
            return logits
        checks.parameters(self.classes * features.shape[-1], num_classes=self.classes)
        classes = layers.Dense(self.classes, name="classes")
        return [logits, normalized(classes, normalization)(features)]
