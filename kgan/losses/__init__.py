"""GAN losses: functions of the discriminator's logits.

To add a loss, add a file with a subclass of `Loss` whose body sets `name`, and an import
below.
"""

import keras

from kgan import serialization
from kgan.losses.base import Loss as Loss
from kgan.losses.dual_contrastive import DualContrastive as DualContrastive
from kgan.losses.hinge import Hinge as Hinge
from kgan.losses.keras_loss import KerasLoss as KerasLoss
from kgan.losses.least_squares import LeastSquares as LeastSquares
from kgan.losses.minimax import Minimax as Minimax
from kgan.losses.minimax import NonSaturating as NonSaturating
from kgan.losses.relativistic import Relativistic as Relativistic
from kgan.losses.relativistic_average import RelativisticAverage as RelativisticAverage
from kgan.losses.relativistic_average import (
    RelativisticAverageHinge as RelativisticAverageHinge,
)
from kgan.losses.relativistic_average import (
    RelativisticAverageLeastSquares as RelativisticAverageLeastSquares,
)
from kgan.losses.top_k import TopK as TopK
from kgan.losses.wasserstein import Wasserstein as Wasserstein
from kgan.types import Identifier

_LOSSES = serialization.by_name(Loss, globals())


def names() -> list[str]:
    """Returns the names of kgan's own losses, in alphabetical order."""
    return list(_LOSSES)


def get(identifier: Identifier) -> Loss:
    """Returns the loss for a name, a config, a `Loss` or a Keras loss.

    Args:
        identifier: One of `names()`, a `kgan.losses.Loss`, a `keras.losses.Loss`, the
            name of a Keras loss (`"mse"`), a function of `(y_true, y_pred)`, or a
            serialised config. If kgan and Keras both have a loss of this name, the loss
            of kgan is returned: `"hinge"` and `"Hinge"` are the hinge loss of GANs.

    Returns:
        A `kgan.losses.Loss`.

    Raises:
        ValueError: If `identifier` is none of these.

    Example:

    >>> import kgan
    >>> kgan.losses.get("least_squares")
    LeastSquares(label_smoothing=0.0, real_label=1.0, fake_label=0.0, \
generator_label=1.0)
    """
    if isinstance(identifier, dict):
        identifier = keras.saving.deserialize_keras_object(identifier)
    if isinstance(identifier, keras.losses.Loss):
        return KerasLoss(identifier)
    if callable(identifier) and not isinstance(identifier, type):
        return KerasLoss(identifier)
    if isinstance(identifier, str) and not serialization.find(identifier, _LOSSES):
        try:
            return KerasLoss(identifier)
        except ValueError:
            pass  # The error that is raised below lists the known names.
    return serialization.get(identifier, _LOSSES, Loss, "loss")
