"""`kgan.data.load_captions`: pictures with captions."""

import os
from collections.abc import Iterable
from typing import Any

from kgan import checks
from kgan.data.options import Options, for_pictures
from kgan.data.reading import captions as files
from kgan.data.reading.arrays import from_arrays
from kgan.data.reading.paths import pictures_at
from kgan.data.reading.read_pictures import read_pictures
from kgan.data.reading.reports import Report, first_names, warn
from kgan.types import ArrayLike, PathLike

Captions = list[tuple[str, ...]]

_SOURCES = "a folder of pictures, or an archive of pictures (.zip or .tar)"


def load_captions(
    source: ArrayLike | PathLike,
    captions: PathLike | Iterable[str | Iterable[str]] | None = None,
    **options: Any,
) -> tuple[ArrayLike, Captions]:
    """Loads pictures with captions. A picture has one caption or several.

    A file of captions is a table `.csv` with the columns `file_name` and `text`, or a
    `.jsonl` file with an object `{"file_name": ..., "text": ...}` in each line, as in the
    folders of pictures of Hugging Face. Between the columns of a table are commas, or
    semicolons if the header has semicolons between the columns. `file_name` is the path
    of the picture from the folder, with slashes. A picture with several captions has
    several rows, or a list in `text` of a `.jsonl` file.

    Args:
        source: Path of a folder or an archive of pictures, or an array of samples.
        captions: Path of a file of captions; None for `captions.csv`, `metadata.csv` or
            `metadata.jsonl` in the folder. For an array, a list with a str, or with a
            tuple of str, for each sample.
        **options: Options of `kgan.data.load`, except for `labels`. With `flip=True`, the
            mirror image has the captions of its picture, so no caption should speak of
            left or right.

    Returns:
        `(pictures, captions)`: a uint8 array `(n, height, width, channels)` or a
        `kgan.data.Store`, and a list of n tuples of str, the captions of each picture.

    Raises:
        FileNotFoundError: If there are no pictures or no captions at a path.
        ValueError: If a picture has no caption, a caption has no picture, a caption is
            empty, or a file can't be read.

    Example:

    >>> import kgan, numpy as np
    >>> pixels = np.zeros((2, 8, 8, 3), "uint8")
    >>> pictures, captions = kgan.data.load_captions(pixels, ["a cat", ("a dog", "dogs")])
    >>> captions
    [('a cat',), ('a dog', 'dogs')]
    """
    settings = for_pictures(options)
    if isinstance(source, str | os.PathLike):
        return _load_path(source, captions, settings)
    texts = _one_for_each(captions, len(source))
    samples = from_arrays(source, None, settings, "source").samples
    return samples, _repeated(texts, settings.flip)


def captions_of(
    report: Report, source: PathLike, captions: PathLike, flip: bool = False
) -> Captions:
    """Returns the captions of pictures that `kgan.data.load_all` has loaded.

    Args:
        report: The `Report` of the pictures.
        source: Path of the pictures, for the errors.
        captions: Path of a file of captions, see `load_captions`.
        flip: Bool, whether each picture is followed by its mirror image.

    Returns:
        A list with a tuple of str for each picture.

    Raises:
        FileNotFoundError: If there is no file of captions at the path.
        ValueError: For the same reasons as `load_captions`.
    """
    found = files.read(captions)
    received = f"source={os.fspath(source)!r}, captions={os.fspath(captions)!r}"
    _check_names([*report.names, *report.bad], report.others, found, received)
    return _repeated([found[name] for name in report.names], flip)


def _load_path(
    path: PathLike, captions: PathLike | Any, options: Options
) -> tuple[ArrayLike, Captions]:
    source = pictures_at(_SOURCES, source=path)
    if captions is None and not os.path.isdir(path):
        raise ValueError(
            "The captions of an archive must be in a file beside it: pass `captions`. "
            f"Received: source={os.fspath(path)!r}, captions=None"
        )
    captions = files.find(path) if captions is None else checks.path(captions=captions)
    found = files.read(captions)
    argument = f"source={os.fspath(path)!r}"
    received = f"{argument}, captions={os.fspath(captions)!r}"
    _check_names([entry.name for entry in source], source.others, found, received)
    samples, _, _, report = read_pictures(source, options, argument)
    assert report is not None
    warn(report, stacklevel=3)
    return samples, _repeated([found[name] for name in report.names], options.flip)


def _check_names(
    names: list[str],
    others: Iterable[str],
    captions: dict[str, tuple[str, ...]],
    received: str,
) -> None:
    """Checks that all pictures have captions, and that all captions have pictures.

    Args:
        names: Names of the pictures.
        others: Names of the files of other kinds.
        captions: The captions by the names of pictures.
        received: What was received, for the errors.
    """
    if without := [name for name in names if name not in captions]:
        raise ValueError(
            "Each picture needs a caption. "
            f"Received: {received} without captions for {first_names(without)}"
        )
    # Files of other kinds are left out, as `load` does.
    if gone := sorted(captions.keys() - {*names, *others}):
        raise ValueError(
            "Each caption needs a picture. "
            f"Received: {received} with captions for {first_names(gone)}, "
            "which the source does not have"
        )


def _one_for_each(captions: Any, count: int) -> Captions:
    """Returns captions that are given as a list, one or several for each sample."""
    is_list = isinstance(captions, list | tuple)
    texts = [(one,) if isinstance(one, str) else one for one in captions or ()]
    valid = is_list and all(map(_are_captions, texts))
    if not valid or len(texts) != count:
        found = f" with {len(captions)} items" if is_list else ""
        raise ValueError(
            "`captions` must be a list with a str, or a tuple of str, for each of the "
            f"{count} samples. {checks.received(captions=captions)}{found}"
        )
    return [tuple(one) for one in texts]


def _are_captions(texts: Any) -> bool:
    return (
        isinstance(texts, list | tuple)
        and bool(texts)
        and all(isinstance(text, str) and bool(text.strip()) for text in texts)
    )


def _repeated(captions: Captions, flip: bool) -> Captions:
    """Returns the captions of all samples, of which `flip` makes two of one picture."""
    return [texts for texts in captions for _ in range(1 + flip)]
