"""Writes a network of a model in a format that needs no kgan."""

import contextlib
import errno
import os
import pathlib
from collections.abc import Iterator, Sequence
from typing import Any

import keras
import numpy as np

from kgan import backend, checks, exports, files
from kgan.backend import keras_private
from kgan.models.saving import written_by_chief
from kgan.trainers import Trainer
from kgan.types import KerasArgument, PathLike


def export(
    model: Trainer,
    network: keras.Model,
    inputs: Sequence[np.ndarray],
    filepath: PathLike,
    format: exports.Format,
    sampling: exports.Sampling,
    verbose: bool | None = None,
    **kwargs: KerasArgument,
) -> None:
    """Exports a network of a model, see `SamplingModel.export`.

    Args:
        model: The model, whose chief writes.
        network: The network to export.
        inputs: Arrays `(batch, ...)`, inputs of the network, to compare outputs.
        filepath: Path of the artifact, a folder for a SavedModel.
        format: The format.
        sampling: How samples are drawn.
        verbose: Bool, whether to print the path afterwards; None for True.
        **kwargs: See `keras.Model.export`.

    Raises:
        ValueError: If `filepath` has a wrong end or is a folder of other files, if Keras
            can't export the network, or if the exported file differs from the network.
    """
    path = pathlib.Path(filepath)
    if path.is_dir() and any(path.iterdir()) and not (path / "saved_model.pb").exists():
        raise ValueError(
            "An export replaces only an earlier export or an empty folder, so that no "
            f"other files are lost. {checks.received(filepath=str(path))}"
        )
    format.check_path(path)
    outputs = _predict(model, network, inputs)
    reason = _why_not_compared(model, network, inputs, outputs, kwargs)
    comparison = exports.Comparison(reason=reason)
    # Keras finds the signature of a SavedModel, on JAX too.
    if format.suffix and "input_signature" not in kwargs:
        kwargs["input_signature"] = exports.signature(
            inputs, sampling.shapes, format.batch
        )
    with (
        written_by_chief(model, path, f".tmp{format.suffix}") as temporary,
        _further_files(path, temporary, format),
        _full_disk_as_os_error(path),
        model.devices.exporting(network),
    ):
        with _one_kind_of_error(format):
            if format.suffix:
                # Keras would print the temporary path, and a line for each variable.
                network.export(
                    str(temporary), format=format.name, verbose=False, **kwargs
                )
            else:
                exports.write_saved_model(network, temporary, inputs, sampling, **kwargs)
        if not reason:
            comparison = exports.compare(
                format, temporary, inputs, outputs, _is_exact(network)
            )
    if not model.devices.is_chief:
        return
    exports.write_record(path, format, inputs, outputs, comparison, sampling)
    if verbose is not False:
        print(f"Exported to {path}. {comparison}")


def _predict(
    model: Trainer, network: keras.Model, inputs: Sequence[np.ndarray]
) -> np.ndarray:
    return np.asarray(model.devices.predict(exports.argument(inputs), network))


def _why_not_compared(
    model: Trainer,
    network: keras.Model,
    inputs: Sequence[np.ndarray],
    outputs: np.ndarray,
    kwargs: dict[str, Any],
) -> str:
    """Returns the reason why an export is not compared with Keras, or an empty text."""
    if "input_signature" in kwargs:
        return "`input_signature` was given"
    if model.devices.has_workers:
        # An operation of the chief alone would wait for the other workers.
        return "several workers train"
    again = _predict(model, network, inputs)
    if not np.array_equal(outputs, again, equal_nan=True):
        return "the generator draws random numbers at each call"
    return ""


def _is_exact(network: keras.Model) -> bool:
    """Whether a network computes in float32, which a GPU may round to TensorFloat-32."""
    layers = keras_private.all_layers(network)
    is_float32 = all(x.compute_dtype in ("float32", "float64") for x in layers)
    return is_float32 and not backend.has_gpu()


@contextlib.contextmanager
def _further_files(
    path: pathlib.Path, temporary: pathlib.Path, format: exports.Format
) -> Iterator[None]:
    """Moves the further files of a format from the temporary path to the final path."""
    try:
        yield
        for part in format.parts:
            # In the folder of the final path, which a worker that is not the chief lacks.
            if temporary.parent == path.parent:
                os.replace(temporary.with_suffix(part), path.with_suffix(part))
    finally:
        for part in format.parts:
            files.remove(temporary.with_suffix(part))


@contextlib.contextmanager
def _full_disk_as_os_error(path: PathLike) -> Iterator[None]:
    """Turns TensorFlow's own error for a full disk into an `OSError`."""
    try:
        yield
    except Exception as error:
        if not _is_full_disk(error):
            raise
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path)) from error


def _is_full_disk(error: Exception) -> bool:
    return os.strerror(errno.ENOSPC) in str(error)


@contextlib.contextmanager
def _one_kind_of_error(format: exports.Format) -> Iterator[None]:
    """Turns the exceptions of exporters, which are of many kinds, into a `ValueError`."""
    try:
        yield
    except Exception as error:
        if isinstance(error, OSError | MemoryError) or _is_full_disk(error):
            raise
        raise ValueError(
            f"On {keras.backend.backend()}, Keras can't export this generator to "
            f"{format.alias} ({exports.reason(error)}): load the GAN with another "
            f"KERAS_BACKEND, or try another format. {checks.received(format=format.name)}"
        ) from error
