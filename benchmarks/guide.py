"""The training step of the keras.io guide, for benchmarks/peers.py.

The step of "DCGAN to generate face images" is rewritten here from its description: one
pass over fakes and reals together, noisy labels, binary cross-entropy.
"""

import keras
import tensorflow as tf


class GuideGAN(keras.Model):
    """The training step of the guide."""

    def __init__(
        self, generator: keras.Model, discriminator: keras.Model, latent_dim: int
    ):
        super().__init__()
        self.latent_dim = latent_dim
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
        return keras.random.normal((size, self.latent_dim), seed=self.seed_generator)
