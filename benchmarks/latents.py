"""How near does a GAN come to given pictures? Their latents, and a path between two.

    python benchmarks/latents.py GAN.keras PICTURES.npz --out FOLDER

Projects the first pictures of the file, best pictures that the GAN has not seen. Saves
`projections.png` with each picture beside its reconstruction, `path.png` with the samples
on the path from the first picture to the second, and `errors.csv` with the mean squared
error of each reconstruction, for pixels of 0 to 1.
"""

import argparse
import csv
import pathlib

import kgan
from kgan.layers.styles import has_styles

import keras
import numpy as np

COLUMNS = 8


class Projected:
    """The latents of uint8 pictures with labels or None, and samples of the latents."""

    def __init__(self, gan: kgan.GAN, pictures: np.ndarray, labels, steps: int):
        self.gan, self.pictures = gan, pictures
        self.space = "w" if has_styles(gan.sampling_generator) else "z"
        self.labels = None if gan.num_classes is None else labels
        self.latents = gan.project(pictures, self.labels, steps, seed=0, space=self.space)
        self.samples = self.draw(self.latents, self.labels)

    def draw(self, latents: np.ndarray, labels) -> np.ndarray:
        """Returns the uint8 samples of latents; mapped latents have no labels."""
        if self.space == "w":
            return self.gan.sample(as_uint8=True, w=latents)
        return self.gan.sample(as_uint8=True, labels=labels, z=latents)

    def path(self) -> np.ndarray:
        """Returns samples between the first two pictures, with the label of the first."""
        start, end = self.latents[0], self.latents[1]
        steps = np.linspace(start, end, COLUMNS)
        if self.space == "z":
            steps = kgan.latents.interpolate(start, end, COLUMNS)
        return self.draw(steps, None if self.labels is None else self.labels[0])

    def errors(self) -> np.ndarray:
        """Returns the mean squared error of each reconstruction."""
        differences = (self.samples / 255.0 - self.pictures / 255.0) ** 2
        return differences.reshape(len(differences), -1).mean(axis=1)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("gan", help="file of a GAN that draws images")
    parser.add_argument("pictures", help="file or folder, see kgan.data.load")
    parser.add_argument("--out", default="latents", type=pathlib.Path, help="folder")
    parser.add_argument("--count", type=int, default=16, help="pictures to project")
    parser.add_argument("--steps", type=int, default=300)
    arguments = parser.parse_args()
    pictures, labels = kgan.data.load(arguments.pictures)
    some = slice(arguments.count)
    gan = keras.models.load_model(arguments.gan)
    labels = None if labels is None else labels[some]
    projected = Projected(gan, pictures[some], labels, arguments.steps)
    arguments.out.mkdir(parents=True, exist_ok=True)
    pairs = np.stack([projected.pictures, projected.samples], axis=1)
    grid = kgan.data.grid(pairs.reshape(-1, *gan.sample_shape), columns=COLUMNS)
    grid.save(arguments.out / "projections.png")
    kgan.data.grid(projected.path(), 1).save(arguments.out / "path.png")
    errors = projected.errors()
    print(f"mean squared error {errors.mean():.5f}, largest {errors.max():.5f}")
    with open(arguments.out / "errors.csv", "w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([("picture", "mse"), *enumerate(errors.tolist())])


if __name__ == "__main__":
    main()
