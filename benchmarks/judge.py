"""A small classifier of images, to judge samples by."""

import keras
import numpy as np
from keras import layers

import kgan
from kgan.metrics import frechet_distance


class Classifier:
    """A convolutional classifier of labelled images, and its 64 features.

    Args:
        images: uint8 array `(n, height, width, channels)`, to train on.
        labels: Int array `(n,)`.
        seed: Int, seed of the weights and of training.
    """

    def __init__(self, images: np.ndarray, labels: np.ndarray, seed: int = 0):
        keras.utils.set_random_seed(seed)
        model = _classifier(images.shape[1:], int(labels.max()) + 1)
        epochs = max(3, 56_000 // len(images))
        model.fit(_scale(images), labels, epochs=epochs, batch_size=32, verbose=0)
        features = model.get_layer("features").output
        self._model = keras.Model(model.inputs, [features, model.outputs[0]])

    def __call__(self, images: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Returns features, float64 `(n, 64)`, and classes, int `(n,)`."""
        features, logits = self._model.predict(_scale(images), batch_size=512, verbose=0)
        return features.astype("float64"), logits.argmax(axis=1)

    def accuracy(self, images: np.ndarray, labels: np.ndarray) -> float:
        """Returns the share of images whose class it knows."""
        return float((self(images)[1] == labels).mean())


class Judge:
    """The distance of samples to real images, by a `Classifier` of some of these.

    Distances are Fréchet distances between its features of two sets of images.
    They depend on this classifier, and compare only with others of the same one:
    `floor` is the mean distance between two random halves of the real set.

    Args:
        seed: Int, seed of the classifier's weights and training.
        source: Images with labels, see `kgan.data.load`.
    """

    def __init__(self, seed: int = 0, source: str = "digits"):
        self.images, self.labels = kgan.data.load(source)
        order = np.random.default_rng(seed).permutation(len(self.images))
        size = round(len(order) * 0.779)
        train, test = order[:size], order[size:]
        self._classifier = Classifier(self.images[train], self.labels[train], seed)
        self.accuracy = self._classifier.accuracy(self.images[test], self.labels[test])
        self._real = self._classifier(self.images)[0]
        self.floor = self._floor(seed)

    def __call__(self, images: np.ndarray) -> tuple[float, np.ndarray]:
        """Returns the distance of uint8 images to the real ones, and class shares."""
        distance, classes = self.classes(images)
        return distance, np.bincount(classes, minlength=10) / len(images)

    def classes(self, images: np.ndarray) -> tuple[float, np.ndarray]:
        """Returns the distance of uint8 images to the real ones, and their classes."""
        features, classes = self._classifier(images)
        return frechet_distance(self._real, features), classes

    def _floor(self, seed: int, repeats: int = 10) -> float:
        generator, half = np.random.default_rng(seed), len(self._real) // 2
        orders = [generator.permutation(len(self._real)) for _ in range(repeats)]
        return float(
            np.mean(
                [
                    frechet_distance(self._real[o[:half]], self._real[o[half:]])
                    for o in orders
                ]
            )
        )


def _scale(images: np.ndarray) -> np.ndarray:
    return images.astype("float32") / 127.5 - 1


def _classifier(shape: tuple, classes: int) -> keras.Model:
    # Of larger images every second pixel is a place to look from.
    strides = 1 if shape[0] <= 16 else 2
    model = keras.Sequential(
        [
            keras.Input(shape),
            layers.Conv2D(32, 3, strides, padding="same", activation="relu"),
            layers.Conv2D(64, 3, padding="same", activation="relu"),
            layers.MaxPooling2D(),
            layers.Dropout(0.25),
            layers.Conv2D(64, 3, padding="same", activation="relu"),
            layers.Flatten(),
            layers.Dense(64, activation="relu", name="features"),
            layers.Dropout(0.3),
            layers.Dense(classes),
        ]
    )
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile("adam", loss, metrics=["accuracy"])
    return model
