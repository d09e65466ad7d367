"""Changes of one setting of a preset, to see how much the setting is worth."""

import dataclasses
from collections.abc import Callable
from typing import Any

from kgan.presets import Call, Preset

Change = Callable[[Preset], Preset]


def _compiled(**options: Any) -> Change:
    """Returns a change of arguments of `compile`; None removes an argument."""

    def change(preset: Preset) -> Preset:
        changed = {**preset.compile, **options}
        kept = {name: value for name, value in changed.items() if value is not None}
        return dataclasses.replace(preset, compile=kept)

    return change


def _sized(width: int) -> Change:
    """Returns a change of the width of both networks."""

    def change(preset: Preset) -> Preset:
        networks: dict[str, Any] = {
            name: Call(call.function, {**call.arguments, "width": width})
            for name, call in _networks(preset).items()
        }
        return dataclasses.replace(preset, **networks)

    return change


def _built(network: str, builder: str, **more: Any) -> Change:
    """Returns a change of a network to the network of another builder."""

    def change(preset: Preset) -> Preset:
        arguments = {**_networks(preset)[network].arguments, **more}
        changed: dict[str, Any] = {network: Call(f"kgan.networks.{builder}", arguments)}
        return dataclasses.replace(preset, **changed)

    return change


def _transformers(preset: Preset) -> Preset:
    """Returns a preset with small transformers, in the way of GAT, arXiv:2509.24935."""
    size = {"width": 64, "depth": 4, "patch_size": preset.sample_shape[0] // 8}
    for network in ("generator", "discriminator"):
        preset = _built(network, f"transformer_{network}", **size)(preset)
    penalties = [Call(f"kgan.penalties.{name}", {"weight": 1.0}) for name in ("R1", "R2")]
    changed = {"loss": "relativistic", "penalties": penalties, "schedules": None}
    return _compiled(optimizer=_adam(5e-4), **changed)(preset)


def _batches(size: int) -> Change:
    return lambda preset: dataclasses.replace(preset, batch_size=size)


def _averaged(half_life: int | None) -> Change:
    """Returns a change of the average of the generator."""
    return lambda preset: dataclasses.replace(
        preset, gan={**preset.gan, "ema_half_life": half_life}
    )


def _late(preset: Preset) -> Preset:
    """Returns a preset whose learning rate falls in the second half of the training."""
    (name, call), *_ = preset.compile["schedules"].items()
    half = call.arguments["images"] // 2
    late = Call(call.function, {**call.arguments, "images": half, "begin": half})
    return _compiled(schedules={name: late})(preset)


def _networks(preset: Preset) -> dict[str, Call]:
    return {"generator": preset.generator, "discriminator": preset.discriminator}


def _adam(learning_rate: float, beta_1: float = 0.0) -> Call:
    arguments = {"learning_rate": learning_rate, "beta_1": beta_1, "beta_2": 0.99}
    return Call("keras.optimizers.Adam", arguments)


def _diff_augment(policy: str) -> Change:
    return _compiled(augment=Call("kgan.augment.DiffAugment", {"policy": policy}))


def _penalized(weight: float) -> Change:
    return _compiled(penalties=[Call("kgan.penalties.R1", {"weight": weight})])


VARIANTS: dict[str, Change] = {
    "default": lambda preset: preset,
    "plain": _compiled(augment=None),
    "translation": _diff_augment("translation"),
    "diffaugment": _diff_augment("color,translation,cutout"),
    "ada": _compiled(augment=Call("kgan.augment.ADA", {"images": 20_000})),
    "no_average": _averaged(None),
    "width_8": _sized(8),
    "width_32": _sized(32),
    "batch_16": _batches(16),
    "batch_128": _batches(128),
    "constant_rate": _compiled(schedules=None),
    # For `--start-from`, which lets the rate fall from the first image on.
    "late_rate": _late,
    "slow": _compiled(optimizer=_adam(2e-4), schedules=None),
    "momentum": _compiled(optimizer=_adam(2e-3, beta_1=0.5)),
    "light_penalty": _penalized(0.1),
    "heavy_penalty": _penalized(10.0),
    "transformers": _transformers,
    "dcgan_generator": _built("generator", "dcgan_generator"),
    "dcgan_discriminator": _built(
        "discriminator", "dcgan_discriminator", normalization="batch"
    ),
}
