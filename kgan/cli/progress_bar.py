"""The progress of a training, in real samples shown, and all that `kgan train` says.

A class for each way to show both: as a bar, as lines, as JSON, or not at all.
"""

import dataclasses
import json
import math
import shutil
import sys
import textwrap
import time
from collections.abc import Callable, Mapping
from typing import Any, ClassVar

import keras

from kgan.callbacks.interval import samples_shown
from kgan.cli.run_folder import RunFolder
from kgan_cli.settings import WatchSettings

# The seconds from one update to the next: of a bar, and between lines in a file.
_BAR_SECONDS, _LINE_SECONDS = 0.25, 10.0
# The seconds until the second line, the first one with the time left.
_FIRST_SECONDS = 2.0
# The logs to show, and the beginning of the keys of metrics.
_LOSSES, _METRIC = ("d_loss", "g_loss"), "val_"


def progress(
    samples: int, settings: WatchSettings | None = None, is_chief: bool = True
) -> "Progress":
    """Returns a callback that shows the progress on standard output.

    By default, on a terminal a bar is drawn again and again. In a file, or in a pipe,
    plain lines follow each other.

    Args:
        samples: Int, number of real samples to show in the whole training.
        settings: The settings with another way to show the progress.
        is_chief: Bool, False for a worker that shows nothing.
    """
    if not is_chief or (settings and settings.quiet):
        return Quiet(samples)
    if settings and settings.json:
        return ProgressJSON(samples)
    return (ProgressBar if sys.stdout.isatty() else ProgressLines)(samples)


@dataclasses.dataclass(frozen=True)
class Snapshot:
    """How far a training is.

    Args:
        shown: Int, real samples shown.
        samples: Int, real samples to show in the whole training.
        speed: Float, samples per second since training began or was resumed; None
            before two batches are done.
        losses: The losses, by name.
        metrics: The metrics of the last evaluation, by name.
    """

    shown: int
    samples: int
    speed: float | None
    losses: dict[str, float]
    metrics: dict[str, float]

    @property
    def seconds_left(self) -> float | None:
        return max(0, self.samples - self.shown) / self.speed if self.speed else None

    def rate(self) -> list[str]:
        """Returns the speed and the time left in words; nothing before they are known."""
        if self.speed is None or self.seconds_left is None:
            return []
        return [f"{self.speed:,.0f}/s", f"{_duration(self.seconds_left)} left"]

    def values(self) -> list[str]:
        """Returns the losses and the metrics in words."""
        losses = [f"{name} {value:.3f}" for name, value in self.losses.items()]
        return losses + [f"{name} {value:.3g}" for name, value in self.metrics.items()]


class Progress(keras.callbacks.Callback):
    """Base class of the ways to show the progress. This class shows nothing.

    Args:
        samples: Int, number of real samples to show in the whole training.
    """

    seconds: ClassVar[float] = _LINE_SECONDS

    def __init__(self, samples: int):
        super().__init__()
        self.samples = samples

    def on_train_begin(self, logs: Mapping[str, Any] | None = None) -> None:
        self._next_time = 0.0
        self._already = samples_shown(self.model)
        self._metrics: dict[str, float] = {}
        # What was shown last, without the speed and the time left.
        self._last: tuple[int, list[str]] | None = None
        # When the first batch was done, and the samples shown then.
        self._first: tuple[float, int] | None = None
        self.begin(self._already)

    def on_train_batch_end(self, batch: int, logs: Mapping[str, Any]) -> None:
        # To read the count waits for the device, so that not each batch may read it.
        now = time.monotonic()
        if now < self._next_time:
            return
        # A resumed training skips the batches that are done: they tell no speed.
        if self._first is None and samples_shown(self.model) == self._already:
            self._next_time = now + _BAR_SECONDS
            return
        is_first = self._first is None
        self._show(logs)
        seconds = min(self.seconds, _FIRST_SECONDS) if is_first else self.seconds
        self._next_time = time.monotonic() + seconds

    def on_epoch_end(self, epoch: int, logs: Mapping[str, Any] | None = None) -> None:
        logs = logs or {}
        found = {
            key.removeprefix(_METRIC): float(value)
            for key, value in logs.items()
            if key.startswith(_METRIC)
        }
        if found:
            self._metrics = found
            self._show(logs)

    def on_train_end(self, logs: Mapping[str, Any] | None = None) -> None:
        self._show(logs or {})

    def _show(self, logs: Mapping[str, Any]) -> None:
        now, shown, speed = time.monotonic(), samples_shown(self.model), None
        if self._first is None and shown > self._already:
            self._first = now, shown
        elif self._first and shown > self._first[1] and now > self._first[0]:
            speed = (shown - self._first[1]) / (now - self._first[0])
        losses = {name: float(logs[name]) for name in _LOSSES if name in logs}
        snapshot = Snapshot(shown, self.samples, speed, losses, self._metrics)
        # The last batch, the last evaluation and the end of the training tell the same.
        if (told := (shown, snapshot.values())) != self._last:
            self._last = told
            self.show(snapshot)

    def begin(self, shown: int) -> None:
        """Shows that training begins. `shown` samples were shown before."""

    def show(self, snapshot: Snapshot) -> None:
        """Shows the progress."""

    def stop(self) -> None:
        """Shows that training stops after this step.

        The handler of a signal may call this method.
        """

    def say(self, text: str) -> None:
        """Shows a sentence on the run."""

    def end(self, folder: RunFolder, report: Callable[[], None]) -> None:
        """Shows the end of the run.

        Args:
            folder: The run folder.
            report: Function that prints the report on the run.
        """


class Quiet(Progress):
    """Shows the path of the run at the end, and nothing else."""

    def on_train_batch_end(self, batch: int, logs: Mapping[str, Any]) -> None:
        """Does nothing: not even the count is read."""

    def end(self, folder: RunFolder, report: Callable[[], None]) -> None:
        print(folder, flush=True)


class ProgressBar(Progress):
    """A bar on a terminal, with samples per second and the time left."""

    seconds = _BAR_SECONDS
    _bar: Any = None

    def begin(self, shown: int) -> None:
        # Only a terminal needs this package.
        from rich import progress

        columns = (
            progress.BarColumn(bar_width=None),
            progress.TextColumn("{task.completed:,.0f}/{task.total:,.0f} samples"),
            progress.TextColumn("{task.fields[said]}"),
        )
        bar = progress.Progress(*columns, expand=True)
        # Without a start, the bar moves to and fro while the first step is prepared.
        self._task = bar.add_task(
            "", start=False, total=self.samples, completed=shown, said="preparing"
        )
        # Last, since a signal may call `stop` at any time.
        self._bar = bar
        bar.start()

    def show(self, snapshot: Snapshot) -> None:
        if not self._bar.tasks[0].started:
            self._bar.start_task(self._task)
        said = "  ".join([*snapshot.rate(), *snapshot.values()])
        self._bar.update(self._task, completed=snapshot.shown, said=said)

    def stop(self) -> None:
        # The thread of the bar draws: in the handler of a signal, nothing may be printed.
        if self._bar is not None:
            self._bar.update(self._task, said="stopping after this step")

    def say(self, text: str) -> None:
        if self._bar is None:
            # A terminal by itself breaks lines within words.
            lines = textwrap.wrap(
                text,
                shutil.get_terminal_size().columns,
                break_long_words=False,
                break_on_hyphens=False,
            )
            print("\n".join(lines), flush=True)
        else:
            # Above the bar, which stays whole.
            self._bar.console.print(text, markup=False, highlight=False)

    def on_fit_end(self) -> None:
        # Also after an error, so that the terminal gets its cursor back.
        if self._bar is not None:
            self._bar.stop()

    def end(self, folder: RunFolder, report: Callable[[], None]) -> None:
        report()


class ProgressLines(Progress):
    """A line every ten seconds, for files and pipes."""

    def begin(self, shown: int) -> None:
        print("Preparing the first step.", flush=True)

    def show(self, snapshot: Snapshot) -> None:
        said = [f"{snapshot.shown:,} of {self.samples:,} samples"]
        said += [*snapshot.rate(), *snapshot.values()]
        print("  ".join(said), flush=True)

    def say(self, text: str) -> None:
        print(text, flush=True)

    def end(self, folder: RunFolder, report: Callable[[], None]) -> None:
        report()


class ProgressJSON(Progress):
    """A JSON object on each line, for programs."""

    def show(self, snapshot: Snapshot) -> None:
        _print_json(
            samples=snapshot.shown,
            samples_to_show=self.samples,
            samples_per_second=snapshot.speed,
            seconds_left=snapshot.seconds_left,
            losses={name: _finite(value) for name, value in snapshot.losses.items()},
            metrics={name: _finite(value) for name, value in snapshot.metrics.items()},
        )

    def say(self, text: str) -> None:
        _print_json(message=text)

    def end(self, folder: RunFolder, report: Callable[[], None]) -> None:
        names = sorted(path.name for path in folder.path.iterdir())
        files = [name for name in names if not name.startswith(".")]
        _print_json(run=str(folder), files=files)


def _print_json(**values: Any) -> None:
    print(json.dumps(values), flush=True)


def _finite(value: float) -> float | None:
    # JSON has no NaN.
    return value if math.isfinite(value) else None


def _duration(seconds: float) -> str:
    minutes, seconds = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{seconds:02d}"
