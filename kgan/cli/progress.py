import keras


class Progress(keras.callbacks.Callback):
    """One progress bar for the whole training, where Keras draws one an epoch."""

    def on_train_begin(self, logs=None):
        self._bar = None

    def on_epoch_end(self, epoch, logs=None):
        if self._bar is None:
            self._bar = keras.utils.Progbar(
                self.params["epochs"],
                stateful_metrics=list(logs),
                unit_name="epoch",
            )
        self._bar.update(epoch + 1, [(key, logs[key]) for key in ("d_loss", "g_loss")])

    def on_train_end(self, logs=None):
        # The bar ends its own line only when it is full.
        if self._bar is not None and self.model.stop_training:
            print()
