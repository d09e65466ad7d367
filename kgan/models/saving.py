"""Writes the files of a model: a file is complete, or it does not exist."""

import contextlib
import errno
import io
import os
import pathlib
import tempfile
from collections.abc import Iterator

import keras
from keras import ops

from kgan import checks, files
from kgan.backend import keras_private
from kgan.trainers import Trainer
from kgan.types import KerasArgument, PathLike


class KerasFile(io.FileIO):
    """A file that Keras accepts as a `.keras` file, whatever its path."""

    def __str__(self) -> str:
        return "model.keras"


def is_finite(model: keras.Model) -> bool:
    """Whether all weights, averages and optimizer states of a model are finite."""
    optimizer = getattr(model, "optimizer", None)
    variables = [*model.variables, *(optimizer.variables if optimizer else ())]
    floats = [v for v in variables if keras.backend.is_float_dtype(v.dtype)]
    # Reduced where the variables are, so that one bool is copied from a GPU.
    found = [ops.all(ops.isfinite(variable)) for variable in floats]
    return not found or bool(ops.convert_to_numpy(ops.all(ops.stack(found))))


@contextlib.contextmanager
def written_by_chief(
    model: Trainer, filepath: PathLike, suffix: str = ".tmp"
) -> Iterator[pathlib.Path]:
    """Yields a temporary path, which replaces `filepath` if no error occurs.

    With several workers, every worker must call `save`, since the workers read each
    other's variables. Only the chief writes the file.

    Args:
        model: The model that is written.
        filepath: Path of the file or folder.
        suffix: End of the temporary path.

    Raises:
        ValueError: If weights that are NaN or infinite would replace an older file,
            whose weights may be good.
    """
    if os.path.exists(filepath) and not is_finite(model):
        raise ValueError(
            "The weights are NaN or infinite, so they don't replace the older file: "
            "load that file to train on from it, or save under another name. "
            f"{checks.received(filepath=os.fspath(filepath))}"
        )
    keras_private.remember_optimizer_attributes()
    if model.devices.is_chief:
        with files.atomic_path(filepath, suffix=suffix) as temporary:
            yield temporary
    else:
        with tempfile.TemporaryDirectory() as folder:
            yield pathlib.Path(folder, f"worker{suffix}")


def export(
    model: Trainer,
    network: keras.Model,
    filepath: PathLike,
    format: str,
    verbose: bool | None = None,
    **kwargs: KerasArgument,
) -> None:
    """Exports a network of a model, see `TrainedModel.export`.

    Args:
        model: The model, whose chief writes.
        network: The network to export.
        filepath: Path of the artifact, a folder for a SavedModel.
        format: See `keras.Model.export`.
        verbose: Bool, whether to print the path afterwards; None for True.
        **kwargs: See `keras.Model.export`.

    Raises:
        ValueError: If `filepath` is a folder of other files.
    """
    path = pathlib.Path(filepath)
    if path.is_dir() and any(path.iterdir()) and not (path / "saved_model.pb").exists():
        raise ValueError(
            "An export replaces only an earlier export or an empty folder, so that no "
            f"other files are lost. {checks.received(filepath=str(path))}"
        )
    # Some formats need their own suffix.
    suffix = f".tmp{path.suffix if format != 'tf_saved_model' else ''}"
    with (
        written_by_chief(model, path, suffix) as temporary,
        _full_disk_as_os_error(path),
    ):
        # Keras would print the temporary path, and a line for each variable.
        network.export(str(temporary), format=format, verbose=False, **kwargs)
    if verbose is not False and model.devices.is_chief:
        print(f"Exported to {path}.")


@contextlib.contextmanager
def _full_disk_as_os_error(path: PathLike) -> Iterator[None]:
    """Turns TensorFlow's own error for a full disk into an `OSError`."""
    try:
        yield
    except Exception as error:
        reason = os.strerror(errno.ENOSPC)
        if reason not in str(error):
            raise
        raise OSError(errno.ENOSPC, reason, str(path)) from error
