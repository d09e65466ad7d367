"""What was found in a source of pictures, and what of it can't be trained on."""

from collections.abc import Iterable
from typing import Any, NamedTuple

from kgan.data.options import Options
from kgan.data.pictures import Fit
from kgan.files import atomic_path

# How many files an error names.
_NAMED = 5


class Report(NamedTuple):
    """What was found on the way.

    Args:
        bad: Reasons by the names of files that can't be trained on.
        sizes: How many pictures are of which `(height, width)`.
        modes: How many are of which mode of Pillow's.
        animated: Int, animations, of which the first picture is taken.
        others: Names of files that are no pictures by their names.
        fit: How they are made alike.
    """

    bad: dict[str, str]
    sizes: dict[tuple[int, int], int]
    modes: dict[str, int]
    animated: int
    others: list[str]
    fit: Fit

    @property
    def left_out(self) -> dict[str, str]:
        """Reasons by the names of all files that are not trained on."""
        return _left_out(self.bad, self.others)


class NothingLeftError(ValueError):
    """Says that there is nothing in a source that can be trained on.

    Args:
        message: Why.
        left_out: Reasons by the names of the files that are there.
    """

    def __init__(self, message: str, left_out: dict[str, str]):
        super().__init__(message)
        self.left_out = left_out


def check(
    bad: dict[str, str], others: Iterable[str], good: int, options: Options, name: str
) -> None:
    """Refuses a source with too many bad files.

    Args:
        bad: Reasons by names.
        others: Names of files that are no pictures by their names.
        good: How many can be trained on.
        options: How many may be bad.
        name: What the source is called in errors.

    Raises:
        ValueError: If it has, or none is left.
    """
    left_out, total = _left_out(bad, others), len(bad) + good
    if not total:
        found = f" with {some(left_out)}" if left_out else ""
        raise NothingLeftError(
            f"There are no pictures in it. Received: {name}{found}", left_out
        )
    if bad and options.on_error == "raise":
        raise ValueError(
            'A file can\'t be trained on; on_error="skip" goes on without it. '
            f"Received: {name} with {some(bad)}"
        )
    if not good:
        raise NothingLeftError(
            f"None of the {total:,} files can be trained on. "
            f"Received: {name} with {some(bad)}",
            left_out,
        )
    if len(bad) > options.max_bad * total:
        raise ValueError(
            f"{len(bad):,} of {total:,} files can't be trained on, more than the share "
            f"of {options.max_bad:g} that `max_bad` allows. "
            f"Received: {name} with {some(bad)}"
        )


def some(reasons: dict[str, str]) -> str:
    """Returns the first few names and their reasons, on one line."""
    named = [f"{file!r}: {reason}" for file, reason in reasons.items()][:_NAMED]
    return "; ".join([*named, *(["..."] if len(reasons) > _NAMED else [])])


def lines(reasons: dict[str, str]) -> list[str]:
    """Returns all names and their reasons, a line each."""
    return [f"{name!a}: {reason}" for name, reason in reasons.items()]


def write_skipped(reasons: dict[str, str], path: Any) -> None:
    """Writes the names of files that are left out and the reasons, a line each."""
    with atomic_path(path) as temporary:
        text = "".join(f"{line}\n" for line in lines(reasons))
        temporary.write_text(text, "utf-8", errors="backslashreplace")


def _left_out(bad: dict[str, str], others: Iterable[str]) -> dict[str, str]:
    return {**bad, **dict.fromkeys(others, "no picture by its name")}
