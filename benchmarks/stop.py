"""A callback that ends a training by its images or its seconds."""

from collections.abc import Callable

import keras


class StopWhen(keras.callbacks.Callback):
    """Stops a fit after the step at which a function returns true."""

    def __init__(self, step: Callable[[], bool]):
        super().__init__()
        self.step = step

    def on_train_batch_end(self, batch: int, logs: dict | None = None) -> None:
        self.model.stop_training = self.step()
