"""All settings of a training in one object."""

import dataclasses
from collections.abc import Mapping
from typing import Any

import keras

from kgan.backend import keras_private
from kgan.models.compiled import CompiledModel
from kgan.presets.call import Call, code, make

# About as many reports of a training as a reader looks at.
_PARTS = 60
_FALLS = (
    "The training starts from a trained GAN, so the learning rate falls from the first "
    "image on."
)


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
            these samples.
        steps_per_epoch: Int, number of batches in an epoch; None for all batches of the
            data. See `parts`.
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
    steps_per_epoch: int | None = None
    reasons: tuple[str, ...] = ()
    expectation: str = ""

    def build(
        self, seed: int | None = None, generator: keras.Model | None = None
    ) -> CompiledModel:
        """Returns the compiled GAN.

        Args:
            seed: Int, the seed of weights, noise and the order of the data; None for a
                random seed.
            generator: A generator in the place of the preset's, for example of
                `kgan.networks.stacked_generator`.
        """
        if seed is not None:
            keras_private.set_random_seed(seed)
        call = self._gan(seed)
        if generator is not None:
            arguments = {**call.arguments, "generator": generator}
            call = dataclasses.replace(call, arguments=arguments)
        gan = call.make()
        gan.compile(**make(dict(self.compile)))
        return gan

    def for_trained(self) -> "Preset":
        """Returns the preset for a training that starts from a trained GAN.

        A learning rate that falls late falls from the first image on, over the whole
        budget: the networks have made their large steps already. See `GAN.start_from`.

        Example:

        >>> import kgan
        >>> preset = kgan.presets.suggest((32, 32, 3), 3_000, compute="cpu")
        >>> preset.for_trained().compile["schedules"]["learning_rate"].arguments
        {'start': 0.002, 'end': 0.0002, 'images': 300000}
        """
        schedules = dict(self.compile.get("schedules") or {})
        late = schedules.get("learning_rate")
        if late is None or not late.arguments.get("begin"):
            return self
        arguments = dict(late.arguments)
        arguments["images"] += arguments.pop("begin")
        schedules["learning_rate"] = Call(late.function, arguments)
        return dataclasses.replace(
            self,
            compile={**self.compile, "schedules": schedules},
            reasons=(*self.reasons, _FALLS),
            expectation="",
        )

    @property
    def images(self) -> int:
        """Number of real samples shown, without the last batches that are not full."""
        size = min(self.batch_size, self.num_images)
        batches = max(1, self.num_images // self.batch_size)
        return self.epochs * (self.steps_per_epoch or batches) * size

    def __str__(self) -> str:
        imports = ["import kgan, keras", ""]
        return "\n".join([*imports, *self.code_to_build(0), *self.code_to_train(0)])

    def code_to_build(self, seed: int) -> list[str]:
        """Returns the lines of Python that build the compiled `gan`.

        Args:
            seed: Int, see `build`.
        """
        return [
            f"keras.utils.set_random_seed({seed})",
            code(self._gan(seed), prefix="gan = "),
            code(Call("gan.compile", self.compile)),
        ]

    def code_to_train(
        self,
        seed: int,
        batches: str = "Batches",
        given: str | None = None,
        samples: str = "samples",
    ) -> list[str]:
        """Returns the lines of Python that train `gan` on `samples`.

        Args:
            seed: Int, the seed of the order of the data.
            batches: Name of the class of the batches in `kgan.data`.
            given: The conditions as arguments of the batches, in Python; None for the
                `labels` or the `vectors` that the networks take.
            samples: The first arguments of the batches, in Python.
        """
        if given is None:
            names = {"num_classes": "labels", "condition_dim": "vectors"}
            taken = [names[n] for n in names if n in self.generator.arguments]
            given = "".join(f"labels={name}, " for name in taken)
        shorter = self.steps_per_epoch
        steps = f", steps_per_epoch={shorter}" if shorter else ""
        return [
            f"batches = kgan.data.{batches}(",
            f"    {samples}, batch_size={self.batch_size}, {given}seed={seed}, "
            "drop_remainder=True",
            ")",
            f"gan.fit(batches, epochs={self.epochs}{steps})",
        ]

    def _gan(self, seed: int | None) -> Call:
        networks = {"generator": self.generator, "discriminator": self.discriminator}
        return Call("kgan.GAN", {**networks, **self.gan, "seed": seed})


def parts(budget: int, batch_size: int) -> tuple[int, int]:
    """Divides a budget into about sixty equal parts, which are the epochs of `fit`.

    Callbacks report and draw at the end of an epoch. Parts of the budget make as many
    reports of five samples as of a million.

    Args:
        budget: Int, number of real samples to show.
        batch_size: Int, real samples per batch.

    Returns:
        `(epochs, steps_per_epoch)`. Together they differ from the budget by about a batch
        at most.

    Example:

    >>> parts(150_000, 32)
    (43, 109)
    """
    batches = max(1, round(budget / batch_size))

    def error(steps: int) -> tuple[int, int]:
        epochs = _rounded(batches, steps)
        return abs(epochs * steps - batches), abs(epochs - _PARTS)

    fewest, most = 2 * batches // (3 * _PARTS), 3 * batches // (2 * _PARTS)
    steps = min(range(max(1, fewest), max(1, most) + 1), key=error)
    return _rounded(batches, steps), steps


def _rounded(batches: int, steps: int) -> int:
    return max(1, round(batches / steps))
