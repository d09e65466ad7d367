from typing import Any

import keras
import numpy as np

from kgan.types import Tensor

# In the order in which `evaluate` lists them: Keras puts the loss first.
KEYS = ("loss", "d_loss", "g_loss", "d_real", "d_fake")


class Logs:
    """The running means that Keras shows, one for each key.

    The metrics are hidden from the attribute tracking of Keras, since `compile` chooses
    the penalties and with them the keys, and a built model tracks no new metrics.

    Args:
        names: Keys in addition to `KEYS`, such as the names of penalties.
    """

    def __init__(self, names: tuple[str, ...] = ()):
        self._means = {key: keras.metrics.Mean(name=key) for key in KEYS + names}

    @property
    def metrics(self) -> list[keras.metrics.Metric]:
        return list(self._means.values())

    def update(self, values: dict[str, Tensor], size: Tensor) -> None:
        """Adds values that are means over `size` samples each."""
        for key, value in values.items():
            self._means[key].update_state(value, sample_weight=size)

    def results(self, keys: tuple[str, ...] | None = None) -> dict[str, Tensor]:
        """Returns the means since the last reset, for all keys or for these."""
        return {key: self._means[key].result() for key in keys or self._means}

    def state(self) -> dict[str, np.ndarray]:
        """Returns the sums behind the means, as arrays."""
        return {
            f"mean_{key}": np.array([mean.total.numpy(), mean.count.numpy()])
            for key, mean in self._means.items()
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Loads the result of `state`, for the keys that both have."""
        for key, mean in self._means.items():
            if f"mean_{key}" in state:
                total, count = state[f"mean_{key}"]
                mean.total.assign(total)
                mean.count.assign(count)
