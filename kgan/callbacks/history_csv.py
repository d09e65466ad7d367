"""Writes the logs of every epoch into a CSV file."""

import csv
import time
from typing import Any

from kgan.callbacks.interval import samples_shown
from kgan.callbacks.model_callback import ModelCallback
from kgan.callbacks.paths import check_file
from kgan.files import atomic_path
from kgan.types import PathLike


class HistoryCSV(ModelCallback):
    """Writes the logs of every epoch into a CSV file that is complete at any moment.

    `keras.callbacks.CSVLogger` appends to an open file; this callback replaces the whole
    file after each epoch. If training resumes at a later epoch than the first, the rows
    of earlier epochs stay, so an interrupted and resumed run leaves the same file as a
    run without an interruption, but for the seconds.

    Each row has the number of the epoch, `images`, the number of real samples shown, and
    `seconds` of training, both since the start of the training.

    Args:
        path: Path of the file. A run that begins at the first epoch replaces an older
            file.

    Raises:
        ValueError: If `path` is no path of a file.
    """

    def __init__(self, path: PathLike):
        super().__init__()
        self.path = check_file(path=path)
        self._rows: list[dict[str, Any]] | None = None

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        self._rows = None
        self._start, self._earlier_seconds = time.monotonic(), 0.0

    def on_epoch_begin(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        if self._rows is None:
            is_start = epoch == 0 and self.model.progress.batch == 0
            is_new = is_start or not self.model.devices.is_chief
            self._rows = [] if is_new else self.earlier_rows(epoch)

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        if not self.model.devices.is_chief:
            return
        assert self._rows is not None
        values = {key: float(value) for key, value in sorted((logs or {}).items())}
        position = {"epoch": epoch + 1, "images": samples_shown(self.model)}
        seconds = round(self._earlier_seconds + time.monotonic() - self._start, 1)
        self._rows.append({**position, "seconds": seconds, **values})
        with (
            atomic_path(self.path) as temporary,
            open(temporary, "w", newline="", encoding="utf-8") as file,
        ):
            columns = list(dict.fromkeys(key for row in self._rows for key in row))
            writer = csv.DictWriter(file, columns, restval="")
            writer.writeheader()
            writer.writerows(self._rows)

    def earlier_rows(self, epoch: int) -> list[dict[str, Any]]:
        """Returns the rows in the file of the epochs before this one.

        Raises:
            ValueError: If the file is no history.
        """
        if not self.path.exists():
            return []
        found = "no table"
        try:
            with open(self.path, newline="", encoding="utf-8") as file:
                rows = list(csv.DictReader(file))
            found = f"columns {list(rows[0])}" if rows else "no rows"
            earlier = [row for row in rows if int(row["epoch"]) <= epoch]
            # A history of an older kgan has no seconds.
            self._earlier_seconds = max(
                (float(row.get("seconds", 0)) for row in earlier), default=0
            )
            return earlier
        # A file that was edited by hand can miss a cell or hold a text.
        except (csv.Error, KeyError, TypeError, ValueError):
            raise ValueError(
                "To resume training, the file must be the history of the earlier epochs, "
                "with a number in the column `epoch` of each row. "
                f"Received: path={self.path} with {found}"
            ) from None
