import warnings
from collections.abc import Sequence
from typing import Any

import keras
from keras import ops

from kgan import checks, serialization
from kgan.losses.smoothed import Smoothed
from kgan.types import Config, Identifier, Shape, Tensor

# The losses of Keras that take the logarithm of their inputs.
_READ_PROBABILITIES = (
    keras.losses.binary_crossentropy,
    keras.losses.binary_focal_crossentropy,
    keras.losses.categorical_crossentropy,
    keras.losses.categorical_focal_crossentropy,
    keras.losses.kl_divergence,
    keras.losses.poisson,
)
# Outputs of a discriminator, to see whether a loss depends on them.
_PROBES = (-2.0, 0.25, 0.75, 2.0)


def _loss_of(identifier: Identifier) -> Any:
    loss = keras.losses.get(identifier)
    if not callable(loss) or isinstance(loss, type):
        raise ValueError("not a loss")
    return loss


@serialization.register
class KerasLoss(Smoothed):
    """A Keras loss, on the labels 1 for reals and 0 for fakes.

    The discriminator minimises `loss(1, reals) + loss(0, fakes)`, the generator minimises
    `loss(1, fakes)`. The labels have the shape of the logits, `(batch, ..., 1)`. If the
    discriminator has two outputs, the labels are one-hot `(batch, 2)`, and `[0, 1]` means
    real.

    `GAN.compile` wraps a Keras loss automatically:
    `gan.compile(loss=keras.losses.MeanSquaredError())`.

    Args:
        loss: A `keras.losses.Loss`, its name, or a function of `(y_true, y_pred)`.
            Options of the loss, for example `from_logits`, are set on the Keras loss.
        label_smoothing: Float of at least 0 and below 1, subtracted from the
            discriminator's label of reals, 1. It is one-sided, while the
            `label_smoothing` of Keras' own losses moves the labels of reals and fakes.

    Raises:
        ValueError: If `label_smoothing` is out of bounds, or if Keras has no loss of this
            name.

    Example:

    >>> import kgan
    >>> import keras
    >>> loss = kgan.losses.KerasLoss(keras.losses.MeanSquaredError())
    >>> half = keras.ops.full((4, 1), 0.5)
    >>> float(loss.discriminator_loss(half, half))
    0.5
    """

    outputs = (1, 2)

    def __init__(self, loss: Identifier, label_smoothing: float = 0.0):
        super().__init__(label_smoothing)
        expected = "a loss of Keras, or a function of (y_true, y_pred)"
        self.loss = checks.resolved(_loss_of, expected, loss=loss)
        # Keras' hinge losses replace the labels 0 and 1 by -1 and 1.
        hinges = keras.losses.Hinge, keras.losses.SquaredHinge
        logits = getattr(self.loss, "from_logits", isinstance(self.loss, hinges))
        self.decision_boundary = 0.0 if logits else 0.5

    @property
    def reads_logits(self) -> bool | None:
        """Whether the loss reads logits, not probabilities; None if it reads both."""
        function = getattr(self.loss, "fn", self.loss)
        is_listed = any(function is known for known in _READ_PROBABILITIES)
        return getattr(self.loss, "from_logits", False if is_listed else None)

    def check(self, outputs: Shape) -> None:
        """Checks that the loss can read outputs, and that it depends on them.

        Args:
            outputs: The shape of the outputs of a discriminator, None for the batch.

        Raises:
            ValueError: If the loss fails, or has the same value for all outputs.
        """
        received = f"Received: loss={serialization.shown(self.loss)}"
        found = f"outputs of shape {outputs}. {received}"
        shape = [2 if side is None else side for side in outputs]
        try:
            with warnings.catch_warnings():
                # Keras would warn of each probe, and the error says more.
                warnings.simplefilter("ignore")
                values = [self._probe(probe, shape) for probe in _PROBES]
        except Exception as error:
            raise ValueError(f"`loss` can't read {found}") from error
        if all(value == values[0] for value in values):
            raise ValueError(f"`loss` has the same value for all {found}")

    def _probe(self, probe: float, shape: Sequence[int]) -> float:
        outputs = ops.full(shape, probe)
        if shape[-1] == 2:
            outputs = ops.concatenate([1 - outputs[..., :1], outputs[..., :1]], axis=-1)
        return float(ops.mean(self._values(1, outputs)))

    def discriminator_loss(self, real_logits: Tensor, fake_logits: Tensor) -> Tensor:
        reals = self._values(1 - self.label_smoothing, real_logits)
        return self.reduce(reals) + self.reduce(self._values(0, fake_logits))

    def generator_values(self, real_logits: Tensor | None, fake_logits: Tensor) -> Tensor:
        return self._values(1, fake_logits)

    def reduce(self, values: Tensor) -> Tensor:
        """Returns the sum if the Keras loss has `reduction="sum"`, else the mean."""
        summed = getattr(self.loss, "reduction", None) == "sum"
        return ops.sum(values) if summed else ops.mean(values)

    def _values(self, label: float, outputs: Tensor) -> Tensor:
        if outputs.shape[-1] == 2:
            labels = ops.full_like(outputs[:, :1], label)
            labels = ops.concatenate([1 - labels, labels], axis=-1)
        else:
            labels = ops.full_like(outputs, label)
        # `__call__` would divide by the number of replicas; `call` does not.
        function = getattr(self.loss, "call", self.loss)
        return function(labels, outputs)

    def get_config(self) -> Config:
        loss = serialization.serialized_loss(self.loss)
        return {**super().get_config(), "loss": loss}
