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

import functools
import inspect
import math
import numbers
import operator
import os
from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from typing import Any

import numpy as np

from kgan.types import Number, PathLike, Shape

# The longest value in a message.
_LONGEST = 200
# The random generators of some backends accept no larger seed.
_LARGEST_SEED = 2**31 - 2
# The frameworks count in int32 and compute in float32.
_LARGEST_COUNT = 2**31 - 1
# Bounds of a network: of the units of a layer, of its layers of a kind, and of the
# parameters of a layer, which then take 1 GB in float32.
MOST_UNITS = 2**16
MOST_LAYERS = 64
MOST_PARAMETERS = 2**28


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


def counted(count: int, one: str, several: str = "") -> str:
    """Returns a number with its noun: `1 sample`, `2,000 samples`."""
    return f"{count:,} {one if count == 1 else several or f'{one}s'}"


def is_count(value: object, minimum: int = 1, maximum: int = _LARGEST_COUNT) -> bool:
    """Whether a value is an int (Python or numpy, not a bool) within bounds."""
    return (
        isinstance(value, numbers.Integral)
        and not isinstance(value, bool)
        and minimum <= operator.index(value) <= maximum
    )


def count(*, minimum: int = 1, maximum: int = _LARGEST_COUNT, **argument: Any) -> int:
    """Checks an int, and returns it as a Python int.

    Args:
        minimum: Int, the lowest allowed value.
        maximum: Int, the highest allowed value.
        **argument: The argument to check, given as `name=value`. Python and numpy ints
            are allowed, bools and floats are not.

    Raises:
        ValueError: If the value is not an int, or is out of bounds.
    """
    ((name, value),) = argument.items()
    if not is_count(value, minimum, maximum):
        raise ValueError(
            f"`{name}` must be an int of {_range(value, minimum, maximum)}. "
            f"{received(**argument)}"
        )
    return operator.index(value)


def optional_count(
    *, minimum: int = 1, maximum: int = _LARGEST_COUNT, **argument: Any
) -> int | None:
    """Checks an int or None, see `count`."""
    ((name, value),) = argument.items()
    if value is not None and not is_count(value, minimum, maximum):
        raise ValueError(
            f"`{name}` must be an int of {_range(value, minimum, maximum)}, or None. "
            f"{received(**argument)}"
        )
    return None if value is None else operator.index(value)


def _range(value: object, minimum: int, maximum: int) -> str:
    """Returns bounds in words; the bound of int32 only for a value above this bound."""
    if maximum == _LARGEST_COUNT and not (
        isinstance(value, int | np.integer) and value > maximum
    ):
        return f"at least {minimum}"
    return f"at least {minimum} and at most {maximum}"


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
    """Whether a value is a number (Python or numpy, no bool) that is finite in float32.

    A number that float32 rounds to 0 counts only if it is 0.
    """
    if not isinstance(value, numbers.Real) or isinstance(value, bool):
        return False
    try:
        with np.errstate(over="ignore", under="ignore"):
            single = float(np.float32(float(value)))
    except OverflowError:
        return False
    return math.isfinite(single) and (single != 0) == (value != 0)


def fixed_seed(**argument: Any) -> int:
    """Checks a seed that may not be None, see `seed`."""
    ((name, value),) = argument.items()
    if value is None:
        raise ValueError(
            f"`{name}` must be an int of 0 to 2**31 - 2. {received(**argument)}"
        )
    return int(seed(**argument) or 0)


def flag(**argument: Any) -> bool:
    """Checks a bool of Python or numpy, and returns it as a Python bool."""
    ((name, value),) = argument.items()
    if not isinstance(value, bool | np.bool_):
        raise ValueError(f"`{name}` must be True or False. {received(**argument)}")
    return bool(value)


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


def instance(kind: type[Any], expected: str, **argument: Any) -> Any:
    """Checks that a value is an instance of a class, and returns it.

    Args:
        kind: The class.
        expected: Text, the expected value, for the message.
        **argument: The argument to check, given as `name=value`.
    """
    ((name, value),) = argument.items()
    if not isinstance(value, kind):
        raise ValueError(f"`{name}` must be {expected}. {received(**argument)}")
    return value


def names(**argument: Any) -> list[str]:
    """Checks one name, or a list of at least one name, and returns a list."""
    ((name, value),) = argument.items()
    listed = [value] if isinstance(value, str) else value
    is_list = isinstance(listed, list | tuple)
    if not is_list or not listed or not all(isinstance(one, str) for one in listed):
        raise ValueError(
            f"`{name}` must be a name, or a list of at least one name. "
            f"{received(**argument)}"
        )
    return list(listed)


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


def alone(argument: str, **others: Any) -> None:
    """Checks that no argument is given beside an argument that takes its place.

    Args:
        argument: The name of an argument that is given.
        **others: The arguments in whose place it is, given as `name=value`.

    Raises:
        ValueError: If one of the others is not None.
    """
    given = {name: value for name, value in others.items() if value is not None}
    if given:
        names = ", ".join(f"`{name}`" for name in given)
        raise ValueError(
            f"`{argument}` is in the place of {names}: pass one of them only. "
            f"{received(**given)}"
        )


def units(**argument: Any) -> int:
    """Checks a number of channels, units or classes, or a side of a sample.

    The bound is far above the networks that any device can hold.
    """
    return count(maximum=MOST_UNITS, **argument)


def optional_units(**argument: Any) -> int | None:
    """Checks a number as `units` does, or None."""
    return optional_count(maximum=MOST_UNITS, **argument)


def parameters(number: int, **arguments: Any) -> None:
    """Checks that a layer of a network is not absurdly large.

    Args:
        number: Int, the number of parameters of the layer.
        **arguments: The arguments that give this number, for the message.
    """
    if number > MOST_PARAMETERS:
        names = ", ".join(f"`{name}`" for name in arguments)
        raise ValueError(
            f"{names} must be smaller: a layer of the network would have {number:,} "
            f"parameters, and may have {MOST_PARAMETERS:,}. {received(**arguments)}"
        )


def bound(function: Callable[..., Any], *args: Any, **kwargs: Any) -> dict[str, Any]:
    """Returns the arguments of a call by their names, without calling the function.

    Args:
        function: The function.
        *args: The positional arguments.
        **kwargs: The other arguments.

    Raises:
        TypeError: If the function can't be called with the arguments. `inspect` alone
            would not name the function.
    """
    try:
        return _signature(function).bind(*args, **kwargs).arguments
    except TypeError as error:
        raise TypeError(f"{function.__qualname__}() {error}") from None


# Reading a signature takes longer than the rest of `bound`, which each step of
# `train_on_batch` calls.
_signature = functools.lru_cache(inspect.signature)


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
    *,
    rank: int | None = None,
    minimum: int = 1,
    maximum: int = _LARGEST_COUNT,
    form: str = "",
    **argument: Any,
) -> tuple[int, ...]:
    """Checks the shape of one sample, and returns it as a tuple of Python ints.

    Args:
        rank: Int, the number of dimensions; None for any number above 0.
        minimum: Int, the lowest length of each dimension.
        maximum: Int, the highest length of each dimension.
        form: The expected shape, for the message, for example
            `"(height, width, channels)"`.
        **argument: The argument to check, given as `name=value`: an iterable of ints of
            at least `minimum`.

    Raises:
        ValueError: If the value is not a shape, or has another number of dimensions.
    """
    ((name, value),) = argument.items()
    # A set has no order, and bytes are ints to Python.
    is_ordered = isinstance(value, Iterable) and not isinstance(
        value, str | bytes | Set | Mapping
    )
    try:
        sides = tuple(value) if is_ordered else ()
    except TypeError:  # An array without dimensions.
        sides = ()
    valid = bool(sides) and all(is_count(side, minimum, maximum) for side in sides)
    if not valid or rank not in (None, len(sides)):
        expected = form or "the shape of one sample"
        raise ValueError(
            f"`{name}` must be {expected}, ints of {_range(None, minimum, maximum)}. "
            f"{received(**argument)}"
        )
    return tuple(operator.index(side) for side in sides)


def same_shape(found: Shape, expected: Shape) -> bool:
    """Whether two shapes agree. A dimension of None agrees with every length."""
    return len(found) == len(expected) and all(
        a is None or b is None or a == b for a, b in zip(found, expected, strict=True)
    )
