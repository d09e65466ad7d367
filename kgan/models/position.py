"""How far training has come, so that it goes on exactly where it was interrupted."""

from collections.abc import Callable
from typing import Any

import numpy as np

from kgan import backend
from kgan.models.logs import Logs


class Position:
    """The epoch that training is in, and how many of its batches are done.

    Batches are counted by a variable of the model, within the step, so that the count
    is right wherever an exception strikes. A position that was loaded holds for the
    next epoch that begins, if that is the same one and as long: the batches done are
    passed over, and the means of the logs taken up.

    Args:
        steps_seen: The model's variable that counts steps.
        logs: Callable without arguments, returning the model's `Logs`.
    """

    def __init__(self, steps_seen: Any, logs: Callable[[], Logs]) -> None:
        self.epoch = 0
        # How often a position was loaded.
        self.loads = 0
        self._steps_seen = steps_seen
        self._logs = logs
        self._steps = 0
        # Of both optimizers, when the epoch began.
        self.rates = np.zeros(2)
        self._random_state = np.zeros(0, "uint8")
        # What is kept while the epoch does not run: its batches, and the sums of its
        # logs, which an evaluation would use for its own.
        self._batch: int | None = 0
        self._sums: dict[str, Any] | None = {}
        self._loaded = False
        self._first_step = 0
        self._to_skip = 0
        self._results: dict[str, Any] = {}

    @property
    def batch(self) -> int:
        """Batches of the epoch that are done."""
        if self._batch is None:
            return int(self._steps_seen.numpy()) - self._first_step
        return self._batch

    def state(self) -> dict[str, Any]:
        """Returns what a saved model keeps of it, as arrays."""
        position = np.array([self.epoch, self.batch, self._steps])
        kept = {"position": position, "position_random": self._random()}
        if not self.batch:
            return kept
        sums = self._logs().state() if self._sums is None else self._sums
        return {**kept, "position_rates": self.rates, **sums}

    def _random(self) -> np.ndarray:
        # Of an epoch that is paused in its midst, as it was then.
        return self._random_state if self._batch else backend.random_state()

    def load(self, state: dict[str, Any]) -> None:
        """Takes over what `state` returned."""
        state = {name: np.array(value) for name, value in state.items()}
        position = state.pop("position", np.zeros(3, "int64"))
        self.rates = state.pop("position_rates", np.zeros(2))
        self._random_state = state.pop("position_random", np.zeros(0, "uint8"))
        self.epoch, self._batch, self._steps = (int(value) for value in position)
        self._sums = state
        self._loaded = True
        self.loads += 1

    def begin(self, epoch: int, steps: int | None, steps_per_execution: int) -> bool:
        """Begins an epoch, and returns whether it does so in its midst.

        Args:
            epoch: The number of the epoch.
            steps: Its batches; None if not known.
            steps_per_execution: How many batches a call of the train function takes.

        Raises:
            ValueError: If the batches done are no whole number of executions.
        """
        steps = steps or 0
        goes_on = self._loaded and (self.epoch, self._steps) == (epoch, steps)
        done = self.batch if goes_on else 0
        if done % steps_per_execution and done != steps:
            raise ValueError(
                "Training was interrupted after a number of batches that "
                "`steps_per_execution` must divide, or the epoch's. Received: "
                f"steps_per_execution={steps_per_execution}, {done} batches done"
            )
        if goes_on and not done:
            backend.set_random_state(self._random_state)
        if done:
            self._logs().restore(self._sums or {})
            self._results = self._logs().results()
        self.epoch, self._steps, self._loaded = epoch, steps, False
        self._to_skip = done
        self._first_step = int(self._steps_seen.numpy()) - done
        self._batch = self._sums = None
        return done > 0

    def pause(self) -> None:
        """Keeps what the epoch has come to, before anything else uses the logs."""
        if self._batch is None:
            self._sums = self._logs().state()
            self._random_state = backend.random_state()
            self._batch = self.batch

    def end(self) -> None:
        """Ends the epoch."""
        self.epoch, self._batch, self._sums = self.epoch + 1, 0, {}

    def passing_over(
        self, step: Callable, steps_per_execution: int, read: Callable = next
    ) -> Callable:
        """Returns Keras' train function, which passes over batches that were done.

        Args:
            step: The function, from an iterator of batches to logs.
            steps_per_execution: How many batches a call takes.
            read: Callable of the iterator, which reads one of them.
        """

        def train(iterator: Any) -> Any:
            if self._batch is not None or not self._to_skip:
                return step(iterator)
            count = min(steps_per_execution, self._to_skip)
            self._to_skip -= count
            for _ in range(count):
                read(iterator)
            if not self._to_skip:
                # Only now, since reading data may draw.
                backend.set_random_state(self._random_state)
            return self._results

        return train
