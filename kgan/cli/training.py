"""The parts of a training, made from the settings of a command and the data."""

import dataclasses
from typing import Self

import numpy as np

import kgan
from kgan import checks
from kgan.cli import dataset, preset
from kgan.cli.captions import EncodedCaptions
from kgan.cli.dataset import AnyData
from kgan.cli.picture_sets import PictureSets
from kgan.models.compiled import CompiledModel
from kgan.presets.translation import TranslatorPreset
from kgan_cli.settings import ModelSettings

# The number of missing labels that a warning lists.
_LISTED = 10


@dataclasses.dataclass(frozen=True)
class Training:
    """The GAN, its data, and the settings with a value for each open option.

    Args:
        settings: The settings of the command. If an option was not given, its value comes
            from the data or the preset.
        data: The loaded data: samples, or the pictures of image to image.
        preset: The preset from which the GAN is built.
        gan: The compiled GAN.
        batches: The checked samples, with labels for a conditional GAN, or with vectors
            of captions.
        text: The captions with their vectors; None without captions.
        note: A sentence on the trained GAN whose weights the GAN has; empty without.
    """

    settings: ModelSettings
    data: AnyData
    preset: kgan.presets.Preset
    gan: CompiledModel
    batches: kgan.data.Batches
    text: EncodedCaptions | None = None
    note: str = ""

    @property
    def sets(self) -> PictureSets | None:
        """The pictures of image to image; None for another training."""
        return self.data if isinstance(self.data, PictureSets) else None

    @classmethod
    def prepare(
        cls,
        settings: ModelSettings,
        data: AnyData,
        gan: CompiledModel | None = None,
        text: EncodedCaptions | None = None,
    ) -> Self:
        """Builds the GAN and the batches.

        Args:
            settings: The settings of the command.
            data: The loaded data.
            gan: The GAN of a run that continues; None to build the GAN of the preset.
            text: The captions with their vectors; None without captions.

        Raises:
            ValueError: If the GAN can't be trained on the data.
        """
        samples, labels = data.samples, _labels(settings, data.labels)
        sets = data if isinstance(data, PictureSets) else None
        count = len(samples) if sets is None else sets.count
        if (settings.batch_size or 0) > count:
            raise ValueError(
                f"--batch-size must be at most the number of samples, {count}. "
                f"Received: --batch-size {settings.batch_size}"
            )
        num_classes = None if labels is None else int(labels.max()) + 1
        dim = None if text is None else text.vectors.shape[1]
        shape = samples.shape[1:]
        source_shape = None if sets is None else sets.sources.shape[1:]
        chosen = preset.choose(settings, shape, count, num_classes, dim, source_shape)
        settings = _with_decided_values(settings, data, chosen)
        gan = gan or preset.build(chosen, settings.seed, settings.precision)
        check = gan.data_check(d_steps=gan.updates_per_batch)
        size, seed = chosen.batch_size, settings.seed
        if isinstance(chosen, TranslatorPreset) and sets is not None:
            batches, _, _ = kgan.data.prepare(sets.batches(chosen, seed), check)
        elif text is None:
            batches, _, _ = kgan.data.prepare(
                samples, check, size, y=labels, seed=seed, drop_remainder=True
            )
        else:
            batches, _, _ = kgan.data.prepare(text.batches(samples, size, seed), check)
        return cls(settings, data, chosen, gan, batches, text)


def _with_decided_values(
    settings: ModelSettings, data: AnyData, chosen: kgan.presets.Preset
) -> ModelSettings:
    """Returns the settings with the values of the data and of the preset.

    The record of a run needs these values: another machine might choose other values.
    """
    if data.report is not None:
        fit = data.report.fit
        size, channels = (fit.height, fit.width), fit.channels
        settings = dataclasses.replace(settings, size=size, channels=channels)
    return dataclasses.replace(
        settings,
        preset=chosen.name,
        compute=chosen.compute,
        epochs=chosen.epochs,
        budget=chosen.budget if settings.budget or not settings.epochs else None,
        batch_size=chosen.batch_size,
        # A model that translates pictures has no latents.
        latent_dim=chosen.generator.arguments.get("latent_dim"),
    )


def _labels(settings: ModelSettings, labels: np.ndarray | None) -> np.ndarray | None:
    """Returns the labels of a conditional GAN, or None.

    Raises:
        ValueError: If the data has no labels, or the labels are not numbered from 0.
    """
    if not settings.conditional:
        return None
    if labels is None:
        raise ValueError(
            "--conditional trains on labels, but the data has none. "
            f"Received: --data {settings.data}"
        )
    classes = len(np.unique(labels))
    # The networks have parameters for each int up to the largest label.
    if labels.min() < 0 or labels.max() >= max(1000, 10 * classes):
        raise ValueError(
            "--conditional makes a class of each int up to the largest label: number "
            f"the labels 0, 1, ... Received: --data {settings.data} with {classes} "
            f"labels from {labels.min()} to {labels.max()}"
        )
    if classes <= labels.max():
        missing = np.setdiff1d(np.arange(labels.max()), labels)
        listed = [*map(str, missing[:_LISTED])] + ["..."] * (len(missing) > _LISTED)
        dataset.warn(
            f"The GAN can't learn {checks.counted(len(missing), 'label')} of which the "
            f"data has no sample: number the labels 0, 1, ... Received: --data "
            f"{settings.data} without samples of {', '.join(listed)}"
        )
    return labels
