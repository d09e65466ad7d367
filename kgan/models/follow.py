"""The callbacks with which `fit` keeps a GAN's position, around those of the user."""

import contextlib
import json
import os
from typing import Any

import keras


class Follow(keras.callbacks.Callback):
    """Keeps the model's position: the first callback, so that others save it.

    Args:
        batches: `kgan.data.Batches` in an order that follows the model's seed, which
            `keras.callbacks.BackupAndRestore` may load when training begins; or None.
        callbacks: The callbacks that come after it.
    """

    def __init__(self, batches: Any, callbacks: list):
        super().__init__()
        self.batches = batches
        self.backups = _of(callbacks, keras.callbacks.BackupAndRestore)
        self.schedules = _of(callbacks, keras.callbacks.LearningRateScheduler)

    def on_train_begin(self, logs=None):
        self.loads = self.model.position.loads
        for backup in self.backups:
            _remove_half_written(
                os.path.join(backup.backup_dir, "training_metadata.json")
            )

    def on_epoch_begin(self, epoch, logs=None):
        model, position = self.model, self.model.position
        if self.batches is not None:
            self.batches.seed = model.seed
        goes_on = position.begin(epoch, self.params["steps"], model.steps_per_execution)
        # A schedule is asked once more, so it gets the rates that it had got.
        if goes_on and self.schedules:
            model.optimizer.set_rates(position.rates)
        position.rates = model.optimizer.rates()

    def on_test_begin(self, logs=None):
        self.model.position.pause()
        # Validation's noise is a function of the epoch, however often it was evaluated.
        seed, draws = self.model.seed + 1, self.model.epoch * 1_000_000 % 2**31
        self.model.test_seed_generator.state.assign([seed, draws])

    def on_epoch_end(self, epoch, logs=None):
        position, steps = self.model.position, self.params["steps"]
        # An epoch that was stopped in its midst can be taken up there.
        if not self.model.stop_training or position.batch >= (steps or 0) > 0:
            position.end()
        position.pause()


class GoOn(keras.callbacks.Callback):
    """The last callback: begins where `keras.callbacks.BackupAndRestore` had loaded.

    That writes weights and epoch one after the other, so a process killed between the
    two leaves weights without their epoch.
    """

    def __init__(self, follow: Follow):
        super().__init__()
        self.follow = follow

    def on_train_begin(self, logs=None):
        position = self.model.position
        if self.follow.backups and position.loads > self.follow.loads:
            self.model._initial_epoch = position.epoch


def _of(callbacks: list, kind: type) -> list:
    return [callback for callback in callbacks if isinstance(callback, kind)]


def _remove_half_written(path: str) -> None:
    # Keras reads it before the weights, whose own epoch serves as well.
    with contextlib.suppress(FileNotFoundError), open(path, encoding="utf-8") as file:
        try:
            json.load(file)
        except ValueError:
            os.remove(path)
