"""Intervals of training, counted in real samples shown or in batches."""

from collections.abc import Callable

import keras

from kgan import checks
from kgan.models.model import TrainedModel

# The largest count that a float of Python holds exactly.
_LARGEST = 2**53


class Interval:
    """Tells when a further interval of training is done.

    The intervals are counted from the first batch of training on, so a resumed training
    has the same intervals as an uninterrupted one.

    To read the count waits for the device. So it is read only when the interval may be
    done, which the largest step of the count up to now tells. An interval that a larger
    step ends, as a dataset of growing batches may, can be noticed late.

    Args:
        every: Int, the length of an interval.
        count: Function that returns how far training is.
    """

    def __init__(self, every: int, count: Callable[[], int]):
        self.every = every
        self._count = count
        self._largest_step = 0
        self._plan(0)

    def begin(self, start: int | None = None) -> None:
        """Begins to watch, at a count that is given, or at the present one."""
        self._plan(self._count() if start is None else start)

    def has_passed(self) -> bool:
        """Whether the end of an interval was passed since the last call.

        To be called after each step of the count.
        """
        self._steps += 1
        if self._steps < self._next:
            return False
        last, found = self._found, self._count()
        mean_step = -(-(found - last) // self._steps)
        self._largest_step = max(self._largest_step, mean_step)
        self._plan(found)
        return found // self.every > last // self.every

    def _plan(self, found: int) -> None:
        """Keeps the count, and plans after how many steps to read the next count."""
        self._found, self._steps = found, 0
        missing = self.every - found % self.every
        self._next = -(-missing // self._largest_step) if self._largest_step else 1


def samples_interval(
    every: int | None, callback: keras.callbacks.Callback
) -> Interval | None:
    """Returns the interval of the real samples that a callback's model is shown.

    Args:
        every: Int, the number of samples; None for no interval.
        callback: The callback, which has its model when training begins.
    """
    if every is None:
        return None
    return Interval(every, lambda: samples_shown(callback.model))


def check_every(every: int | None) -> int | None:
    """Checks a number of samples, or None, and returns the number as a Python int."""
    return checks.optional_count(maximum=_LARGEST, every=every)


def samples_shown(model: TrainedModel) -> int:
    """Returns the number of real samples shown since the start of training."""
    return int(model.images_seen.numpy())


def shown_before_epoch(model: TrainedModel) -> int:
    """Returns the number of real samples that were shown before the current epoch.

    To be called when an epoch begins. Some of the batches of a resumed epoch are done.
    """
    shown, steps = samples_shown(model), int(model.steps_seen.numpy())
    return shown - round(model.progress.batch * shown / max(1, steps))
