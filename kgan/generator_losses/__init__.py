"""Losses of the generator beside the adversarial loss.

To add a loss, add a file with a subclass of `GeneratorLoss` whose body sets `name`, and
an import below.
"""

from kgan import serialization
from kgan.generator_losses.base import Generated as Generated
from kgan.generator_losses.base import GeneratorLoss as GeneratorLoss
from kgan.generator_losses.feature_matching import FeatureMatching as FeatureMatching
from kgan.generator_losses.perceptual import Perceptual as Perceptual
from kgan.generator_losses.reconstruction import Reconstruction as Reconstruction
from kgan.types import Identifier

_LOSSES = serialization.by_name(GeneratorLoss, globals())


def names() -> list[str]:
    """Returns the names of the losses, in alphabetical order."""
    return list(_LOSSES)


def get(identifier: Identifier) -> GeneratorLoss:
    """Returns the loss for a name (`"reconstruction"`), a config or an object.

    Args:
        identifier: A name (`names()`), a serialised config, or a `GeneratorLoss`.

    Returns:
        A `GeneratorLoss`.

    Raises:
        ValueError: If `identifier` is none of these.

    Example:

    >>> import kgan
    >>> kgan.generator_losses.get("feature_matching")
    FeatureMatching(weight=10.0, layers=None, over_batch=False)
    """
    return serialization.get(identifier, _LOSSES, GeneratorLoss, "generator_losses")
