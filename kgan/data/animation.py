"""Writes animations."""

from collections.abc import Sequence

from PIL import Image

from kgan.files import atomic_path
from kgan.types import PathLike

# A GIF has this many colours in a frame.
_COLOURS = 256


def save_gif(
    path: PathLike,
    pictures: Sequence[Image.Image],
    durations: int | Sequence[int],
    method: Image.Quantize = Image.Quantize.MEDIANCUT,
) -> None:
    """Writes a GIF that repeats for ever.

    Args:
        path: Path of the file.
        pictures: Pictures of one size and one mode, at least one. A transparent part is
            white, since the format has no partial transparency.
        durations: Int, the time in ms to show a picture, or an int for each picture.
        method: How Pillow chooses the 256 colours of a picture that has more.
            `FASTOCTREE` takes far less time than `MEDIANCUT`, and its colours are a
            little farther from those of the picture.
    """
    first, *others = (_with_palette(picture, method) for picture in pictures)
    with atomic_path(path) as temporary:
        first.save(
            temporary,
            format="GIF",
            save_all=True,
            append_images=others,
            duration=durations,
            loop=0,
        )


def on_white(picture: Image.Image) -> Image.Image:
    """Returns a picture blended with white, in RGB; grey pictures stay grey."""
    if picture.mode in ("L", "RGB"):
        return picture
    white = Image.new("RGBA", picture.size, "white")
    return Image.alpha_composite(white, picture.convert("RGBA")).convert("RGB")


def _with_palette(picture: Image.Image, method: Image.Quantize) -> Image.Image:
    opaque = on_white(picture)
    if opaque.mode == "L":
        return opaque
    # The median cut keeps all colours if they are few.
    is_exact = opaque.getcolors(_COLOURS) is not None
    return opaque.quantize(_COLOURS, Image.Quantize.MEDIANCUT if is_exact else method)
