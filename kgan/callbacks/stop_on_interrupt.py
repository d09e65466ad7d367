"""Ends training at Ctrl-C, and when the system ends the process, without an error."""

import signal
import threading
import types
from typing import Any

import keras

# Ctrl-C; the request of `kill`, `timeout` and cluster managers; the end of the terminal.
# Windows has no SIGHUP.
_SIGNALS = [
    getattr(signal, name)
    for name in ("SIGINT", "SIGTERM", "SIGHUP")
    if hasattr(signal, name)
]


class StopOnInterrupt(keras.callbacks.Callback):
    """Ends training after the current batch at Ctrl-C, SIGTERM and SIGHUP.

    `fit` returns as if training were done, and the GAN can be saved. A second signal ends
    training at once: Ctrl-C by a `KeyboardInterrupt`, the others by the end of the
    process. In another thread than the main thread, where Python handles signals, the
    callback does nothing. SIGTERM and SIGHUP stay ignored where the process ignores them,
    as under `nohup`.

    When `fit` ends, also by an error, the earlier handlers are put back.

    Attributes:
        interrupted: Bool, whether a signal ended training.
        signal: Int, the signal that ended training; None if no signal did.
    """

    def __init__(self) -> None:
        super().__init__()
        self.signal: int | None = None
        # The handlers to put back, by signal.
        self._previous_handlers: dict[int, Any] = {}

    @property
    def interrupted(self) -> bool:
        return self.signal is not None

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        self.signal = None
        if threading.current_thread() is not threading.main_thread():
            return
        for number in _SIGNALS:
            before = signal.getsignal(number)
            # Shells let programs in the background ignore Ctrl-C, which another program
            # may still send. None for a handler that was not installed from Python.
            is_ignored = before == signal.SIG_IGN and number != signal.SIGINT
            if before is not None and not is_ignored:
                self._previous_handlers[number] = signal.signal(number, self._stop)

    def on_fit_end(self) -> None:
        """Puts the handlers back. `TrainedModel.fit` calls this, also after errors."""
        while self._previous_handlers:
            signal.signal(*self._previous_handlers.popitem())

    def on_train_end(self, logs: dict[str, Any] | None = None) -> None:
        self.on_fit_end()

    def on_signal(self) -> None:
        """Called at the first signal, while the current batch goes on."""

    def _stop(self, number: int, frame: types.FrameType | None) -> None:
        self.signal = number
        self.model.stop_training = True
        for each in self._previous_handlers:
            is_ctrl_c = each == signal.SIGINT
            at_once = signal.default_int_handler if is_ctrl_c else signal.SIG_DFL
            signal.signal(each, at_once)
        self.on_signal()
