"""What `kgan train` trains with: a preset, and what the command line says otherwise."""

import argparse
import dataclasses

import keras

import kgan
from kgan import losses, presets
from kgan.presets import Call, Preset

# Penalties that a loss wants, where it is not that of the preset.
_PENALTIES = {
    "wasserstein": [Call("kgan.penalties.GradientPenalty", {"weight": 10.0})],
    "relativistic": [
        Call("kgan.penalties.R1", {"weight": 0.05}),
        Call("kgan.penalties.R2", {"weight": 0.05}),
    ],
}
_PENALTY = [Call("kgan.penalties.R1", {"weight": 0.3})]


def preset(
    arguments: argparse.Namespace,
    shape: tuple[int, ...],
    num_images: int,
    num_classes: int | None,
) -> Preset:
    """Returns the preset that a command trains with.

    Args:
        arguments: The command's options.
        shape: Shape of one sample.
        num_images: How many there are.
        num_classes: Of a conditional GAN.
    """
    # Schedules span the epochs that are asked for.
    budget = arguments.epochs * num_images if arguments.epochs else arguments.budget
    asked = shape, num_images, num_classes, arguments.compute, budget
    chosen = (
        presets.get(arguments.preset, *asked)
        if arguments.preset
        else presets.suggest(*asked)
    )
    return _with_loss(_with_options(chosen, arguments), arguments.loss)


def _with_options(chosen: Preset, arguments: argparse.Namespace) -> Preset:
    generator = chosen.generator
    if arguments.latent_dim is not None:
        changed = {**generator.arguments, "latent_dim": arguments.latent_dim}
        generator = dataclasses.replace(generator, arguments=changed)
    options = ("d_steps", "g_steps", "noise_batch_size", "augment")
    given = {name: getattr(arguments, name) for name in options}
    return dataclasses.replace(
        chosen,
        generator=generator,
        compile={**chosen.compile, **{k: v for k, v in given.items() if v is not None}},
        batch_size=arguments.batch_size or chosen.batch_size,
    )


def _with_loss(chosen: Preset, loss: str | None) -> Preset:
    if loss is None or losses.get(loss) == losses.get(chosen.compile["loss"]):
        return chosen
    changed = {"loss": loss, "penalties": _PENALTIES.get(loss, _PENALTY)}
    return dataclasses.replace(chosen, compile={**chosen.compile, **changed})


def build(chosen: Preset, seed: int, precision: str) -> kgan.GAN:
    """Returns the GAN of a preset, whose networks compute in a precision."""
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(precision)
    try:
        return chosen.build(seed)
    finally:
        keras.config.set_dtype_policy(before)
