"""All settings of a training in one object."""

import dataclasses
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
        reasons: Sentences that say why the settings are as they are.

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
    reasons: tuple[str, ...] = ()

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
    def images(self) -> int:
        """Number of real samples shown, without the last batches that are not full."""
        return self.epochs * self.num_images

    def __str__(self) -> str:
        labels = "labels=labels, " if "num_classes" in self.generator.arguments else ""
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
                f"gan.fit(batches, epochs={self.epochs})",
            ]
        )

    def _gan(self, seed: int | None) -> Call:
        networks = {"generator": self.generator, "discriminator": self.discriminator}
        return Call("kgan.GAN", {**networks, **self.gan, "seed": seed})
