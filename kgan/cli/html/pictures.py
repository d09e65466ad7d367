"""Pictures inside the page, as data URLs of PNG files."""

import base64
import contextlib
import dataclasses
import io
import pathlib
from collections.abc import Mapping

import numpy as np
from PIL import Image

import kgan
from kgan.cli.html.markup import element

# The number of bytes that the grids of all runs may take.
_SPACE = 6e6
# The number of grids of a run: at most, and as many even if the grids are large.
_MOST, _FEW = 60, 24
# The side of a grid in pixels: at most, and as much even if the grids are large.
_LARGEST, _SMALLEST = 640, 240


@dataclasses.dataclass(frozen=True)
class Png:
    """A PNG file in memory.

    Args:
        content: Bytes of the file.
        width: Int, in pixels.
        height: Int, in pixels.
    """

    content: bytes
    width: int
    height: int

    @classmethod
    def of(cls, picture: Image.Image) -> "Png":
        """Returns the file of a picture."""
        file = io.BytesIO()
        picture.save(file, format="PNG")
        return cls(file.getvalue(), *picture.size)

    def element(
        self,
        text: str,
        class_: str | None = None,
        data_at: int | None = None,
        hidden: bool = False,
    ) -> str:
        """Returns the picture as an element.

        Args:
            text: A text for a reader who does not see the picture.
            class_: An attribute of the element.
            data_at: An attribute of the element.
            hidden: An attribute of the element.
        """
        encoded = base64.b64encode(self.content).decode()
        return element(
            "img",
            src=f"data:image/png;base64,{encoded}",
            alt=text,
            width=self.width,
            height=self.height,
            class_=class_,
            data_at=data_at,
            hidden=hidden,
        )


def read_grids(paths: Mapping[int, pathlib.Path], share: float) -> dict[int, Png]:
    """Reads grids of samples, evenly spaced if there are many, with the last.

    Args:
        paths: The files, by the number of samples shown. Files that are missing or
            damaged are left out.
        share: The share of the space on the page, 0 to 1.
    """
    space = share * _SPACE
    sizes = [path.stat().st_size for path in paths.values()]
    most = min(_MOST, max(_FEW, int(space // max([*sizes, 1]))))
    chosen = np.linspace(0, len(paths) - 1, min(len(paths), most)).astype(int)
    items = [list(paths.items())[place] for place in chosen]
    found = {shown: read(path, space / len(items)) for shown, path in items}
    return {shown: png for shown, png in found.items() if png is not None}


def read(path: pathlib.Path, space: float) -> Png | None:
    """Returns a picture of a file, made smaller if the picture is large.

    Args:
        path: The file.
        space: The number of bytes to which a picture is made smaller, to a limit.

    Returns:
        A `Png`; None if the file is missing or damaged.
    """
    with contextlib.suppress(OSError, SyntaxError, ValueError):
        content = path.read_bytes()
        picture = Image.open(io.BytesIO(content))
        picture.load()
        png = Png(content, *picture.size)
        side = max(picture.size)
        while side > _LARGEST or (len(png.content) > space and side > _SMALLEST):
            side = min(_LARGEST, int(0.8 * side))
            smaller = picture.copy()
            smaller.thumbnail((side, side))
            png = Png.of(smaller)
        return png
    return None


def sample(pixels: np.ndarray, text: str) -> str:
    """Returns an element with a single sample, whose pixels a browser draws as squares.

    Args:
        pixels: uint8 array `(height, width, channels)`.
        text: A text for a reader who does not see the picture.
    """
    return Png.of(kgan.data.to_image(pixels)).element(text, class_="sample")
