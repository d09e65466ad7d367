"""The preset of a command: suggested or named, and then changed by the options."""

import dataclasses

import keras

from kgan import losses, presets
from kgan.cli import hyperparameters
from kgan.models.compiled import CompiledModel
from kgan.presets import Call, Preset, parts
from kgan_cli.settings import ModelSettings

# The penalties of a loss that replaces the loss of the preset.
_PENALTIES = {
    "wasserstein": [Call("kgan.penalties.GradientPenalty", {"weight": 10.0})],
    "relativistic": [
        Call("kgan.penalties.R1", {"weight": 0.05}),
        Call("kgan.penalties.R2", {"weight": 0.05}),
    ],
}
_DEFAULT_PENALTIES = [Call("kgan.penalties.R1", {"weight": 0.3})]


def choose(
    settings: ModelSettings,
    shape: tuple[int, ...],
    num_images: int,
    num_classes: int | None,
    condition_dim: int | None = None,
    source_shape: tuple[int, ...] | None = None,
) -> Preset:
    """Returns the preset for the settings and the data.

    Args:
        settings: The settings of the command.
        shape: Shape of one sample.
        num_images: Int, number of samples.
        num_classes: Int for a conditional GAN, or None.
        condition_dim: Int, length of the vectors of captions, or None.
        source_shape: Shape of the pictures that a model translates, or None.
    """
    # The schedules of the preset span the budget, or else the epochs.
    budget = settings.budget
    if budget is None and settings.epochs:
        budget = settings.epochs * num_images
    counts = num_images, num_classes, settings.compute, budget, condition_dim
    name = settings.preset_of_pictures or settings.preset
    chosen = (
        presets.get(name, shape, *counts, source_shape)
        if name
        else presets.suggest(shape, *counts, source_shape)
    )
    if settings.start_from:
        chosen = chosen.for_trained()
    changed = _with_loss(_with_options(chosen, settings), settings.loss)
    return hyperparameters.change(changed, settings)


def build(preset: Preset, seed: int, precision: str) -> CompiledModel:
    """Returns the GAN of a preset, with networks that compute in a precision."""
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(precision)
    try:
        return preset.build(seed)
    finally:
        keras.config.set_dtype_policy(before)


def _with_options(preset: Preset, settings: ModelSettings) -> Preset:
    generator = preset.generator
    if settings.latent_dim is not None:
        changed = {**generator.arguments, "latent_dim": settings.latent_dim}
        generator = dataclasses.replace(generator, arguments=changed)
    names = ("d_steps", "g_steps", "noise_batch_size", "augment", "freeze_d")
    options = {name: getattr(settings, name) for name in names}
    given = {name: value for name, value in options.items() if value is not None}
    # Without the option, translators have a default of their own.
    given |= {"reuse_fakes": True} if settings.reuse_fakes else {}
    size = settings.batch_size or preset.batch_size
    epochs, steps = parts(preset.budget, size)
    # Alone, the option asks for so many passes through the data.
    passes = settings.epochs and not settings.budget
    return dataclasses.replace(
        preset,
        generator=generator,
        epochs=settings.epochs or epochs,
        steps_per_epoch=None if passes else steps,
        compile={**preset.compile, **given},
        batch_size=size,
    )


def _with_loss(preset: Preset, loss: str | None) -> Preset:
    if loss is None or losses.get(loss) == losses.get(preset.compile["loss"]):
        return preset
    changed = {"loss": loss, "penalties": _PENALTIES.get(loss, _DEFAULT_PENALTIES)}
    return dataclasses.replace(preset, compile={**preset.compile, **changed})
