"""Checks of arguments. Every check of a count, a number, a choice or a shape is here.

A check takes one argument as `name=value` and returns the value to keep. If the value is
wrong, the check raises a `ValueError` which names the argument, states the expected
values, and ends in `Received: name=value`.

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
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np

from kgan.types import Number, PathLike, Shape

# The longest value in a message.
_LONGEST = 200
# The random generators of some backends accept no larger seed.
_LARGEST_SEED = 2**31 - 2


def received(**values: object) -> str:
    """Returns the end of an error message: `Received: name=value, name=value`."""
    items = (f"{name}={_shown(value)}" for name, value in values.items())
    return f"Received: {', '.join(items)}"


def _shown(value: object) -> str:
    """Returns the `repr` of a value on one line, cut if it is long."""
    try:
        text = " ".join(repr(value).split())
    except Exception:  # Python prints no ints of more than 4,300 digits.
        return f"a value of type {type(value).__name__}"
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}..."


def is_count(value: object, minimum: int = 1) -> bool:
    """Whether a value is an int (Python or numpy, not a bool) of at least `minimum`."""
    return (
        isinstance(value, numbers.Integral)
        and not isinstance(value, bool)
        and operator.index(value) >= minimum
    )


def count(*, minimum: int = 1, maximum: int | None = None, **argument: Any) -> int:
    """Checks an int, and returns it as a Python int.

    Args:
        minimum: Int, the lowest allowed value.
        maximum: Int, the highest allowed value; None for no bound.
        **argument: The argument to check, given as `name=value`. Python and numpy ints
            are allowed, bools and floats are not.

    Raises:
        ValueError: If the value is not an int, or is out of bounds.
    """
    ((name, value),) = argument.items()
    if not is_count(value, minimum) or (maximum is not None and value > maximum):
        upper = "" if maximum is None else f" and at most {maximum}"
        raise ValueError(
            f"`{name}` must be an int of at least {minimum}{upper}. "
            f"{received(**argument)}"
        )
    return operator.index(value)


def optional_count(
    *, minimum: int = 1, maximum: int | None = None, **argument: Any
) -> int | None:
    """Checks an int or None, see `count`."""
    ((name, value),) = argument.items()
    above = maximum is not None and is_count(value) and value > maximum
    if value is not None and (not is_count(value, minimum) or above):
        upper = "" if maximum is None else f" and at most {maximum}"
        raise ValueError(
            f"`{name}` must be an int of at least {minimum}{upper}, or None. "
            f"{received(**argument)}"
        )
    return None if value is None else operator.index(value)


def seed(**argument: Any) -> int | None:
    """Checks a seed, and returns it: None, or an int of 0 to 2**31 - 2.

    The random generators of every backend accept these ints.
    """
    ((name, value),) = argument.items()
    if value is not None and not (is_count(value, 0) and value <= _LARGEST_SEED):
        raise ValueError(
            f"`{name}` must be an int of 0 to 2**31 - 2, or None. {received(**argument)}"
        )
    return None if value is None else operator.index(value)


def is_number(value: object) -> bool:
    """Whether a value is a finite number (Python or numpy, not a bool)."""
    return (
        isinstance(value, numbers.Real)
        and not isinstance(value, bool)
        and math.isfinite(value)
    )


def number(
    *,
    minimum: Number | None = None,
    maximum: Number | None = None,
    above: Number | None = None,
    below: Number | None = None,
    ends: Sequence[object] | None = None,
    alternative: str = "",
    **argument: Any,
) -> Any:
    """Checks a finite number, and returns it as a Python number.

    Args:
        minimum: Number, the lowest allowed value; None for no bound.
        maximum: Number, the highest allowed value; None for no bound.
        above: Number that the value must exceed; None for no bound.
        below: Number that the value must stay below; None for no bound.
        ends: Numbers to check instead of the value, for example both ends of a schedule.
        alternative: Text that names other values that the caller accepts, for example
            `", or None"`. The function uses the text in the error message only.
        **argument: The argument to check, given as `name=value`. Python and numpy
            numbers are allowed, bools are not.

    Raises:
        ValueError: If the value is not a number, is NaN or infinite, or is out of bounds.
    """
    ((name, value),) = argument.items()
    for checked in [value] if ends is None else ends:
        if not (is_number(checked) and _within(checked, minimum, maximum, above, below)):
            raise ValueError(
                f"`{name}` must be a number{_bounds(minimum, maximum, above, below)}"
                f"{alternative}. {received(**argument)}"
            )
    return value.item() if hasattr(value, "item") else value


def _within(
    value: Any,
    minimum: Number | None,
    maximum: Number | None,
    above: Number | None,
    below: Number | None,
) -> bool:
    return (
        (minimum is None or value >= minimum)
        and (maximum is None or value <= maximum)
        and (above is None or value > above)
        and (below is None or value < below)
    )


def _bounds(
    minimum: Number | None,
    maximum: Number | None,
    above: Number | None,
    below: Number | None,
) -> str:
    """Returns the bounds in words, for example ` of at least 0 and below 1`."""
    if minimum is not None and maximum is not None:
        return f" of {minimum} to {maximum}"
    words = {
        "of at least": minimum,
        "above": above,
        "of at most": maximum,
        "below": below,
    }
    parts = [f"{word} {bound}" for word, bound in words.items() if bound is not None]
    return " " + " and ".join(parts) if parts else ""


def one_of(choices: Iterable[object], **argument: Any) -> Any:
    """Checks that a value is one of several choices, and returns it.

    Args:
        choices: The allowed values, in the order in which the message lists them.
        **argument: The argument to check, given as `name=value`. The value must have
            the type of the choice: True and 1.0 do not match the choice 1. A numpy int
            matches a Python int.

    Raises:
        ValueError: If the value is not one of the choices.
    """
    ((name, value),) = argument.items()
    value = operator.index(value) if isinstance(value, np.integer) else value
    choices = list(choices)
    if not any(type(value) is type(choice) and value == choice for choice in choices):
        listed = ", ".join(map(repr, choices))
        raise ValueError(f"`{name}` must be one of {listed}. {received(**argument)}")
    return value


def name(**argument: Any) -> str:
    """Checks the name of a network or a layer: a str that is not empty and has no `/`.

    Keras joins names by `/` to the paths of variables.
    """
    ((argument_name, value),) = argument.items()
    if not isinstance(value, str) or not value or "/" in value:
        raise ValueError(
            f"`{argument_name}` must be a str that is not empty, without a `/`. "
            f"{received(**argument)}"
        )
    return value


def resolved(get: Callable[[Any], Any], expected: str, **argument: Any) -> Any:
    """Returns `get(value)`, and names the argument if `get` refuses the value.

    Args:
        get: Callable, for example `keras.activations.get`.
        expected: Text, the expected value, for the message.
        **argument: The argument to resolve, given as `name=value`.

    Raises:
        ValueError: If `get` raises any error.
    """
    ((name, value),) = argument.items()
    try:
        return get(value)
    except Exception as error:
        raise ValueError(
            f"`{name}` must be {expected}. {received(**argument)}"
        ) from error


def path(*, suffix: str = "", **argument: Any) -> PathLike:
    """Checks the path of a file or a folder, and returns it.

    Args:
        suffix: Str, the end that the path must have, for example `".keras"`.
        **argument: The argument to check, given as `name=value`: a str or an
            `os.PathLike`.

    Raises:
        ValueError: If the value is not a path, is empty, or has another suffix.
    """
    ((name, value),) = argument.items()
    text = os.fspath(value) if isinstance(value, str | os.PathLike) else ""
    if not isinstance(text, str) or not text or not text.endswith(suffix):
        ending = f" that ends in {suffix}" if suffix else ""
        raise ValueError(f"`{name}` must be a path{ending}. {received(**argument)}")
    return value


def shape(
    *, rank: int | None = None, minimum: int = 1, form: str = "", **argument: Any
) -> tuple[int, ...]:
    """Checks the shape of one sample, and returns it as a tuple of Python ints.

    Args:
        rank: Int, the number of dimensions; None for any number above 0.
        minimum: Int, the lowest length of each dimension.
        form: The expected shape, for the message, for example
            `"(height, width, channels)"`.
        **argument: The argument to check, given as `name=value`: an iterable of ints of
            at least `minimum`.

    Raises:
        ValueError: If the value is not a shape, or has another number of dimensions.
    """
    ((name, value),) = argument.items()
    try:
        sides = tuple(value)
    except TypeError:
        sides = ()
    valid = bool(sides) and all(is_count(side, minimum) for side in sides)
    if not valid or rank not in (None, len(sides)):
        expected = form or "the shape of one sample"
        raise ValueError(
            f"`{name}` must be {expected}, ints of at least {minimum}. "
            f"{received(**argument)}"
        )
    return tuple(operator.index(side) for side in sides)


def same_shape(found: Shape, expected: Shape) -> bool:
    """Whether two shapes agree. A dimension of None agrees with every length."""
    return len(found) == len(expected) and all(
        a is None or b is None or a == b for a, b in zip(found, expected, strict=True)
    )
