"""Compares the speed of `GAN.fit` with the training step of the keras.io guide.

    python benchmarks/throughput.py

Both train the same networks, a DCGAN of 64-128-256 channels, on uint8 noise images of
32x32. They run in one process and take turns, one epoch each. kgan runs with SampleGrid
and without an average. The guide's step ("DCGAN to generate face images") is rewritten
here from its description: one pass over fakes and reals together, noisy labels, binary
cross-entropy. The script prints the ratio of the median times.
"""

import argparse
import statistics
import tempfile
import time

import keras
import numpy as np
import tensorflow as tf

import kgan

SHAPE, LATENT_DIM, BATCH_SIZE = (32, 32, 1), 128, 64


class GuideGAN(keras.Model):
    """The training step of the guide."""

    def __init__(self, generator, discriminator):
        super().__init__()
        self.generator = generator
        self.discriminator = discriminator
        self.seed_generator = keras.random.SeedGenerator(0)
        self.d_mean = keras.metrics.Mean(name="d_loss")
        self.g_mean = keras.metrics.Mean(name="g_loss")
        self.built = True

    def compile(self, g_optimizer, d_optimizer):
        super().compile()
        self.g_optimizer = g_optimizer
        self.d_optimizer = d_optimizer
        self.criterion = keras.losses.BinaryCrossentropy(from_logits=True)

    @property
    def metrics(self):
        return [self.d_mean, self.g_mean]

    def train_step(self, reals):
        reals = tf.cast(reals, "float32") / 127.5 - 1
        size = tf.shape(reals)[0]
        fakes = self.generator(self._latents(size))
        images = tf.concat([fakes, reals], axis=0)
        labels = tf.concat([tf.ones((size, 1)), tf.zeros((size, 1))], axis=0)
        labels += 0.05 * tf.random.uniform(tf.shape(labels))
        with tf.GradientTape() as tape:
            d_loss = self.criterion(labels, self.discriminator(images))
        weights = self.discriminator.trainable_weights
        self.d_optimizer.apply(tape.gradient(d_loss, weights), weights)
        with tf.GradientTape() as tape:
            logits = self.discriminator(self.generator(self._latents(size)))
            g_loss = self.criterion(tf.zeros((size, 1)), logits)
        weights = self.generator.trainable_weights
        self.g_optimizer.apply(tape.gradient(g_loss, weights), weights)
        self.d_mean.update_state(d_loss)
        self.g_mean.update_state(g_loss)
        return {"d_loss": self.d_mean.result(), "g_loss": self.g_mean.result()}

    def _latents(self, size):
        return keras.random.normal((size, LATENT_DIM), seed=self.seed_generator)


def networks():
    return (
        kgan.networks.dcgan_generator(SHAPE, LATENT_DIM, width=64),
        kgan.networks.dcgan_discriminator(SHAPE, width=64),
    )


def adam():
    return keras.optimizers.Adam(2e-4, beta_1=0.5)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=6)
    parser.add_argument("--batches", type=int, default=15, help="in an epoch")
    arguments = parser.parse_args()
    size = (arguments.batches * BATCH_SIZE, *SHAPE)
    images = np.random.default_rng(0).integers(0, 256, size, dtype="uint8")

    ours = kgan.GAN(*networks(), ema_half_life=None, seed=0)
    ours.compile(adam(), adam())
    theirs = GuideGAN(*networks())
    theirs.compile(adam(), adam())
    dataset = tf.data.Dataset.from_tensor_slices(images).shuffle(len(images))
    dataset = dataset.batch(BATCH_SIZE, drop_remainder=True).prefetch(2)

    with tempfile.TemporaryDirectory() as folder:
        grid = kgan.callbacks.SampleGrid(folder)
        runs = {
            "kgan": lambda: ours.fit(
                images, batch_size=BATCH_SIZE, verbose=0, callbacks=[grid]
            ),
            "guide": lambda: theirs.fit(dataset, verbose=0),
        }
        seconds = {name: [] for name in runs}
        for turn in range(arguments.rounds + 1):
            for name, run in runs.items():
                start = time.perf_counter()
                run()
                if turn:  # The first epoch compiles, and is not timed.
                    seconds[name].append(time.perf_counter() - start)
    medians = {name: statistics.median(times) for name, times in seconds.items()}
    for name, median in medians.items():
        print(
            f"{name:6} {arguments.batches * BATCH_SIZE / median:8.1f} images per second"
        )
    print(f"kgan / guide = {medians['guide'] / medians['kgan']:.3f}")


if __name__ == "__main__":
    main()
