"""Ends training at Ctrl-C without an error."""

import signal
import threading
import types
from typing import Any

import keras


class StopOnInterrupt(keras.callbacks.Callback):
    """Ends training after the current batch when Ctrl-C is pressed.

    `fit` returns as if training were done, and the GAN can be saved. A second Ctrl-C
    raises `KeyboardInterrupt` at once. In another thread than the main thread, where
    Python handles signals, the callback does nothing.

    When `fit` ends, also by an error, the earlier handler of Ctrl-C is put back.

    Attributes:
        interrupted: Bool, whether Ctrl-C ended training.
    """

    def __init__(self) -> None:
        super().__init__()
        self.interrupted = False
        # The handler to put back; None while the callback handles no signals.
        self._previous_handler: Any = None

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        self.interrupted = False
        if threading.current_thread() is threading.main_thread():
            self._previous_handler = signal.signal(signal.SIGINT, self._stop)

    def on_fit_end(self) -> None:
        """Puts the handler back. `TrainedModel.fit` calls this method, also at errors."""
        # None also for a handler that was not installed from Python.
        if self._previous_handler is not None:
            signal.signal(signal.SIGINT, self._previous_handler)
            self._previous_handler = None

    def on_train_end(self, logs: dict[str, Any] | None = None) -> None:
        self.on_fit_end()

    def _stop(self, number: int, frame: types.FrameType | None) -> None:
        self.interrupted = True
        self.model.stop_training = True
        signal.signal(signal.SIGINT, signal.default_int_handler)
