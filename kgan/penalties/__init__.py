"""Penalties on the discriminator's gradient."""

from typing import Any

from kgan import serialization
from kgan.penalties.base import Penalty
from kgan.penalties.gradient_penalty import GradientPenalty
from kgan.penalties.r1 import R1, R2

__all__ = ["R1", "R2", "GradientPenalty", "Penalty", "get"]

_PENALTIES = {"gradient_penalty": GradientPenalty, "r1": R1, "r2": R2}


def get(identifier: Any) -> Penalty:
    """Resolves `"r1"`, `"r2"`, `"gradient_penalty"`, a config or an object.

    Args:
        identifier: A name, a serialised config, or a `Penalty`.

    Returns:
        A `Penalty`.

    Raises:
        ValueError: If `identifier` is none of these.
    """
    return serialization.get(identifier, _PENALTIES, Penalty, "penalties")
