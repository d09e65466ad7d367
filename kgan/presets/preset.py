"""All settings of a training in one object."""

import dataclasses
import math
from collections.abc import Mapping
from typing import Any

import keras

from kgan.models.gan import GAN
from kgan.presets.call import Call, code, make


@dataclasses.dataclass(frozen=True)
class Preset:
    """Networks, optimizers, loss, penalties, averaging, batch size and epochs.

    A preset prints as the Python code that builds the GAN. `dataclasses.replace` returns
    a preset with some parts changed.

    Args:
        name: Name of the preset.
        sample_shape: Shape of one sample.
        num_images: Int, number of samples in the data.
        compute: `"cpu"` or `"gpu"`: the machine that the networks are sized for.
        generator: `Call` of a builder.
        discriminator: `Call` of a builder.
        gan: Dict of further arguments of `kgan.GAN`.
        compile: Dict of arguments of `GAN.compile`.
        batch_size: Int, real samples per batch.
        epochs: Int, number of epochs.
        budget: Int, number of real samples for which the preset is made. Schedules span
            these samples, and epochs are shorter if whole epochs would show many more.
        reasons: Sentences that say why the settings are as they are.
        expectation: A sentence on the samples to expect of the budget; empty if unknown.

    Example:

    >>> import kgan
    >>> preset = kgan.presets.suggest((28, 28, 1), num_images=60_000, compute="cpu")
    >>> gan = preset.build(seed=0)
    >>> gan.generator.output_shape
    (None, 28, 28, 1)
    """

    name: str
    sample_shape: tuple[int, ...]
    num_images: int
    compute: str
    generator: Call
    discriminator: Call
    gan: Mapping[str, Any]
    compile: Mapping[str, Any]
    batch_size: int
    epochs: int
    budget: int
    reasons: tuple[str, ...] = ()
    expectation: str = ""

    def build(self, seed: int | None = None) -> GAN:
        """Returns the compiled GAN.

        Args:
            seed: Int, the seed of weights, noise and the order of the data; None for a
                random seed.
        """
        if seed is not None:
            keras.utils.set_random_seed(seed)
        gan = self._gan(seed).make()
        gan.compile(**make(dict(self.compile)))
        return gan

    @property
    def steps_per_epoch(self) -> int | None:
        """Number of batches in an epoch; None for all batches of the data.

        All batches, if the epochs that the budget needs show at most 1 % more samples.
        """
        samples = self.budget // epochs_for(self.budget, self.num_images)
        steps = max(1, samples // self.batch_size)
        if 1.01 * samples >= self.num_images or steps >= self._batches:
            return None
        return steps

    @property
    def images(self) -> int:
        """Number of real samples shown, without the last batches that are not full."""
        size = min(self.batch_size, self.num_images)
        return self.epochs * (self.steps_per_epoch or self._batches) * size

    @property
    def _batches(self) -> int:
        return max(1, self.num_images // self.batch_size)

    def __str__(self) -> str:
        labels = "labels=labels, " if "num_classes" in self.generator.arguments else ""
        shorter = self.steps_per_epoch
        steps = f", steps_per_epoch={shorter}" if shorter else ""
        return "\n".join(
            [
                "import keras, kgan",
                "",
                "keras.utils.set_random_seed(0)",
                code(self._gan(seed=0), prefix="gan = "),
                code(Call("gan.compile", self.compile)),
                "batches = kgan.data.Batches(",
                f"    samples, batch_size={self.batch_size}, {labels}seed=0, "
                "drop_remainder=True",
                ")",
                f"gan.fit(batches, epochs={self.epochs}{steps})",
            ]
        )

    def _gan(self, seed: int | None) -> Call:
        networks = {"generator": self.generator, "discriminator": self.discriminator}
        return Call("kgan.GAN", {**networks, **self.gan, "seed": seed})


def epochs_for(budget: int, num_images: int) -> int:
    """Returns the lowest number of epochs that can show a budget of samples."""
    return max(1, math.ceil(budget / num_images))
