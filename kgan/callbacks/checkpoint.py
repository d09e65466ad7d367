"""Saves the GAN during training."""

import os
import time
import warnings
from typing import Any

from kgan import checks
from kgan.callbacks.interval import check_every, samples_interval
from kgan.callbacks.model_callback import ModelCallback
from kgan.callbacks.paths import check_file
from kgan.models.saving import is_finite
from kgan.types import PathLike


class Checkpoint(ModelCallback):
    """Saves the GAN during training, in a limited share of the time.

    The file is complete at any moment. A loaded GAN continues exactly where it was saved:

    ```python
    gan = keras.models.load_model("gan.keras")
    gan.fit(images, epochs=10, initial_epoch=gan.epoch)
    ```

    With the default share of a hundredth, the GAN is saved at the end of a batch when
    a hundred times as long has passed as the last save took. It is also saved when
    training is stopped, and when training ends. With several workers, every worker calls
    save at the end of an epoch, or after `every` samples; only the chief writes.

    If the weights become NaN or infinite, the callback warns once and saves no more, so
    the file keeps the last good weights.

    Args:
        path: Path ending in `.keras`.
        share: Float above 0, the time of saving to the time of training; 1e9 to save
            after each batch.
        every: Int, the number of real samples to show from one save to the next, in place
            of `share`. The GAN is saved at the end of the batch that completes this
            number.

    Raises:
        ValueError: If an argument has another form, or the path is that of a folder.
    """

    def __init__(self, path: PathLike, share: float = 0.01, every: int | None = None):
        super().__init__()
        check_file(suffix=".keras", path=path)
        self.path = path
        self.share = checks.number(above=0, share=share)
        self.every = check_every(every)
        self._interval = samples_interval(self.every, self)

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        self._next_time = time.monotonic()
        self._saved_progress: tuple[int, int] | None = None
        self._has_warned = False

    def on_epoch_begin(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        if self._interval is not None:
            self._interval.begin()

    def on_train_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        # Workers must save together. A single worker may be stopped.
        stops = self.model.stop_training and not self.model.devices.has_workers
        if self._is_due() or stops:
            self._save()

    def _is_due(self) -> bool:
        if self._interval is not None:
            return self._interval.has_passed()
        # The clocks of workers differ.
        has_workers = self.model.devices.has_workers
        return not has_workers and time.monotonic() >= self._next_time

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        if self.model.devices.has_workers and self.every is None:
            self._save()

    def on_train_end(self, logs: dict[str, Any] | None = None) -> None:
        if self._saved_progress != self._progress():
            self._save()

    def _progress(self) -> tuple[int, int]:
        return self.model.epoch, self.model.progress.batch

    def _save(self) -> None:
        start = time.monotonic()
        if is_finite(self.model):
            self.model.save(self.path)
        else:
            self.on_not_finite()
        end = time.monotonic()
        self._next_time = end + (end - start) / self.share
        self._saved_progress = self._progress()

    def on_not_finite(self) -> None:
        """Warns once that the weights are NaN or infinite, and not saved."""
        if not self._has_warned:
            self._has_warned = True
            warnings.warn(
                "The weights are NaN or infinite, and Checkpoint saves no more: "
                f"{os.fspath(self.path)} keeps the last good weights, if there were any.",
                stacklevel=3,
            )
