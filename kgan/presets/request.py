"""The data and the machine that a preset is made for."""

import dataclasses
import math
from typing import Any, NamedTuple, TypeVar

from kgan import checks
from kgan.data import is_image_shape
from kgan.presets.call import Call
from kgan.presets.preset import Preset, parts
from kgan.trainers.framework import FrameworkDevices

# A discriminator memorises images that it sees more often than this. The narrow networks
# for a CPU memorise later: emoji that they see 563 times gain nothing by augmentation.
_MOST_TIMES = {"gpu": 200, "cpu": 600}

AnyPreset = TypeVar("AnyPreset", bound=Preset)


class Augmentation(NamedTuple):
    """The augmentation of a preset.

    Attributes:
        compile: The argument of `compile`; empty without augmentation.
        reasons: The sentence that explains the augmentation; empty without augmentation.
    """

    compile: dict[str, Call]
    reasons: tuple[str, ...]


@dataclasses.dataclass(frozen=True)
class Request:
    """The data and the machine that a preset is made for.

    Args:
        name: Name of the preset.
        shape: Shape of one sample.
        num_images: Int, number of samples in the data.
        num_classes: Int, for a conditional GAN; None without labels.
        compute: `"cpu"` or `"gpu"`.
        budget: Int, number of real images to show; None for the default of the preset.
        condition_dim: Int, length of the vectors of a GAN that is given vectors; None
            without vectors.
        source_shape: Shape of the pictures that a model translates; None for other
            models.
    """

    name: str
    shape: tuple[int, ...]
    num_images: int
    num_classes: int | None
    compute: str
    budget: int | None
    condition_dim: int | None = None
    source_shape: tuple[int, ...] | None = None

    def __post_init__(self) -> None:
        if self.num_classes is not None and self.condition_dim is not None:
            counts = {n: getattr(self, n) for n in ("num_classes", "condition_dim")}
            raise ValueError(
                "A preset is for labels or for vectors: give `num_classes` or "
                f"`condition_dim`. {checks.received(**counts)}"
            )
        if self.source_shape is not None:
            self._check_translation()

    def _check_translation(self) -> None:
        counts = {n: getattr(self, n) for n in ("num_classes", "condition_dim")}
        if given := {n: value for n, value in counts.items() if value is not None}:
            raise ValueError(
                "A preset for the translation of pictures takes no labels and no "
                f"vectors. {checks.received(source_shape=self.source_shape, **given)}"
            )

    def check_images(self) -> None:
        """Raises a `ValueError` if the samples are not images."""
        if not is_image_shape(self.shape):
            self._raise("images, (height, width, channels) with 1 to 4 channels")

    def check_signals(self) -> None:
        """Raises a `ValueError` if the samples are not signals."""
        if len(self.shape) != 2:
            self._raise("signals, (length, channels)")

    def _raise(self, expected: str) -> None:
        raise ValueError(
            f"The preset {self.name!r} is for {expected}. "
            f"{checks.received(image_shape=self.shape)}"
        )

    def preset(
        self,
        budget: int,
        batch_size: int,
        kind: type[AnyPreset] = Preset,  # type: ignore[assignment]
        steps_per_execution: int = 1,
        **settings: Any,
    ) -> AnyPreset:
        """Returns a preset with the name, the data and the machine of the request.

        Args:
            budget: See `Preset`.
            batch_size: See `Preset`.
            kind: The class of the preset.
            steps_per_execution: Int, see `GAN.compile`: more than 1 for networks whose
                steps take no longer than a call. Used where Keras can, and where an
                epoch is so long.
            **settings: The other arguments of `kind`.
        """
        # The same epochs on all frameworks, among which a run may change. The last call
        # of an epoch may have fewer steps.
        epochs, steps = parts(budget, batch_size)
        is_possible = "steps_per_execution" not in FrameworkDevices.compile_overrides
        if is_possible and 1 < steps_per_execution <= steps:
            settings = _in_one_call(settings, steps_per_execution)
        if self.condition_dim is not None:
            settings = _matching_aware(settings)
        return kind(
            name=self.name,
            sample_shape=self.shape,
            num_images=self.num_images,
            compute=self.compute,
            batch_size=batch_size,
            epochs=epochs,
            steps_per_epoch=steps,
            budget=budget,
            **settings,
        )

    def network(
        self, builder: str, shape_argument: str = "image_shape", **arguments: Any
    ) -> Call:
        """Returns the call of a builder of `kgan.networks`.

        Args:
            builder: Name of the builder.
            shape_argument: Name of the builder's argument for the shape of a sample.
            **arguments: Arguments of the builder, beside the shape and the condition.
        """
        sizes = {"num_classes": self.num_classes, "condition_dim": self.condition_dim}
        condition = {name: size for name, size in sizes.items() if size is not None}
        shape = {shape_argument: self.shape}
        return Call(f"kgan.networks.{builder}", {**shape, **arguments, **condition})

    def batch_size(self, size: int, divisor: int = 1) -> int:
        """Returns `size` or less for small data, as a multiple of `divisor`."""
        return max(divisor, min(size, self.num_images) // divisor * divisor)

    def images(self, default: int) -> int:
        """Returns the number of real images to show.

        Args:
            default: Int, the number for a request without a budget.
        """
        return self.budget or default

    def diff_augment(self, images: int) -> Augmentation:
        """Returns `kgan.augment.DiffAugment` for samples shown very often, or nothing.

        Args:
            images: Int, the number of real images that the training shows.
        """
        call = Call("kgan.augment.DiffAugment", {"policy": self.policy})
        return self._augmentation(images, call, self.policy)

    def ada(self, images: int, initial: float = 0.0) -> Augmentation:
        """Returns `kgan.augment.ADA` for samples shown very often, or nothing.

        Args:
            images: See `diff_augment`.
            initial: Float, the strength at the beginning.
        """
        # The paper's 500,000 images are too many for short trainings.
        speed = min(500_000, max(1, images // 4))
        arguments = {"target": 0.6, "images": speed, "initial": initial}
        call = Call("kgan.augment.ADA", arguments)
        kind = "adaptive, Karras et al., 2020, arXiv:2006.06676"
        return self._augmentation(images, call, kind)

    def _augmentation(self, images: int, call: Call, kind: str) -> Augmentation:
        if not self._repeats(images):
            return Augmentation({}, ())
        times = math.ceil(images / self.num_images)
        reason = (
            f"{self.num_images:,} samples are few to show each of them {times:,} times, "
            f"so augmentation ({kind}) keeps the discriminator from memorising the "
            "samples."
        )
        return Augmentation({"augment": call}, (reason,))

    def _repeats(self, images: int) -> bool:
        """Whether the training shows the samples so often that they are memorised."""
        return images > _MOST_TIMES[self.compute] * self.num_images

    @property
    def policy(self) -> str:
        """The policy of `kgan.augment.DiffAugment` for images."""
        return "color,translation,cutout" if self.shape[-1] >= 3 else "translation"


def _in_one_call(settings: dict[str, Any], steps: int) -> dict[str, Any]:
    """Returns settings with which several steps follow each other in one call."""
    reason = (
        f"The framework takes {steps} steps in one call, since a call takes time of its "
        "own, which is long compared with a step of small networks. Callbacks are "
        "called once for each call."
    )
    changed = {"compile": {**settings["compile"], "steps_per_execution": steps}}
    return {**settings, **changed, "reasons": (*settings["reasons"], reason)}


def _matching_aware(settings: dict[str, Any]) -> dict[str, Any]:
    """Returns settings with which the discriminator learns which vectors belong.

    A vector is new with nearly every sample, so a discriminator learns less from samples
    of one condition than it does with labels.
    """
    changed = {"compile": {**settings["compile"], "mismatch": 0.5}}
    reason = (
        "Reals with the vectors of others are fakes too (Reed et al., 2016, "
        "arXiv:1605.05396), so that the discriminator learns which vector belongs to a "
        "sample."
    )
    return {**settings, **changed, "reasons": (*settings["reasons"], reason)}
