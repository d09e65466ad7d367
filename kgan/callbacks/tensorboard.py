import importlib.util
import os
from typing import Any

import keras
import numpy as np

from kgan import data
from kgan.callbacks import class_rows


class TensorBoard(keras.callbacks.TensorBoard):
    """Keras' TensorBoard callback, with the samples beside the curves.

    After each epoch it adds a grid of samples, drawn from the same latents each time,
    to what `keras.callbacks.TensorBoard` logs.

    Args:
        log_dir: Folder of the logs.
        rows: Int, rows of the grid; None for 8, or one per class of a conditional GAN.
        columns: Int, columns of the grid.
        seed: Int, seed of the latents.
        **kwargs: Further arguments of `keras.callbacks.TensorBoard`.

    Raises:
        ImportError: If the package `tensorboard` is missing.

    Example:

    ```python
    gan.fit(images, epochs=10, callbacks=[kgan.callbacks.TensorBoard("logs")])
    ```
    """

    def __init__(
        self,
        log_dir: Any = "logs",
        rows: int | None = None,
        columns: int = 8,
        seed: int = 0,
        **kwargs: Any,
    ):
        if importlib.util.find_spec("tensorboard") is None:
            raise ImportError(
                "TensorBoard needs the package of that name: "
                'pip install "kgan[tensorboard]".'
            )
        super().__init__(log_dir, **kwargs)
        self.rows = rows
        self.columns = columns
        self.seed = seed

    def on_train_begin(self, logs=None):
        super().on_train_begin(logs)
        self._writer = None
        if self.model.is_chief and data.is_image_shape(self.model.sample_shape):
            folder = os.path.join(self.log_dir, "samples")
            self._writer = self.summary.create_file_writer(folder)

    def on_epoch_end(self, epoch, logs=None):
        super().on_epoch_end(epoch, logs)
        if self._writer is not None:
            rows = class_rows.rows_of(self.model, self.rows)
            samples = self.model.sample(
                z=class_rows.latents_of(self.model, rows, self.columns, self.seed),
                labels=class_rows.labels_of(self.model, rows, self.columns),
            )
            picture = np.asarray(data.grid(samples, rows, self.columns))
            if picture.ndim == 2:
                picture = picture[..., None]
            with self._writer.as_default():
                self.summary.image("samples", picture[None], step=epoch)

    def on_train_end(self, logs=None):
        super().on_train_end(logs)
        if self._writer is not None:
            self._writer.close()
