import csv
import pathlib

import keras

from kgan.files import PathLike, atomic_path


class HistoryCSV(keras.callbacks.Callback):
    """Keeps the logs of every epoch in a CSV file that can be read at any moment.

    Unlike `keras.callbacks.CSVLogger`, which appends to an open file, it replaces
    the file whole after each epoch. Training that goes on at a later epoch than the
    first keeps the rows before it, so that a run that was interrupted and resumed
    leaves the file of one that never was.

    Args:
        path: Path of the file. An older one is replaced.
    """

    def __init__(self, path: PathLike):
        super().__init__()
        self.path = pathlib.Path(path)
        self._rows: list[dict] | None = None

    def on_train_begin(self, logs=None):
        self._rows = None

    def on_epoch_begin(self, epoch, logs=None):
        if self._rows is None:
            self._rows = [row for row in self._saved() if int(row["epoch"]) <= epoch]

    def on_epoch_end(self, epoch, logs=None):
        if not getattr(self.model, "is_chief", True):
            return
        values = {key: float(value) for key, value in sorted((logs or {}).items())}
        self._rows.append({"epoch": epoch + 1, **values})
        with (
            atomic_path(self.path) as temporary,
            open(temporary, "w", newline="", encoding="utf-8") as file,
        ):
            columns = list(dict.fromkeys(key for row in self._rows for key in row))
            writer = csv.DictWriter(file, columns, restval="")
            writer.writeheader()
            writer.writerows(self._rows)

    def _saved(self) -> list[dict]:
        if not self.path.exists():
            return []
        with open(self.path, newline="", encoding="utf-8") as file:
            return list(csv.DictReader(file))
