"""Hyperparameters of optimizers that follow the images seen."""

import contextlib
from collections.abc import Iterator, Mapping
from typing import Any

from keras import optimizers

from kgan.schedules import Schedule

_PREFIXES = ("g_", "d_")
_RATE = "learning_rate"
# Keras asks whether these are 0, which a tensor can't tell while it builds a graph.
_FIXED = {"momentum", "clipnorm", "clipvalue", "global_clipnorm"}


def of_each(schedules: Mapping[str, Any] | None, pair: Any) -> dict[int, dict]:
    """Returns the schedules of each optimizer, by its id.

    Args:
        schedules: From names of hyperparameters to schedules; a name that begins with
            `g_` or `d_` is of that optimizer only.
        pair: The `OptimizerPair`.

    Raises:
        ValueError: If an optimizer does not have such a hyperparameter, or if that
            follows a schedule of its own.
    """
    found: dict[int, dict] = {}
    for name, schedule in (schedules or {}).items():
        if not isinstance(schedule, Schedule):
            raise ValueError(
                "`schedules` must have schedules as values, such as "
                f"`kgan.schedules.Cosine`. Received: schedules[{name!r}]={schedule!r}"
            )
        for prefix, optimizer in zip(_PREFIXES, pair.optimizers, strict=True):
            if name.startswith(_PREFIXES) and not name.startswith(prefix):
                continue
            attribute = name.removeprefix(prefix)
            _check(optimizer, attribute)
            found.setdefault(id(optimizer), {})[attribute] = schedule
    return found


def _check(optimizer: optimizers.Optimizer, name: str) -> None:
    if name not in optimizer.get_config():
        raise ValueError(
            "`schedules` must name hyperparameters of the optimizers, such as "
            f"learning_rate or d_beta_2. Received: {name!r} for {optimizer.name}"
        )
    if name in _FIXED or isinstance(optimizer.get_config()[name], bool | str):
        raise ValueError(
            f"Keras' optimizers take {name} as it is when they are made, so it can't "
            f"follow a schedule. Received: {name!r} for {optimizer.name}"
        )
    rate = getattr(optimizer, "_learning_rate", None)
    if name == _RATE and isinstance(rate, optimizers.schedules.LearningRateSchedule):
        raise ValueError(
            "A learning rate follows one schedule: make the optimizer with a number. "
            f"Received: {optimizer.name} with learning_rate={rate}"
        )


@contextlib.contextmanager
def applied(optimizer: Any, values: Mapping[str, Any]) -> Iterator[None]:
    """Gives an optimizer these hyperparameters for one update.

    Args:
        optimizer: The `keras.optimizers.Optimizer`.
        values: From names to scalar tensors.
    """
    before = {name: getattr(optimizer, name) for name in values if name != _RATE}
    if _RATE in values:
        # A variable, which callbacks and logs may look at.
        optimizer._learning_rate.assign(values[_RATE])
    try:
        for name in before:
            setattr(optimizer, name, values[name])
        yield
    finally:
        for name, value in before.items():
            setattr(optimizer, name, value)
