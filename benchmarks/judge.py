"""Scores of samples by kgan's own classifier, shared by several benchmarks."""

import kgan
from kgan.metrics import frechet_distance

import numpy as np


class Classifier:
    """A classifier of labelled images, and its 64 features.

    Args:
        images: uint8 array `(n, height, width, channels)`, to train on.
        labels: Int array `(n,)`, with each class from 0 to the largest at least once.
        seed: Int, seed of the weights and of training.
    """

    def __init__(self, images: np.ndarray, labels: np.ndarray, seed: int = 0):
        epochs = max(3, 56_000 // len(images))
        self._extractor = kgan.metrics.classifier(images, labels, epochs, seed)

    def __call__(self, images: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Returns features, float32 `(n, 64)`, and classes, int `(n,)`."""
        features, probabilities = self._extractor(images)
        assert probabilities is not None
        return features, probabilities.argmax(axis=1)

    def accuracy(self, images: np.ndarray, labels: np.ndarray) -> float:
        """Returns the share of images that it classifies correctly."""
        return float((self(images)[1] == labels).mean())


class Judge:
    """The distance of samples to real images, by a `Classifier` of some of these images.

    The distance is the Fréchet distance between the features of two sets of images. It
    depends on the classifier, so only distances of one classifier are comparable. `floor`
    is the mean distance between two random halves of the real set.

    Args:
        seed: Int, seed of the classifier's weights and training.
        source: Images with labels, see `kgan.data.load`.
    """

    def __init__(self, seed: int = 0, source: str = "digits"):
        self.images, labels = kgan.data.load(source)
        assert labels is not None
        self.labels = labels
        order = np.random.default_rng(seed).permutation(len(self.images))
        size = round(len(order) * 0.779)
        train, test = order[:size], order[size:]
        self._classifier = Classifier(self.images[train], self.labels[train], seed)
        self.accuracy = self._classifier.accuracy(self.images[test], self.labels[test])
        self._real = self._classifier(self.images)[0]
        self.floor = self._floor(seed)

    def __call__(self, images: np.ndarray) -> tuple[float, np.ndarray]:
        """Returns the distance of uint8 images to the real images, and class shares."""
        distance, classes = self.classes(images)
        return distance, np.bincount(classes, minlength=10) / len(images)

    def classes(self, images: np.ndarray) -> tuple[float, np.ndarray]:
        """Returns the distance of uint8 images to the real images, and their classes."""
        features, classes = self._classifier(images)
        return frechet_distance(self._real, features), classes

    def _floor(self, seed: int, repeats: int = 10) -> float:
        generator, half = np.random.default_rng(seed), len(self._real) // 2
        distances = []
        for _ in range(repeats):
            order = generator.permutation(len(self._real))
            first, second = self._real[order[:half]], self._real[order[half:]]
            distances.append(frechet_distance(first, second))
        return float(np.mean(distances))
