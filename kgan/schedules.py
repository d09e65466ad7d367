"""Values that follow the number of images seen.

Wherever an option of kgan takes a float of training, such as a penalty's weight, it
takes a schedule too. The step puts in its value of the moment, by `at`.
"""

import copy
import math
from typing import Any, TypeAlias

from keras import ops

from kgan import checks, serialization
from kgan.types import Number, Tensor


class Schedule(serialization.Configurable):
    """A function of the images seen. Subclasses implement `shape`.

    Args:
        start: Float, the value until `begin`.
        end: Float, the value from `begin + images` on.
        images: Float above 0, over how many real images it goes from one to the other.
        begin: Float, at how many images seen that begins.

    Raises:
        ValueError: If one is no number, if `images` is not above 0, or `begin` below it.
    """

    def __init__(self, start: Number, end: Number, images: Number, begin: Number = 0):
        self.start = checks.number(start=start)
        self.end = checks.number(end=end)
        self.images = checks.number(above=0, images=images)
        self.begin = checks.number(minimum=0, begin=begin)

    def __call__(self, images_seen: Tensor) -> Tensor:
        """Returns the value, a float32 scalar tensor, at so many images seen."""
        seen = ops.cast(images_seen, "float32")
        progress = ops.clip((seen - self.begin) / self.images, 0.0, 1.0)
        return self.start + (self.end - self.start) * self.shape(progress)

    def shape(self, progress: Tensor) -> Tensor:
        """Returns the share of the way that is gone, 0 to 1, at a progress of 0 to 1."""
        raise NotImplementedError

    def get_config(self) -> dict[str, Any]:
        return {
            "start": self.start,
            "end": self.end,
            "images": self.images,
            "begin": self.begin,
        }


@serialization.register
class Linear(Schedule):
    """Goes from `start` to `end` on a straight line. See `Schedule` for arguments.

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
    """Goes from `start` to `end` along half a wave of the cosine.

    `end + (start - end) * (1 + cos(pi * progress)) / 2`. See `Schedule` for arguments.

    Example:

    >>> import kgan
    >>> rate = kgan.schedules.Cosine(2e-4, 0.0, images=1_000)
    >>> [f"{float(rate(seen)):.1e}" for seen in (0, 500, 1_000)]
    ['2.0e-04', '1.0e-04', '0.0e+00']

    Reference:
        [Loshchilov and Hutter, 2016](https://arxiv.org/abs/1608.03983), equation 5;
        [Huang et al., 2025 (R3GAN)](https://arxiv.org/abs/2501.05441), appendix, which
        schedules all that is scheduled like that.
    """

    def shape(self, progress: Tensor) -> Tensor:
        return (1 - ops.cos(math.pi * progress)) / 2


# A number, or a schedule of numbers.
NumberOrSchedule: TypeAlias = Number | Schedule


def at(option: Any, images_seen: Any) -> Any:
    """Returns an option with the values of its schedules at so many images seen.

    Args:
        option: A schedule, any object of options whose attributes may be schedules or
            such objects, or a list or tuple of these.
        images_seen: Scalar.

    Returns:
        The value; a copy of the object with values; or the very same object where
        nothing is scheduled, which costs nothing.
    """
    if isinstance(option, Schedule):
        return option(images_seen)
    if isinstance(option, list | tuple):
        parts = [at(part, images_seen) for part in option]
        unlike = any(new is not old for new, old in zip(parts, option, strict=True))
        return type(option)(parts) if unlike else option
    if not isinstance(option, serialization.Configurable):
        return option
    values = {name: at(value, images_seen) for name, value in vars(option).items()}
    if all(values[name] is value for name, value in vars(option).items()):
        return option
    changed = copy.copy(option)
    vars(changed).update(values)
    return changed


def number(
    *,
    minimum: Number | None = None,
    maximum: Number | None = None,
    above: Number | None = None,
    **argument: Any,
) -> NumberOrSchedule:
    """Checks a number or a schedule, and returns it; of a schedule, both ends.

    Args:
        minimum: See `kgan.checks.number`.
        maximum: See `kgan.checks.number`.
        above: See `kgan.checks.number`.
        **argument: One value by its name.

    Raises:
        ValueError: If a number is out of bounds, or the value is neither a number nor a
            schedule.
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
