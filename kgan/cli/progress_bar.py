"""A progress bar of the whole training."""

from collections.abc import Mapping
from typing import ClassVar

import keras


class ProgressBar(keras.callbacks.Callback):
    """Draws one progress bar for all epochs, while Keras draws a bar for each epoch."""

    logged: ClassVar = ("d_loss", "g_loss")

    def on_train_begin(self, logs: Mapping[str, float] | None = None) -> None:
        self._bar: keras.utils.Progbar | None = None

    def on_epoch_end(self, epoch: int, logs: Mapping[str, float]) -> None:
        if self._bar is None:
            self._bar = keras.utils.Progbar(
                self.params["epochs"],
                stateful_metrics=list(logs),
                unit_name="epoch",
            )
        self._bar.update(epoch + 1, [(name, logs[name]) for name in self.logged])

    def on_train_end(self, logs: Mapping[str, float] | None = None) -> None:
        # Keras ends the line of the bar only when the bar is full.
        if self._bar is not None and self.model.stop_training:
            print()
