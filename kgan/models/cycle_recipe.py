"""How a CycleGAN trains: the options of `CycleGAN.compile`, resolved and checked."""

from collections.abc import Iterable, Mapping
from typing import Any

import keras

from kgan import checks, serialization
from kgan import schedules as schedules_lib
from kgan.models.fake_history import FakeHistory
from kgan.models.recipe import Recipe
from kgan.schedules import NumberOrSchedule, Schedule
from kgan.types import Identifier, Tensor


class CycleRecipe(Recipe):
    """The options of `CycleGAN.compile`, except the optimizers and the ones of Keras.

    Args:
        loss: See `Recipe`.
        penalties: See `Recipe`. Each discriminator has copies of its own.
        augment: See `Recipe`. Each discriminator has a copy of its own.
        schedules: See `Recipe`.
        cycle_weight: Float of at least 0, or a schedule, the weight of the mean absolute
            error between pictures and their translations there and back.
        identity_weight: Float of at least 0, or a schedule, times `cycle_weight`: the
            weight of the mean absolute error between pictures of the target and their
            translations, which should change nothing. 0 leaves the translations out.
        history: Int of at least 0, number of earlier fakes that each discriminator sees
            in turn with new fakes, see `kgan.models.fake_history`; 0 for new fakes only.

    Attributes:
        twin: The `Recipe` of the discriminator of A. The options of the discriminator of
            B are the attributes of this recipe.
        histories: The `FakeHistory` of A and of B; empty without a history.

    Raises:
        ValueError: If an option can't be used.
    """

    owner = "CycleGAN"

    def __init__(
        self,
        loss: Identifier = "least_squares",
        penalties: Iterable[Identifier] = (),
        augment: Identifier | None = None,
        schedules: Mapping[str, Schedule] | None = None,
        cycle_weight: NumberOrSchedule = 10.0,
        identity_weight: NumberOrSchedule = 0.5,
        history: int = 50,
    ):
        self.cycle_weight = schedules_lib.number(minimum=0, cycle_weight=cycle_weight)
        self.identity_weight = schedules_lib.number(
            minimum=0, identity_weight=identity_weight
        )
        self.history = checks.count(minimum=0, history=history)
        self.histories: list[FakeHistory] = []
        super().__init__(loss, penalties, augment=augment, schedules=schedules)
        # Penalties and augmentations may keep numbers about their discriminator.
        given = self.penalties, self.augment
        self.penalties, self.augment = serialization.copy_without_state(given)
        penalties, augment = serialization.copy_without_state(given)
        self.twin = Recipe(self.loss, penalties, augment=augment)

    @property
    def uses_identity(self) -> bool:
        """Whether the generators translate pictures of their own target."""
        weight = self.identity_weight
        return not isinstance(weight, int | float) or weight > 0

    def check(self, gan: Any) -> None:
        """Checks the options against the networks of a CycleGAN.

        Raises:
            ValueError: If an option can't be used with the networks.
        """
        super().check(gan)
        shapes = gan.shape_a, gan.sample_shape
        if self.augment is not None:
            self.augment.check(gan.shape_a)
        for penalty in self.penalties:
            penalty.check(gan.shape_a)
        if self.uses_identity and not checks.same_shape(*shapes):
            raise ValueError(
                "The identity loss needs pictures of one shape on both sides: pass "
                f"`identity_weight=0`. {checks.received(a=shapes[0], b=shapes[1])}, "
                f"{checks.received(identity_weight=self.identity_weight)}"
            )
        if self.history and None in (*shapes[0], *shapes[1]):
            raise ValueError(
                "A history needs discriminators of pictures of a known size: pass "
                f"`history=0`. {checks.received(history=self.history)}, pictures of "
                f"shapes {shapes[0]} and {shapes[1]}"
            )

    def build(self, gan: Any) -> list[keras.Variable]:
        found = [*super().build(gan), *self.twin.build(gan)]
        if self.history:
            shapes = {"a": gan.shape_a, "b": gan.sample_shape}
            self.histories = [
                FakeHistory(self.history, shape, name) for name, shape in shapes.items()
            ]
        return found + [v for history in self.histories for v in history.variables]

    def log_names(self, has_classes: bool) -> tuple[str, ...]:
        further = ("cycle", "identity") if self.uses_identity else ("cycle",)
        return (*super().log_names(has_classes), *further)

    def exchanged(
        self, fakes: list[Tensor], seed_generator: keras.random.SeedGenerator
    ) -> list[Tensor]:
        """Returns the fakes of A and of B that train the discriminators.

        Args:
            fakes: New fakes of A and of B.
            seed_generator: Source of random numbers.
        """
        if not self.histories:
            return fakes
        pairs = zip(self.histories, fakes, strict=True)
        return [history.exchange(x, seed_generator) for history, x in pairs]
