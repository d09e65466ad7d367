"""How far training has come, so that it goes on exactly where it was interrupted."""

from collections.abc import Callable
from typing import Any

import keras
import numpy as np

from kgan.models.logs import Logs


class Position:
    """The epoch that training is in, and how many of its batches are done.

    A position that was loaded holds for the next epoch that begins, if it is the same
    one: the batches done are passed over, and the means of the logs taken up.
    """

    def __init__(self) -> None:
        self.epoch = 0
        self.batch = 0
        self.loaded = False
        self._means: dict[str, Any] = {}
        self._calls_to_skip = 0
        self._counting = False

    def state(self, logs: Logs) -> dict[str, Any]:
        """Returns what a saved model keeps of it, as arrays."""
        means = logs.state() if self.batch else {}
        return {"position": np.array([self.epoch, self.batch]), **means}

    def load(self, state: dict[str, Any]) -> None:
        """Takes over what `state` returned; nothing from files older than it."""
        state = {name: np.array(value) for name, value in state.items()}
        position = state.pop("position", np.zeros(2, "int64"))
        self.epoch, self.batch = (int(value) for value in position)
        self._means = state
        self.loaded = True

    def begin(self, epoch: int, logs: Logs, steps_per_execution: int) -> None:
        """Begins an epoch, in the midst of it when that was loaded."""
        if not (self.loaded and self.epoch == epoch):
            self.epoch, self.batch = epoch, 0
        elif self.batch:
            logs.restore(self._means)
        self.loaded = False
        self._calls_to_skip = self.batch // steps_per_execution
        self._counting = True

    def end(self) -> None:
        """Ends the epoch."""
        self.epoch, self.batch = self.epoch + 1, 0

    def stop(self) -> None:
        """Ends `fit`, wherever it was; other steps than its own don't count."""
        self._counting = False

    def counted(
        self, step: Callable, passed_over: Callable, steps_per_execution: int
    ) -> Callable:
        """Returns Keras' train function with counting, and with passing over.

        Args:
            step: The function, from an iterator of batches to logs.
            passed_over: Called with the iterator instead, for batches that were done
                before training was interrupted; returns logs too.
            steps_per_execution: How many batches a call takes.
        """

        def train(iterator: Any) -> Any:
            if self._counting and self._calls_to_skip:
                self._calls_to_skip -= 1
                return passed_over(iterator)
            logs = step(iterator)
            if self._counting:
                self.batch += steps_per_execution
            return logs

        return train


class Follow(keras.callbacks.Callback):
    """Keeps the model's position: the first callback, so that others save it.

    Args:
        batches: `kgan.data.Batches` in an order that follows the model's seed, which
            `keras.callbacks.BackupAndRestore` may load when training begins; or None.
    """

    def __init__(self, batches: Any):
        super().__init__()
        self.batches = batches

    def on_epoch_begin(self, epoch, logs=None):
        model = self.model
        if self.batches is not None:
            self.batches.seed = model.seed
        model.position.begin(epoch, model._logs, model.steps_per_execution)

    def on_epoch_end(self, epoch, logs=None):
        steps = self.params.get("steps")
        # An epoch that was stopped in its midst can be taken up there.
        if not self.model.stop_training or self.model.position.batch >= (steps or 0) > 0:
            self.model.position.end()


class GoOn(keras.callbacks.Callback):
    """The last callback: begins where `keras.callbacks.BackupAndRestore` had loaded.

    That writes weights and epoch one after the other, so a process killed between the
    two leaves an epoch that is not that of the weights.
    """

    def on_train_begin(self, logs=None):
        if self.model.position.loaded and self.model._initial_epoch is not None:
            self.model._initial_epoch = self.model.position.epoch
