"""A Keras model whose training step is written once for all frameworks."""

import functools
from typing import Any

import keras

from kgan.backend import keras_private
from kgan.trainers.framework import FrameworkDevices
from kgan.types import Data, KerasArgument, Tensor


@keras_private.never_builds_symbolically
class Trainer(keras.Model):
    """A Keras model whose steps are independent of the framework.

    Subclasses implement `training_step` and `validation_step` with `keras.ops` and
    `kgan.backend`. Keras calls `train_step` and `test_step`, whose arguments differ
    between frameworks. `devices` converts the arguments, and calls the two methods.

    Attributes:
        devices: The `kgan.trainers.Devices` on which the model trains.
        progress: An object with `skipping_done_batches`, which a subclass sets, see
            `kgan.models.progress.EpochProgress`.
        steps_seen: A variable that counts steps, which a subclass creates.
    """

    def __init__(self, **kwargs: KerasArgument):
        super().__init__(**kwargs)
        self.devices = FrameworkDevices(self)
        self.train_function: Any = None
        self.test_function: Any = None
        self.predict_function: Any = None

    def training_step(self, batch: Data) -> dict[str, Tensor]:
        """Updates the model on a batch, and returns the logs.

        Args:
            batch: A batch as the dataset yields it.

        Returns:
            Running means since the start of the epoch, by name.
        """
        raise NotImplementedError

    def validation_step(self, batch: Data) -> dict[str, Tensor]:
        """Evaluates the model on a batch, and returns the logs like `training_step`."""
        raise NotImplementedError

    def train_step(self, *inputs: Any) -> Any:
        return self.devices.train_step(*inputs)

    def test_step(self, *inputs: Any) -> Any:
        return self.devices.test_step(*inputs)

    def make_train_function(self, force: bool = False) -> None:
        if self.train_function is None or force:
            super().make_train_function(force=True)
            # None while `devices` may refuse to train, so that the next `fit` asks again.
            function, self.train_function = self.train_function, None
            self.train_function = self.devices.train_function(function)

    def make_test_function(self, force: bool = False) -> None:
        if self.test_function is None or force:
            super().make_test_function(force=True)
            self.test_function = self.devices.test_function(self.test_function)

    def make_predict_function(self, force: bool = False) -> None:
        if self.predict_function is None or force:
            make = functools.partial(super().make_predict_function, force=True)
            self.devices.make_predict_function(make)
