"""Experiment trackers: packages that keep the numbers of runs, see `kgan train --track`.

The Keras callbacks of these packages count epochs. The parts of a run have other lengths
with other data, so only the number of samples shown compares runs: `Track` gives this
number to the functions with which each package logs.
"""

import contextlib
import os
import pathlib
import sys
from collections.abc import Callable, Mapping
from typing import Any, ClassVar

import keras
from PIL import Image

from kgan import extras
from kgan.callbacks.interval import samples_shown
from kgan.cli.run_folder import RunFolder
from kgan.types import Config

# The project of runs for which the environment names no project.
_PROJECT = "kgan"
# The key of the grids of samples.
_SAMPLES = "samples"


class Tracker:
    """Base class of the trackers. `kgan train --track` takes their names.

    `__init__` imports the package, which has the name of the tracker, as has its extra.
    """

    name: ClassVar[str]

    def start(self, title: str, config: Config) -> None:
        """Begins a run of the tracker.

        Args:
            title: The name of the run.
            config: The content of `config.json`.
        """
        raise NotImplementedError

    def log(self, values: dict[str, float], shown: int) -> None:
        """Keeps numbers, after a number of samples shown."""
        raise NotImplementedError

    def draw(self, path: pathlib.Path, shown: int) -> None:
        """Keeps a picture of samples, after a number of samples shown."""
        raise NotImplementedError

    def end(self, failed: bool) -> None:
        """Ends the run of the tracker."""
        raise NotImplementedError


class MLflow(Tracker):
    """MLflow: `MLFLOW_TRACKING_URI` and `MLFLOW_EXPERIMENT_NAME` name the place."""

    name = "mlflow"

    def __init__(self) -> None:
        import mlflow

        self._mlflow = mlflow

    def start(self, title: str, config: Config) -> None:
        self._mlflow.start_run(run_name=title)
        self._mlflow.log_params(config["arguments"])
        self._mlflow.log_dict(config, "config.json")

    def log(self, values: dict[str, float], shown: int) -> None:
        self._mlflow.log_metrics(values, step=shown)

    def draw(self, path: pathlib.Path, shown: int) -> None:
        with Image.open(path) as picture:
            self._mlflow.log_image(picture, key=_SAMPLES, step=shown, synchronous=True)

    def end(self, failed: bool) -> None:
        self._mlflow.end_run("FAILED" if failed else "FINISHED")


class Trackio(Tracker):
    """Trackio: `TRACKIO_DIR`, `TRACKIO_SPACE_ID` or `TRACKIO_SERVER_URL` name the place.

    The package has no variable for the project.
    """

    name = "trackio"

    def __init__(self) -> None:
        import trackio

        self._trackio = trackio

    def start(self, title: str, config: Config) -> None:
        self._trackio.init(project=_PROJECT, name=title, config=config)

    def log(self, values: dict[str, float], shown: int) -> None:
        self._trackio.log(values, step=shown)

    def draw(self, path: pathlib.Path, shown: int) -> None:
        self._trackio.log({_SAMPLES: self._trackio.Image(str(path))}, step=shown)

    def end(self, failed: bool) -> None:
        self._trackio.finish()


class WandB(Tracker):
    """Weights & Biases: `WANDB_PROJECT`, `WANDB_NAME`, `WANDB_MODE` and so on."""

    name = "wandb"

    def __init__(self) -> None:
        import wandb

        self._wandb = wandb

    def start(self, title: str, config: Config) -> None:
        # An argument would override the variable.
        self._run = self._wandb.init(
            project=os.environ.get("WANDB_PROJECT", _PROJECT),
            name=os.environ.get("WANDB_NAME", title),
            config=config,
        )

    def log(self, values: dict[str, float], shown: int) -> None:
        self._run.log(values, step=shown)

    def draw(self, path: pathlib.Path, shown: int) -> None:
        self._run.log({_SAMPLES: self._wandb.Image(str(path))}, step=shown)

    def end(self, failed: bool) -> None:
        self._run.finish(exit_code=int(failed))


def load(names: str | None) -> list[Tracker]:
    """Returns the trackers of `--track`, whose packages are imported.

    Args:
        names: Names, separated by commas; None for no tracker.

    Raises:
        ImportError: If a package is missing.
    """
    trackers = {kind.name: kind for kind in Tracker.__subclasses__()}
    return [_load(trackers[name]) for name in (names.split(",") if names else [])]


def _load(kind: type[Tracker]) -> Tracker:
    try:
        return kind()
    except ImportError as error:
        given = f"--track {kind.name}"
        text = extras.missing(given, kind.name, kind.name, error)
        raise ImportError(f"{text} Received: {given}") from None


class Track(keras.callbacks.Callback):
    """Gives the logs of each part, and the grids of samples, to a tracker.

    A run that is resumed begins a new run of the tracker, at the samples already shown.
    If the tracker fails after its start, training goes on without the tracker.

    Args:
        tracker: The tracker.
        folder: The folder of the run, with `config.json` and the grids.
        say: Function that shows a sentence.
    """

    def __init__(self, tracker: Tracker, folder: RunFolder, say: Callable[[str], None]):
        super().__init__()
        self.tracker, self.folder, self.say = tracker, folder, say
        self._is_open = self._is_whole = False

    def on_train_begin(self, logs: Mapping[str, Any] | None = None) -> None:
        # The first grid shows the GAN before training, after 0 samples.
        self._drawn = samples_shown(self.model) or -1
        self._is_whole = False
        path = self.folder.path.resolve()
        config = {"run": str(path), **self.folder.read_config()}
        try:
            with _no_output():
                self.tracker.start(path.name, config)
        # Each package has errors of its own.
        except Exception as error:
            name = self.tracker.name
            raise ValueError(
                f"{name} can't begin a run ({_reason(error)}): the environment variables "
                f"of {name} name its place. Received: --track {name}"
            ) from None
        self._is_open = True

    def on_epoch_end(self, epoch: int, logs: Mapping[str, Any] | None = None) -> None:
        if not self._is_open:
            return
        shown = samples_shown(self.model)
        values = {key: float(value) for key, value in (logs or {}).items()}
        try:
            with _no_output():
                for number, path in self._new_grids(shown):
                    self.tracker.draw(path, number)
                self.tracker.log(values, shown)
        except Exception as error:
            self._is_open = False
            self.say(
                f"{self.tracker.name} gets no more logs, since it failed after "
                f"{shown:,} samples ({_reason(error)})."
            )

    def _new_grids(self, shown: int) -> list[tuple[int, pathlib.Path]]:
        """Returns the grids since the last call, with their numbers of samples."""
        paths = sorted(self.folder.samples.glob("samples-*.png"))
        found = [(int(path.stem.removeprefix("samples-")), path) for path in paths]
        last, self._drawn = self._drawn, shown
        return [one for one in found if last < one[0] <= shown]

    def on_train_end(self, logs: Mapping[str, Any] | None = None) -> None:
        self._is_whole = True

    def on_fit_end(self) -> None:
        # Also after an error.
        if self._is_open:
            self._is_open = False
            with _no_output(), contextlib.suppress(Exception):
                self.tracker.end(failed=not self._is_whole)


def _no_output() -> contextlib.redirect_stdout:
    """Context in which standard output, which --json needs, is standard error."""
    return contextlib.redirect_stdout(sys.stderr)


def _reason(error: Exception) -> str:
    return (str(error) or type(error).__name__).splitlines()[0].rstrip(".")
