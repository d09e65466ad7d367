"""How labels enter a network, and how a discriminator ends."""

from collections.abc import Sequence

import keras
from keras import layers

from kgan import checks
from kgan.layers import (
    ConditionalBatchNormalization,
    LabelEmbedding,
    ProjectionLogit,
    normalized,
)
from kgan.types import Identifier, Tensor, Tensors

# How a discriminator can use labels.
CONDITIONINGS = ("projection", "auxiliary")


class Labels:
    """The labels that a network is conditioned on, if it is conditional.

    Args:
        num_classes: Int, at least 1; None for a network without labels.
    """

    def __init__(self, num_classes: int | None):
        self.num_classes = checks.optional_units(num_classes=num_classes)
        self.input: Tensor = None
        if self.num_classes is not None:
            self.input = keras.Input((), dtype="int32", name="labels")

    def inputs(self, x: Tensor) -> Tensors:
        """Returns the inputs of the network: `[x, labels]`, or `x` without labels."""
        return x if self.num_classes is None else [x, self.input]

    def join(self, latents: Tensor, initializer: Identifier = "uniform") -> Tensor:
        """Concatenates latents with an embedding of the labels of the same length."""
        if self.num_classes is None:
            return latents
        embedding = LabelEmbedding(self.num_classes, latents.shape[-1], initializer)
        return layers.Concatenate()([latents, embedding(self.input)])

    def batch_normalized(self, x: Tensor) -> Tensor:
        """Normalises the features of a generator, per class where there are labels."""
        # With a low momentum the statistics follow the weights even in a short run.
        if self.num_classes is None:
            return layers.BatchNormalization(momentum=0.9)(x)
        return ConditionalBatchNormalization(self.num_classes, momentum=0.9)(
            [x, self.input]
        )

    def add_match(self, logits: Tensor, features: Tensor) -> Tensor:
        """Adds the product of features with an embedding of the labels to logits.

        Without labels the logits stay as they are.

        Args:
            logits: Tensor `(batch, 1)`.
            features: Tensor `(batch, dim)`.
        """
        if self.num_classes is None:
            return logits
        embedding = LabelEmbedding(self.num_classes, features.shape[-1])
        return layers.Add()([logits, layers.Dot(1)([features, embedding(self.input)])])


class Head:
    """The end of a discriminator: from features to logits.

    Args:
        outputs: Int, at least 1: number of logits.
        num_classes: Int, at least 1; None for a discriminator without labels.
        conditioning: One of `CONDITIONINGS`: whether the label is an input
            (`"projection"`) or a second output (`"auxiliary"`).

    Raises:
        ValueError: If an argument is out of bounds, or they do not fit together.
    """

    def __init__(self, outputs: int, num_classes: int | None, conditioning: str):
        self.outputs = checks.units(outputs=outputs)
        self.num_classes = checks.optional_units(num_classes=num_classes)
        self.conditioning = checks.one_of(CONDITIONINGS, conditioning=conditioning)
        self.projects = self.num_classes is not None and conditioning == "projection"
        if self.projects and outputs != 1:
            raise ValueError(
                "A projection discriminator has one logit; for one-hot labels of real "
                "and fake use conditioning='auxiliary'. "
                f"{checks.received(outputs=outputs, conditioning=conditioning)}"
            )
        self.labels = Labels(self.num_classes if self.projects else None)

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
        classes = (self.num_classes or 0) * features.shape[-1]
        checks.parameters(classes, num_classes=self.num_classes)
        logits = self._logits(features, normalization)
        return keras.Model(self.labels.inputs(samples), logits, name=name)

    def _logits(
        self, features: Tensor, normalization: str | None
    ) -> Tensor | Sequence[Tensor]:
        plain = normalized(layers.Dense(self.outputs), normalization)
        if self.num_classes is None:
            return plain(features)
        if self.projects:
            spectral = normalization == "spectral"
            logit = ProjectionLogit(self.num_classes, spectral_normalization=spectral)
            return logit(self.labels.inputs(features))
        classes = layers.Dense(self.num_classes, name="classes")
        return [plain(features), normalized(classes, normalization)(features)]
