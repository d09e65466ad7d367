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
            begins = epoch == 0 and self.model.position.batch == 0
            self._rows = [] if begins or not self.model.is_chief else self._saved(epoch)

    def on_epoch_end(self, epoch, logs=None):
        if not self.model.is_chief:
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

    def _saved(self, epoch: int) -> list[dict]:
        if not self.path.exists():
            return []
        with open(self.path, newline="", encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
        if rows and "epoch" not in rows[0]:
            raise ValueError(
                "Training that goes on needs the history that it left, with a column "
                f"`epoch`. Received: path={self.path} with columns {list(rows[0])}"
            )
        return [row for row in rows if int(row["epoch"]) <= epoch]
