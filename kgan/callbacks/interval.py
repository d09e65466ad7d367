"""Intervals of training, counted in real samples shown or in batches."""

from collections.abc import Callable

from kgan import checks
from kgan.models.model import TrainedModel

# The largest count that a float of Python holds exactly.
_LARGEST = 2**53


class Interval:
    """Tells when a further interval of training is done.

    The intervals are counted from the first batch of training on, so a resumed training
    has the same intervals as an uninterrupted one.

    Args:
        every: Int, the length of an interval.
        count: Function that returns how far training is.
    """

    def __init__(self, every: int, count: Callable[[], int]):
        self.every = every
        self._count = count
        self._done = 0

    def begin(self, start: int | None = None) -> None:
        """Begins to watch, at a count that is given, or at the present one."""
        self._done = (self._count() if start is None else start) // self.every

    def has_passed(self) -> bool:
        """Whether the end of an interval was passed since the last call."""
        last, self._done = self._done, self._count() // self.every
        return self._done > last


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
