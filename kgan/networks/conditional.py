"""How labels go into networks, and what discriminators say of them."""

from typing import Any

import keras
from keras import layers

from kgan.layers import (
    ConditionalBatchNormalization,
    LabelEmbedding,
    ProjectionLogit,
    normalized,
)

# What a discriminator may do with labels.
CONDITIONINGS = ("projection", "auxiliary")


def inputs(x: Any, num_classes: int | None) -> tuple[Any, Any]:
    """Returns a network's inputs, `x` or `[x, labels]`, and the labels among them."""
    if num_classes is None:
        return x, None
    labels = keras.Input((), dtype="int32", name="labels")
    return [x, labels], labels


def with_labels(latents: Any, labels: Any, num_classes: int | None) -> Any:
    """Returns latents joined with an embedding of the labels, as long as they are."""
    if num_classes is None:
        return latents
    embedded = LabelEmbedding(num_classes, latents.shape[-1])(labels)
    return layers.Concatenate()([latents, embedded])


def batch_normalized(x: Any, labels: Any, num_classes: int | None) -> Any:
    """Normalises a generator's features, conditionally where there are labels."""
    # A short memory, so that the statistics follow the weights in short runs too.
    if num_classes is None:
        return layers.BatchNormalization(momentum=0.9)(x)
    return ConditionalBatchNormalization(num_classes, momentum=0.9)([x, labels])


def logits(
    features: Any,
    labels: Any,
    num_classes: int | None,
    conditioning: str,
    outputs: int,
    normalization: str | None,
) -> tuple[Any, Any]:
    """Ends a discriminator.

    Args:
        features: Tensor `(batch, d)`.
        labels: The input of labels; None without conditions.
        num_classes: Int; None without conditions.
        conditioning: One of `CONDITIONINGS`.
        outputs: Int, how many.
        normalization: `"spectral"` or None.

    Returns:
        The outputs of the network, and the labels if they are an input of it.
    """
    plain = normalized(layers.Dense(outputs), normalization)
    if num_classes is None:
        return plain(features), None
    if conditioning == "projection":
        spectral = normalization == "spectral"
        logit = ProjectionLogit(num_classes, spectral_normalization=spectral)
        return logit([features, labels]), labels
    classes = normalized(layers.Dense(num_classes, name="classes"), normalization)
    return [plain(features), classes(features)], None


def check(num_classes: int | None, conditioning: str, outputs: int) -> None:
    """Refuses what a discriminator can't be built with."""
    if conditioning not in CONDITIONINGS:
        raise ValueError(
            f"`conditioning` must be one of {', '.join(map(repr, CONDITIONINGS))}. "
            f"Received: conditioning={conditioning!r}"
        )
    if num_classes is not None and conditioning == "projection" and outputs != 1:
        raise ValueError(
            "A projection ends in one logit; for one-hot labels of real and fake take "
            "conditioning='auxiliary'. "
            f"Received: outputs={outputs}, conditioning={conditioning!r}"
        )
