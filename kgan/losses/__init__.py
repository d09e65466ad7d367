"""GAN losses: functions of the discriminator's logits."""

from typing import Any

import keras

from kgan import serialization
from kgan.losses.base import Loss
from kgan.losses.dual_contrastive import DualContrastive
from kgan.losses.hinge import Hinge
from kgan.losses.keras_loss import KerasLoss
from kgan.losses.least_squares import LeastSquares
from kgan.losses.minimax import Minimax, NonSaturating
from kgan.losses.relativistic import Relativistic
from kgan.losses.relativistic_average import (
    RelativisticAverage,
    RelativisticAverageHinge,
    RelativisticAverageLeastSquares,
)
from kgan.losses.top_k import TopK
from kgan.losses.wasserstein import Wasserstein

__all__ = [
    "DualContrastive",
    "Hinge",
    "KerasLoss",
    "LeastSquares",
    "Loss",
    "Minimax",
    "NonSaturating",
    "Relativistic",
    "RelativisticAverage",
    "RelativisticAverageHinge",
    "RelativisticAverageLeastSquares",
    "TopK",
    "Wasserstein",
    "get",
    "names",
]

_LOSSES = {
    "dual_contrastive": DualContrastive,
    "hinge": Hinge,
    "least_squares": LeastSquares,
    "minimax": Minimax,
    "non_saturating": NonSaturating,
    "relativistic": Relativistic,
    "relativistic_average": RelativisticAverage,
    "relativistic_average_hinge": RelativisticAverageHinge,
    "relativistic_average_least_squares": RelativisticAverageLeastSquares,
    "wasserstein": Wasserstein,
}


def names() -> list[str]:
    """Returns the names that `get` knows, without those of Keras' own losses."""
    return sorted(_LOSSES)


def get(identifier: Any) -> Loss:
    """Resolves a name, a `Loss`, or a Keras loss to a `Loss`.

    Args:
        identifier: A name of ours (`names()`), a `kgan.losses.Loss`, a
            `keras.losses.Loss`, a Keras alias such as `"mse"`, a function of
            `(y_true, y_pred)`, or a serialised config. Our names come first:
            `"hinge"` is the GAN's.

    Returns:
        A `kgan.losses.Loss`.

    Raises:
        ValueError: If `identifier` is none of these.

    Example:

    >>> import kgan
    >>> kgan.losses.get("least_squares")
    LeastSquares(label_smoothing=0.0)
    """
    if isinstance(identifier, dict):
        identifier = keras.saving.deserialize_keras_object(identifier)
    if isinstance(identifier, keras.losses.Loss):
        return KerasLoss(identifier)
    if callable(identifier) and not isinstance(identifier, type):
        return KerasLoss(identifier)
    if isinstance(identifier, str) and identifier not in _LOSSES:
        try:
            return KerasLoss(identifier)
        except ValueError:
            pass  # The error below names what is known.
    return serialization.get(identifier, _LOSSES, Loss, "loss")
