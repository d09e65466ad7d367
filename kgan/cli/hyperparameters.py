"""Changes the optimizers, the penalties and the networks of a preset by options."""

import dataclasses
import inspect
from typing import Any

from kgan import checks, networks, penalties
from kgan.presets import Call, Preset
from kgan_cli.optimization import OptimizationSettings

# The part of the learning rate that remains at the end of a schedule.
_REMAINS = 0.1
# The schedules that `--learning-rate-schedule` names.
_SCHEDULES = {"linear": "kgan.schedules.Linear", "cosine": "kgan.schedules.Cosine"}
# The prefixes of the arguments of each network.
_PREFIXES = ("g_", "d_")


def change(preset: Preset, settings: OptimizationSettings) -> Preset:
    """Returns a preset with the hyperparameters that the options give.

    Args:
        preset: The preset.
        settings: The options; None stands for the value of the preset.

    Raises:
        ValueError: If the preset has nothing that an option can change.
    """
    compile = _with_penalties(dict(preset.compile), settings)
    compile = _with_optimizers(compile, settings, preset.budget)
    gan, half_life = preset.gan, settings.ema_half_life
    if half_life is not None:
        gan = {**gan, "ema_half_life": None if half_life == "none" else half_life}
    return dataclasses.replace(
        preset,
        generator=_with_width(preset.generator, settings.width, preset.name),
        discriminator=_with_width(preset.discriminator, settings.width, preset.name),
        gan=gan,
        compile=compile,
    )


def _with_width(network: Call, width: int | None, name: str) -> Call:
    if width is None:
        return network
    builder = getattr(networks, network.function.rpartition(".")[2])
    if "width" not in inspect.signature(builder).parameters:
        raise ValueError(
            f"`width` needs networks with a width, and the networks of the preset "
            f"{name!r} have none. {checks.received(width=width)}"
        )
    return dataclasses.replace(network, arguments={**network.arguments, "width": width})


def _with_optimizers(
    compile: dict[str, Any], settings: OptimizationSettings, budget: int
) -> dict[str, Any]:
    """Returns arguments of `compile` with other rates, decays and schedules."""
    schedules = dict(compile.pop("schedules", {}))
    if settings.g_learning_rate or settings.d_learning_rate:
        compile, schedules = _for_each_network(compile, schedules)
    for prefix in ("", *_PREFIXES):
        optimizer = compile.get(f"{prefix}optimizer")
        if optimizer is None:
            continue
        changed = {
            "learning_rate": getattr(settings, f"{prefix}learning_rate")
            or settings.learning_rate,
            "beta_1": settings.beta_1,
            "beta_2": settings.beta_2,
        }
        given = {name: value for name, value in changed.items() if value is not None}
        arguments = {**optimizer.arguments, **given}
        compile[f"{prefix}optimizer"] = Call(optimizer.function, arguments)
        rate, kind = arguments["learning_rate"], settings.learning_rate_schedule
        for name in given:
            key = f"{prefix}{name}"
            schedule = schedules.pop(key, None)
            if schedule is not None and name == "learning_rate":
                schedules[key] = _from(rate, schedule)
        if kind is not None:
            schedules.pop(f"{prefix}learning_rate", None)
        if kind in _SCHEDULES:
            schedules[f"{prefix}learning_rate"] = _falling(kind, rate, budget)
    return {**compile, "schedules": schedules} if schedules else compile


def _for_each_network(
    compile: dict[str, Any], schedules: dict[str, Any]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Returns arguments of `compile`, and schedules, with separate optimizers."""
    rest = {name: value for name, value in compile.items() if name != "optimizer"}
    if "optimizer" in compile:
        separate = {f"{prefix}optimizer": compile["optimizer"] for prefix in _PREFIXES}
        rest = {**separate, **rest}
    for name in [name for name in schedules if not name.startswith(_PREFIXES)]:
        schedule = schedules.pop(name)
        schedules |= {f"{prefix}{name}": schedule for prefix in _PREFIXES}
    return rest, schedules


def _with_penalties(
    compile: dict[str, Any], settings: OptimizationSettings
) -> dict[str, Any]:
    """Returns arguments of `compile` with another penalty on the discriminator."""
    found, name = list(compile.get("penalties", [])), settings.penalty
    if name == "none":
        found = []
    elif name is not None:
        made = penalties.get(name)
        default = Call(f"kgan.penalties.{type(made).__name__}", made.get_config())
        # A penalty of the preset keeps its weight.
        found = [call for call in found if _kind(call) == _kind(default)] or [default]
    weight = settings.penalty_weight
    if weight is not None:
        if not found:
            raise ValueError(
                "`penalty_weight` needs a penalty, and there is none: add `penalty`. "
                f"{checks.received(penalty_weight=weight)}"
            )
        found = [_weighted(call, weight) for call in found]
    rest = {name: value for name, value in compile.items() if name != "penalties"}
    return {**rest, "penalties": found} if found else rest


def _kind(penalty: Call) -> tuple[type, dict[str, Any]]:
    """Returns the class of a penalty, and its arguments except weight and `every`."""
    made = penalty.make()
    config = made.get_config().items()
    return type(made), {k: v for k, v in config if k not in ("weight", "every")}


def _weighted(penalty: Call, weight: float) -> Call:
    before = penalty.arguments.get("weight")
    after = _from(weight, before) if isinstance(before, Call) else weight
    return Call(penalty.function, {**penalty.arguments, "weight": after})


def _from(start: float, schedule: Call) -> Call:
    """Returns a schedule that begins at another value, and ends in proportion."""
    before = schedule.arguments
    end = float(f"{start * before['end'] / before['start']:.6g}")
    return Call(schedule.function, {**before, "start": start, "end": end})


def _falling(kind: str, rate: float, budget: int) -> Call:
    """Returns a schedule that lowers a rate in the second half of the budget."""
    half = budget // 2
    end = float(f"{rate * _REMAINS:.6g}")
    arguments = {"start": rate, "end": end, "images": max(1, half), "begin": half}
    return Call(_SCHEDULES[kind], arguments)
