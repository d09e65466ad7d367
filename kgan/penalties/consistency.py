from typing import Any

from keras import ops

from kgan import augment as augments
from kgan import checks, schedules, serialization
from kgan.critic import Critic, Judgement
from kgan.penalties.base import Penalty
from kgan.types import Identifier, Shape, Tensor


@serialization.register
class Consistency(Penalty):
    """Pulls the logits of changed samples to the logits of the samples themselves (bCR).

    `weight * (mean((D(x) - D(T(x)))²) + fakes * mean((D(g) - D(T(g)))²))` over reals `x`
    and fakes `g`, with a random change `T`. The penalty is for little data. Unlike the
    argument `augment` of `GAN.compile`, the change does not reach the generator: the
    discriminator learns that the change does not matter. If the GAN has an `augment`
    too, both logits are of augmented samples. The logit of a discriminator of patches or
    scales is the mean over them.

    Args:
        weight: Float, or a schedule: the lambda of reals.
        augment: The change `T`: a name, a list or an object of `kgan.augment`. The paper
            takes `[kgan.augment.Flip(), kgan.augment.Translation()]`; flipping suits
            pictures whose mirror images look as real.
        fakes: Float of at least 0, or a schedule: the lambda of fakes, as a multiple of
            `weight`. With 0, only the logits of reals are pulled (CR).
        every: Int; the penalty applies only in every `every`-th update, multiplied by
            `every`.

    Raises:
        ValueError: If an argument is out of bounds, or `augment` adapts to the training.

    Example:

    >>> import kgan
    >>> kgan.penalties.Consistency(5.0, [kgan.augment.Flip(), "translation"])
    Consistency(weight=5.0, augment=Compose(augmentations=[Flip(probability=1.0), \
Translation(ratio=0.125, probability=1.0)], probability=1.0), fakes=1.0, every=1)

    Reference:
        [Zhao et al., 2020](https://arxiv.org/abs/2002.04724), algorithm 1, and for CR
        [Zhang et al., 2019](https://arxiv.org/abs/1910.12027), equation 3.
    """

    name = "consistency"
    takes_gradient = False

    def __init__(
        self,
        weight: schedules.NumberOrSchedule = 10.0,
        augment: Identifier = "translation",
        fakes: schedules.NumberOrSchedule = 1.0,
        every: int = 1,
    ):
        super().__init__(weight, every)
        self.augment = augments.get_one(augment)
        self.augment.build()
        if self.augment.variables:
            raise ValueError(
                "`augment` must be an augmentation that does not adapt to the training. "
                f"{checks.received(augment=augment)}"
            )
        self.fakes: Any = schedules.number(minimum=0, fakes=fakes)
        # A forward pass and two gradients each, for the changed reals and fakes.
        self.passes = 3 if self._is_cr else 6

    @property
    def _is_cr(self) -> bool:
        """Whether only the logits of reals are pulled."""
        return isinstance(self.fakes, int | float) and self.fakes == 0

    def check(self, sample_shape: Shape) -> None:
        self.augment.check(sample_shape)

    def value(self, real: Judgement, fake: Judgement, critic: Critic) -> Tensor:
        apart = self._apart(real, critic)
        return apart if self._is_cr else apart + self.fakes * self._apart(fake, critic)

    def _apart(self, judged: Judgement, critic: Critic) -> Tensor:
        """Returns the mean squared difference that the change makes to the logits."""
        changed = critic.augmented(judged.samples, self.augment)
        logits = critic.judge(changed, judged.conditions, frozen=True).logits
        return ops.mean(ops.square(judged.logits - logits))
