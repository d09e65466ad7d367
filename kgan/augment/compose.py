from collections.abc import Sequence
from typing import Any

from kgan import schedules, serialization
from kgan.augment.base import Augmentation, Pipeline


@serialization.register
class Compose(Pipeline):
    """Augmentations one after the other.

    Args:
        augmentations: List of `Augmentation`s.
        probability: Float in [0, 1], or a schedule. Each of them happens with its own
            probability times this one, independently of the others.

    Raises:
        ValueError: If `augmentations` are none, or something else.

    Example:

    >>> import kgan
    >>> kgan.augment.Compose([kgan.augment.Flip(), kgan.augment.Cutout(0.3)])
    Compose(augmentations=[Flip(probability=1.0), Cutout(ratio=0.3, probability=1.0)], \
probability=1.0)
    """

    def __init__(
        self,
        augmentations: Sequence[Augmentation],
        probability: schedules.NumberOrSchedule = 1.0,
    ):
        super().__init__(probability)
        self.augmentations = list(augmentations)
        alike = all(isinstance(part, Augmentation) for part in self.augmentations)
        if not self.augmentations or not alike:
            raise ValueError(
                "`augmentations` must be a list of at least one "
                f"`kgan.augment.Augmentation`. Received: augmentations={augmentations!r}"
            )

    @property
    def variables(self):
        return [v for part in self.augmentations for v in part.variables]

    def build(self):
        for part in self.augmentations:
            part.build()

    def check(self, sample_shape):
        for part in self.augmentations:
            part.check(sample_shape)

    def apply(self, x, seed, probability):
        for part in self.augmentations:
            x = part(x, seed, probability)
        return x

    def update(self, real_logits, size):
        for part in self.augmentations:
            part.update(real_logits, size)

    def logs(self) -> dict[str, Any]:
        return {k: v for part in self.augmentations for k, v in part.logs().items()}

    def get_config(self):
        return {"augmentations": self.augmentations, **super().get_config()}
