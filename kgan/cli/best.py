"""The best GAN of a run by a metric, and the end of a run that improves no more."""

import math
import os
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

import keras

from kgan.callbacks import Evaluate, HistoryCSV
from kgan.callbacks.interval import samples_shown
from kgan.types import PathLike


class Evaluated(NamedTuple):
    """An evaluation that a run has already had.

    Attributes:
        epoch: Int, the epoch, from 0 on.
        shown: Int, the real samples shown before.
        value: Float, the value of the metric.
    """

    epoch: int
    shown: int
    value: float


def evaluations(history: HistoryCSV, epochs: int, key: str) -> list[Evaluated]:
    """Returns the evaluations in a history.

    Args:
        history: The callback that has written the history.
        epochs: Int, number of epochs that are done. Rows of later epochs are ignored.
        key: The column of the metric.
    """
    return [
        Evaluated(int(row["epoch"]) - 1, int(row["images"]), float(row[key]))
        for row in history.earlier_rows(epochs)
        if row.get(key)
    ]


class KeepBest(keras.callbacks.ModelCheckpoint):
    """Keeps the GAN that is best by the first metric, also of a resumed run.

    Args:
        path: Path ending in `.keras`.
        evaluate: The callback that computes the metric.
        earlier: The evaluations before the run was resumed.
    """

    def __init__(self, path: PathLike, evaluate: Evaluate, earlier: Iterable[Evaluated]):
        select = min if evaluate.monitor["mode"] == "min" else max
        finite = [one.value for one in earlier if math.isfinite(one.value)]
        super().__init__(
            # Keras formats the path.
            os.fspath(path).replace("{", "{{").replace("}", "}}"),
            save_best_only=True,
            initial_value_threshold=select(finite, default=None),
            **evaluate.monitor,
        )

    def on_epoch_end(self, epoch: int, logs: Mapping[str, Any] | None = None) -> None:
        # Keras saves every GAN whose logs lack the metric, and the first one with NaN.
        if math.isfinite((logs or {}).get(self.monitor, math.nan)):
            super().on_epoch_end(epoch, logs)


class EarlyStopping(keras.callbacks.EarlyStopping):
    """Ends training when the first metric has not improved during a number of samples.

    Keras counts evaluations, and begins to count again when training is resumed. This
    callback counts samples, and begins with the evaluations before.

    Args:
        samples: Int, number of real samples.
        evaluate: The callback that computes the metric.
        earlier: The evaluations before the run was resumed.
    """

    def __init__(self, samples: int, evaluate: Evaluate, earlier: Iterable[Evaluated]):
        super().__init__(patience=samples, **evaluate.monitor)
        self.earlier = list(earlier)

    def on_train_begin(self, logs: Mapping[str, Any] | None = None) -> None:
        super().on_train_begin(logs)
        self._shown_at_best = 0
        for one in self.earlier:
            self._follow(one)

    def on_epoch_end(self, epoch: int, logs: Mapping[str, Any] | None = None) -> None:
        value = (logs or {}).get(self.monitor, math.nan)
        self._follow(Evaluated(epoch, samples_shown(self.model), value))

    def _follow(self, one: Evaluated) -> None:
        if not math.isfinite(one.value):
            return
        # Keras adds 1 to the number that it compares with `patience`.
        self.wait = one.shown - self._shown_at_best - 1
        super().on_epoch_end(one.epoch, {self.monitor: one.value})
        if self.wait == 0:
            self._shown_at_best = one.shown

    def has_ended(self) -> bool:
        """Whether the run has ended before, at the last of the earlier evaluations."""
        self.on_train_begin()
        return self.stopped_epoch > 0

    def sentence(self) -> str:
        """Returns the reason of the end."""
        name = self.monitor.removeprefix("val_")
        return (
            f"{name} has not improved during {self.patience:,} samples. Its best value "
            f"is {float(self.best):.6g}, after {self._shown_at_best:,} samples."
        )
