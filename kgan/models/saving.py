"""Writes the files of a model: a file is complete, or it does not exist."""

import contextlib
import io
import os
import pathlib
import tempfile
from collections.abc import Iterator

import keras
import numpy as np
from keras import ops

from kgan import backend, checks, files
from kgan.backend import keras_private
from kgan.trainers import Trainer
from kgan.types import PathLike


class KerasFile(io.FileIO):
    """A file that Keras accepts as a `.keras` file, whatever its path."""

    def __str__(self) -> str:
        return "model.keras"


def is_finite(model: keras.Model) -> bool:
    """Whether all weights, averages and optimizer states of a model are finite."""
    optimizer = getattr(model, "optimizer", None)
    variables = [*model.variables, *(optimizer.variables if optimizer else ())]
    floats = [v for v in variables if keras.backend.is_float_dtype(v.dtype)]
    if not backend.has_gpu():
        return all(np.isfinite(array).all() for array in backend.arrays(floats))
    # Reduced on the GPU, so that few numbers are copied from there. A sum is one
    # operation, and is finite as a rule if all its numbers are.
    sums = [ops.cast(ops.sum(variable), "float32") for variable in floats]
    if not sums or np.isfinite(ops.convert_to_numpy(ops.stack(sums))).all():
        return True
    found = [ops.all(ops.isfinite(variable)) for variable in floats]
    return bool(ops.convert_to_numpy(ops.all(ops.stack(found))))


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
