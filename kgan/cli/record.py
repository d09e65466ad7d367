"""A run as its files tell: the configuration, the history, the pictures, the metrics."""

import csv
import dataclasses
import math
import pathlib
from collections.abc import Sequence

import kgan
from kgan import metrics
from kgan.cli import dataset
from kgan.cli.run_folder import RunFolder, check_same_data
from kgan.data import LoadedData
from kgan.types import Config
from kgan_cli.settings import ModelSettings
from kgan_cli.spelling import as_options

# Columns of a history that tell the position, not a result.
_POSITION = ("epoch", "images", "seconds")


@dataclasses.dataclass(frozen=True)
class Record:
    """A run.

    Args:
        name: Str, by which a reader tells this run from the others.
        folder: The `RunFolder`.
        config: The content of `config.json`.
        history: A list of numbers for each column of `history.csv`; NaN for an empty
            cell.
    """

    name: str
    folder: RunFolder
    config: Config
    history: dict[str, list[float]]

    @classmethod
    def read(cls, path: str) -> "Record":
        """Reads a run folder.

        Raises:
            ValueError: If the folder holds no run, or a damaged history.
        """
        folder = RunFolder(path)
        name = folder.path.name or folder.path.resolve().name
        return cls(name, folder, folder.read_config(), _history(folder.history))

    @property
    def shown(self) -> list[float]:
        """The number of samples shown at each row of the history.

        Runs of earlier releases record epochs only.
        """
        return self.history.get("images") or self.history.get("epoch", [])

    @property
    def results(self) -> dict[str, list[float]]:
        """The columns of the history that hold losses and metrics."""
        return {k: v for k, v in self.history.items() if k not in _POSITION}

    def last(self, column: str) -> float:
        """Returns the last number in a column; NaN if there is none."""
        found = [v for v in self.history.get(column, []) if not math.isnan(v)]
        return found[-1] if found else math.nan

    def until(self, shown: int) -> "Record":
        """Returns the run up to a GAN that was saved in the midst of it.

        Args:
            shown: The number of real samples that the GAN was shown.
        """
        images = self.history.get("images", [])
        kept = [i for i, number in enumerate(images) if number <= shown]
        if len(kept) == len(images):
            return self
        history = {name: [v[i] for i in kept] for name, v in self.history.items()}
        return dataclasses.replace(self, history=history)

    def grids(self) -> dict[int, pathlib.Path]:
        """Returns the grids of samples, by the number of samples shown."""
        paths = self.folder.samples.glob("samples-*.png")
        named = ((path.stem.removeprefix("samples-"), path) for path in paths)
        found = {int(number): path for number, path in named if number.isdecimal()}
        return dict(sorted(found.items()))

    def metrics(self) -> list[metrics.Result]:
        """Returns the results in `metrics.json`, if `kgan evaluate` wrote this file.

        Raises:
            ValueError: If the file is damaged.
        """
        try:
            return metrics.load(self.folder.metrics)
        except FileNotFoundError:
            return []
        except (ValueError, TypeError, KeyError):
            raise ValueError(
                "The file must be the one that `kgan evaluate --json` wrote. "
                f"Received: {self.folder.metrics}"
            ) from None

    def problems(self) -> list[str]:
        """Returns the sentences about problems of the training, in `health.txt`."""
        try:
            return self.folder.health.read_text("utf-8").splitlines()
        except FileNotFoundError:
            return []

    def load_data(self) -> LoadedData:
        """Loads the data of a run again that draws samples from latents.

        Raises:
            ValueError: If the data is gone, can't be read, or has changed.
        """
        settings = ModelSettings(**ModelSettings.checked(self.config["arguments"]))
        try:
            data = dataset.load(settings)
        except (OSError, ValueError, ImportError) as error:
            raise ValueError(
                f"The data of the run can't be loaded. {as_options(str(error), settings)}"
            ) from None
        check_same_data(self.config, data)
        return data

    def is_of_images(self) -> bool:
        """Whether the samples are images."""
        return kgan.data.is_image_shape(tuple(self.config["data"]["shape"][1:]))


def read_all(paths: Sequence[str]) -> list[Record]:
    """Reads run folders, and gives runs of the same name longer names.

    Raises:
        ValueError: If a folder holds no run, or is named twice.
    """
    found = [Record.read(path) for path in paths]
    names = [record.name for record in found]
    if len(set(names)) == len(names):
        return found
    if len({record.folder.path.resolve() for record in found}) < len(found):
        raise ValueError(
            f"Each run must be named once. Received: {' '.join(map(str, paths))}"
        )
    return [dataclasses.replace(record, name=str(record.folder)) for record in found]


def _history(path: pathlib.Path) -> dict[str, list[float]]:
    """Returns the columns of a history; none without the file."""
    try:
        with open(path, newline="", encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
        names = list(rows[0]) if rows else []
        return {n: [float(row[n]) if row[n] else math.nan for row in rows] for n in names}
    except FileNotFoundError:
        return {}
    except (csv.Error, ValueError, TypeError):
        raise ValueError(
            f"The history of a run must be a table of numbers. Received: {path}"
        ) from None
