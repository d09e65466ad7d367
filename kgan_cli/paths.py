"""Paths of runs and of trained GANs, checked before Keras is imported."""

import os
import pathlib

from kgan_cli import names

# The files of a run folder.
GAN, CONFIG = "gan.keras", "config.json"
NO_RUN = f"Expected the folder of a run, with its {CONFIG}"


def is_trained_gan(path: str | os.PathLike[str]) -> bool:
    """Whether a path that does not exist is the name of a trained GAN of the package."""
    return not os.path.exists(path) and os.fspath(path) in names.trained_gans()


def gan_file(path: str | os.PathLike[str]) -> pathlib.Path:
    """Returns the `.keras` file of a run folder, or the file itself."""
    path = pathlib.Path(path)
    return path / GAN if path.is_dir() else path


def check_gan(path: str | os.PathLike[str], option: str = "") -> None:
    """Checks that a path leads to a trained GAN.

    Args:
        path: The path.
        option: The option that has the path; empty for an argument without a name.

    Raises:
        ValueError: If there is no file of a GAN, and no GAN of this name.
    """
    file = gan_file(path)
    if not is_trained_gan(path) and not (file.suffix == ".keras" and file.is_file()):
        raise ValueError(
            f"Expected a run folder with {GAN}, a .keras file that kgan saved, or a "
            f"trained GAN of the package ({', '.join(names.trained_gans())}). "
            f"Received: {_given(path, option)}"
        )


def check_run(path: str | os.PathLike[str], option: str = "") -> None:
    """Checks that a path leads to the folder of a run.

    Args:
        path: The path.
        option: The option that has the path; empty for an argument without a name.

    Raises:
        ValueError: If there is no record of a run.
    """
    if not pathlib.Path(path, CONFIG).is_file():
        raise ValueError(f"{NO_RUN}. Received: {_given(path, option)}")


def check_out(path: str | os.PathLike[str], option: str) -> None:
    """Checks that a file or a folder can be made at a path, whose folders may be missing.

    Args:
        path: The path.
        option: The option that has the path.

    Raises:
        ValueError: If the folder that exists can't be written to.
    """
    folders = pathlib.Path(path).absolute().parents
    folder = next(folder for folder in folders if folder.exists())
    if not folder.is_dir() or not os.access(folder, os.W_OK):
        raise ValueError(
            f"{option} must be in a folder that can be written to, which {folder} is "
            f"not. Received: {_given(path, option)}"
        )


def _given(path: str | os.PathLike[str], option: str) -> str:
    return f"{option} {os.fspath(path)}".strip()
