"""Types of options. A value out of range causes a usage error."""

import argparse


def count(text: str) -> int:
    """Returns an int of at least 1."""
    return _integer(text, 1)


def seed(text: str) -> int:
    """Returns an int of at least 0."""
    return _integer(text, 0)


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
        f"must be an int, or height x width, for example 48x64. Received: {text}"
    )


def _integer(text: str, minimum: int) -> int:
    try:
        value = int(text)
    except ValueError:
        value = minimum - 1
    if value < minimum:
        raise argparse.ArgumentTypeError(
            f"must be an int of at least {minimum}. Received: {text}"
        )
    return value
