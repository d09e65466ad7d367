from typing import Any

import keras
from keras import ops

from kgan import serialization
from kgan.losses.smoothed import Smoothed


@serialization.register
class KerasLoss(Smoothed):
    """Any Keras loss, on labels 1 for real and 0 for fake.

    The discriminator minimises `loss(1, reals) + loss(0, fakes)`, the generator
    `loss(1, fakes)`. Labels have shape `(batch, 1)`, or, when the discriminator
    has two outputs, are one-hot `(batch, 2)`: `[0, 1]` is real.

    `GAN.compile(loss=keras.losses.MeanSquaredError())` wraps by itself.

    Args:
        loss: A `keras.losses.Loss`, or a function of `(y_true, y_pred)`. Options
            such as `from_logits` are the loss' own.
        label_smoothing: Float of at least 0 and below 1, by how much the
            discriminator's label of reals, 1, is lessened: one-sided, unlike the
            `label_smoothing` of Keras' own losses, which moves all labels.

    Example:

    >>> import keras
    >>> import kgan
    >>> loss = kgan.losses.KerasLoss(keras.losses.MeanSquaredError())
    >>> half = keras.ops.full((4, 1), 0.5)
    >>> float(loss.discriminator_loss(half, half))
    0.5
    """

    outputs = (1, 2)

    def __init__(self, loss: Any, label_smoothing: float = 0.0):
        super().__init__(label_smoothing)
        self.loss = keras.losses.get(loss)
        # The labels are 0 and 1, which a hinge takes for -1 and 1.
        hinges = keras.losses.Hinge, keras.losses.SquaredHinge
        logits = getattr(self.loss, "from_logits", isinstance(self.loss, hinges))
        self.boundary = 0.0 if logits else 0.5

    def discriminator_loss(self, real_logits, fake_logits):
        reals = self._values(1 - self.label_smoothing, real_logits)
        return self.reduce(reals) + self.reduce(self._values(0, fake_logits))

    def generator_values(self, real_logits, fake_logits):
        return self._values(1, fake_logits)

    def reduce(self, values: Any) -> Any:
        summed = getattr(self.loss, "reduction", None) == "sum"
        return ops.sum(values) if summed else ops.mean(values)

    def _values(self, label: float, outputs: Any) -> Any:
        labels = ops.full((ops.shape(outputs)[0], 1), label, dtype=outputs.dtype)
        if outputs.shape[-1] == 2:
            labels = ops.concatenate([1 - labels, labels], axis=-1)
        # `call` and not `__call__`, which divides by the number of replicas.
        function = getattr(self.loss, "call", self.loss)
        return function(labels, outputs)

    def get_config(self):
        return {"loss": keras.losses.serialize(self.loss), **super().get_config()}
