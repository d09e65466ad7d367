"""Extractors that need no download: a classifier of one's own labels, or none at all."""

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
from keras import layers

from kgan import data
from kgan.metrics.extractors import Network, check_images


def default_extractor(images: Any, labels: Any = None) -> Network:
    """Returns a classifier of labelled images, and of others an untrained network."""
    check_images(images)
    return untrained(images.shape[1:]) if labels is None else classifier(images, labels)


def untrained(image_shape: Sequence[int], seed: int = 0, name: str = "random") -> Network:
    """Returns a network of random weights as an extractor of 64 features.

    It knows nothing of pictures, and sees all the same whether two sets differ: for
    images without labels, where the weights of Inception are not at hand. Its numbers
    compare only among those of the same shape, seed and backend.

    Args:
        image_shape: `(height, width, channels)`.
        seed: Int.
        name: What numbers are called by.

    Returns:
        A `Network`.

    Reference:

    - [Naeem et al., 2020](https://arxiv.org/abs/2002.09797), section 4.3, on random
      embeddings
    """
    model = _classifier(tuple(image_shape), 2, seed)
    features = model.get_layer("features").output
    return Network(keras.Model(model.input, features), name, preprocess=lambda x: x)


def classifier(
    images: Any, labels: Any, epochs: int = 3, seed: int = 0, name: str = "classifier"
) -> Network:
    """Trains a small classifier on labelled images, as an extractor of 64 features.

    Its numbers compare only among those of the same classifier. It suits images that are
    nothing like photographs, and needs no download.

    Args:
        images: uint8 `(n, height, width, channels)`.
        labels: Ints or names, `(n,)` or `(n, 1)`; classes are in the order of these.
        epochs: Int.
        seed: Int.
        name: What numbers are called by.

    Returns:
        A `Network`, on one backend the same for the same arguments in any process.

    Raises:
        ValueError: If there is not one label for each image.
    """
    check_images(images)
    if np.shape(labels) not in ((len(images),), (len(images), 1)):
        raise ValueError(
            "A classifier is trained on one label for each image. Received: "
            f"{len(images)} images and labels of shape {np.shape(labels)}"
        )
    found, classes = np.unique(np.reshape(labels, -1), return_inverse=True)
    model = _classifier(images.shape[1:], len(found), seed)
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile("adam", loss)
    batches = data.Batches(images, 32, seed=seed, labels=classes, drop_remainder=True)
    # Batches are shuffled by the seed; Keras would do so by Python's own generator.
    model.fit(batches, epochs=epochs, verbose=0, shuffle=False)
    features = model.get_layer("features").output
    both = keras.Model(model.input, [features, model.output])
    return Network(both, name, preprocess=lambda x: x)


def _classifier(shape: tuple, classes: int, seed: int) -> keras.Model:
    # Each layer has a seed of its own: networks that are built next are as without it.
    # In float32 whatever the policy: its features are to compare.
    seeds = iter(range(100 * seed, 100 * seed + 100))

    def convolved(x: Any, filters: int, strides: int) -> Any:
        start = keras.initializers.GlorotUniform(next(seeds))
        options = {"padding": "same", "activation": "relu", "kernel_initializer": start}
        return layers.Conv2D(filters, 3, strides, dtype="float32", **options)(x)

    def dense(x: Any, units: int, **options: Any) -> Any:
        start = keras.initializers.GlorotUniform(next(seeds))
        dense = layers.Dense(units, dtype="float32", kernel_initializer=start, **options)
        return dense(x)

    inputs = keras.Input(shape, dtype="float32")
    # Of larger images every second pixel is a place to look from.
    strides = 1 if min(shape[:2]) <= 16 else 2
    x = convolved(layers.Rescaling(1 / 127.5, -1, dtype="float32")(inputs), 32, strides)
    x = layers.MaxPooling2D(padding="same", dtype="float32")(convolved(x, 64, 1))
    x = convolved(layers.Dropout(0.25, seed=next(seeds), dtype="float32")(x), 64, 1)
    x = layers.Flatten(dtype="float32")(x)
    x = dense(x, 64, activation="relu", name="features")
    x = dense(layers.Dropout(0.3, seed=next(seeds), dtype="float32")(x), classes)
    return keras.Model(inputs, x)
