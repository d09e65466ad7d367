"""Sources of pairs: the halves of pictures, and pictures under the names of pairs."""

import dataclasses
import functools
import os
from collections.abc import Callable, Iterable, Iterator

from PIL import Image

from kgan.data.options import Options
from kgan.data.reading import decoding
from kgan.data.reading.entries import Entry, Source
from kgan.data.reading.pictures import BadFileError, upright


class Changed(Source):
    """A source with a change of each entry.

    Args:
        source: The `Source`.
        change: Callable from an `Entry` to an `Entry`.
        name: Str, the name of the change, for the stamps of the cache.
    """

    def __init__(self, source: Source, change: Callable[[Entry], Entry], name: str):
        self.source, self.change, self.name = source, change, name
        self.from_files = source.from_files

    @property
    def others(self) -> list[str]:  # type: ignore[override]
        """Names of the files that the source ignores."""
        return list(self.source.others)

    def __iter__(self) -> Iterator[Entry]:
        return map(self.change, self.source)

    def stamps(self) -> Iterable[str]:
        """Yields the stamps of the source and of the change."""
        yield from self.source.stamps()
        yield self.name


def stem(name: str) -> str:
    """Returns the name of a picture without its extension.

    >>> stem("cats/1.old.png")
    'cats/1.old'
    """
    return os.path.splitext(name)[0]


def stems(source: Source) -> Source:
    """Returns a source of the same pictures, under names without extensions.

    A random window depends on the name, so both pictures of a pair need one name.
    """
    return Changed(source, lambda entry: entry._replace(name=stem(entry.name)), "stems")


def left_halves(source: Source) -> Source:
    """Returns a source of the left halves of the pictures."""
    return _halves(source, 0)


def right_halves(source: Source) -> Source:
    """Returns a source of the right halves of the pictures."""
    return _halves(source, 1)


def _halves(source: Source, number: int) -> Source:
    def change(entry: Entry) -> Entry:
        return entry._replace(read=functools.partial(_half, entry, number))

    return Changed(source, change, f"half {number}")


def _half(entry: Entry, number: int) -> Image.Image:
    image = upright(entry.open())
    if image.width % 2:
        raise BadFileError(f"an odd width of {image.width} pixels, which has no halves")
    width = image.width // 2
    half = image.crop((number * width, 0, (number + 1) * width, image.height))
    # The picture is upright now, and must not be turned again.
    half.info = {k: v for k, v in image.info.items() if k == "transparency"}
    return half


def with_common_size(source: Source, options: Options, argument: str) -> Options:
    """Returns options with the size of the pictures, if the options have no size.

    Args:
        source: The `Source`.
        options: Options of `kgan.data.load`.
        argument: Name of the argument with its value, for the errors.

    Raises:
        ValueError: If the pictures have different sizes.
    """
    if options.size is not None:
        return options
    results = list(decoding.read_headers(source, options.threads))
    found: dict[tuple[int, int], str] = {}
    for entry, header, _, _ in results:
        if header is not None:
            found.setdefault((header.height, header.width), entry.name)
    if len(found) > 1:
        sizes = [f"{name!r} of {h}x{w}" for (h, w), name in found.items()]
        raise ValueError(
            "Pictures of different sizes need the option `size`. "
            f"Received: {argument} with {' and '.join(sizes[:2])} pixels, size=None"
        )
    if not found:  # Reading the pictures raises the error that names the reasons.
        return options
    size, channels = decoding.propose_format(results, from_files=False)
    return dataclasses.replace(options, size=size, channels=options.channels or channels)
