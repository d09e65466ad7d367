"""Penalties on the discriminator's gradient, or on its logits."""

import functools
from typing import Any

from kgan import serialization
from kgan.penalties.base import Penalty
from kgan.penalties.dragan import DRAGAN
from kgan.penalties.gradient_penalty import GradientPenalty
from kgan.penalties.lecam import LeCam
from kgan.penalties.r1 import R1, R2

__all__ = ["DRAGAN", "R1", "R2", "GradientPenalty", "LeCam", "Penalty", "get", "names"]

_PENALTIES: dict[str, Any] = {
    "dragan": DRAGAN,
    "gradient_penalty": GradientPenalty,
    "lecam": LeCam,
    "r1": R1,
    "r2": R2,
    "zero_centered_gradient_penalty": functools.partial(GradientPenalty, center=0.0),
}


def names() -> list[str]:
    """Returns the names that `get` knows."""
    return sorted(_PENALTIES)


def get(identifier: Any) -> Penalty:
    """Resolves a name such as `"r1"`, a config or an object.

    Args:
        identifier: A name (`names()`), a serialised config, or a `Penalty`.

    Returns:
        A `Penalty`.

    Raises:
        ValueError: If `identifier` is none of these.
    """
    return serialization.get(identifier, _PENALTIES, Penalty, "penalties")
