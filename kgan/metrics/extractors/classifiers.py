"""Extractors without a download: a classifier of your own labels, or random weights."""

from collections.abc import Iterator, Sequence

import keras
import numpy as np
from keras import layers

from kgan import checks, data
from kgan.backend import channels_last
from kgan.metrics.extractors.base import Images, check_images
from kgan.metrics.extractors.network import Network
from kgan.types import ArrayLike, Tensor


class Classifier(Network):
    """Features of the classifier that `classifier` trained."""

    name = "classifier"


class Untrained(Network):
    """Features of the network that `untrained` built."""

    name = "random"


def default_extractor(images: Images, labels: ArrayLike | None = None) -> Network:
    """Returns `classifier` if there are labels, and else `untrained`.

    Args:
        images: uint8 `(n, height, width, channels)`.
        labels: One label for each image, or None.
    """
    check_images(images)
    return untrained(images.shape[1:]) if labels is None else classifier(images, labels)


def untrained(
    image_shape: Sequence[int], seed: int = 0, name: str = Untrained.name
) -> Network:
    """Returns a network of random weights as an extractor of 64 features.

    The network knows nothing of pictures, and still shows whether two sets differ. Use
    it for images without labels, where there are no weights of Inception. Only numbers
    from the same shape, seed and backend are comparable.

    Args:
        image_shape: `(height, width, channels)`.
        seed: Int.
        name: Str, part of the name of each number.

    Returns:
        A `Network`.

    Reference:

    - [Naeem et al., 2020](https://arxiv.org/abs/2002.09797), section 4.3, on random
      embeddings
    """
    shape = checks.shape(
        rank=3, form="(height, width, channels)", image_shape=image_shape
    )
    model = _build(shape, 2, checks.fixed_seed(seed=seed))
    features = model.get_layer("features").output
    return Untrained(keras.Model(model.input, features), name, preprocess=_unscaled)


def classifier(
    images: Images,
    labels: ArrayLike,
    epochs: int = 3,
    seed: int = 0,
    name: str = Classifier.name,
) -> Network:
    """Trains a small classifier on labelled images, as an extractor of 64 features.

    Only numbers from the same classifier are comparable. It suits images unlike
    photographs, and needs no download.

    Args:
        images: uint8 `(n, height, width, channels)`.
        labels: Ints or names, `(n,)` or `(n, 1)`. The classes are the sorted labels.
        epochs: Int.
        seed: Int.
        name: Str, part of the name of each number.

    Returns:
        A `Network`. On one backend, the same arguments give the same weights in any
        process.

    Raises:
        ValueError: If there is not one label for each image.
    """
    check_images(images)
    epochs = checks.count(epochs=epochs)
    seed = checks.fixed_seed(seed=seed)
    if np.shape(labels) not in ((len(images),), (len(images), 1)):
        raise ValueError(
            "A classifier is trained on one label for each image. Received: "
            f"{len(images)} images and labels of shape {np.shape(labels)}"
        )
    found, classes = np.unique(np.reshape(labels, -1), return_inverse=True)
    model = _build(images.shape[1:], len(found), seed)
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile("adam", loss)
    batches = data.Batches(images, 32, seed=seed, labels=classes, drop_remainder=True)
    # `Batches` shuffles by the seed; Keras would shuffle by Python's global generator.
    model.fit(batches, epochs=epochs, verbose=0, shuffle=False)
    features = model.get_layer("features").output
    both = keras.Model(model.input, [features, model.output])
    return Classifier(both, name, preprocess=_unscaled)


def _unscaled(images: np.ndarray) -> np.ndarray:
    """Returns the pixels unchanged: the network scales them in its first layer."""
    return images


@channels_last()
def _build(image_shape: tuple[int, ...], classes: int, seed: int) -> keras.Model:
    """Builds the network, from pixels to logits, with a layer named `features`."""
    # Each layer has a seed of its own, so that no global generator is used.
    seeds = (number % 2**31 for number in range(100 * seed, 100 * seed + 100))
    inputs = keras.Input(image_shape, dtype="float32")
    # Larger images are computed at half their resolution.
    strides = 1 if min(image_shape[:2]) <= 16 else 2
    # The scaling is not `kgan.data.to_float`: published numbers have its rounding.
    x = layers.Rescaling(1 / 127.5, -1, dtype="float32")(inputs)
    x = _convolve(x, seeds, 32, strides)
    x = _convolve(x, seeds, 64)
    x = layers.MaxPooling2D(padding="same", dtype="float32")(x)
    x = layers.Dropout(0.25, seed=next(seeds), dtype="float32")(x)
    x = _convolve(x, seeds, 64)
    x = layers.Flatten(dtype="float32")(x)
    x = _dense(x, seeds, 64, activation="relu", name="features")
    x = layers.Dropout(0.3, seed=next(seeds), dtype="float32")(x)
    return keras.Model(inputs, _dense(x, seeds, classes))


# All layers are in float32 under any dtype policy: features must be comparable.
def _convolve(x: Tensor, seeds: Iterator[int], filters: int, strides: int = 1) -> Tensor:
    layer = layers.Conv2D(
        filters,
        3,
        strides,
        padding="same",
        activation="relu",
        kernel_initializer=keras.initializers.GlorotUniform(next(seeds)),
        dtype="float32",
    )
    return layer(x)


def _dense(
    x: Tensor,
    seeds: Iterator[int],
    units: int,
    activation: str | None = None,
    name: str | None = None,
) -> Tensor:
    layer = layers.Dense(
        units,
        activation,
        kernel_initializer=keras.initializers.GlorotUniform(next(seeds)),
        dtype="float32",
        name=name,
    )
    return layer(x)
