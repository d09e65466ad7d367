"""The folder of a run: its files, its record, and the checks before a run continues."""

import json
import pathlib
import platform
from typing import Self

import keras
import numpy as np

import kgan
from kgan.cli.training import Training
from kgan.files import atomic_path
from kgan.types import ArrayLike, Config, PathLike
from kgan.version import versions


class RunFolder:
    """The folder of a run.

    Args:
        path: The path of the folder, which need not exist.
    """

    def __init__(self, path: PathLike):
        self.path = pathlib.Path(path)
        self.config = self.path / "config.json"
        self.gan = self.path / "gan.keras"
        self.history = self.path / "history.csv"
        self.reals = self.path / "reals.png"
        self.samples = self.path / "samples"
        self.animation = self.path / "samples.gif"
        self.saved_model = self.path / "saved_model"
        self.skipped = self.path / "skipped.txt"

    def __str__(self) -> str:
        return str(self.path)

    @classmethod
    def make(cls, out: str | None, data: str) -> Self:
        """Makes the folder of a new run.

        Args:
            out: The path; None for the next free number under `runs`.
            data: The value of `--data`, from which a numbered folder gets its name.

        Raises:
            ValueError: If the folder is not empty, or can't be written to.
        """
        if out is None:
            return cls(_make_numbered(pathlib.Path("runs"), pathlib.Path(data).stem))
        folder = cls(out)
        path = folder.path
        if path.exists() and (not path.is_dir() or any(path.iterdir())):
            raise ValueError(
                "--out must be a new or an empty folder, so that no earlier run is "
                f"overwritten. Received: --out {out}"
            )
        try:
            path.mkdir(parents=True, exist_ok=True)
            with atomic_path(folder.config) as probe:
                probe.touch()
        except OSError as error:
            raise ValueError(
                f"--out can't be written to ({error.strerror}). Received: --out {out}"
            ) from None
        return folder

    def read_config(self) -> Config:
        """Returns the content of `config.json`.

        Raises:
            ValueError: If the folder holds no run.
        """
        try:
            config = json.loads(self.config.read_text("utf-8"))
            config["arguments"]["data"], config["data"]["sha256"]
        except (OSError, ValueError, TypeError, KeyError) as error:
            reason = getattr(error, "strerror", None)
            reason = reason or f"{type(error).__name__}: {error}"
            raise ValueError(
                "--resume takes the folder of a run, with its config.json "
                f"({reason}). Received: --resume {self}"
            ) from None
        return config

    def write_config(self, training: Training) -> None:
        """Writes `config.json`: everything that is needed to repeat the run."""
        gan, preset, batches = training.gan, training.preset, training.batches
        networks = ("generator", "discriminator")
        config = {
            "arguments": training.settings.record(),
            "preset": {"code": str(preset).splitlines(), "reasons": preset.reasons},
            "data": {
                "shape": list(batches.x.shape),
                "dtype": str(batches.x.dtype),
                **kgan.data.fingerprints(batches.x, batches.labels),
            },
            "gan": {k: v for k, v in gan.get_config().items() if k not in networks},
            "compile": gan.get_compile_config(),
            "backend": keras.backend.backend(),
            "versions": {"python": platform.python_version(), **versions()},
            "platform": platform.platform(),
        }
        with atomic_path(self.config) as path:
            path.write_text(json.dumps(config, indent=2, default=str) + "\n", "utf-8")


def load_gan(path: pathlib.Path) -> kgan.GAN:
    """Loads the GAN of a run folder, or of a `.keras` file.

    Args:
        path: The folder or the file.

    Raises:
        ValueError: If there is no GAN.
    """
    try:
        gan = keras.models.load_model(RunFolder(path).gan if path.is_dir() else path)
    except Exception as error:
        raise ValueError(
            "Expected a run folder with gan.keras, or a .keras file that kgan saved "
            f"({str(error).splitlines()[0]}). Received: {path}"
        ) from None
    if not isinstance(gan, kgan.GAN):
        raise ValueError(
            f"Expected a saved GAN. Received: {path}, a {type(gan).__name__}"
        )
    return gan


def check_same_data(
    config: Config, samples: ArrayLike, labels: np.ndarray | None
) -> None:
    """Checks that the data is the same as at the start of the run.

    Args:
        config: The content of the run's `config.json`.
        samples: The samples that were loaded now.
        labels: The labels that were loaded now, or None.

    Raises:
        ValueError: If the samples or the labels are not the same as in the run.
    """
    for key, found in kgan.data.fingerprints(samples, labels).items():
        # Unconditional runs, and runs of earlier releases, have no hash of labels.
        expected = config["data"].get(key, found)
        if found != expected:
            raise ValueError(
                "A run continues with the data that it began with, but the data has "
                f"changed. Received: {config['arguments']['data']} with {key} {found}, "
                f"expected {expected}"
            )


def _make_numbered(root: pathlib.Path, name: str) -> pathlib.Path:
    ending = "".join(c if c.isalnum() else "-" for c in name)
    number = 0
    while True:
        path = root / f"{number:05d}-{ending}"
        try:
            path.mkdir(parents=True)
            return path
        except FileExistsError:
            number += 1
