"""`kgan translate`."""

import contextlib
import dataclasses
import itertools
import os
import pathlib
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

import numpy as np
from PIL import Image

import kgan
from kgan import checks
from kgan.cli import fitting, outputs, run_folder
from kgan.files import atomic_path
from kgan.types import Shape
from kgan_cli.status import Status
from kgan_cli.translation import TranslateSettings

# The number of pictures that are translated together.
_TOGETHER = 32
# A side of a picture of any size is filled up to a multiple of this, since networks halve
# pictures.
_MULTIPLE = 8
_SOURCES = "a picture, a folder of pictures, or an archive of pictures (.zip or .tar)"


class _Picture(NamedTuple):
    """A picture to translate.

    Args:
        name: Str, its path from the folder, with slashes.
        pixels: uint8 array `(height, width, channels)`.
        is_fitted: Bool, whether the file has another size.
    """

    name: str
    pixels: np.ndarray
    is_fitted: bool


def run(settings: TranslateSettings) -> int:
    """Translates pictures, and returns the exit status."""
    model = run_folder.load_translator(pathlib.Path(settings.run_or_model))
    shape = _source_shape(model, settings)
    pictures = _read(settings, shape)
    count = fitted = 0
    with _written(settings) as write:
        for group in _groups(pictures):
            drawn = _translate(model, np.stack([p.pixels for p in group]), settings)
            outputs.check_finite(drawn, settings.run_or_model)
            pixels = model.sample_range.to_uint8(drawn)
            for picture, image in zip(group, pixels, strict=True):
                write(picture.name, kgan.data.to_image(image))
            count += len(group)
            fitted += sum(picture.is_fitted for picture in group)
        if not count:
            raise ValueError(
                f"Expected IN to be {_SOURCES}. Received: {settings.pictures} without "
                "pictures"
            )
    print(f"{checks.counted(count, 'picture')} in {settings.out}")
    if fitted:
        height, width, _ = shape
        print(f"{fitted:,} of another size, fitted to {height}x{width} pixels.")
    return Status.DONE


def _source_shape(model: run_folder.Translator, settings: TranslateSettings) -> Shape:
    """Returns the shape of the pictures that are translated.

    Raises:
        ValueError: If `--to` is given for a model of one direction.
    """
    if isinstance(model, kgan.CycleGAN):
        return model.sample_shape if settings.to == "a" else model.shape_a
    run_folder.check_direction(settings.to, model, settings.run_or_model)
    return model.conditions.each[0].shape


def _translate(
    model: run_folder.Translator, pictures: np.ndarray, settings: TranslateSettings
) -> np.ndarray:
    """Translates pictures of one size, which are filled up if any size is allowed."""
    height, width = pictures.shape[1:3]
    if None in _source_shape(model, settings):
        rows, columns = (-side % _MULTIPLE for side in (height, width))
        space = (0, 0), (0, rows), (0, columns), (0, 0)
        pictures = np.pad(pictures, space, "edge")
    if isinstance(model, kgan.CycleGAN):
        drawn = model.translate(pictures, to=settings.to or "b")
    else:
        drawn = model.translate(pictures, seed=0)
    # Without the rows and columns that fill up. A network may also enlarge pictures.
    rows, columns = (
        drawn.shape[axis] * side // pictures.shape[axis]
        for axis, side in ((1, height), (2, width))
    )
    return drawn[:, :rows, :columns]


def _read(settings: TranslateSettings, shape: Shape) -> Iterator[_Picture]:
    """Yields the pictures, fitted to a shape; a side may be None for any length.

    Raises:
        ValueError: If a file is no picture.
    """
    fit = fitting.of_run(settings.run_or_model, shape)
    for entry in _entries(settings):
        with fitting.readable(entry.name), entry.open() as picture:
            header = kgan.data.read_header(picture)
            own = header.height, header.width
            height, width = (a or b for a, b in zip(shape[:2], own, strict=True))
            pixels = dataclasses.replace(fit, height=height, width=width)(picture)
        yield _Picture(entry.name, pixels, own != (height, width))


def _entries(settings: TranslateSettings) -> Iterable[kgan.data.Entry]:
    """Returns the files of the pictures."""
    path = pathlib.Path(settings.pictures)
    if path.is_file() and kgan.data.has_image_extension(path.name):
        return [kgan.data.Entry(path.name, path.read_bytes)]
    found = kgan.data.pictures_at(_SOURCES, pictures=os.fspath(path))
    if settings.has_one:
        raise ValueError(
            "OUT must be a new or an empty folder, for the pictures of a folder or an "
            f"archive. Received: {settings.out}"
        )
    return found


def _groups(pictures: Iterable[_Picture]) -> Iterator[list[_Picture]]:
    """Yields pictures of one size together."""
    for _, same in itertools.groupby(pictures, lambda picture: picture.pixels.shape):
        while group := list(itertools.islice(same, _TOGETHER)):
            yield group


@contextlib.contextmanager
def _written(
    settings: TranslateSettings,
) -> Iterator[Callable[[str, Image.Image], None]]:
    """Yields a function that saves the translation of a picture of a name.

    After an error, nothing is left.
    """
    with atomic_path(settings.out) as path:
        if not settings.has_one:
            path.mkdir()
        taken = set()

        def write(name: str, image: Image.Image) -> None:
            if settings.has_one:
                image.save(path, format="PNG")
                return
            # Two pictures may differ in the end of their names only.
            target, other = os.path.splitext(name)[0], name
            while target in taken:
                target, other = other, f"{other}.png"
            taken.add(target)
            file = path / f"{target}.png"
            file.parent.mkdir(parents=True, exist_ok=True)
            image.save(file, format="PNG")

        yield write
