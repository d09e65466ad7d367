"""Penalties on the discriminator's gradient or logits, and on the generator."""

import functools

from kgan import serialization
from kgan.penalties.base import LazyPenalty as LazyPenalty
from kgan.penalties.base import Penalty as Penalty
from kgan.penalties.base import add_penalties as add_penalties
from kgan.penalties.consistency import Consistency as Consistency
from kgan.penalties.dragan import DRAGAN as DRAGAN
from kgan.penalties.gradient_penalty import GradientPenalty as GradientPenalty
from kgan.penalties.lecam import LeCam as LeCam
from kgan.penalties.matching_aware import MatchingAware as MatchingAware
from kgan.penalties.path_length import GeneratorPenalty as GeneratorPenalty
from kgan.penalties.path_length import PathLength as PathLength
from kgan.penalties.r1 import R1 as R1
from kgan.penalties.r1 import R2 as R2
from kgan.types import Identifier

_PENALTIES = serialization.by_name(Penalty, globals()) | {
    "zero_centered_gradient_penalty": functools.partial(GradientPenalty, center=0.0),
}
_GENERATOR_PENALTIES = serialization.by_name(GeneratorPenalty, globals())


def names() -> list[str]:
    """Returns the names that `get` knows."""
    return sorted(_PENALTIES)


def get(identifier: Identifier) -> Penalty:
    """Returns the penalty for a name (for example `"r1"`), a config or an object.

    Args:
        identifier: A name (`names()`), a serialised config, or a `Penalty`.

    Returns:
        A `Penalty`.

    Raises:
        ValueError: If `identifier` is none of these.
    """
    return serialization.get(identifier, _PENALTIES, Penalty, "penalties")


def get_for_generator(identifier: Identifier) -> GeneratorPenalty:
    """Returns the penalty on the generator for a name, a config or an object.

    Args:
        identifier: A name (`"path_length"`), a serialised config, or a
            `GeneratorPenalty`.

    Returns:
        A `GeneratorPenalty`.

    Raises:
        ValueError: If `identifier` is none of these.
    """
    return serialization.get(
        identifier, _GENERATOR_PENALTIES, GeneratorPenalty, "generator_penalties"
    )
