import signal
from typing import Any

import keras


class StopOnInterrupt(keras.callbacks.Callback):
    """Lets Ctrl-C end training after the batch at hand, as if it were done.

    What was trained is then there to be saved. A second Ctrl-C interrupts at once.
    It works in the main thread, where Python handles signals.

    Attributes:
        interrupted: Bool, whether training was stopped.
    """

    def __init__(self) -> None:
        super().__init__()
        self.interrupted = False
        self._previous: Any = None

    def on_train_begin(self, logs=None):
        self.interrupted = False
        self._previous = signal.signal(signal.SIGINT, self._stop)

    def on_train_end(self, logs=None):
        signal.signal(signal.SIGINT, self._previous)

    def _stop(self, number: int, frame: Any) -> None:
        self.interrupted = True
        self.model.stop_training = True
        signal.signal(signal.SIGINT, signal.default_int_handler)
