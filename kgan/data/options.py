"""What `kgan.data.load` is told of pictures."""

import dataclasses
import numbers
import os
from typing import Any

from PIL import ImageColor

from kgan.data.pictures import CROPS, MODES

_LARGEST = 4096


@dataclasses.dataclass(frozen=True)
class Options:
    """How pictures are read, checked. See `kgan.data.load`."""

    size: Any = None
    channels: int | None = None
    labels: str = "folder"
    crop: str = "center"
    background: Any = "white"
    flip: bool = False
    on_error: str = "raise"
    max_bad: float = 0.1
    memory: int = 1 << 30
    cache: Any = None
    workers: int | None = None
    seed: int = 0

    def __post_init__(self) -> None:
        self._check_size()
        _check_one_of("channels", self.channels, (None, *MODES))
        _check_one_of("labels", self.labels, ("folder", "none"))
        _check_one_of("crop", self.crop, CROPS)
        _check_one_of("on_error", self.on_error, ("raise", "skip"))
        if not isinstance(self.max_bad, numbers.Real) or not 0 <= self.max_bad <= 1:
            raise ValueError(
                "`max_bad` must be a share between 0 and 1. "
                f"Received: max_bad={self.max_bad}"
            )
        if self.workers is not None and not _whole(self.workers, 1, 256):
            raise ValueError(
                "`workers` must be an int between 1 and 256. "
                f"Received: workers={self.workers}"
            )
        if not _whole(self.memory, 0, 1 << 62):
            raise ValueError(
                f"`memory` must be an int, of bytes. Received: memory={self.memory!r}"
            )
        self.rgb  # noqa: B018 - raises if it is no color

    def _check_size(self) -> None:
        sides = self.sides
        if sides is None:
            return
        if len(sides) != 2 or not all(_whole(side, 1, _LARGEST) for side in sides):
            raise ValueError(
                "`size` must be an int, or a pair (height, width) of ints, between 1 "
                f"and {_LARGEST}. Received: size={self.size}"
            )

    @property
    def sides(self) -> tuple[int, int] | None:
        """Height and width, or None."""
        if self.size is None:
            return None
        if isinstance(self.size, tuple | list):
            return tuple(self.size)
        return self.size, self.size

    @property
    def rgb(self) -> tuple[int, int, int]:
        """The background."""
        color = self.background
        try:
            if isinstance(color, str):
                color = ImageColor.getrgb(color)
        except ValueError:
            color = ()
        color = color if isinstance(color, tuple | list) else ()
        if len(color) != 3 or not all(_whole(value, 0, 255) for value in color):
            raise ValueError(
                '`background` must be a color such as "white" or "#ff8000", or three '
                f"ints of 0 to 255. Received: background={self.background!r}"
            )
        return tuple(color)

    @property
    def decoding(self) -> tuple:
        """What decides which pixels are decoded of the same files."""
        seed = self.seed if self.crop == "random" else None
        return self.sides, self.channels, self.crop, self.rgb, self.flip, seed

    @property
    def threads(self) -> int:
        """How many decode."""
        return self.workers or min(8, os.cpu_count() or 1)

    @property
    def changes_arrays(self) -> bool:
        """Whether they ask for other pictures than an array holds."""
        return self.size is not None or self.channels is not None or self.flip


def _whole(value: Any, low: int, high: int) -> bool:
    whole = isinstance(value, numbers.Integral) and not isinstance(value, bool)
    return whole and low <= int(value) <= high


def _check_one_of(name: str, value: Any, allowed: tuple) -> None:
    if isinstance(value, bool) or value not in allowed:
        raise ValueError(
            f"`{name}` must be one of {', '.join(map(repr, allowed))}. "
            f"Received: {name}={value!r}"
        )
