"""How far training has come, so that it continues exactly where it stopped."""

import contextlib
import json
import os
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import keras
import numpy as np

from kgan import backend
from kgan.backend import keras_private
from kgan.models.logs import Logs

# The names under which `SavedProgress` is stored begin with these.
PREFIXES = ("position", "mean_")


class SavedProgress(NamedTuple):
    """The progress that a file stores.

    Attributes:
        epoch: Int, the epoch that training is in, or would begin next.
        batch: Int, batches of the epoch that are done.
        steps: Int, batches in the epoch; 0 if unknown.
        rates: Both learning rates when the epoch began.
        random_state: State of the framework's random generator.
        means: The sums behind the logs of the epoch, by name.
    """

    epoch: int = 0
    batch: int = 0
    steps: int = 0
    rates: np.ndarray = np.zeros(2)
    random_state: np.ndarray = np.zeros(0, "uint8")
    means: dict[str, np.ndarray] = {}  # noqa: RUF012

    def to_arrays(self) -> dict[str, np.ndarray]:
        """Returns the progress as arrays, by the names in a file."""
        arrays = {
            "position": np.array([self.epoch, self.batch, self.steps]),
            "position_random": self.random_state,
        }
        if self.batch:
            arrays |= {"position_rates": self.rates, **self.means}
        return arrays

    @classmethod
    def from_arrays(cls, arrays: dict[str, Any]) -> "SavedProgress":
        """Returns the progress that a file stores; the beginning if there is none."""
        arrays = {name: np.array(value) for name, value in arrays.items()}
        epoch, batch, steps = arrays.pop("position", np.zeros(3, "int64"))
        rates = arrays.pop("position_rates", np.zeros(2))
        random_state = arrays.pop("position_random", np.zeros(0, "uint8"))
        return cls(int(epoch), int(batch), int(steps), rates, random_state, arrays)


class EpochProgress:
    """The epoch that training is in, and how many of its batches are done.

    A variable of the model counts the batches within the step, so the count is right
    wherever an exception strikes. Progress that was loaded applies to the next epoch that
    begins, if its number and its length are the same: the batches that are done are
    skipped, and the means of the logs continue.

    Args:
        steps_seen: The variable of the model that counts steps.
        logs: Returns the `Logs` of the model.

    Attributes:
        times_restored: Int, how often progress was loaded.
    """

    def __init__(self, steps_seen: keras.Variable, logs: Callable[[], Logs]) -> None:
        self.times_restored = 0
        self._steps_seen = steps_seen
        self._logs = logs
        # While an epoch runs, its batch and means are in the model, and these are old.
        self._saved = SavedProgress()
        self._running = False
        self._loaded = False
        self._first_step = 0
        self._to_skip = 0
        self._skipped_logs: dict[str, Any] = {}

    @property
    def epoch(self) -> int:
        """The epoch that training is in, or would begin next."""
        return self._saved.epoch

    @property
    def batch(self) -> int:
        """Batches of the epoch that are done."""
        if self._running:
            return int(self._steps_seen.numpy()) - self._first_step
        return self._saved.batch

    @property
    def rates(self) -> np.ndarray:
        """Both learning rates when the epoch began."""
        return self._saved.rates

    def keep_rates(self, rates: np.ndarray) -> None:
        """Keeps the learning rates with which an epoch begins."""
        self._saved = self._saved._replace(rates=rates)

    def save(self) -> SavedProgress:
        """Returns the progress to store in a file."""
        saved = self._saved._replace(batch=self.batch)
        if self._running:
            saved = saved._replace(means=self._logs().state())
        # An epoch that is paused in its middle continues with the state of the pause.
        if self._running or not saved.batch:
            saved = saved._replace(random_state=backend.random_state())
        return saved

    def restore(self, saved: SavedProgress) -> None:
        """Loads the progress of a file."""
        self._saved = saved
        self._running, self._loaded = False, True
        self.times_restored += 1

    def begin(self, epoch: int, steps: int | None, steps_per_execution: int) -> bool:
        """Begins an epoch, and returns whether it continues in its middle.

        Args:
            epoch: Int, number of the epoch.
            steps: Int, batches in the epoch; None if unknown.
            steps_per_execution: Int, batches in a call of the train function.

        Raises:
            ValueError: If the batches that are done are no whole number of executions.
        """
        steps, saved = steps or 0, self._saved
        resumes = self._loaded and (saved.epoch, saved.steps) == (epoch, steps)
        done = self.batch if resumes else 0
        if done % steps_per_execution and done != steps:
            raise ValueError(
                "`steps_per_execution` must divide the number of batches after which "
                "training was interrupted. Received: "
                f"steps_per_execution={steps_per_execution}, {done} batches done"
            )
        if resumes and not done:
            backend.set_random_state(saved.random_state)
        if done:
            self._logs().restore(saved.means)
            self._skipped_logs = self._logs().results()
        self._saved = saved._replace(epoch=epoch, steps=steps)
        self._to_skip = done
        self._first_step = int(self._steps_seen.numpy()) - done
        self._running, self._loaded = True, False
        return done > 0

    def pause(self) -> None:
        """Keeps the progress of the epoch before anything else uses the logs."""
        if self._running:
            self._saved = self.save()
            self._running = False

    def end(self) -> None:
        """Ends the epoch."""
        self._saved = self._saved._replace(epoch=self.epoch + 1, batch=0, means={})
        self._running = False

    def skipping_done_batches(
        self,
        function: Callable[[Iterator], Any],
        steps_per_execution: int,
        read: Callable[[Iterator], Any] = next,
    ) -> Callable[[Iterator], Any]:
        """Returns a train function that skips the batches that are done.

        Args:
            function: The train function of Keras, from an iterator of batches to logs.
            steps_per_execution: Int, batches in a call.
            read: Reads one batch from the iterator.
        """

        def train(iterator: Iterator) -> Any:
            if not (self._running and self._to_skip):
                return function(iterator)
            count = min(steps_per_execution, self._to_skip)
            self._to_skip -= count
            for _ in range(count):
                read(iterator)
            if not self._to_skip:
                # Only after the last skipped batch, since reading data may draw.
                backend.set_random_state(self._saved.random_state)
            return self._skipped_logs

        return train


class TrackProgress(keras.callbacks.Callback):
    """Tracks the progress of a model: the first callback, so that others can save it.

    Args:
        batches: `kgan.data.Batches` in an order that follows the seed of the model, which
            `keras.callbacks.BackupAndRestore` may load when training begins; or None.
        callbacks: The callbacks of the user.
    """

    def __init__(self, batches: Any, callbacks: list[keras.callbacks.Callback]):
        super().__init__()
        self.batches = batches
        self.backups = _of_type(callbacks, keras.callbacks.BackupAndRestore)
        self.schedulers = _of_type(callbacks, keras.callbacks.LearningRateScheduler)

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        self.times_restored = self.model.progress.times_restored
        for backup in self.backups:
            _remove_half_written(
                os.path.join(backup.backup_dir, "training_metadata.json")
            )

    def on_epoch_begin(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        model, progress = self.model, self.model.progress
        if self.batches is not None:
            self.batches.seed = model.seed
        resumes = progress.begin(epoch, self.params["steps"], model.steps_per_execution)
        # Keras asks the scheduler again, so the scheduler must see the same rates again.
        if resumes and self.schedulers:
            model.optimizer.set_rates(progress.rates)
        progress.keep_rates(model.optimizer.rates())

    def on_test_begin(self, logs: dict[str, Any] | None = None) -> None:
        self.model.progress.pause()
        # The noise of validation depends on the seed and the epoch only, not on how often
        # the model was evaluated.
        self.model.seed_validation(self.model.seed + 1, self.model.epoch * 1_000_000)

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        progress, steps = self.model.progress, self.params["steps"]
        # An epoch that was stopped in its middle can continue there.
        if not self.model.stop_training or progress.batch >= (steps or 0) > 0:
            progress.end()
        progress.pause()


class ResumeAtBackup(keras.callbacks.Callback):
    """The last callback: begins at the epoch that `BackupAndRestore` has loaded.

    `BackupAndRestore` writes the weights first and the epoch afterwards. A process that
    is killed between the two leaves weights without their epoch.

    Args:
        tracker: The `TrackProgress` of the same `fit`.
    """

    def __init__(self, tracker: TrackProgress):
        super().__init__()
        self.tracker = tracker

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        progress = self.model.progress
        loaded = progress.times_restored > self.tracker.times_restored
        if self.tracker.backups and loaded:
            keras_private.set_initial_epoch(self.model, progress.epoch)


def _of_type(callbacks: list, kind: type) -> list:
    return [callback for callback in callbacks if isinstance(callback, kind)]


def _remove_half_written(path: str) -> None:
    # Keras reads this file before the weights, which store the epoch as well.
    with contextlib.suppress(FileNotFoundError), open(path, encoding="utf-8") as file:
        try:
            json.load(file)
        except ValueError:
            os.remove(path)
