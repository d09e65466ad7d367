"""
# A GAN of signals

The samples of a GAN can have any shape. Here each sample is a short sound of a bell: 128
values of a decaying sine with random pitch and phase.

    python examples/signal_1d.py
"""

import argparse

import kgan

import keras
import numpy as np
from keras import layers
from PIL import Image, ImageDraw

"""
## The data
"""

LENGTH = 128


def draw_bells(count: int, seed: int) -> np.ndarray:
    generator = np.random.default_rng(seed)
    pitch = generator.uniform(3, 9, (count, 1))
    phase = generator.uniform(0, 2 * np.pi, (count, 1))
    time = np.linspace(0, 1, LENGTH)
    bells = 0.9 * np.exp(-3 * time) * np.sin(2 * np.pi * pitch * time + phase)
    return bells[..., None].astype("float32")


def pitches(signals: np.ndarray) -> np.ndarray:
    """Returns the strongest frequency of each signal, in cycles per signal."""
    spectrum = np.abs(np.fft.rfft(signals[..., 0], 8 * LENGTH))
    return spectrum[:, 8:].argmax(axis=1) / 8 + 1


"""
## The networks

The generator has one-dimensional convolutions, from 8 to 128 values in four stages; the
discriminator goes the other way. Any two Keras models can form a GAN if they map latents
to samples, and samples to one logit.
"""


def build_gan(seed: int = 0, latent_dim: int = 16) -> kgan.GAN:
    keras.utils.set_random_seed(seed)
    generator = keras.Sequential([keras.Input((latent_dim,)), layers.Dense(8 * 64)])
    generator.add(layers.Reshape((8, 64)))
    for filters in (64, 48, 32, 24):
        generator.add(layers.UpSampling1D(2))
        generator.add(layers.Conv1D(filters, 7, padding="same"))
        generator.add(layers.BatchNormalization(momentum=0.9))
        generator.add(layers.LeakyReLU(0.2))
    generator.add(layers.Conv1D(1, 7, padding="same", activation="tanh"))
    discriminator = keras.Sequential([keras.Input((LENGTH, 1))])
    for filters in (24, 32, 48, 64):
        discriminator.add(layers.Conv1D(filters, 8, strides=2, padding="same"))
        discriminator.add(layers.LeakyReLU(0.2))
    discriminator.add(layers.Flatten())
    discriminator.add(layers.Dense(1))
    gan = kgan.GAN(generator, discriminator, seed=seed)
    gan.compile(
        optimizer=keras.optimizers.Adam(1e-3, beta_1=0.5, beta_2=0.99),
        penalties=[kgan.penalties.R1(0.3)],
    )
    return gan


"""
## A picture

`SampleGrid` draws images only, so this function draws the signals.
"""


def picture(
    signals: np.ndarray, columns: int = 4, width: int = 200, height: int = 80
) -> Image.Image:
    rows = -(-len(signals) // columns)
    image = Image.new("RGB", (columns * width, rows * height), "white")
    pen = ImageDraw.Draw(image)
    for i, signal in enumerate(signals[..., 0]):
        left, middle = i % columns * width, (i // columns + 0.5) * height
        x = left + 10 + np.arange(LENGTH) * (width - 20) / LENGTH
        y = middle - signal * height * 0.45
        pen.line(list(zip(x, y, strict=True)), fill="#1f5fd0", width=2)
    return image


def main() -> None:
    parser = argparse.ArgumentParser(description="A GAN of bells.")
    parser.add_argument("--epochs", type=int, default=30)
    parser.add_argument("--out", help="path of a PNG file for a picture of signals")
    parser.add_argument("--smoke", action="store_true", help="a short trial run")
    arguments = parser.parse_args()
    bells = draw_bells(64 if arguments.smoke else 4096, seed=0)
    gan = build_gan()
    epochs = 1 if arguments.smoke else arguments.epochs
    gan.fit(bells, batch_size=32, epochs=epochs, verbose=2)
    samples = gan.sample(1000, seed=0)
    real, drawn = pitches(draw_bells(1000, seed=1)), pitches(samples)
    print(
        f"pitch: {drawn.mean():.1f} +- {drawn.std():.1f} cycles, "
        f"of the data {real.mean():.1f} +- {real.std():.1f}"
    )
    if arguments.out:
        picture(samples[:16]).save(arguments.out)


if __name__ == "__main__":
    main()
