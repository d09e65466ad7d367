from kgan import checks, schedules, serialization
from kgan.augment.base import Augmentation
from kgan.augment.color import Color
from kgan.augment.compose import Compose
from kgan.augment.cutout import Cutout
from kgan.augment.flip import Flip
from kgan.augment.translation import Translation

_PARTS: tuple[type[Augmentation], ...] = (Color, Cutout, Flip, Translation)
_POLICIES = {part.name: part for part in _PARTS}


@serialization.register
class DiffAugment(Compose):
    """Differentiable augmentation of fixed strength, for GANs on little data.

    The code of the paper uses colour, translation and cutout for a tenth of CIFAR-10 and
    for data sets of 100 images. It uses translation and cutout for all of CIFAR-10.

    Args:
        policy: Names separated by commas, in the order of application: `"color"`,
            `"translation"`, `"cutout"`, `"flip"`.
        probability: Float in [0, 1], or a schedule: the probability of each of them.

    Raises:
        ValueError: If `policy` has another name.

    Example:

    >>> import kgan
    >>> augment = kgan.augment.DiffAugment("color,cutout")
    >>> tuple(augment(keras.ops.zeros((2, 8, 8, 3))).shape)
    (2, 8, 8, 3)

    Reference:
        [Zhao et al., 2020](https://arxiv.org/abs/2006.10738), section 3.
    """

    name = "diffaugment"

    def __init__(
        self,
        policy: str = "color,translation,cutout",
        probability: schedules.NumberOrSchedule = 1.0,
    ):
        super().__init__(_parse(policy), probability)
        self.policy = policy


def _parse(policy: object) -> list[Augmentation]:
    text = policy if isinstance(policy, str) else ""
    names = [name.strip() for name in text.split(",")]
    if not set(names) <= set(_POLICIES):
        raise ValueError(
            f"`policy` must be names separated by commas: {', '.join(_POLICIES)}. "
            f"{checks.received(policy=policy)}"
        )
    return [_POLICIES[name]() for name in names]
