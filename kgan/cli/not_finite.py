"""Stops `kgan train` when training has become NaN or infinite, and names remedies."""

from collections.abc import Mapping
from typing import Any

import keras
import numpy as np

import kgan
from kgan.cli.run_folder import RunFolder
from kgan.cli.training import Training
from kgan.models.saving import is_finite

# Samples with larger values than this are named as a possible cause.
_LARGE = 10.0


class NotFiniteError(Exception):
    """Raised when the losses or the weights are NaN or infinite.

    Args:
        epoch: Int, the number of the epoch.
        message: Str, the text for the user.
    """

    def __init__(self, epoch: int, message: str = ""):
        super().__init__(message)
        self.epoch = epoch


class StopAtNotFinite(keras.callbacks.Callback):
    """Raises a `NotFiniteError` at the end of an epoch that has become NaN or infinite.

    The first callback of a run, so that no other callback writes files of a bad epoch.
    """

    def on_epoch_end(self, epoch: int, logs: Mapping[str, Any]) -> None:
        if not np.isfinite(float(logs["loss"])) or not is_finite(self.model):
            raise NotFiniteError(epoch)


class StoppingCheckpoint(kgan.callbacks.Checkpoint):
    """A `Checkpoint` that raises a `NotFiniteError`, also inside an epoch."""

    def on_not_finite(self) -> None:
        raise NotFiniteError(self.model.epoch)


def message(training: Training, folder: RunFolder, epoch: int) -> str:
    """Returns a text that names the problem, the file that is kept, and remedies.

    Args:
        training: The training that became NaN or infinite.
        folder: Its run folder.
        epoch: Int, the number of the epoch.
    """
    kept = "no GAN was saved"
    if folder.gan.exists():
        kept = f"{folder.gan} keeps the last good GAN"
    return (
        f"Training became NaN or infinite in epoch {epoch + 1} and can't "
        f"recover, so it has stopped; {kept}. In a new run, try "
        f"{', '.join(_causes(training))}a lower learning rate (--learning-rate), or an "
        "R1 penalty with a higher weight (--penalty r1 --penalty-weight): `kgan info` "
        "prints both."
    )


def _causes(training: Training) -> list[str]:
    """Returns changes that this training suggests, the most likely first."""
    samples, precision = training.batches.x, training.settings.precision
    causes = []
    if samples.dtype != np.uint8:
        parts = [(part.min(), part.max()) for part in kgan.data.chunks(samples)]
        low, high = min(a for a, _ in parts), max(b for _, b in parts)
        if max(-low, high) > _LARGE:
            causes.append(f"samples without huge values (from {low:.3g} to {high:.3g})")
    if precision != "float32":
        causes.append(f"--precision float32 in place of {precision}")
    return [*causes, ""] if causes else []
