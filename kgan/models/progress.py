"""The progress of training: its logs, its epoch, and the batches that are done.

The progress is saved with a model, so that training continues exactly where it stopped.
"""

import contextlib
import json
import os
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import keras
import numpy as np

from kgan import backend, checks
from kgan.backend import keras_private
from kgan.models.optimizers import check_settable, get_rates, set_rates
from kgan.types import Tensor

# The names under which `SavedProgress` is stored begin with these prefixes.
PREFIXES = ("position", "mean_")


class Logs:
    """The running means that Keras shows, one for each key.

    The metrics are in a dict of this class, which Keras does not track. `compile` chooses
    the penalties and so the keys, but a model that is built can't track new metrics.

    Args:
        names: The keys.
    """

    def __init__(self, names: tuple[str, ...] = ()):
        self._means = {key: keras.metrics.Mean(name=key) for key in names}

    @property
    def metrics(self) -> list[keras.metrics.Metric]:
        return list(self._means.values())

    def update(self, values: dict[str, Tensor], size: Tensor) -> None:
        """Adds values, each of which is a mean over `size` samples."""
        new = [key for key in values if key not in self._means]
        if new:
            raise ValueError(
                "`compile` sets the keys of the logs: pass further losses as "
                "`generator_losses` or `penalties`, or add logs in `training_step`. "
                f"{checks.received(new=new, keys=list(self._means))}"
            )
        for key, value in values.items():
            self._means[key].update_state(value, sample_weight=size)

    def results(self, keys: tuple[str, ...] | None = None) -> dict[str, Tensor]:
        """Returns the means since the last reset, for all keys or for `keys`."""
        return {key: self._means[key].result() for key in keys or self._means}

    def state(self) -> dict[str, np.ndarray]:
        """Returns the sums behind the means, as arrays."""
        return {
            f"mean_{key}": np.array([mean.total.numpy(), mean.count.numpy()])
            for key, mean in self._means.items()
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Loads the result of `state`, for the keys that `state` and these logs share."""
        for key, mean in self._means.items():
            if f"mean_{key}" in state:
                total, count = state[f"mean_{key}"]
                mean.total.assign(total)
                mean.count.assign(count)


class SavedProgress(NamedTuple):
    """The progress that a file stores.

    Attributes:
        epoch: Int, the current epoch, or between two epochs the next epoch.
        batch: Int, number of batches of the epoch that are done.
        steps: Int, batches in the epoch; 0 if unknown.
        rates: Both learning rates at the start of the epoch.
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
        """Returns the progress in a file, or the start of training if there is none."""
        arrays = {name: np.array(value) for name, value in arrays.items()}
        epoch, batch, steps = arrays.pop("position", np.zeros(3, "int64"))
        rates = arrays.pop("position_rates", np.zeros(2))
        random_state = arrays.pop("position_random", np.zeros(0, "uint8"))
        return cls(int(epoch), int(batch), int(steps), rates, random_state, arrays)


class EpochProgress:
    """The epoch of training, and the number of its batches that are done.

    The training step itself counts the batches in a variable of the model, so the count
    is right wherever an exception occurs. Loaded progress applies to the next epoch that
    begins, if this epoch has the same number and the same number of batches. Then the
    batches that are done are skipped, and the means of the logs continue.

    Args:
        steps_seen: The variable of the model that counts steps.
        logs: Function that returns the `Logs` of the model.

    Attributes:
        times_restored: Int, number of times that progress was loaded.
    """

    def __init__(self, steps_seen: keras.Variable, logs: Callable[[], Logs]) -> None:
        self.times_restored = 0
        self._steps_seen = steps_seen
        self._logs = logs
        # While an epoch runs, the model has the current batch and means, not `_saved`.
        self._saved = SavedProgress()
        self._running = False
        self._loaded = False
        self._first_step = 0
        self._to_skip = 0
        self._skipped_logs: dict[str, Any] = {}

    @property
    def epoch(self) -> int:
        """The current epoch, or between two epochs the next epoch."""
        return self._saved.epoch

    @property
    def batch(self) -> int:
        """The number of batches of the epoch that are done."""
        if self._running:
            return int(self._steps_seen.numpy()) - self._first_step
        return self._saved.batch

    @property
    def rates(self) -> np.ndarray:
        """Both learning rates at the start of the epoch."""
        return self._saved.rates

    def keep_rates(self, rates: np.ndarray) -> None:
        """Stores the learning rates at the start of an epoch."""
        self._saved = self._saved._replace(rates=rates)

    def save(self) -> SavedProgress:
        """Returns the progress to store in a file."""
        saved = self._saved._replace(batch=self.batch)
        if self._running:
            saved = saved._replace(means=self._logs().state())
        # A paused epoch continues with the random state that `pause` has stored. An epoch
        # that skips batches continues with the loaded state, which is not yet set.
        paused = bool(saved.batch) and not self._running
        if not paused and not self._to_skip:
            saved = saved._replace(random_state=backend.random_state())
        return saved

    def restore(self, saved: SavedProgress) -> None:
        """Loads the progress of a file."""
        self._saved = saved
        self._running, self._loaded = False, True
        self.times_restored += 1

    def begin(self, epoch: int, steps: int | None, steps_per_execution: int) -> bool:
        """Begins an epoch, and returns whether some of its batches are done already.

        Args:
            epoch: Int, number of the epoch.
            steps: Int, batches in the epoch; None if unknown.
            steps_per_execution: Int, batches in a call of the train function.

        Raises:
            ValueError: If `steps_per_execution` does not divide the number of batches
                that are done.
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
        """Stores the progress of the epoch before other code uses the logs."""
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
                # After the last skipped batch, since reading may draw random numbers.
                backend.set_random_state(self._saved.random_state)
            return self._skipped_logs

        return train


class TrackProgress(keras.callbacks.Callback):
    """Tracks the progress of a model. The first callback, so others can save progress.

    Args:
        batches: `kgan.data.Batches` whose order follows the seed of the model, or None.
            `keras.callbacks.BackupAndRestore` may load another seed when training begins.
        callbacks: The callbacks of the user.
    """

    def __init__(self, batches: Any, callbacks: list[keras.callbacks.Callback]):
        super().__init__()
        self.batches = batches
        self.backups = _of_type(callbacks, keras.callbacks.BackupAndRestore)
        self.schedulers = _of_type(callbacks, keras.callbacks.LearningRateScheduler)
        plateaus = _of_type(callbacks, keras.callbacks.ReduceLROnPlateau)
        self.setters = [*self.schedulers, *plateaus]

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        self.times_restored = self.model.progress.times_restored
        for setter in self.setters:
            name, optimizer = type(setter).__name__, self.model.optimizer
            check_settable(optimizer, name, callbacks=self.setters)
        for backup in self.backups:
            _remove_half_written(
                os.path.join(backup.backup_dir, "training_metadata.json")
            )

    def on_epoch_begin(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        model, progress = self.model, self.model.progress
        if self.batches is not None:
            self.batches.seed = model.seed
        resumes = progress.begin(epoch, self.params["steps"], model.steps_per_execution)
        # Keras calls the scheduler again, so the scheduler must see the same rates again.
        if resumes and self.schedulers:
            set_rates(model.optimizer, progress.rates)
        progress.keep_rates(get_rates(model.optimizer))

    def on_test_begin(self, logs: dict[str, Any] | None = None) -> None:
        self.model.progress.pause()
        # The noise of validation depends on the seed and the epoch only, not on how often
        # the model was evaluated.
        self.model.seed_validation(self.model.seed + 1, self.model.epoch * 1_000_000)

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        progress, steps = self.model.progress, self.params["steps"]
        # An epoch that was stopped before its last batch can continue there.
        if not self.model.stop_training or progress.batch >= (steps or 0) > 0:
            progress.end()
        progress.pause()


class ResumeAtBackup(keras.callbacks.Callback):
    """Begins training at the epoch that `BackupAndRestore` has loaded: the last callback.

    `BackupAndRestore` writes the weights first and the epoch afterwards. A process that
    is killed between these two writes leaves weights without their epoch.

    Args:
        tracker: The `TrackProgress` of the same `fit`.
    """

    def __init__(self, tracker: TrackProgress):
        super().__init__()
        self.tracker = tracker

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        # Some processes may have found no backup.
        self.model.devices.synchronize()
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
