"""What people copy, written afresh from the published settings, for 28x28 grey images.

- `keras_io`: the example "DCGAN to generate face images" of keras.io
  (dcgan_overriding_train_step.py): its layers and optimizers, with two doublings in place
  of the three of its 64x64 pictures.
- `keras_gan`: dcgan.py of github.com/eriklindernoren/Keras-GAN, made for MNIST.
"""

import keras
import tensorflow as tf
from keras import layers


class Copied(keras.Model):
    """A GAN whose step is the one that both have in essence.

    Args:
        generator: From latents to images.
        discriminator: From images to probabilities.
        low: Value of a black pixel, 0 or -1.
        noise: Added to the labels, times uniform noise.
        together: Whether fakes and reals go through the discriminator in one update, or
            in one update each.
    """

    def __init__(self, generator, discriminator, low, noise, together):
        super().__init__()
        self.generator, self.discriminator = generator, discriminator
        self.low, self.noise, self.together = low, noise, together
        self.latent_dim = generator.input_shape[-1]
        self.criterion = keras.losses.BinaryCrossentropy()
        self.built = True

    def compile(self, g_optimizer, d_optimizer):
        super().compile()
        self.g_optimizer, self.d_optimizer = g_optimizer, d_optimizer

    def train_step(self, images):
        reals = tf.cast(images, "float32") / 255 * (1 - self.low) + self.low
        size = tf.shape(reals)[0]
        latents = tf.random.normal((size, self.latent_dim))
        fakes = self.generator(latents, training=True)
        real, fake = tf.ones((size, 1)), tf.zeros((size, 1))
        if self.together:
            d_loss = self._judge(tf.concat([fakes, reals], 0), tf.concat([fake, real], 0))
        else:
            d_loss = (self._judge(reals, real) + self._judge(fakes, fake)) / 2
        # Keras-GAN shows the generator the same noise; the example draws it anew.
        if self.together:
            latents = tf.random.normal((size, self.latent_dim))
        with tf.GradientTape() as tape:
            images = self.generator(latents, training=True)
            g_loss = self.criterion(real, self.discriminator(images, training=True))
        weights = self.generator.trainable_weights
        self.g_optimizer.apply(tape.gradient(g_loss, weights), weights)
        return {"d_loss": d_loss, "g_loss": g_loss}

    def _judge(self, images, labels):
        # The example's fakes are 1: the same noise falls on both.
        labels = labels + self.noise * tf.random.uniform(tf.shape(labels))
        with tf.GradientTape() as tape:
            loss = self.criterion(labels, self.discriminator(images, training=True))
        weights = self.discriminator.trainable_weights
        self.d_optimizer.apply(tape.gradient(loss, weights), weights)
        return loss

    def sample(self, count, seed, as_uint8=True):
        """Returns uint8 images, in inference mode as the examples do."""
        latents = keras.random.normal((count, self.latent_dim), seed=seed)
        images = self.generator.predict(latents, batch_size=256, verbose=0)
        return ((images - self.low) / (1 - self.low) * 255).round().astype("uint8")


def keras_io():
    latents = keras.Input((128,))
    x = layers.Reshape((7, 7, 128))(layers.Dense(7 * 7 * 128)(latents))
    for filters in (128, 256):
        x = layers.Conv2DTranspose(filters, 4, strides=2, padding="same")(x)
        x = layers.LeakyReLU(0.2)(x)
    x = layers.Conv2D(1, 5, padding="same", activation="sigmoid")(x)
    generator = keras.Model(latents, x)
    images = y = keras.Input((28, 28, 1))
    for filters in (64, 128, 128):
        y = layers.Conv2D(filters, 4, strides=2, padding="same")(y)
        y = layers.LeakyReLU(0.2)(y)
    y = layers.Dropout(0.2)(layers.Flatten()(y))
    discriminator = keras.Model(images, layers.Dense(1, activation="sigmoid")(y))
    gan = Copied(generator, discriminator, low=0, noise=0.05, together=True)
    gan.compile(keras.optimizers.Adam(1e-4), keras.optimizers.Adam(1e-4))
    return gan


def keras_gan():
    latents = keras.Input((100,))
    x = layers.Dense(7 * 7 * 128, activation="relu")(latents)
    x = layers.Reshape((7, 7, 128))(x)
    for filters in (128, 64):
        x = layers.Conv2D(filters, 3, padding="same")(layers.UpSampling2D(2)(x))
        x = layers.ReLU()(layers.BatchNormalization(momentum=0.8)(x))
    x = layers.Conv2D(1, 3, padding="same", activation="tanh")(x)
    generator = keras.Model(latents, x)
    images = y = keras.Input((28, 28, 1))
    for i, filters in enumerate((32, 64, 128, 256)):
        y = layers.Conv2D(filters, 3, strides=1 + (i < 3), padding="same")(y)
        if i == 1:
            y = layers.ZeroPadding2D(((0, 1), (0, 1)))(y)
        if i:
            y = layers.BatchNormalization(momentum=0.8)(y)
        y = layers.Dropout(0.25)(layers.LeakyReLU(0.2)(y))
    y = layers.Dense(1, activation="sigmoid")(layers.Flatten()(y))
    gan = Copied(generator, keras.Model(images, y), low=-1, noise=0.0, together=False)
    adam = [keras.optimizers.Adam(2e-4, beta_1=0.5) for _ in "gd"]
    gan.compile(*adam)
    return gan
