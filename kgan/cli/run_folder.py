"""The folder of a run: its files, its record, and the checks before a run continues."""

import contextlib
import json
import os
import pathlib
import platform
import zipfile
from collections.abc import Iterator, Sequence
from typing import Self

import filelock
import keras
import numpy as np

import kgan
from kgan import backend, files, trainers
from kgan.cli import captions
from kgan.cli.dataset import AnyData
from kgan.cli.picture_sets import PictureSets
from kgan.cli.training import Training
from kgan.files import atomic_path
from kgan.models.compiled import CompiledModel
from kgan.types import Config, PathLike
from kgan.version import versions
from kgan_cli import paths
from kgan_cli.translation import paths_of, source_of

# The file that is locked while a process trains. A process that is killed leaves it.
_LOCK = ".lock"
# The models that draw pictures from pictures.
TRANSLATORS = (kgan.Translator, kgan.CycleGAN)
Translator = kgan.Translator | kgan.CycleGAN


class RunFolder:
    """The folder of a run.

    Args:
        path: The path of the folder, which need not exist.
    """

    def __init__(self, path: PathLike):
        self.path = pathlib.Path(path)
        self.config = self.path / paths.CONFIG
        self.encoder = self.path / captions.ENCODER
        self.vectors = self.path / captions.VECTORS
        self.gan = self.path / paths.GAN
        self.best = self.path / "best.keras"
        self.health = self.path / "health.txt"
        self.history = self.path / "history.csv"
        self.logs = self.path / "logs"
        self.metrics = self.path / paths.METRICS
        self.reals = self.path / "reals.png"
        self.report = self.path / "report.html"
        self.samples = self.path / "samples"
        self.animation = self.path / "samples.gif"
        self.saved_model = self.path / "saved_model"
        self.skipped = self.path / "skipped.txt"

    def __str__(self) -> str:
        return str(self.path)

    @classmethod
    @contextlib.contextmanager
    def new(cls, out: str | None, data: str) -> Iterator[Self]:
        """Makes and locks the folder of a new run.

        After an error, the folder is removed if nothing was trained that can be kept.

        Args:
            out: The path; None for the next free number under `runs`.
            data: The name of the data, from which a numbered folder gets its name.

        Yields:
            The run folder.

        Raises:
            ValueError: If the folder is not empty, can't be written to, or is locked.
        """
        folder = cls(out or _make_numbered(pathlib.Path("runs"), data))
        existed = out is not None and folder.path.exists()
        with contextlib.ExitStack() as stack:
            try:
                folder.check_unused()
                folder.path.mkdir(parents=True, exist_ok=True)
                stack.enter_context(folder.locked())
            except OSError as error:
                raise ValueError(
                    f"--out can't be written to ({error.strerror}). "
                    f"Received: --out {folder}"
                ) from None
            # Another process may have begun a run here before the folder was locked.
            folder.check_unused()
            files.remove_leftovers(folder.path)
            try:
                yield folder
            except trainers.WorkerLost:
                raise
            except BaseException:
                folder._discard_untrained(existed)
                raise

    def check_unused(self) -> None:
        """Checks that a run can begin in the folder.

        Raises:
            ValueError: If there is a file at the path, or the folder has files.
        """
        path = self.path
        if path.exists() and (not path.is_dir() or any(map(_is_used, path.iterdir()))):
            raise ValueError(
                "--out must be a new or an empty folder, so that no earlier run is "
                f"overwritten. Received: --out {self}"
            )

    def is_cause(self, error: OSError) -> bool:
        """Whether an error tells of a file in the folder, or of a full disk."""
        if error.errno in files.DISK_ERRORS:
            return True
        if not error.filename:
            return False
        file = pathlib.Path(os.fsdecode(error.filename)).absolute()
        return file.is_relative_to(self.path.absolute())

    def has_training(self) -> bool:
        """Whether a part of the training is done, so that the folder is kept."""
        return self.gan.exists() or self.history.exists()

    def _discard_untrained(self, keep_folder: bool) -> None:
        if self.has_training():
            return
        for path in self.path.iterdir():
            files.remove(path)
        if not keep_folder:
            self.path.rmdir()

    @contextlib.contextmanager
    def locked(self) -> Iterator[None]:
        """Context in which no other process trains this run.

        The system releases the lock when the process ends, also when it is killed.

        Raises:
            ValueError: If another process trains this run.
        """
        lock = filelock.FileLock(self.path / _LOCK)
        try:
            lock.acquire(timeout=0)
        except filelock.Timeout:
            raise ValueError(
                "Another process trains this run now: wait until it ends, or stop it. "
                f"Received: {self}"
            ) from None
        try:
            yield
        finally:
            # Before the release, so that no process locks a file that is then removed.
            with contextlib.suppress(OSError):
                files.remove(self.path / _LOCK)
            lock.release()

    def read_config(self, option: str = "") -> Config:
        """Returns the content of `config.json`.

        Args:
            option: The option that names the folder, for example `"--resume"`; empty for
                an argument without an option.

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
                f"{paths.NO_RUN} ({reason}). Received: {f'{option} {self}'.strip()}"
            ) from None
        return config

    def is_run(self) -> bool:
        """Whether the folder has a `config.json` of a run."""
        try:
            self.read_config()
        except ValueError:
            return False
        return True

    def write_config(self, training: Training) -> None:
        """Writes `config.json`: everything that is needed to repeat the run."""
        text = json.dumps(record(training), indent=2, default=str)
        with atomic_path(self.config) as path:
            path.write_text(text + "\n", "utf-8")


def record(training: Training) -> Config:
    """Returns the content of `config.json`.

    Args:
        training: The training.
    """
    gan, preset, samples = training.gan, training.preset, training.data.samples
    text, sets = training.text, training.sets
    labels = None if text or sets else training.batches.labels
    networks = ("generator", "discriminator")
    return {
        "arguments": training.settings.record(),
        "preset": {"code": str(preset).splitlines(), "reasons": preset.reasons},
        "data": {
            "shape": list(samples.shape),
            "dtype": str(samples.dtype),
            **_fingerprints(training.data, labels, text.texts if text else None),
            "classes": training.data.classes,
        },
        "parameters": {name: getattr(gan, name).count_params() for name in networks},
        # Not the networks, which the code of the preset builds.
        "gan": {k: v for k, v in gan.get_config().items() if not k.startswith(networks)},
        "compile": gan.get_compile_config(),
        "backend": keras.backend.backend(),
        "threads": backend.num_threads(),
        "versions": {"python": platform.python_version(), **versions()},
        "platform": platform.platform(),
    }


def _fingerprints(
    data: AnyData, labels: np.ndarray | None, texts: captions.Captions | None
) -> dict[str, str]:
    """Returns the hashes of data under their names in `config.json`."""
    found = kgan.data.fingerprints(data.samples, labels) | captions.fingerprint(texts)
    return found | data.fingerprint() if isinstance(data, PictureSets) else found


def load_gan(path: pathlib.Path) -> kgan.GAN:
    """Loads a GAN that draws samples from latents, see `load_model`.

    Raises:
        ValueError: If the model translates pictures, and see `load_model`.
    """
    model = load_model(path)
    if isinstance(model, TRANSLATORS) or not isinstance(model, kgan.GAN):
        raise ValueError(
            f"A {type(model).__name__} draws pictures from pictures, and has no latents "
            f"to draw samples from: use `kgan translate`. Received: {path}"
        )
    return model


def load_translator(path: pathlib.Path) -> Translator:
    """Loads a model that translates pictures, see `load_model`.

    Raises:
        ValueError: If the model draws samples from latents, and see `load_model`.
    """
    model = load_model(path)
    if not isinstance(model, TRANSLATORS):
        raise ValueError(
            f"A {type(model).__name__} draws samples from latents, and translates no "
            f"pictures: use `kgan sample`. Received: {path}"
        )
    return model


def load_model(path: pathlib.Path) -> CompiledModel:
    """Loads the GAN of a run folder or a `.keras` file, or a trained GAN of the package.

    Args:
        path: The folder, the file or the name. A path that exists is no name.

    Raises:
        ValueError: If there is no GAN, or its file is damaged.
    """
    paths.check_gan(path)
    if paths.is_trained_gan(path):
        return kgan.GAN.from_preset(str(path))
    file = paths.gan_file(path)
    try:
        if not zipfile.is_zipfile(file):
            raise ValueError("not a whole zip archive")
        gan = keras.models.load_model(file)
    # Damage can raise any exception.
    except Exception as error:
        reason = (str(error) or type(error).__name__).splitlines()[0]
        raise ValueError(
            f"{file.name} is damaged, or no file that kgan saved ({reason}). "
            f"Received: {file}"
        ) from None
    if not isinstance(gan, CompiledModel):
        raise ValueError(
            f"Expected a saved GAN. Received: {path}, a {type(gan).__name__}"
        )
    return gan


def check_direction(to: str | None, model: CompiledModel, path: PathLike) -> None:
    """Checks that `--to` is for a model of two directions.

    Raises:
        ValueError: If `--to` is given for a model of one direction.
    """
    if to is not None and not isinstance(model, kgan.CycleGAN):
        raise ValueError(
            "--to is for a CycleGAN, which translates in both directions. "
            f"Received: --to {to}, {path} with a {type(model).__name__}"
        )


def load_encoder(path: pathlib.Path, text: Sequence[str]) -> kgan.text.Encoder:
    """Loads the encoder of the captions of a run.

    Args:
        path: The run folder, or a `.keras` file in the folder.
        text: The value of `--text`, for the error.

    Raises:
        ValueError: If the run has no captions, or the file of the encoder is damaged.
    """
    file = run_of(path).encoder
    if not file.exists():
        raise ValueError(
            "--text needs the run folder of a GAN that was trained with --captions. "
            f"Received: {path} --text {text[0]!r}"
        )
    return kgan.text.load(file)


def run_of(path: PathLike) -> RunFolder:
    """Returns the run folder of a GAN.

    Args:
        path: The run folder, a `.keras` file in the folder, or another path.

    Returns:
        The `RunFolder`. A GAN outside of a run has a folder without files of a run.
    """
    path = pathlib.Path(path)
    if path.suffix != ".keras" or not path.is_file():
        return RunFolder(path)
    folder = RunFolder(path.parent)
    # The file may lie beside a `config.json` of another program.
    is_other = folder.config.exists() and not folder.is_run()
    return RunFolder(path) if is_other else folder


def threads_changed(config: Config) -> str:
    """Returns a sentence if the run had another number of threads, or an empty str.

    Args:
        config: The content of the run's `config.json`; earlier releases record no number.
    """
    threads = backend.num_threads()
    if config.get("threads", threads) == threads:
        return ""
    return (
        f"This run was trained with {config['threads']} threads and now has {threads}: "
        "its numbers may differ from an uninterrupted run in the last digits."
    )


def check_source(config: Config, folder: RunFolder) -> None:
    """Checks that the data of a run is still at its path.

    Args:
        config: The content of the run's `config.json`.
        folder: The run folder.

    Raises:
        ValueError: If there is nothing at a path.
    """
    arguments = config["arguments"]
    captions_file = arguments.get("captions")
    for path in [*paths_of(arguments), *([captions_file] if captions_file else [])]:
        # The record has absolute paths. Another text is the name of a data set.
        if os.path.isabs(path) and not os.path.exists(path):
            raise ValueError(
                "The data of this run is no longer at its path: put the data back, or "
                f"write its new path into {folder.config}. Received: --resume {folder} "
                f"with {path}"
            )


def check_same_data(
    config: Config, data: AnyData, texts: captions.Captions | None = None
) -> None:
    """Checks that the data is the same as at the start of the run.

    Args:
        config: The content of the run's `config.json`.
        data: The data that was loaded now.
        texts: The captions that were loaded now, or None.

    Raises:
        ValueError: If the samples, the labels, the sources or the captions are not the
            same as in the run.
    """
    hashes = _fingerprints(data, data.labels, texts)
    for key, found in hashes.items():
        # Unconditional runs, and runs of earlier releases, have no hash of labels.
        expected = config["data"].get(key, found)
        if found != expected:
            source = source_of(config["arguments"])
            raise ValueError(
                "A run keeps the data that it began with, but the data has changed. "
                f"Received: {source} with {key} {found}, expected {expected}"
            )


def _is_used(path: pathlib.Path) -> bool:
    """Whether a path in a folder is more than a process leaves that began no run."""
    return path.name != _LOCK and not files.is_leftover(path)


def _make_numbered(root: pathlib.Path, name: str) -> pathlib.Path:
    """Makes the folder of the next number, which counts over the runs of all names."""
    ending = "".join(c if c.isalnum() else "-" for c in name)
    while True:
        begins = [path.name.partition("-")[0] for path in root.glob("*-*")]
        last = max((int(text) for text in begins if text.isdecimal()), default=-1)
        path = root / f"{last + 1:05d}-{ending}"
        # Another process may have made this folder since.
        with contextlib.suppress(FileExistsError):
            path.mkdir(parents=True)
            return path
