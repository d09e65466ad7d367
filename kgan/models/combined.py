from typing import Any

import keras

from kgan.models.judge import Judge, packed


class Combined(keras.Model):
    """Generator and frozen discriminator in one: latents in, logits out.

    The generator trains through this model and through nothing else. Frozen
    means that no variable of the discriminator is trained and none is written,
    while its forward pass is the one it trains with (see `kgan.models.frozen`).
    `trainable_variables` is exactly the generator's.

    Args:
        generator: A `keras.Model`, latents to samples.
        judge: A `Judge` with the discriminator.
    """

    def __init__(self, generator: keras.Model, judge: Judge, **kwargs: Any):
        super().__init__(**kwargs)
        self.generator = generator
        self.discriminator = judge.discriminator
        self.judge = judge
        self.built = True

    def call(self, inputs: Any, training: bool | None = None) -> Any:
        """Returns the logits of what is drawn from latents, or from [latents, labels].

        With a second output for classes it returns a list of both.
        """
        labels = inputs[1] if isinstance(inputs, list | tuple) else None
        samples = self.generator(inputs, training=training)
        logits, classes = self.discriminate(packed(samples, self.judge.pack), labels)
        return logits if classes is None else [logits, classes]

    def discriminate(self, samples: Any, labels: Any = None) -> tuple[Any, Any]:
        """Returns what the frozen discriminator says of `samples`, see `Judge`."""
        return self.judge(samples, labels, trace=False)

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
