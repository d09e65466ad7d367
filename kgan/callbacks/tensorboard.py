"""Shows samples in TensorBoard."""

import importlib.util
import os
from collections.abc import Mapping
from typing import Any

import keras
import numpy as np

from kgan import checks, data, extras
from kgan.callbacks.grid_layout import Layout, are_drawable
from kgan.callbacks.model_callback import ModelCallback
from kgan.callbacks.paths import check_folder
from kgan.types import KerasArgument, PathLike


class TensorBoard(ModelCallback, keras.callbacks.TensorBoard):
    """`keras.callbacks.TensorBoard`, with a grid of samples beside the curves.

    After each epoch, the callback adds a grid of samples, drawn from the same latents
    each time. Samples that are NaN or infinite cause a warning in place of a grid.

    Args:
        log_dir: Folder of the logs.
        rows: Int, rows of the grid; None for 8, or one per class of a conditional GAN.
        columns: Int, columns of the grid.
        seed: Int, seed of the latents.
        **kwargs: Further arguments of `keras.callbacks.TensorBoard`.

    Raises:
        ImportError: If the package `tensorboard` is missing.
        ValueError: If an argument is out of range.

    Example:

    ```python
    gan.fit(images, epochs=10, callbacks=[kgan.callbacks.TensorBoard("logs")])
    ```
    """

    def __init__(
        self,
        log_dir: PathLike = "logs",
        rows: int | None = None,
        columns: int = 8,
        seed: int = 0,
        **kwargs: KerasArgument,
    ):
        check_installed()
        check_folder(log_dir=log_dir)
        _check_arguments(kwargs)
        super().__init__(log_dir, **kwargs)
        self.rows = checks.optional_count(rows=rows)
        self.columns = checks.count(columns=columns)
        self.seed = checks.fixed_seed(seed=seed)

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        super().on_train_begin(logs)
        self._writer = None
        if self.model.devices.is_chief and data.is_image_shape(self.model.sample_shape):
            folder = os.path.join(self.log_dir, "samples")
            self._writer = self.summary.create_file_writer(folder)

    def on_train_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        frequency = self.update_freq
        writes = frequency != "epoch" and self._global_train_batch % frequency == 0
        # TensorFlow keeps each number that it is given until the process ends, also the
        # numbers that it does not write.
        super().on_train_batch_end(batch, logs if writes else None)

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        super().on_epoch_end(epoch, logs)
        if self._writer is None:
            return
        gan = self.model
        layout = Layout(gan, self.rows, self.columns, self.seed)
        samples = layout.draw()
        if not are_drawable(samples, "TensorBoard", int(gan.steps_seen)):
            return
        pixels = gan.sample_range.to_uint8(samples)
        picture = np.asarray(data.grid(pixels, layout.rows, layout.columns))
        if picture.ndim == 2:
            picture = picture[..., None]
        with self._writer.as_default():
            self.summary.image("samples", picture[None], step=epoch)

    def on_train_end(self, logs: dict[str, Any] | None = None) -> None:
        super().on_train_end(logs)
        if self._writer is not None:
            self._writer.close()


def _check_arguments(given: Mapping[str, Any]) -> None:
    """Checks arguments of Keras, which Keras would use only during training."""
    for name, value in given.items():
        if name in ("histogram_freq", "embeddings_freq"):
            checks.count(minimum=0, **{name: value})
        elif name in ("write_graph", "write_images", "write_steps_per_second"):
            checks.flag(**{name: value})
        elif name == "update_freq" and not isinstance(value, str):
            checks.count(update_freq=value)
        elif name == "update_freq":
            checks.one_of(("epoch", "batch"), update_freq=value)


def check_installed() -> None:
    """Raises an `ImportError` if the package `tensorboard` is missing."""
    if importlib.util.find_spec("tensorboard") is None:
        raise ImportError(extras.missing("TensorBoard", "tensorboard", "tensorboard"))
