import itertools
from collections.abc import Sequence
from typing import cast

import keras

from kgan import checks, schedules, serialization
from kgan.augment.base import Augmentation, Pipeline
from kgan.augment.move import Move, move
from kgan.types import Identifier, Seed, Shape, Tensor


@serialization.register
class Compose(Pipeline):
    """A sequence of augmentations, applied in order.

    Neighbours among `Blit` and `Geometric` are composed to one affine map, and the image
    is sampled once, as in the paper of ADA.

    Args:
        augmentations: List of at least one: names, configs or objects for
            `kgan.augment.get`.
        probability: Float in [0, 1], or a schedule. It is multiplied by the probability
            of each augmentation. The augmentations are applied independently.

    Raises:
        ValueError: If the list is empty, or an element is no augmentation.

    Example:

    >>> import kgan
    >>> kgan.augment.Compose(["flip", kgan.augment.Cutout(0.3)])
    Compose(augmentations=[Flip(probability=1.0), Cutout(ratio=0.3, probability=1.0)], \
probability=1.0)
    """

    def __init__(
        self,
        augmentations: Sequence[Identifier],
        probability: schedules.NumberOrSchedule = 1.0,
    ):
        super().__init__(probability)
        self.augmentations: list[Augmentation] = checks.resolved(
            _each,
            "a list of at least one `kgan.augment.Augmentation`, or name of one",
            augmentations=augmentations,
        )

    @property
    def variables(self) -> list[keras.Variable]:
        return [v for part in self.augmentations for v in part.variables]

    def build(self) -> None:
        for part in self.augmentations:
            part.build()

    def check(self, sample_shape: Shape) -> None:
        for part in self.augmentations:
            part.check(sample_shape)

    def apply(self, x: Tensor, seed: Seed, probability: Tensor) -> Tensor:
        groups = itertools.groupby(self.augmentations, lambda p: isinstance(p, Move))
        for is_move, parts in groups:
            if is_move:
                x = move(x, cast(list[Move], list(parts)), seed, probability)
            else:
                for part in parts:
                    x = part(x, seed, probability)
        return x

    def update(self, real_logits: Tensor, size: Tensor) -> None:
        for part in self.augmentations:
            part.update(real_logits, size)

    def logs(self) -> dict[str, Tensor]:
        return {k: v for part in self.augmentations for k, v in part.logs().items()}


def _each(augmentations: Sequence[Identifier]) -> list[Augmentation]:
    # Imported here, since `kgan.augment` imports this file.
    from kgan import augment

    if not isinstance(augmentations, list | tuple) or not augmentations:
        raise ValueError("not a list, or empty")
    return [augment.get_one(part) for part in augmentations]
