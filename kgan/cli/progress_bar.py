"""The progress of a training, in real samples shown."""

import sys
import time
from collections.abc import Mapping
from typing import Any, ClassVar

import keras

# The seconds from one update to the next: of a bar, and between lines in a file.
_BAR_SECONDS, _LINE_SECONDS = 0.25, 10.0


def progress(samples: int) -> keras.callbacks.Callback:
    """Returns a callback that shows the progress on standard output.

    On a terminal a bar is drawn again and again. In a file, or in a pipe, plain lines
    follow each other.

    Args:
        samples: Int, number of real samples to show in the whole training.
    """
    return (ProgressBar if sys.stdout.isatty() else ProgressLines)(samples)


class _Progress(keras.callbacks.Callback):
    """Base class of the ways to show the progress.

    Args:
        samples: Int, number of real samples to show in the whole training.
    """

    seconds: ClassVar[float]
    logged: ClassVar = ("d_loss", "g_loss")

    def __init__(self, samples: int):
        super().__init__()
        self.samples = samples

    def on_train_begin(self, logs: Mapping[str, Any] | None = None) -> None:
        self._next_time = 0.0
        self.begin(self._shown())

    def on_train_batch_end(self, batch: int, logs: Mapping[str, Any]) -> None:
        # To read the count waits for the device, so that not each batch may read it.
        if time.monotonic() >= self._next_time:
            self._show(logs)
            self._next_time = time.monotonic() + self.seconds

    def on_train_end(self, logs: Mapping[str, Any] | None = None) -> None:
        self._show(logs or {})

    def _show(self, logs: Mapping[str, Any]) -> None:
        said = [f"{name} {float(logs[name]):.3f}" for name in self.logged if name in logs]
        self.show(self._shown(), "  ".join(said))

    def _shown(self) -> int:
        return int(self.model.images_seen.numpy())

    def begin(self, shown: int) -> None:
        """Shows that training begins. `shown` samples were shown before."""
        raise NotImplementedError

    def show(self, shown: int, losses: str) -> None:
        """Shows the progress, and a text with the losses."""
        raise NotImplementedError


class ProgressBar(_Progress):
    """A bar on a terminal, with samples per second and the time left."""

    seconds = _BAR_SECONDS

    def begin(self, shown: int) -> None:
        # Only a terminal needs this package.
        from rich import progress

        columns = (
            progress.BarColumn(bar_width=None),
            progress.TextColumn("{task.completed:,.0f}/{task.total:,.0f} samples"),
            progress.TextColumn("{task.fields[speed]}"),
            progress.TimeRemainingColumn(),
            progress.TextColumn("{task.fields[losses]}"),
        )
        self._bar = progress.Progress(*columns, expand=True)
        # Without a start, the bar moves to and fro while the first step is prepared.
        self._task = self._bar.add_task(
            "",
            start=False,
            total=self.samples,
            completed=shown,
            speed="",
            losses="preparing",
        )
        self._bar.start()

    def show(self, shown: int, losses: str) -> None:
        task = self._bar.tasks[0]
        if task.started:
            speed = f"{task.speed:,.0f}/s" if task.speed else ""
            self._bar.update(self._task, completed=shown, speed=speed, losses=losses)
        else:
            self._bar.start_task(self._task)
            self._bar.update(self._task, completed=shown, losses=losses)

    def on_fit_end(self) -> None:
        # Also after an error, so that the terminal gets its cursor back.
        if bar := getattr(self, "_bar", None):
            bar.stop()


class ProgressLines(_Progress):
    """A line every ten seconds, for files and pipes."""

    seconds = _LINE_SECONDS

    def begin(self, shown: int) -> None:
        print("Preparing the first step.", flush=True)
        self._first: tuple[float, int] | None = None

    def show(self, shown: int, losses: str) -> None:
        now = time.monotonic()
        said = [f"{shown:,} of {self.samples:,} samples"]
        if self._first is None:
            self._first = now, shown
        elif shown > self._first[1] and now > self._first[0]:
            speed = (shown - self._first[1]) / (now - self._first[0])
            left = max(0, self.samples - shown) / speed
            said += [f"{speed:,.0f}/s", f"{_duration(left)} left"]
        print("  ".join([*said, losses]).rstrip(), flush=True)


def _duration(seconds: float) -> str:
    minutes, seconds = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{seconds:02d}"
