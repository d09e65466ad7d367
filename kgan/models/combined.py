from typing import Any

import keras

from kgan.models.frozen import frozen


class Combined(keras.Model):
    """Generator and frozen discriminator in one: latents in, logits out.

    The generator trains through this model and through nothing else. Frozen
    means that no variable of the discriminator is trained and none is written,
    while its forward pass is the one it trains with (see `kgan.models.frozen`).
    `trainable_variables` is exactly the generator's.

    Args:
        generator: A `keras.Model`, latents to samples.
        discriminator: A `keras.Model`, samples to logits.
        seed_generator: A `keras.random.SeedGenerator` for the discriminator's
            dropout.
    """

    def __init__(self, generator, discriminator, seed_generator, **kwargs):
        super().__init__(**kwargs)
        self.generator = generator
        self.discriminator = discriminator
        self.seed_generator = seed_generator
        self.built = True

    def call(self, latents: Any, training: bool | None = None) -> Any:
        return self.discriminate(self.generator(latents, training=training))

    def discriminate(self, samples: Any) -> Any:
        """Returns the frozen discriminator's logits of `samples`."""
        with frozen(self.discriminator, self.seed_generator):
            return self.discriminator(samples, training=True)

    # Setting `trainable = False` would reach the discriminator itself, so the
    # split is made here, where Keras looks for it. `trainable_weights` is what
    # `summary()` counts; the two differ only in the seeds of random layers.
    @property
    def trainable_variables(self):
        return self.generator.trainable_variables

    @property
    def trainable_weights(self):
        return self.generator.trainable_weights

    @property
    def non_trainable_variables(self):
        return self.generator.non_trainable_variables + self.discriminator.variables

    @property
    def non_trainable_weights(self):
        return self.generator.non_trainable_weights + self.discriminator.weights
