import functools
from typing import Any

import keras
from keras import ops

from kgan import checks, schedules, serialization
from kgan.generator_losses.base import Generated, GeneratorLoss
from kgan.types import Identifier, Tensor


# A layer of FastGAN is registered as "Reconstruction".
@functools.partial(serialization.register, name="ReconstructionLoss")
class Reconstruction(GeneratorLoss):
    """A Keras loss between each fake and the real with the same conditions.

    `weight * mean(loss(real, fake))`. With the mean absolute error and a weight of 100,
    this is the L1 loss of pix2pix.

    Args:
        loss: A Keras loss between reals and fakes: a name, a config, a function of
            `(y_true, y_pred)` or a `keras.losses.Loss`.
        weight: Float of at least 0, or a schedule.

    Raises:
        ValueError: If an argument is out of bounds.

    Example:

    >>> import kgan
    >>> kgan.generator_losses.Reconstruction("mse", weight=10.0).weight
    10.0

    Reference:
        [Isola et al., 2016](https://arxiv.org/abs/1611.07004), equation 3.
    """

    name = "reconstruction"
    pairs = True

    def __init__(
        self, loss: Identifier = "mae", weight: schedules.NumberOrSchedule = 100.0
    ):
        super().__init__(weight)
        self.loss: Any = checks.resolved(keras.losses.get, "a Keras loss", loss=loss)

    def value(self, generated: Generated) -> Tensor:
        # `__call__` would divide by the number of replicas; `call` does not.
        function = getattr(self.loss, "call", self.loss)
        return ops.mean(function(generated.reals, generated.fakes))

    def get_config(self) -> dict[str, Any]:
        loss = serialization.serialized_loss(self.loss)
        return {**super().get_config(), "loss": loss}
