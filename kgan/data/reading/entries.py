"""Sources and their entries, and the checks that folders and archives have in common."""

import io
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple

from PIL import Image

from kgan.data.reading.pictures import EXTENSIONS, BadFileError, open_picture
from kgan.types import ArrayLike, PathLike

# Larger files are refused: the file may be a decompression bomb.
MAX_BYTES = 1 << 28
# Pictures are compressed already: an archive of pictures is nearly as large as they are.
# A decompression bomb is a thousand times smaller.
_MAX_RATIO, _ALWAYS_ALLOWED = 200, 1 << 27


class Entry(NamedTuple):
    """A file, or an array, that may be a picture.

    Args:
        name: Str, the path from the root of the source, with slashes.
        read: Callable that returns the bytes of the file or an open picture, or raises
            a `BadFileError`.
        label: The label that the source gives, or None.
        size: Int, bytes that the entry takes in memory once it is read.
        stamp: Str that changes when the file changes.
    """

    name: str
    read: Callable[[], bytes | Image.Image]
    label: ArrayLike | None = None
    size: int = 0
    stamp: str = ""

    def open(self) -> Image.Image:
        """Returns the picture. Its pixels may not be decoded yet."""
        data = self.read()
        return data if isinstance(data, Image.Image) else open_picture(io.BytesIO(data))


class Source:
    """Base class of sources: iterables that yield the same entries each time.

    Attributes:
        from_files: Bool, whether the entries are files. Only files are cached.
        others: Names of files that are ignored for their extension.
    """

    from_files = False
    others: Sequence[str] = ()

    def __iter__(self) -> Iterator[Entry]:
        raise NotImplementedError

    def stamps(self) -> Iterable[str]:
        """Yields strings that change when the files change."""
        return ()


def bad_entry(name: str, reason: str) -> Entry:
    """Returns an entry whose `read` raises a `BadFileError` with that reason."""

    def read() -> bytes:
        raise BadFileError(reason)

    return Entry(name, read)


def is_hidden(name: str) -> bool:
    """Whether a file or folder is ignored because of its name."""
    # macOS adds the folder __MACOSX, with metadata of each file, to its archives.
    return name.startswith(".") or name == "__MACOSX"


def has_image_extension(name: str) -> bool:
    """Whether the file extension is that of an image format that kgan reads."""
    return os.path.splitext(name)[1].lower() in EXTENSIONS


def file_stamp(status: os.stat_result) -> str:
    """Returns a string that changes when a file changes."""
    return f"{status.st_size} {status.st_mtime_ns} {status.st_ctime_ns}"


def too_many_bytes(size: int) -> str:
    """Returns the reason for which a file of that size is refused."""
    return f"a file of {size:,} bytes, more than {MAX_BYTES:,}"


def max_unpacked(path: PathLike) -> int:
    """Returns the number of bytes to which a compressed file may unpack."""
    return max(_ALWAYS_ALLOWED, _MAX_RATIO * os.path.getsize(path))


def unpacks_to_more(path: PathLike) -> str:
    """Returns the reason for which a compressed file is refused."""
    return f"it unpacks to more than {max_unpacked(path):,} bytes"


def count_common_folders(names: list[str]) -> int:
    """Returns how many leading folders all paths have in common."""
    folders = [name.split("/")[:-1] for name in (min(names), max(names))]
    pairs = list(zip(*folders, strict=False))
    return next((i for i, (a, b) in enumerate(pairs) if a != b), len(pairs))
