"""Option types that refuse a value out of range, naming option and value."""

import argparse


def count(text: str) -> int:
    """An int of at least 1."""
    return _integer(text, 1)


def seed(text: str) -> int:
    """An int of at least 0."""
    return _integer(text, 0)


def size(text: str) -> tuple[int, ...] | int:
    """An int, or two of them with an x between."""
    try:
        sides = tuple(count(side) for side in text.lower().split("x"))
    except argparse.ArgumentTypeError:
        sides = ()
    if len(sides) not in (1, 2):
        raise argparse.ArgumentTypeError(
            f"must be an int, or two such as 48x64. Received: {text}"
        )
    return sides[0] if len(sides) == 1 else sides


def _integer(text: str, lowest: int) -> int:
    try:
        value = int(text)
    except ValueError:
        value = lowest - 1
    if value < lowest:
        raise argparse.ArgumentTypeError(
            f"must be an int of at least {lowest}. Received: {text}"
        )
    return value
