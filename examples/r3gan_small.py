"""
# A small R3GAN

R3GAN needs few of the usual tricks for training GANs. It has a relativistic loss, which
compares each fake with a real, zero-centred gradient penalties on reals and fakes, no
normalisation, and schedules for all hyperparameters.

    python examples/r3gan_small.py

Reference: [Huang et al., 2025](https://arxiv.org/abs/2501.05441), with the schedules of
its published configurations.
"""

import argparse

import kgan
from kgan.types import Tensor

import keras
from keras import layers

"""
## Networks without normalisation

The last kernel of each residual block starts at zero, so each block starts as the
identity and trains without normalisation. The generator is the mirror image of the
discriminator.
"""


def residual(x: Tensor, channels: int) -> Tensor:
    y = layers.Conv2D(2 * channels, 3, padding="same")(x)
    y = layers.LeakyReLU(0.2)(y)
    y = layers.Conv2D(channels, 3, padding="same", kernel_initializer="zeros")(y)
    return layers.Add()([x, y])


def build_generator(latent_dim: int = 64, channels: int = 48) -> keras.Model:
    latents = keras.Input((latent_dim,))
    x = layers.Reshape((2, 2, channels))(layers.Dense(4 * channels)(latents))
    for _ in range(2):
        x = residual(x, channels)
        x = layers.UpSampling2D(2, interpolation="bilinear")(x)
    x = residual(x, channels)
    return keras.Model(latents, layers.Conv2D(1, 1)(x), name="generator")


def build_discriminator(channels: int = 48) -> keras.Model:
    images = keras.Input((8, 8, 1))
    x = layers.Conv2D(channels, 1)(images)
    for _ in range(2):
        x = residual(x, channels)
        x = layers.AveragePooling2D(2)(x)
    x = layers.Flatten()(residual(x, channels))
    return keras.Model(images, layers.Dense(1)(x), name="discriminator")


"""
## Schedules

Four values follow a cosine over the number of images seen: the learning rate, `beta_2` of
Adam, the weight of both penalties, and the half-life of the generator average. In kgan, a
schedule can replace most numbers of a training.
"""


def build_gan(images: int, seed: int = 0) -> kgan.GAN:
    keras.utils.set_random_seed(seed)

    def cosine(start: float, end: float) -> kgan.schedules.Schedule:
        return kgan.schedules.Cosine(start, end, images=images)

    gan = kgan.GAN(
        build_generator(),
        build_discriminator(),
        ema_half_life=cosine(0, images / 15),
        seed=seed,
    )
    weight = cosine(0.5, 0.05)
    gan.compile(
        optimizer=keras.optimizers.Adam(1e-3, beta_1=0.0, beta_2=0.9),
        schedules={"learning_rate": cosine(1e-3, 2e-4), "beta_2": cosine(0.9, 0.99)},
        loss="relativistic",
        penalties=[kgan.penalties.R1(weight), kgan.penalties.R2(weight)],
    )
    return gan


def main() -> None:
    parser = argparse.ArgumentParser(description="A small R3GAN on digits.")
    parser.add_argument("--epochs", type=int, default=84)
    parser.add_argument("--out", default="r3gan", help="folder of the grids")
    parser.add_argument("--smoke", action="store_true", help="a short trial run")
    arguments = parser.parse_args()
    images, _ = kgan.data.load("digits")
    images = images[:64] if arguments.smoke else images
    epochs = 1 if arguments.smoke else arguments.epochs
    gan = build_gan(len(images) * epochs)
    callbacks = [] if arguments.smoke else [kgan.callbacks.SampleGrid(arguments.out)]
    gan.fit(images, epochs=epochs, batch_size=32, verbose=2, callbacks=callbacks)
    rate = float(gan.g_optimizer.learning_rate.numpy())
    print(f"learning rate at the end: {rate:.1e}")


if __name__ == "__main__":
    main()
