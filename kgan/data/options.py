"""Options of `kgan.data.load`, checked."""

import dataclasses
import os
from collections.abc import Hashable, Mapping

from PIL import ImageColor

from kgan import checks
from kgan.types import PathLike

CHANNELS = (1, 2, 3, 4)
LABELS = ("folder", "none")
CROPS = ("center", "random", "pad", "none")
ON_ERROR = ("raise", "skip")

_LARGEST_SIDE = 4096
_MOST_WORKERS = 256


@dataclasses.dataclass(frozen=True)
class Options:
    """Options for reading pictures. See `kgan.data.load`."""

    size: int | tuple[int, int] | None = None
    channels: int | None = None
    labels: str = "folder"
    crop: str = "center"
    background: str | tuple[int, int, int] = "white"
    flip: bool = False
    on_error: str = "raise"
    max_bad: float = 0.1
    memory: int = 1 << 30
    cache: PathLike | None = None
    workers: int | None = None
    seed: int = 0

    def __post_init__(self) -> None:
        checks.one_of(LABELS, labels=self.labels)
        checks.one_of(CROPS, crop=self.crop)
        checks.one_of(ON_ERROR, on_error=self.on_error)
        self._keep(
            size=_check_size(self.size),
            channels=checks.optional_count(maximum=CHANNELS[-1], channels=self.channels),
            background=_check_background(self.background),
            max_bad=checks.number(minimum=0, maximum=1, max_bad=self.max_bad),
            memory=checks.count(minimum=0, maximum=2**63 - 1, memory=self.memory),
            workers=checks.optional_count(maximum=_MOST_WORKERS, workers=self.workers),
            seed=checks.fixed_seed(seed=self.seed),
        )

    def _keep(self, **values: object) -> None:
        # A frozen dataclass refuses plain assignments, in its own methods too.
        for name, value in values.items():
            object.__setattr__(self, name, value)

    @property
    def sides(self) -> tuple[int, int] | None:
        """Height and width, or None."""
        return (self.size, self.size) if isinstance(self.size, int) else self.size

    @property
    def rgb(self) -> tuple[int, int, int]:
        """The background as an RGB color."""
        return _to_rgb(self.background)

    @property
    def decoding(self) -> Hashable:
        """The options on which the decoded pixels depend, for the key of the cache."""
        seed = self.seed if self.crop == "random" else None
        return self.sides, self.channels, self.crop, self.rgb, self.flip, seed

    @property
    def threads(self) -> int:
        """How many threads decode."""
        return self.workers or min(8, os.cpu_count() or 1)

    @property
    def changes_arrays(self) -> bool:
        """Whether the options ask for a change of images that are arrays already."""
        return self.size is not None or self.channels is not None or self.flip


def for_pictures(options: Mapping[str, object]) -> Options:
    """Returns options of pictures without labels.

    Args:
        options: The options of `kgan.data.load`, except for `labels`, by their names.

    Raises:
        ValueError: If an option is unknown, or has a wrong value.
    """
    names = [field.name for field in dataclasses.fields(Options)]
    known = [name for name in names if name != "labels"]
    for name in options:
        checks.one_of(known, option=name)
    return Options(**{**options, "labels": "none"})  # type: ignore[arg-type]


def _check_size(size: int | tuple[int, int] | None) -> int | tuple[int, int] | None:
    if size is None:
        return None
    sides = tuple(size) if isinstance(size, tuple | list) else (size, size)
    valid = all(checks.is_count(side) and side <= _LARGEST_SIDE for side in sides)
    if len(sides) != 2 or not valid:
        raise ValueError(
            "`size` must be an int, or a pair (height, width) of ints, of at least 1 "
            f"and at most {_LARGEST_SIDE}. {checks.received(size=size)}"
        )
    height, width = map(int, sides)
    return (height, width) if isinstance(size, tuple | list) else height


def _check_background(
    color: str | tuple[int, int, int],
) -> str | tuple[int, int, int]:
    rgb = _to_rgb(color)
    return color if isinstance(color, str) else rgb


def _to_rgb(color: str | tuple[int, int, int]) -> tuple[int, int, int]:
    try:
        values = ImageColor.getrgb(color) if isinstance(color, str) else color
    except ValueError:
        values = None
    rgb = list(values) if isinstance(values, tuple | list) else []
    valid = all(checks.is_count(value, 0) and value <= 255 for value in rgb)
    if len(rgb) != 3 or not valid:
        raise ValueError(
            '`background` must be a color such as "white" or "#ff8000", or three ints of '
            f"0 to 255. {checks.received(background=color)}"
        )
    red, green, blue = map(int, rgb)
    return red, green, blue
