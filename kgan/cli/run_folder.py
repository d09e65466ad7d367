"""The folder in which a run leaves everything."""

import hashlib
import importlib.metadata
import json
import pathlib
import platform
from typing import Any

import keras
import numpy as np

import kgan
from kgan.files import atomic_path

_PACKAGES = ("kgan", "keras", "numpy", "pillow")


def make(out: str | None, name: str) -> pathlib.Path:
    """Makes the folder of a new run.

    Args:
        out: Where; None for the next free number under `runs`.
        name: What the numbered folder's name ends in.

    Raises:
        ValueError: If the folder holds anything already.
        OSError: If it can't be made.
    """
    if out is None:
        return _numbered(pathlib.Path("runs"), name)
    path = pathlib.Path(out)
    if path.exists() and (not path.is_dir() or any(path.iterdir())):
        raise ValueError(
            "--out must be a new or an empty folder, so that no earlier run is "
            f"overwritten. Received: --out {out}"
        )
    try:
        path.mkdir(parents=True, exist_ok=True)
        with atomic_path(path / "config.json") as probe:
            probe.touch()
    except OSError as error:
        raise ValueError(
            f"--out can't be written to ({error.strerror}). Received: --out {out}"
        ) from None
    return path


def _numbered(root: pathlib.Path, name: str) -> pathlib.Path:
    number = 0
    while True:
        path = root / f"{number:05d}-{name}"
        try:
            path.mkdir(parents=True)
            return path
        except FileExistsError:
            number += 1


def load_gan(path: pathlib.Path) -> kgan.GAN:
    """Loads the GAN of a run folder, or of a `.keras` file.

    Raises:
        ValueError: If there is none.
    """
    model = path / "gan.keras" if path.is_dir() else path
    try:
        gan = keras.models.load_model(model)
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


def read_config(run: str) -> dict[str, Any]:
    """Returns what `write_config` wrote.

    Args:
        run: The run folder.

    Raises:
        ValueError: If the folder holds no run.
    """
    try:
        config = json.loads(pathlib.Path(run, "config.json").read_text("utf-8"))
        config["arguments"]["data"], config["data"]["sha256"]
    except (OSError, ValueError, TypeError, KeyError) as error:
        reason = getattr(error, "strerror", None) or f"{type(error).__name__}: {error}"
        raise ValueError(
            "--resume takes the folder of a run, with its config.json "
            f"({reason}). Received: --resume {run}"
        ) from None
    return config


def check_same_data(
    config: dict[str, Any], samples: np.ndarray, labels: np.ndarray | None
) -> None:
    """Refuses to go on with other data than the run's, or other labels."""
    for key, found in hashes(samples, labels).items():
        # Runs without conditions, and of earlier releases, have no hash of labels.
        expected = config["data"].get(key, found)
        if found != expected:
            raise ValueError(
                "A run goes on with the data that it began with, and that is another "
                f"now. Received: {config['arguments']['data']} with {key} {found}, "
                f"expected {expected}"
            )


def hashes(samples: np.ndarray, labels: np.ndarray | None) -> dict[str, str]:
    """Returns the hashes of the bytes of samples and labels."""
    found = {"sha256": sha256(samples)}
    return (
        found
        if labels is None
        else found | {"labels_sha256": sha256(np.asarray(labels, "int64"))}
    )


def sha256(samples: np.ndarray) -> str:
    """Returns the hash of an array's bytes."""
    digest = hashlib.sha256()
    for part in kgan.data.chunks(samples):
        digest.update(np.ascontiguousarray(part).data)
    return digest.hexdigest()


def write_config(
    folder: pathlib.Path,
    arguments: dict[str, Any],
    samples: np.ndarray,
    labels: np.ndarray | None,
    gan: Any,
    preset: kgan.presets.Preset,
) -> None:
    """Writes `config.json`: all that is needed to repeat the run.

    Args:
        folder: The run folder.
        arguments: The command's arguments, defaults filled in.
        samples: The data.
        labels: Those that a conditional GAN trains on, or None.
        gan: The compiled GAN.
        preset: What it was built by.
    """
    backend = keras.backend.backend()
    packages = (*_PACKAGES, backend)
    versions = {package: importlib.metadata.version(package) for package in packages}
    config = {
        "arguments": arguments,
        "preset": {"code": str(preset).splitlines(), "reasons": preset.reasons},
        "data": {
            "shape": list(samples.shape),
            "dtype": str(samples.dtype),
            **hashes(samples, labels),
        },
        "gan": {
            key: value
            for key, value in gan.get_config().items()
            if key not in ("generator", "discriminator")
        },
        "compile": gan.get_compile_config(),
        "backend": backend,
        "versions": {"python": platform.python_version(), **versions},
        "platform": platform.platform(),
    }
    with atomic_path(folder / "config.json") as path:
        path.write_text(json.dumps(config, indent=2, default=str) + "\n", "utf-8")
