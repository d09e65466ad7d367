"""Checks of arguments: the one place where counts, numbers and choices are refused.

Each check takes one argument by its name, returns the value to keep, and raises a
`ValueError` that names the argument, says what was expected, and ends in
`Received: name=value`.

>>> count(steps=3)
3
>>> count(steps=2.0)
Traceback (most recent call last):
    ...
ValueError: `steps` must be an int of at least 1. Received: steps=2.0
"""

import math
import numbers
import operator
import os
from collections.abc import Iterable, Sequence
from typing import Any

from kgan.types import Number, PathLike, Shape

# The generators of some backend take no larger seed.
_LARGEST_SEED = 2**31 - 2


def received(**values: object) -> str:
    """Returns the end of an error message: `Received: name=value, name=value`."""
    return "Received: " + ", ".join(f"{name}={value!r}" for name, value in values.items())


def is_count(value: Any, minimum: int = 1) -> bool:
    """Whether a value is an int of Python or numpy, no bool, of at least `minimum`."""
    whole = isinstance(value, numbers.Integral) and not isinstance(value, bool)
    return whole and operator.index(value) >= minimum


def count(*, minimum: int = 1, maximum: int | None = None, **argument: Any) -> int:
    """Checks an int, and returns it as an int of Python.

    Args:
        minimum: Int, the lowest that is allowed.
        maximum: Int, the highest that is allowed; None for any.
        **argument: One value by its name. Ints of numpy are accepted; bools and
            floats are not.

    Raises:
        ValueError: If the value is not such an int.
    """
    ((name, value),) = argument.items()
    if not is_count(value, minimum) or (maximum is not None and value > maximum):
        upper = "" if maximum is None else f" and at most {maximum}"
        raise ValueError(
            f"`{name}` must be an int of at least {minimum}{upper}. "
            f"{received(**argument)}"
        )
    return operator.index(value)


def optional_count(*, minimum: int = 1, **argument: Any) -> int | None:
    """Checks an int or None, see `count`."""
    ((name, value),) = argument.items()
    if value is not None and not is_count(value, minimum):
        raise ValueError(
            f"`{name}` must be an int of at least {minimum}, or None. "
            f"{received(**argument)}"
        )
    return None if value is None else operator.index(value)


def seed(**argument: Any) -> int | None:
    """Checks a seed: None, or an int that the generators of every backend take."""
    ((name, value),) = argument.items()
    if value is not None and not (is_count(value, 0) and value <= _LARGEST_SEED):
        raise ValueError(
            f"`{name}` must be an int of 0 to 2**31 - 2, or None. {received(**argument)}"
        )
    return None if value is None else operator.index(value)


def is_number(value: Any) -> bool:
    """Whether a value is a finite number of Python or numpy, and no bool."""
    real = isinstance(value, numbers.Real) and not isinstance(value, bool)
    return real and math.isfinite(value)


def number(
    *,
    minimum: Number | None = None,
    maximum: Number | None = None,
    above: Number | None = None,
    below: Number | None = None,
    ends: Sequence[Any] | None = None,
    alternative: str = "",
    **argument: Any,
) -> Any:
    """Checks a finite number, and returns it as a number of Python.

    Args:
        minimum: Number, the lowest that is allowed; None for any.
        maximum: Number, the highest that is allowed; None for any.
        above: Number that the value must exceed; None for no such bound.
        below: Number that the value must stay under; None for no such bound.
        ends: Numbers to check in place of the value, such as the ends of a schedule.
        alternative: What else the argument may be, for the message, such as
            `", or None"`. The caller lets these values pass.
        **argument: One value by its name. Bools are refused.

    Raises:
        ValueError: If the value is no number, is NaN or infinite, or is out of bounds.
    """
    ((name, value),) = argument.items()
    for end in [value] if ends is None else ends:
        fits = is_number(end) and (
            (minimum is None or end >= minimum)
            and (maximum is None or end <= maximum)
            and (above is None or end > above)
            and (below is None or end < below)
        )
        if not fits:
            raise ValueError(
                f"`{name}` must be a number{_bounds(minimum, maximum, above, below)}"
                f"{alternative}. {received(**argument)}"
            )
    return value.item() if hasattr(value, "item") else value


def _bounds(
    minimum: Number | None,
    maximum: Number | None,
    above: Number | None,
    below: Number | None,
) -> str:
    """Returns the words for the bounds, such as ` of at least 0 and below 1`."""
    if minimum is not None and maximum is not None:
        return f" of {minimum} to {maximum}"
    words = {
        "of at least": minimum,
        "of at most": maximum,
        "above": above,
        "below": below,
    }
    parts = [f"{word} {bound}" for word, bound in words.items() if bound is not None]
    return " " + " and ".join(parts) if parts else ""


def one_of(choices: Iterable[Any], **argument: Any) -> Any:
    """Checks that a value is one of some choices, and returns it.

    Args:
        choices: The values that are allowed, in the order of the message.
        **argument: One value by its name. A bool is no choice among ints.

    Raises:
        ValueError: If the value is none of the choices.
    """
    ((name, value),) = argument.items()
    choices = list(choices)
    same = (type(value) is type(choice) and value == choice for choice in choices)
    if not any(same):
        listed = ", ".join(map(repr, choices))
        raise ValueError(f"`{name}` must be one of {listed}. {received(**argument)}")
    return value


def path(*, suffix: str = "", **argument: Any) -> PathLike:
    """Checks the path of a file or a folder, and returns it.

    Args:
        suffix: Str that the path must end in, such as `".keras"`.
        **argument: One path by its name: a str or an `os.PathLike`.

    Raises:
        ValueError: If the value is no path, is empty, or has another suffix.
    """
    ((name, value),) = argument.items()
    text = os.fspath(value) if isinstance(value, str | os.PathLike) else ""
    if not isinstance(text, str) or not text or not text.endswith(suffix):
        ending = f" that ends in {suffix}" if suffix else ""
        raise ValueError(f"`{name}` must be a path{ending}. {received(**argument)}")
    return value


def shape(*, rank: int | None = None, form: str = "", **argument: Any) -> tuple[int, ...]:
    """Checks the shape of one sample, and returns it as a tuple of ints.

    Args:
        rank: Int, how many dimensions the shape must have; None for any number above 0.
        form: What the dimensions are, for the message, such as
            `"(height, width, channels)"`.
        **argument: One shape by its name: an iterable of ints of at least 1.

    Raises:
        ValueError: If the value is no such shape.
    """
    ((name, value),) = argument.items()
    try:
        sides = tuple(value)
    except TypeError:
        sides = ()
    if not sides or not all(map(is_count, sides)) or rank not in (None, len(sides)):
        what = form or "the shape of one sample"
        raise ValueError(
            f"`{name}` must be {what}, ints of at least 1. {received(**argument)}"
        )
    return tuple(operator.index(side) for side in sides)


def same_shape(found: Shape, expected: Shape) -> bool:
    """Whether two shapes agree where both are known; None stands for any length."""
    return len(found) == len(expected) and all(
        a is None or b is None or a == b for a, b in zip(found, expected, strict=True)
    )
