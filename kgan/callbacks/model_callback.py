"""The base class of callbacks that read what only the models of kgan have."""

import keras

from kgan import checks
from kgan.models.model import TrainedModel


class ModelCallback(keras.callbacks.Callback):
    """A callback that refuses other models than those of kgan before training.

    Raises:
        ValueError: If a model of another kind is to be trained with the callback.
    """

    def set_model(self, model: keras.Model) -> None:
        if not isinstance(model, TrainedModel):
            raise ValueError(
                f"`{type(self).__name__}` is a callback for a `kgan.GAN`, or for another "
                f"model of kgan. {checks.received(model=model)}"
            )
        super().set_model(model)
