import time

import keras

from kgan.files import PathLike


class Checkpoint(keras.callbacks.Callback):
    """Saves the GAN again and again, as often as costs a twentieth of the time.

    The file is whole at any moment; loaded, it goes on exactly where it was written:

    ```python
    gan = keras.models.load_model("gan.keras")
    gan.fit(images, epochs=10, initial_epoch=gan.epoch)
    ```

    It is written at the end of a batch when twenty times as long has passed as the
    last writing took, when training is stopped, and when it ends. Of several workers
    all save, at the end of epochs only, and the first one writes.

    Args:
        path: Path ending in `.keras`.
        share: Float, the share of the time that may go into writing.
    """

    def __init__(self, path: PathLike, share: float = 0.05):
        super().__init__()
        self.path = path
        self.share = share

    def on_train_begin(self, logs=None):
        self._next = time.monotonic()
        self._saved = None

    def on_train_batch_end(self, batch, logs=None):
        # Clocks differ, and workers must save together.
        if self.model.has_workers:
            return
        if self.model.stop_training or time.monotonic() >= self._next:
            self._save()

    def on_epoch_end(self, epoch, logs=None):
        if self.model.has_workers:
            self._save()

    def on_train_end(self, logs=None):
        if self._saved != self._position():
            self._save()

    def _position(self) -> tuple[int, int]:
        return self.model.epoch, self.model.position.batch

    def _save(self) -> None:
        start = time.monotonic()
        self.model.save(self.path)
        end = time.monotonic()
        self._next = end + (end - start) / self.share
        self._saved = self._position()
