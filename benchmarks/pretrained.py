"""Writes the files of a trained GAN of the package, `kgan/pretrained/NAME.*`.

    kgan train --conditional --out digits-run
    python benchmarks/pretrained.py digits digits-run/gan.keras

The GAN was trained by `kgan train`, or by benchmarks/colour.py with `--save`. The script
prints the largest difference between samples of the GAN and of the written files, in
levels of 255; the weights are rounded to float16. It also saves a grid, a row per class.
"""

import argparse
import pathlib

import kgan

import keras
import numpy as np

FOLDER = pathlib.Path(kgan.pretrained.__file__).parent


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("name")
    parser.add_argument("gan", help="a .keras file")
    parser.add_argument("--classes", nargs="+", help="names; by default the numbers")
    parser.add_argument("--grid", help="a .png file")
    arguments = parser.parse_args()
    gan = keras.models.load_model(arguments.gan)
    classes = arguments.classes or list(map(str, range(gan.num_classes)))
    if len(classes) != gan.num_classes:
        parser.error(f"--classes must be {gan.num_classes} names")
    kgan.pretrained.save(gan, FOLDER / arguments.name, classes)

    labels = np.repeat(np.arange(gan.num_classes), 10)
    samples = [
        model.sample(len(labels), seed=0, labels=labels)
        for model in (gan, kgan.GAN.from_preset(arguments.name))
    ]
    low, high = gan.sample_range[:2]
    difference = np.abs(samples[0] - samples[1]).max() / (high - low) * 255
    print(f"{int(gan.images_seen)} images shown, difference {difference:.2f} levels")
    if arguments.grid:
        pixels = gan.sample_range.to_uint8(samples[1])
        kgan.data.grid(pixels, gan.num_classes, 10).save(arguments.grid)


if __name__ == "__main__":
    main()
