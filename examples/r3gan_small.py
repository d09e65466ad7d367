"""
# The recipe of R3GAN, in small

R3GAN does without the tricks that GANs gathered over the years: it has a loss that
judges each fake against a real, zero-centred penalties at both, no normalisation at all,
and schedules that take all it is trained with from a burn-in to the end of training.

    python examples/r3gan_small.py

Reference: [Huang et al., 2025](https://arxiv.org/abs/2501.05441); its published
configurations for the schedules.
"""

import argparse

import keras
from keras import layers

import kgan

"""
## Networks without normalisation

Residual blocks whose last kernel begins at zero start as the identity, and need no
normalisation to train. The generator mirrors the discriminator.
"""


def residual(x, channels):
    y = layers.Conv2D(2 * channels, 3, padding="same")(x)
    y = layers.LeakyReLU(0.2)(y)
    y = layers.Conv2D(channels, 3, padding="same", kernel_initializer="zeros")(y)
    return layers.Add()([x, y])


def build_generator(latent_dim=64, channels=48):
    latents = keras.Input((latent_dim,))
    x = layers.Reshape((2, 2, channels))(layers.Dense(4 * channels)(latents))
    for _ in range(2):
        x = residual(x, channels)
        x = layers.UpSampling2D(2, interpolation="bilinear")(x)
    x = residual(x, channels)
    return keras.Model(latents, layers.Conv2D(1, 1)(x), name="generator")


def build_discriminator(channels=48):
    images = keras.Input((8, 8, 1))
    x = layers.Conv2D(channels, 1)(images)
    for _ in range(2):
        x = residual(x, channels)
        x = layers.AveragePooling2D(2)(x)
    x = layers.Flatten()(residual(x, channels))
    return keras.Model(images, layers.Dense(1)(x), name="discriminator")


"""
## Schedules

All of them go along a cosine from the burn-in's value to the final one, in images seen:
learning rate, Adam's `beta_2`, the weight of both penalties, and the half-life of the
generator's average. Wherever kgan takes a number of training it takes a schedule.
"""


def build_gan(images, seed=0):
    keras.utils.set_random_seed(seed)

    def cosine(start, end):
        return kgan.schedules.Cosine(start, end, images=images)

    gan = kgan.GAN(
        build_generator(), build_discriminator(),
        ema_half_life=cosine(0, images / 15), seed=seed,
    )  # fmt: skip
    weight = cosine(0.5, 0.05)
    gan.compile(
        optimizer=keras.optimizers.Adam(1e-3, beta_1=0.0, beta_2=0.9),
        schedules={"learning_rate": cosine(1e-3, 2e-4), "beta_2": cosine(0.9, 0.99)},
        loss="relativistic",
        penalties=[kgan.penalties.R1(weight), kgan.penalties.R2(weight)],
    )
    return gan


def main():
    parser = argparse.ArgumentParser(description="R3GAN's recipe on digits.")
    parser.add_argument("--epochs", type=int, default=84)
    parser.add_argument("--out", default="r3gan", help="folder of the grids")
    parser.add_argument("--smoke", action="store_true", help="train for a moment only")
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
