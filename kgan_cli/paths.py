"""Paths of runs and of trained GANs, checked before Keras is imported."""

import os
import pathlib
import shlex
import subprocess
from collections.abc import Sequence

from kgan_cli import names
from kgan_cli.nearest import did_you_mean, sentence

# The files of a run folder.
GAN, CONFIG, METRICS = "gan.keras", "config.json", "metrics.json"
NO_RUN = f"Expected the folder of a run, with its {CONFIG}"


def quoted(path: str | os.PathLike[str]) -> str:
    """Returns a path as a shell reads it, with quotation marks if needed."""
    text = os.fspath(path)
    return subprocess.list2cmdline([text]) if os.name == "nt" else shlex.quote(text)


def is_trained_gan(path: str | os.PathLike[str]) -> bool:
    """Whether a path that does not exist is the name of a trained GAN of the package."""
    return not os.path.exists(path) and os.fspath(path) in names.trained_gans()


def are_same(one: object, other: object) -> bool:
    """Whether two values of an option are equal, or are paths of the same places."""
    if one == other:
        return True
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(are_same, one, other))
    if not (isinstance(one, str) and isinstance(other, str)):
        return False
    return os.path.exists(one) and os.path.realpath(one) == os.path.realpath(other)


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
        known = names.trained_gans()
        expected = (
            f"Expected a run folder with {GAN}, a .keras file that kgan saved, or a "
            f"trained GAN of the package ({', '.join(known)})"
        )
        suggested = did_you_mean(os.fspath(path), known)
        raise ValueError(
            f"{sentence(expected + suggested)} Received: {_given(path, option)}"
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


def check_data(path: str, option: str) -> None:
    """Checks that `--data` is the name of a data set, or a path that exists.

    Args:
        path: The name or the path.
        option: The option that has the path; empty for an argument without a name.

    Raises:
        ValueError: If there is nothing at the path, or the folder of a run.
    """
    _check_data(path, option, names.data_sets())
    if all(pathlib.Path(path, name).is_file() for name in (GAN, CONFIG)):
        raise ValueError(
            f"{option} must be the data, and not the folder of a run, whose pictures are "
            f"grids of samples. Received: {_given(path, option)}"
        )


def check_fakes(path: str, option: str) -> None:
    """Checks that a path leads to a trained GAN, or to data.

    Args:
        path: The name or the path.
        option: The option that has the path; empty for an argument without a name.

    Raises:
        ValueError: If there is nothing at the path.
    """
    _check_data(path, option, [*names.trained_gans(), *names.data_sets()])


def _check_data(path: str, option: str, known: Sequence[str]) -> None:
    if path in known or path.startswith("tfds:") or os.path.exists(path):
        return
    expected = (
        f"There is no file and no folder of that name, which is also none of "
        f"{', '.join(dict.fromkeys(known))}, tfds:NAME"
    )
    suggested = did_you_mean(path, known)
    raise ValueError(f"{sentence(expected + suggested)} Received: {_given(path, option)}")


def check_file(path: str, option: str) -> None:
    """Checks that there is a file at a path.

    Args:
        path: The path.
        option: The option that has the path; empty for an argument without a name.

    Raises:
        ValueError: If there is none, or a folder.
    """
    if not os.path.isfile(path):
        found = "which is a folder" if os.path.isdir(path) else "which does not exist"
        raise ValueError(f"Expected a file. Received: {_given(path, option)}, {found}")


def check_out(path: str | os.PathLike[str], option: str) -> None:
    """Checks that a file or a folder can be made at a path, whose folders may be missing.

    Args:
        path: The path.
        option: The option that has the path.

    Raises:
        ValueError: If the path is empty, or the folder that exists can't be written to.
    """
    _check_not_empty(path, option)
    whole = pathlib.Path(path).absolute()
    # A folder that exists is filled: the folder around a mount may be read-only.
    _check_writable(whole if whole.is_dir() else whole.parent, path, option)


def check_out_file(path: str | os.PathLike[str], option: str) -> None:
    """Checks that a file can be made at a path, see `check_out`.

    Args:
        path: The path.
        option: The option that has the path.

    Raises:
        ValueError: If there is a folder at the path, and see `check_out`.
    """
    check_out(path, option)
    if os.path.isdir(path):
        raise ValueError(
            f"{option} must be a file, and this is a folder. "
            f"Received: {_given(path, option)}"
        )


def check_folder(path: str | os.PathLike[str], option: str) -> None:
    """Checks that files can be written into a folder, which may be missing.

    Args:
        path: The path of the folder.
        option: The option that has the path.

    Raises:
        ValueError: If the path is empty, or is that of a file, or the folder that exists
            can't be written to.
    """
    _check_not_empty(path, option)
    if os.path.exists(path) and not os.path.isdir(path):
        raise ValueError(
            f"{option} must be a folder, and this is a file. "
            f"Received: {_given(path, option)}"
        )
    _check_writable(pathlib.Path(path).absolute(), path, option)


def check_cache(path: str | os.PathLike[str], option: str) -> None:
    """Checks a folder that is read if it has what is needed, see `check_folder`.

    Args:
        path: The path of the folder.
        option: The option that has the path.

    Raises:
        ValueError: If the path is empty, or is that of a file, or no folder can be made.
    """
    # A filled cache may be read-only.
    if not os.path.isdir(path):
        check_folder(path, option)


def _check_not_empty(path: str | os.PathLike[str], option: str) -> None:
    if not os.fspath(path):
        raise ValueError(f"{option} must be a path. Received: {_given(path, option)}")


def _check_writable(
    wanted: pathlib.Path, path: str | os.PathLike[str], option: str
) -> None:
    """Checks that files can be written into a folder, or that the folder can be made."""
    # `Path.exists` raises an error below a folder that must not be searched.
    folder = next(p for p in (wanted, *wanted.parents) if os.path.exists(p))
    if not os.path.isdir(folder) or not os.access(folder, os.W_OK | os.X_OK):
        raise ValueError(
            f"{option} must be in a folder that can be written to, which {folder} is "
            f"not. Received: {_given(path, option)}"
        )


def _given(path: str | os.PathLike[str], option: str) -> str:
    return f"{option} {os.fspath(path) or repr('')}".strip()
