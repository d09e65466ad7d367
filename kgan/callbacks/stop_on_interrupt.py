"""Ends training at Ctrl-C without an error."""

import signal
import types
from typing import Any

import keras


class StopOnInterrupt(keras.callbacks.Callback):
    """Ends training after the current batch when Ctrl-C is pressed.

    `fit` returns as if training were done, and the GAN can be saved. A second Ctrl-C
    raises `KeyboardInterrupt` at once. The callback works in the main thread, where
    Python handles signals.

    Attributes:
        interrupted: Bool, whether Ctrl-C ended training.
    """

    def __init__(self) -> None:
        super().__init__()
        self.interrupted = False

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        self.interrupted = False
        self._previous_handler = signal.signal(signal.SIGINT, self._stop)

    def on_train_end(self, logs: dict[str, Any] | None = None) -> None:
        signal.signal(signal.SIGINT, self._previous_handler)

    def _stop(self, number: int, frame: types.FrameType | None) -> None:
        self.interrupted = True
        self.model.stop_training = True
        signal.signal(signal.SIGINT, signal.default_int_handler)
