"""Reports about a source of pictures: sizes, modes, and the files that are left out."""

import warnings
from collections.abc import Iterable
from typing import NamedTuple

from kgan import checks
from kgan.data.checks import dark_pixels
from kgan.data.options import Options
from kgan.data.reading.pictures import Fit
from kgan.files import atomic_path
from kgan.types import PathLike

# How many files an error names.
_MAX_NAMES = 5


class Report(NamedTuple):
    """Facts about the pictures of a source.

    Args:
        bad: Reasons by the names of the files that can't be decoded.
        sizes: Number of pictures by `(height, width)`.
        modes: Number of pictures by Pillow mode.
        animated: Int, number of animations, of which the first frame is taken.
        others: Names of the files that are ignored for their extension.
        fit: The `Fit` by which all pictures are converted.
        peaks: The highest pixel by Pillow mode, and the highest possible pixel.
        names: Names of the pictures in the order of the samples. With `flip`, two
            samples are of one picture.
    """

    bad: dict[str, str]
    sizes: dict[tuple[int, int], int]
    modes: dict[str, int]
    animated: int
    others: list[str]
    fit: Fit
    peaks: dict[str, list[int]]
    names: list[str]

    @property
    def warnings(self) -> list[str]:
        """Properties of the pictures that are probably not intended."""
        found = (
            dark_pixels(
                highest, full, f"pixels of the {self.modes[mode]:,} {mode} pictures"
            )
            for mode, (highest, full) in self.peaks.items()
        )
        return [warning for warning in found if warning]

    @property
    def left_out(self) -> dict[str, str]:
        """Reasons by the names of all files that are not trained on."""
        return _left_out(self.bad, self.others)


class NothingLeftError(ValueError):
    """Raised when a source holds no picture that can be trained on.

    Args:
        message: Str, the error message.
        left_out: Reasons by the names of the files in the source.
    """

    def __init__(self, message: str, left_out: dict[str, str]):
        super().__init__(message)
        self.left_out = left_out


def check_bad_files(
    bad: dict[str, str],
    others: Iterable[str],
    num_good: int,
    options: Options,
    argument: str,
) -> None:
    """Checks that a source has good files, and no more bad files than the options allow.

    Args:
        bad: Reasons by the names of the files that can't be decoded.
        others: Names of the files that are ignored for their extension.
        num_good: Int, number of files that can be trained on.
        options: Options of `kgan.data.load`.
        argument: Name of the argument with its value, for the errors.

    Raises:
        ValueError: If there are too many bad files.
        NothingLeftError: If there is no good file.
    """
    left_out, total = _left_out(bad, others), len(bad) + num_good
    if not total:
        found = f" with {first_reasons(left_out)}" if left_out else ""
        raise NothingLeftError(
            f"The source holds no pictures. Received: {argument}{found}", left_out
        )
    if bad and options.on_error == "raise":
        raise ValueError(
            'A file can\'t be trained on; on_error="skip" leaves such files out. '
            f"Received: {argument} with {first_reasons(bad)}"
        )
    if not num_good:
        raise NothingLeftError(
            f"None of the {total:,} files can be trained on. "
            f"Received: {argument} with {first_reasons(bad)}",
            left_out,
        )
    if len(bad) > options.max_bad * total:
        raise ValueError(
            f"{len(bad):,} of {total:,} files can't be trained on, more than the share "
            f"of {options.max_bad:g} that `max_bad` allows. "
            f"Received: {argument} with {first_reasons(bad)}"
        )


def bad_files_warning(report: Report) -> list[str]:
    """Returns a warning if bad files are left out; an empty list otherwise."""
    if not report.bad:
        return []
    return [
        f"{left_out(len(report.bad))}: {first_reasons(report.bad)}. See "
        "`on_error` of `kgan.data.load` for how to get all of them."
    ]


def warn(report: Report, stacklevel: int) -> None:
    """Warns of odd pictures and of files that are left out.

    Args:
        report: The `Report`.
        stacklevel: Int, as if the caller of this function called `warnings.warn`.
    """
    for warning in [*report.warnings, *bad_files_warning(report)]:
        warnings.warn(warning, stacklevel=stacklevel + 1)


def left_out(count: int) -> str:
    """Returns the beginning of a sentence on files that are left out."""
    return f"{checks.counted(count, 'file')} {'is' if count == 1 else 'are'} left out"


def first_reasons(reasons: dict[str, str]) -> str:
    """Returns the first few names with their reasons, on one line."""
    named = [f"{file!r}: {reason}" for file, reason in reasons.items()][:_MAX_NAMES]
    return "; ".join([*named, *(["..."] if len(reasons) > _MAX_NAMES else [])])


def first_names(names: Iterable[str]) -> str:
    """Returns the first few names, on one line."""
    listed = list(names)
    rest = ["..."] if len(listed) > _MAX_NAMES else []
    return ", ".join([*map(repr, listed[:_MAX_NAMES]), *rest])


def reason_lines(reasons: dict[str, str]) -> list[str]:
    """Returns a line for each name with its reason."""
    return [f"{name!r}: {reason}" for name, reason in reasons.items()]


def write_reasons(reasons: dict[str, str], path: PathLike) -> None:
    """Writes a file with a line for each name with its reason."""
    with atomic_path(path) as temporary:
        text = "".join(f"{line}\n" for line in reason_lines(reasons))
        temporary.write_text(text, "utf-8", errors="backslashreplace")


def _left_out(bad: dict[str, str], others: Iterable[str]) -> dict[str, str]:
    return {**bad, **dict.fromkeys(others, "not a supported file extension")}
