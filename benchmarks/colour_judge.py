"""The emoji of two artists, and scores of samples by a classifier of one artist.

The classifier is trained on the pictures of the other artist, so it has seen no picture
that a GAN was trained on, and a GAN can't have learned to please it.
"""

import csv
import dataclasses
import pathlib
import zipfile

import kgan
from kgan.metrics import (
    density_coverage,
    frechet_distance,
    nearest_neighbors,
    precision_recall,
)

import keras
import numpy as np
from keras import layers

ARTISTS = ("google", "twitter")
SAMPLES = 5_000
# Periods below 1 / 0.3 pixels: the patterns of an upsampling layer have 2 pixels.
_HIGH_FREQUENCY = 0.3


@dataclasses.dataclass(frozen=True)
class Emoji:
    """The pictures of a folder with `google.zip`, `twitter.zip` and `emoji.csv`.

    Args:
        folder: Path of the folder.
        size: Int, height and width to which the pictures are resized.
        channels: Int, 3 for pictures on white, 4 for pictures with transparency.
    """

    folder: pathlib.Path
    size: int = 32
    channels: int = 3

    def pictures(self, artist: str) -> np.ndarray:
        """Returns uint8 pictures `(n, size, size, channels)`, as the archive has them."""
        path = self.folder / f"{artist}.zip"
        images, _ = kgan.data.load(path, size=self.size, channels=self.channels)
        return np.asarray(images)

    def column(self, column: str) -> list[str]:
        """Returns the text for each picture in a column of the table."""
        table = (self.folder / "emoji.csv").read_text(encoding="utf-8").splitlines()
        rows = {row["file_name"]: row for row in csv.DictReader(table)}
        return [rows[name][column] for name in self.names()]

    def labels(self, column: str) -> np.ndarray:
        """Returns an int for each picture, from a column of the table."""
        return np.unique(self.column(column), return_inverse=True)[1]

    def names(self) -> list[str]:
        """Returns the names of the pictures in the order of the archives."""
        names = []
        for artist in ARTISTS:
            with zipfile.ZipFile(self.folder / f"{artist}.zip") as archive:
                names.append(archive.namelist())
        if names[0] != names[1]:
            raise ValueError(
                "Expected the same names in the same order in both archives. Received: "
                f"{self.folder} with {len(names[0])} and {len(names[1])} names"
            )
        return names[0]

    def training_data(
        self, artist: str, labels: str
    ) -> tuple[np.ndarray, np.ndarray | None]:
        """Returns the pictures and labels that a GAN is trained on.

        Args:
            artist: The artist, unless both artists are the labels.
            labels: `"none"`, `"category"` or `"artist"`.
        """
        if labels == "artist":
            both = [self.pictures(name) for name in ARTISTS]
            return np.concatenate(both), np.repeat([0, 1], [len(x) for x in both])
        return self.pictures(artist), (None if labels == "none" else self.labels(labels))


class Judge:
    """The distance of samples to the pictures of one artist, and other scores.

    Args:
        emoji: The pictures.
        folder: Path of the folder in which the classifier is kept. It is trained once
            for each size.
        artist: The artist whose pictures the GAN learns.
        seed: Int, seed of the classifier.
    """

    def __init__(
        self,
        emoji: Emoji,
        folder: pathlib.Path,
        artist: str,
        seed: int = 0,
    ):
        other = ARTISTS[1 - ARTISTS.index(artist)]
        self.reals = on_white(emoji.pictures(artist))
        self.categories = emoji.labels("category")
        classes = emoji.labels("subcategory")
        self._category_of = np.zeros(classes.max() + 1, int)
        self._category_of[classes] = self.categories
        path = folder / f"judge-{emoji.size}-{artist}-{seed}.keras"
        if not path.exists():
            network = _trained(on_white(emoji.pictures(other)), classes, seed)
            folder.mkdir(parents=True, exist_ok=True)
            network.save(path)
        self._network = keras.models.load_model(path)
        self.features, found = self.examine(self.reals)
        self.agreement = float((found == self.categories).mean())
        self.floor = self._floor(seed)
        self._spectrum = spectrum(self.reals)

    def __call__(
        self, samples: np.ndarray, categories: np.ndarray | None = None
    ) -> dict[str, float]:
        """Returns the scores of uint8 samples, by name.

        Args:
            samples: `(n, size, size, channels)`.
            categories: Ints `(n,)`, the categories that were asked for, or None.
        """
        samples = on_white(samples)
        features, found = self.examine(samples)
        precision, recall = precision_recall(self.features, features)
        density, coverage = density_coverage(self.features, features)
        distance = frechet_distance(self.features, features)
        excess = self.excess(samples)
        high = excess[_high_frequencies(len(excess))]
        scores = {
            "distance": distance,
            "over_floor": distance / self.floor,
            "precision": precision,
            "recall": recall,
            "density": density,
            "coverage": coverage,
            "high_frequencies_db": high.mean(),
            "largest_excess_db": high.max(),
        }
        if categories is not None:
            agreement = (found == categories).mean()
            scores["agreement_over_reals"] = agreement / self.agreement
        return {name: round(float(value), 3) for name, value in scores.items()}

    def distance(self, samples: np.ndarray, reals: np.ndarray) -> float:
        """Returns the Fréchet distance of uint8 pictures to other pictures."""
        pairs = (self.examine(on_white(x))[0] for x in (reals, samples))
        return float(frechet_distance(*pairs))

    def excess(self, samples: np.ndarray) -> np.ndarray:
        """Returns the power of samples over that of reals by frequency, in decibels."""
        return 10 * np.log10(spectrum(on_white(samples)) / self._spectrum)

    def nearest(self, samples: np.ndarray, pictures: np.ndarray) -> np.ndarray:
        """Returns the picture nearest to each sample, in the features."""
        features, candidates = (self.examine(on_white(x))[0] for x in (samples, pictures))
        return pictures[nearest_neighbors(candidates, features).indices[:, 0]]

    def examine(self, images: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Returns features `(n, 96)` and categories `(n,)`."""
        features, logits = self._network.predict(images, batch_size=256, verbose=0)
        return features, self._category_of[logits.argmax(axis=1)]

    def _floor(self, seed: int, repeats: int = 5) -> float:
        """Returns the mean distance between two random halves of the reals."""
        generator, half = np.random.default_rng(seed), len(self.reals) // 2
        distances = []
        for _ in range(repeats):
            x = self.features[generator.permutation(len(self.features))]
            distances.append(frechet_distance(x[:half], x[half : 2 * half]))
        return float(np.mean(distances))


def on_white(images: np.ndarray) -> np.ndarray:
    """Returns RGB pictures, with transparent parts on white."""
    if images.shape[-1] == 3:
        return images
    alpha = images[..., 3:] / 255
    return (images[..., :3] * alpha + 255 * (1 - alpha)).round().astype("uint8")


def spectrum(images: np.ndarray) -> np.ndarray:
    """Returns the mean power by frequency `(size, size)`, with frequency 0 in the middle.

    A window lets the pictures fall to 0 at their edges, which are no part of the content.
    """
    x = images.mean(axis=-1) / 127.5
    window = np.hanning(x.shape[1] + 1)[:-1]
    x = (x - x.mean(axis=(1, 2), keepdims=True)) * np.outer(window, window)
    return np.fft.fftshift((np.abs(np.fft.fft2(x)) ** 2).mean(axis=0))


def _high_frequencies(size: int) -> np.ndarray:
    frequency = np.abs(np.fft.fftshift(np.fft.fftfreq(size)))
    return np.maximum(frequency[:, None], frequency[None]) > _HIGH_FREQUENCY


def _trained(images: np.ndarray, classes: np.ndarray, seed: int) -> keras.Model:
    """Returns a network from pictures to features and logits, trained on pictures."""
    keras.utils.set_random_seed(seed)
    inputs = keras.Input(images.shape[1:])
    x = layers.Rescaling(1 / 127.5, -1)(inputs)
    for filters, strides in ((32, 1), (48, 2), (64, 1), (96, 2), (128, 2)):
        x = layers.Conv2D(filters, 3, strides, padding="same", use_bias=False)(x)
        x = layers.ReLU()(layers.BatchNormalization()(x))
    x = layers.Dropout(0.3)(layers.Flatten()(x))
    features = layers.Dense(96, activation="relu")(x)
    logits = layers.Dense(int(classes.max()) + 1)(layers.Dropout(0.3)(features))
    model, epochs = keras.Model(inputs, logits), 20
    steps = epochs * (len(images) // 32)
    model.compile(
        keras.optimizers.Adam(keras.optimizers.schedules.CosineDecay(2e-3, steps)),
        keras.losses.SparseCategoricalCrossentropy(from_logits=True),
    )
    shifts = np.random.default_rng(seed).integers(-2, 3, (epochs, 2))
    for shift in shifts:
        moved = np.roll(images, shift, axis=(1, 2))
        model.fit(moved, classes, batch_size=32, verbose=0)
    return keras.Model(inputs, [features, logits])
