"""Two well-known GAN examples, rewritten from their published settings.

- `keras_io`: the example "DCGAN to generate face images" of keras.io
  (dcgan_overriding_train_step.py): its layers and optimizers. Images of 64x64 pixels have
  its three doublings of the size; smaller images have fewer.
- `keras_gan`: dcgan.py of github.com/eriklindernoren/Keras-GAN, made for MNIST.
"""

import math

import keras
import numpy as np
import tensorflow as tf
from keras import layers

BATCH_SIZE = 32


def batches(images: np.ndarray, seed: int) -> tf.data.Dataset:
    """Returns endless batches of images, shuffled anew in each epoch."""
    dataset = tf.data.Dataset.from_tensor_slices(images)
    dataset = dataset.shuffle(len(images), seed=seed).repeat()
    return dataset.batch(BATCH_SIZE).prefetch(2)


class Copied(keras.Model):
    """A GAN with the training step of both examples.

    Args:
        generator: A `keras.Model`, latents to images.
        discriminator: A `keras.Model`, images to probabilities.
        low: Number, the value of a black pixel, 0 or -1.
        noise: Float, the factor of the uniform noise that is added to the labels.
        together: Bool, whether one update of the discriminator takes fakes and reals, or
            one update each.
    """

    def __init__(
        self,
        generator: keras.Model,
        discriminator: keras.Model,
        low: float,
        noise: float,
        together: bool,
    ):
        super().__init__()
        self.generator, self.discriminator = generator, discriminator
        self.low, self.noise, self.together = low, noise, together
        self.latent_dim = generator.input_shape[-1]
        self.criterion = keras.losses.BinaryCrossentropy()
        self.built = True

    def compile(
        self,
        g_optimizer: keras.optimizers.Optimizer,
        d_optimizer: keras.optimizers.Optimizer,
    ) -> None:
        super().compile()
        self.g_optimizer, self.d_optimizer = g_optimizer, d_optimizer

    def train_step(self, images: tf.Tensor) -> dict[str, tf.Tensor]:
        reals = tf.cast(images, "float32") / 255 * (1 - self.low) + self.low
        size = tf.shape(reals)[0]
        latents = tf.random.normal((size, self.latent_dim))
        fakes = self.generator(latents, training=True)
        real, fake = tf.ones((size, 1)), tf.zeros((size, 1))
        if self.together:
            images, labels = tf.concat([fakes, reals], 0), tf.concat([fake, real], 0)
            d_loss = self._update_discriminator(images, labels)
        else:
            d_loss = self._update_discriminator(reals, real)
            d_loss = (d_loss + self._update_discriminator(fakes, fake)) / 2
        # Keras-GAN uses the same latents again; keras.io draws new latents.
        if self.together:
            latents = tf.random.normal((size, self.latent_dim))
        with tf.GradientTape() as tape:
            images = self.generator(latents, training=True)
            g_loss = self.criterion(real, self.discriminator(images, training=True))
        weights = self.generator.trainable_weights
        self.g_optimizer.apply(tape.gradient(g_loss, weights), weights)
        return {"d_loss": d_loss, "g_loss": g_loss}

    def _update_discriminator(self, images: tf.Tensor, labels: tf.Tensor) -> tf.Tensor:
        # keras.io labels fakes 1 and reals 0; the noise is added to both there too.
        labels = labels + self.noise * tf.random.uniform(tf.shape(labels))
        with tf.GradientTape() as tape:
            loss = self.criterion(labels, self.discriminator(images, training=True))
        weights = self.discriminator.trainable_weights
        self.d_optimizer.apply(tape.gradient(loss, weights), weights)
        return loss

    def sample(self, count: int, seed: int, as_uint8: bool = True) -> np.ndarray:
        """Returns uint8 images, computed in inference mode as in the examples."""
        latents = keras.random.normal((count, self.latent_dim), seed=seed)
        images = self.generator.predict(latents, batch_size=256, verbose=0)
        return ((images - self.low) / (1 - self.low) * 255).round().astype("uint8")


def keras_io(image_shape: tuple[int, int, int] = (28, 28, 1)) -> Copied:
    """Returns the GAN of keras.io.

    Args:
        image_shape: Height, width and channels: the example has `(64, 64, 3)`. The
            generator starts from about 8x8, as there.
    """
    *size, channels = image_shape
    doublings = round(math.log2(size[0] / 8))
    height, width = (side // 2**doublings for side in size)
    latents = keras.Input((128,))
    x = layers.Dense(height * width * 128)(latents)
    x = layers.Reshape((height, width, 128))(x)
    for i in range(doublings):
        x = layers.Conv2DTranspose(128 * 2**i, 4, strides=2, padding="same")(x)
        x = layers.LeakyReLU(0.2)(x)
    x = layers.Conv2D(channels, 5, padding="same", activation="sigmoid")(x)
    generator = keras.Model(latents, x)
    images = y = keras.Input(image_shape)
    for filters in (64, 128, 128):
        y = layers.Conv2D(filters, 4, strides=2, padding="same")(y)
        y = layers.LeakyReLU(0.2)(y)
    y = layers.Dropout(0.2)(layers.Flatten()(y))
    discriminator = keras.Model(images, layers.Dense(1, activation="sigmoid")(y))
    gan = Copied(generator, discriminator, low=0, noise=0.05, together=True)
    gan.compile(keras.optimizers.Adam(1e-4), keras.optimizers.Adam(1e-4))
    return gan


def keras_gan() -> Copied:
    """Returns the GAN of Keras-GAN."""
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
