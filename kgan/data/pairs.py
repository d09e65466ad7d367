"""`kgan.data.load_pairs` and `load_unpaired`: pictures for image to image."""

import os
import pathlib
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

from kgan.data.images import is_image_shape
from kgan.data.options import Options, for_pictures
from kgan.data.reading import changed
from kgan.data.reading.arrays import Rows, from_arrays
from kgan.data.reading.entries import Source
from kgan.data.reading.paths import pictures_at
from kgan.data.reading.read_pictures import LoadedData, read_pictures
from kgan.data.reading.reports import first_names, warn
from kgan.data.store import Store, Writer
from kgan.types import ArrayLike, PathLike

_SOURCES = (
    "a folder of pictures, an archive of pictures (.zip or .tar), or an array of images"
)
# The folders of pictures that are no pairs, as CycleGAN has them.
_UNPAIRED = ("trainA", "trainB")


class _Side(NamedTuple):
    """The pictures of one side, and the name of the argument with its value."""

    pictures: Source
    argument: str


def load_pairs(
    source: ArrayLike | PathLike,
    target: ArrayLike | PathLike | None = None,
    **options: Any,
) -> tuple[ArrayLike, ArrayLike]:
    """Loads pairs of pictures: the given picture, and the picture to draw.

    The pictures of a pair are two files with the same name in `source` and `target`, in
    which the extension may differ. Without a `target`, each picture of `source` shows
    the pair side by side: its left half is the source, its right half the target.

    Args:
        source: Path of a folder or an archive of pictures, or a uint8 array
            `(n, height, width, channels)`.
        target: Like `source`; None if the pictures of `source` show pairs side by side.
        **options: Options of `kgan.data.load`, except for `labels`, for both pictures
            of a pair. By default, all sources must have one size, and all targets one
            size. With `crop="random"`, the windows of both pictures agree if the
            pictures have one size. With `flip=True`, both pictures are mirrored.
            `on_error="skip"` leaves a pair out if one of its files is bad.

    Returns:
        `(sources, targets)`: two uint8 arrays `(n, height, width, channels)`, or
        `kgan.data.Store` objects, with the pictures of a pair in the same place.

    Raises:
        FileNotFoundError: If there is no file at a path.
        ValueError: If there are no pictures, a picture has no partner, a picture side by
            side has an odd width, or pictures have different sizes and there is no
            `size`.

    Example:

    >>> import kgan, numpy as np
    >>> sources, targets = kgan.data.load_pairs(np.zeros((2, 8, 16, 3), "uint8"))
    >>> sources.shape, targets.shape
    ((2, 8, 8, 3), (2, 8, 8, 3))

    Reference:
        [Isola et al., 2017](https://arxiv.org/abs/1611.07004) (pix2pix).
    """
    settings = for_pictures(options)
    first = _side(source, "source")
    if target is None:
        _check_side_by_side(source)
        pictures, argument = first
        first = _Side(changed.left_halves(pictures), argument)
        second = _Side(changed.right_halves(pictures), argument)
    else:
        second = _side(target, "target")
        _check_partners(first, second)
        first, second = (
            _Side(changed.stems(side.pictures), side.argument) for side in (first, second)
        )
    return _aligned(_read(first, settings), _read(second, settings), settings)


def load_unpaired(
    source: ArrayLike | PathLike,
    target: ArrayLike | PathLike | None = None,
    **options: Any,
) -> tuple[ArrayLike, ArrayLike]:
    """Loads pictures of two kinds that are no pairs, for example horses and zebras.

    Args:
        source: Path of a folder or an archive of pictures, or a uint8 array
            `(n, height, width, channels)`. Without a `target`, the path of a folder with
            the folders `trainA`, the sources, and `trainB`, the targets.
        target: Like `source`, or None.
        **options: Options of `kgan.data.load`, except for `labels`. By default, all
            sources must have one size, and all targets one size.

    Returns:
        `(sources, targets)`: two uint8 arrays `(n, height, width, channels)` and
        `(m, height, width, channels)`, or `kgan.data.Store` objects.

    Raises:
        FileNotFoundError: If there is no file at a path.
        ValueError: If there are no pictures, or pictures have different sizes and there
            is no `size`.

    Example:

    >>> import kgan, numpy as np
    >>> horses, zebras = np.zeros((2, 8, 8, 3), "uint8"), np.zeros((3, 8, 8, 3), "uint8")
    >>> sources, targets = kgan.data.load_unpaired(horses, zebras)
    >>> len(sources), len(targets)
    (2, 3)

    Reference:
        [Zhu et al., 2017](https://arxiv.org/abs/1703.10593) (CycleGAN).
    """
    settings = for_pictures(options)
    if target is None:
        if not _has_two_kinds(source):
            raise ValueError(
                "Without a `target`, `source` must be a folder with the folders trainA "
                f"and trainB. Received: source={_shown(source)}"
            )
        source, target = (pathlib.Path(source, name) for name in _UNPAIRED)
    first, second = _side(source, "source"), _side(target, "target")
    return _read(first, settings).samples, _read(second, settings).samples


def _side(value: ArrayLike | PathLike, name: str) -> _Side:
    if isinstance(value, str | os.PathLike):
        pictures = pictures_at(_SOURCES, **{name: value})
        return _Side(pictures, f"{name}={os.fspath(value)!r}")
    samples = from_arrays(value, None, Options(), name).samples
    if samples.dtype != np.uint8 or not is_image_shape(samples.shape[1:]):
        raise ValueError(
            f"Expected `{name}` to be {_SOURCES} of dtype uint8 and shape (n, height, "
            f"width, channels). Received: {name} of dtype {samples.dtype} and shape "
            f"{samples.shape}"
        )
    return _Side(Rows(lambda: ((pixels, None) for pixels in samples)), name)


def _check_side_by_side(source: ArrayLike | PathLike) -> None:
    if _has_two_kinds(source):
        raise ValueError(
            "Pictures in trainA and trainB are no pairs: `kgan.data.load_unpaired` loads "
            f"the folder. Received: source={_shown(source)}"
        )


def _has_two_kinds(source: ArrayLike | PathLike) -> bool:
    """Whether a source is a folder with the folders of CycleGAN."""
    is_path = isinstance(source, str | os.PathLike)
    return is_path and all(pathlib.Path(source, name).is_dir() for name in _UNPAIRED)


def _shown(source: ArrayLike | PathLike) -> str:
    is_path = isinstance(source, str | os.PathLike)
    return repr(os.fspath(source)) if is_path else f"of type {type(source).__name__}"


def _check_partners(first: _Side, second: _Side) -> None:
    """Checks that each picture of a side has one partner on the other side."""
    names = [_names(side) for side in (first, second)]
    for side, own, other in zip((first, second), names, names[::-1], strict=True):
        if alone := [name for stem, name in own.items() if stem not in other]:
            raise ValueError(
                "Each picture needs a partner of the same name. "
                f"Received: {first.argument}, {second.argument} without a partner for "
                f"{first_names(alone)} of {side.argument.partition('=')[0]}"
            )


def _names(side: _Side) -> dict[str, str]:
    """Returns the names of the pictures of a side by their names without extension."""
    found: dict[str, str] = {}
    for entry in side.pictures:
        stem = changed.stem(entry.name)
        if stem in found:
            raise ValueError(
                "Two pictures have one name, so their partners are not clear. "
                f"Received: {side.argument} with {found[stem]!r} and {entry.name!r}"
            )
        found[stem] = entry.name
    return found


def _read(side: _Side, options: Options) -> LoadedData:
    """Reads the pictures of a side, at their own size if the options name no size."""
    options = changed.with_common_size(side.pictures, options, side.argument)
    data = read_pictures(side.pictures, options, side.argument)
    assert data.report is not None
    warn(data.report, stacklevel=3)
    return data


def _aligned(
    first: LoadedData, second: LoadedData, options: Options
) -> tuple[ArrayLike, ArrayLike]:
    """Returns the samples of both sides in one order, without pairs of a bad file."""
    assert first.report is not None and second.report is not None
    places = {name: place for place, name in enumerate(second.report.names)}
    own = [i for i, name in enumerate(first.report.names) if name in places]
    if not own:
        raise ValueError(
            "No pair has two pictures that can be trained on. Received: "
            f"{first_names([*first.report.bad, *second.report.bad])}"
        )
    others = [places[first.report.names[i]] for i in own]
    return (
        _chosen(first.samples, list(_rows(own, options))),
        _chosen(second.samples, list(_rows(others, options))),
    )


def _rows(pictures: list[int], options: Options) -> Iterator[int]:
    """Yields the rows of the samples of pictures: `flip` makes two of each picture."""
    count = 1 + options.flip
    return (count * number + i for number in pictures for i in range(count))


def _chosen(samples: np.ndarray | Store, rows: list[int]) -> np.ndarray | Store:
    """Returns some samples in an order. Samples on disk stay on disk."""
    if rows == list(range(len(samples))):
        return samples
    if not isinstance(samples, Store):
        return samples[rows]
    writer = Writer(samples.shape[1:])
    for row in rows:
        writer.write(samples[row])
    return writer.finish()
