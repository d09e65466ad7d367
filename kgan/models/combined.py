from typing import Any

import keras

from kgan.critic import Critic, packed
from kgan.types import KerasArgument, Tensors


class Combined(keras.Model):
    """Generator and frozen discriminator in one model: latents in, logits out.

    The generator trains through this model and through nothing else. Frozen means that no
    variable of the discriminator is trained and none is written, while its forward pass
    is the one of its own training (see `kgan.backend.frozen`). `trainable_variables` is
    exactly the generator's.

    Args:
        generator: A `keras.Model`, latents to samples.
        critic: The `Critic` with the discriminator.
    """

    def __init__(
        self, generator: keras.Model, critic: Critic, **kwargs: KerasArgument
    ) -> None:
        super().__init__(**kwargs)
        self.generator = generator
        self.discriminator = critic.discriminator
        self.critic = critic
        self.built = True

    def call(self, inputs: Tensors, training: bool | None = None) -> Tensors:
        """Returns the outputs of the discriminator for generated samples.

        Args:
            inputs: Latents, or `[latents, labels]`.
            training: Bool, the mode of the generator.

        Returns:
            A float32 tensor `(batch, 1)` or `(batch, 2)`; with class logits, a list of
            both.
        """
        labels = inputs[1] if isinstance(inputs, list | tuple) else None
        samples = packed(self.generator(inputs, training=training), self.critic.pack)
        _, (outputs, class_logits, _) = self.critic.forward(samples, labels, frozen=True)
        return outputs if class_logits is None else [outputs, class_logits]

    # Setting `trainable = False` would reach the discriminator itself, so the split is
    # made here, where Keras looks for it. `trainable_weights` is what `summary()` counts.
    # It differs from `trainable_variables` only in the seeds of random layers.
    @property
    def trainable_variables(self) -> list[Any]:
        return self.generator.trainable_variables

    @property
    def trainable_weights(self) -> list[Any]:
        return self.generator.trainable_weights

    @property
    def non_trainable_variables(self) -> list[Any]:
        return self.generator.non_trainable_variables + self.discriminator.variables

    @property
    def non_trainable_weights(self) -> list[Any]:
        return self.generator.non_trainable_weights + self.discriminator.weights
