"""All that a training is made of, in one readable object."""

import dataclasses
import math
from collections.abc import Mapping
from typing import Any

import keras

import kgan
from kgan.presets.call import Call, code, make


@dataclasses.dataclass(frozen=True)
class Preset:
    """Networks, optimizers, loss, penalties, averaging, batch and length of a training.

    It prints as the Python that builds it. `dataclasses.replace` makes another one with
    some parts changed.

    Args:
        name: The name of the preset.
        sample_shape: Shape of one sample.
        num_images: Int, samples in the data.
        compute: `"cpu"` or `"gpu"`, for which it is sized.
        generator: A `Call` of a builder.
        discriminator: Another one.
        gan: Dict of further arguments of `kgan.GAN`.
        compile: Dict of arguments of `GAN.compile`.
        batch_size: Int, reals in a batch.
        epochs: Int.
        reasons: Why it is as it is, a sentence each.

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

    def build(self, seed: int | None = None) -> kgan.GAN:
        """Returns the compiled GAN.

        Args:
            seed: Int of weights, noise and the order of data; None for a random one.
        """
        if seed is not None:
            keras.utils.set_random_seed(seed)
        gan = kgan.GAN(
            self.generator.make(), self.discriminator.make(), seed=seed,
            **make(dict(self.gan)),
        )  # fmt: skip
        gan.compile(**make(dict(self.compile)))
        return gan

    @property
    def images(self) -> int:
        """How many reals are shown in all, but for the last batch of each epoch."""
        return self.epochs * self.num_images

    def __str__(self) -> str:
        networks = {"generator": self.generator, "discriminator": self.discriminator}
        gan = Call("kgan.GAN", {**networks, **self.gan, "seed": 0})
        labels = "labels=labels, " if "num_classes" in self.generator.arguments else ""
        return "\n".join(
            [
                "import keras, kgan",
                "",
                "keras.utils.set_random_seed(0)",
                code(gan, before="gan = "),
                code(Call("gan.compile", self.compile)),
                "batches = kgan.data.Batches(",
                f"    samples, batch_size={self.batch_size}, {labels}seed=0, "
                "drop_remainder=True",
                ")",
                f"gan.fit(batches, epochs={self.epochs})",
            ]
        )


def epochs(images: int, num_images: int) -> int:
    """Returns how many epochs show at least so many images."""
    return max(1, math.ceil(images / num_images))
