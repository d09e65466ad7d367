"""Types of options. A value out of range causes a usage error."""

import argparse
import math
from collections.abc import Callable, Sequence

from kgan_cli.nearest import did_you_mean

# The largest count that a float holds exactly, and the largest seed of all frameworks.
_LARGEST_COUNT, _LARGEST_SEED = 2**53, 2**31 - 2
# The smallest and the largest positive number of float32, about.
_SMALLEST, _LARGEST = 2e-38, 3e38


def count(text: str) -> int:
    """Returns an int of at least 1."""
    return _integer(text, 1, _LARGEST_COUNT)


def count_up_to(maximum: int) -> Callable[[str], int]:
    """Returns the type of an int of at least 1 and at most `maximum`."""

    def count(text: str) -> int:
        return _integer(text, 1, maximum)

    return count


def seed(text: str) -> int:
    """Returns an int of 0 to 2**31 - 2."""
    return _integer(text, 0, _LARGEST_SEED)


def size(text: str) -> int | tuple[int, int]:
    """Returns an int, or a pair `(height, width)` from a text like `48x64`."""
    try:
        sides = tuple(count(side) for side in text.lower().split("x"))
    except argparse.ArgumentTypeError:
        sides = ()
    if len(sides) == 1:
        return sides[0]
    if len(sides) == 2:
        return sides[0], sides[1]
    raise argparse.ArgumentTypeError(
        "must be an int of at least 1, or height x width, for example 48x64"
    )


def share(text: str) -> float:
    """Returns a float of 0 to 1."""
    return _number(text, lambda value: 0 <= value <= 1, "of 0 to 1")


def above_zero(text: str) -> float:
    """Returns a float above 0."""
    return _number(text, lambda value: value > 0, "above 0")


def at_least_zero(text: str) -> float:
    """Returns a float of at least 0."""
    return _number(text, lambda value: value >= 0, "of at least 0")


def below_one(text: str) -> float:
    """Returns a float of at least 0 and below 1."""
    return _number(text, lambda value: 0 <= value < 1, "of at least 0 and below 1")


def half_life(text: str) -> float | str:
    """Returns a float above 0, or `none`."""
    if text == "none":
        return text
    return _number(text, lambda value: value > 0, "above 0, or none")


def names(known: Sequence[str]) -> Callable[[str], str]:
    """Returns the type of known names, separated by commas.

    Args:
        known: The names.
    """

    def parsed(text: str) -> str:
        given = [name.strip() for name in text.split(",")]
        for name in given:
            if name not in known:
                raise argparse.ArgumentTypeError(
                    f"must be {', '.join(known)}, or several of these names with commas"
                    f"{did_you_mean(name, known)}"
                )
        return ",".join(dict.fromkeys(given))

    return parsed


def _number(text: str, allows: Callable[[float], bool], expected: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    # The frameworks compute in float32.
    if not (allows(value) and (value == 0 or _SMALLEST <= value <= _LARGEST)):
        raise argparse.ArgumentTypeError(f"must be a number {expected}")
    return value


def _integer(text: str, minimum: int, maximum: int) -> int:
    try:
        value = int(text)
    except ValueError:
        value = minimum - 1
    if not minimum <= value <= maximum:
        upper = f" and at most {maximum}" if value > maximum else ""
        raise argparse.ArgumentTypeError(f"must be an int of at least {minimum}{upper}")
    return value
