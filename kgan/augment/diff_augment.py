from kgan import schedules, serialization
from kgan.augment.base import Augmentation
from kgan.augment.color import Color
from kgan.augment.compose import Compose
from kgan.augment.cutout import Cutout
from kgan.augment.flip import Flip
from kgan.augment.translation import Translation

_POLICIES: dict[str, type[Augmentation]] = {
    "color": Color,
    "cutout": Cutout,
    "flip": Flip,
    "translation": Translation,
}


@serialization.register
class DiffAugment(Compose):
    """Differentiable augmentation of fixed strength, for GANs on little data.

    The paper's code takes all three of its kinds for a tenth of CIFAR-10 and for 100
    images, and translation with cutout for the whole of it.

    Args:
        policy: Names, separated by commas: of `"color"`, `"translation"`, `"cutout"`
            and `"flip"`, in the order in which they are applied.
        probability: Float in [0, 1], or a schedule, of each of them.

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

    def get_config(self):
        return {"policy": self.policy, "probability": self.probability}


def _parse(policy: str) -> list[Augmentation]:
    names = [name.strip() for name in policy.split(",")]
    if not set(names) <= set(_POLICIES):
        raise ValueError(
            f"`policy` must be of {', '.join(sorted(_POLICIES))}, separated by commas. "
            f"Received: policy={policy!r}"
        )
    return [_POLICIES[name]() for name in names]
