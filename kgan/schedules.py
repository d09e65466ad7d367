"""Values that change with the number of images seen.

An option that is a number in training, for example the weight of a penalty, may be a
schedule instead. The training step replaces the schedule by its current value, see `at`.
"""

import copy
import math
from typing import Any, TypeAlias

from keras import ops

from kgan import checks, serialization
from kgan.types import Number, Tensor


class Schedule(serialization.Configurable):
    """Base class of functions of the number of images seen. Subclasses implement `shape`.

    Args:
        start: Float, the value until `begin`.
        end: Float, the value from `begin + images` on.
        images: Float above 0, the number of real images from `start` to `end`.
        begin: Float of at least 0, the number of images seen at which the change begins.

    Raises:
        ValueError: If an argument is not a number, or is out of bounds.
    """

    def __init__(self, start: Number, end: Number, images: Number, begin: Number = 0):
        self.start = checks.number(start=start)
        self.end = checks.number(end=end)
        self.images = checks.number(above=0, images=images)
        self.begin = checks.number(minimum=0, begin=begin)

    def __call__(self, images_seen: Tensor) -> Tensor:
        """Returns the value after `images_seen` images, a float32 scalar tensor."""
        seen = ops.cast(images_seen, "float32")
        progress = ops.clip((seen - self.begin) / self.images, 0.0, 1.0)
        return self.start + (self.end - self.start) * self.shape(progress)

    def shape(self, progress: Tensor) -> Tensor:
        """Returns the fraction of the change that is done, 0 at progress 0 and 1 at 1."""
        raise self.not_implemented("shape")


@serialization.register
class Linear(Schedule):
    """A straight line from `start` to `end`. See `Schedule` for the arguments.

    Example:

    >>> import kgan
    >>> weight = kgan.schedules.Linear(1.0, 0.0, images=1_000)
    >>> [round(float(weight(seen)), 2) for seen in (0, 250, 1_000, 5_000)]
    [1.0, 0.75, 0.0, 0.0]
    >>> kgan.penalties.R1(weight)
    R1(weight=Linear(start=1.0, end=0.0, images=1000, begin=0), every=1)
    """

    def shape(self, progress: Tensor) -> Tensor:
        return progress


@serialization.register
class Cosine(Schedule):
    """Half a period of the cosine from `start` to `end`.

    The value is `end + (start - end) * (1 + cos(pi * progress)) / 2`. See `Schedule` for
    the arguments.

    Example:

    >>> import kgan
    >>> rate = kgan.schedules.Cosine(2e-4, 0.0, images=1_000)
    >>> [f"{float(rate(seen)):.1e}" for seen in (0, 500, 1_000)]
    ['2.0e-04', '1.0e-04', '0.0e+00']

    Reference:
        [Loshchilov and Hutter, 2016](https://arxiv.org/abs/1608.03983), equation 5;
        [Huang et al., 2025 (R3GAN)](https://arxiv.org/abs/2501.05441), appendix, for all
        its schedules.
    """

    def shape(self, progress: Tensor) -> Tensor:
        return (1 - ops.cos(math.pi * progress)) / 2


# A number, or a schedule of numbers.
NumberOrSchedule: TypeAlias = Number | Schedule


def at(option: Any, images_seen: Tensor) -> Any:
    """Returns an option with its schedules replaced by their current values.

    Args:
        option: A schedule, an option object whose attributes may be schedules or option
            objects, a list or tuple of options, or any other value.
        images_seen: Int scalar, or a scalar tensor.

    Returns:
        The value of a schedule; a copy of an option object, with values in place of
        schedules; or `option` itself if it has no schedule.
    """
    if isinstance(option, Schedule):
        return option(images_seen)
    if isinstance(option, list | tuple):
        parts = [at(part, images_seen) for part in option]
        changed = any(new is not old for new, old in zip(parts, option, strict=True))
        return type(option)(parts) if changed else option
    if not isinstance(option, serialization.Configurable):
        return option
    values = {name: at(value, images_seen) for name, value in vars(option).items()}
    if all(values[name] is value for name, value in vars(option).items()):
        return option
    copied = copy.copy(option)
    vars(copied).update(values)
    return copied


def number(
    *,
    minimum: Number | None = None,
    maximum: Number | None = None,
    above: Number | None = None,
    **argument: Any,
) -> NumberOrSchedule:
    """Checks a number or a schedule, and returns it.

    The bounds hold for the start and the end of a schedule.

    Args:
        minimum: See `kgan.checks.number`.
        maximum: See `kgan.checks.number`.
        above: See `kgan.checks.number`.
        **argument: The name of the argument and its value, given as `name=value`.

    Raises:
        ValueError: If the value is neither a number nor a schedule, or is out of bounds.

    Example:

    >>> number(minimum=0, weight=Linear(1.0, -1.0, images=10))
    Traceback (most recent call last):
        ...
    ValueError: `weight` must be a number of at least 0, or a schedule. Received: \
weight=Linear(start=1.0, end=-1.0, images=10, begin=0)
    """
    (value,) = argument.values()
    return checks.number(
        minimum=minimum,
        maximum=maximum,
        above=above,
        ends=(value.start, value.end) if isinstance(value, Schedule) else None,
        alternative=", or a schedule",
        **argument,
    )
