from typing import Any

import keras

# In the order in which `evaluate` lists them: Keras puts the loss first.
KEYS = ("loss", "d_loss", "g_loss", "d_real", "d_fake")


class Logs:
    """The running means that Keras shows, one per key.

    It keeps its metrics from Keras' attribute tracking, since penalties, and with
    them keys, are chosen in `compile`, when a built model takes no new ones.

    Args:
        penalties: Names of the penalties' keys.
    """

    def __init__(self, penalties: tuple[str, ...] = ()):
        self._means = {key: keras.metrics.Mean(name=key) for key in KEYS + penalties}

    @property
    def metrics(self) -> list[keras.metrics.Metric]:
        return list(self._means.values())

    def update(self, values: dict[str, Any], size: Any) -> None:
        """Adds values that stand for `size` samples each."""
        for key, value in values.items():
            self._means[key].update_state(value, sample_weight=size)

    def results(self, keys: tuple[str, ...] | None = None) -> dict[str, Any]:
        """Returns the means since the last reset, of all keys or of these."""
        return {key: self._means[key].result() for key in keys or self._means}
