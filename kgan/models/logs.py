from typing import Any

import keras
import numpy as np

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

    def state(self) -> dict[str, Any]:
        """Returns the sums that the means are made of, as arrays."""
        return {
            f"mean_{key}": np.array([mean.total.numpy(), mean.count.numpy()])
            for key, mean in self._means.items()
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Takes over what `state` returned, of the keys that are there still."""
        for key, mean in self._means.items():
            if f"mean_{key}" in state:
                total, count = state[f"mean_{key}"]
                mean.total.assign(total)
                mean.count.assign(count)

    def results(self, keys: tuple[str, ...] | None = None) -> dict[str, Any]:
        """Returns the means since the last reset, of all keys or of these."""
        return {key: self._means[key].result() for key in keys or self._means}
