"""Writes animations."""

from collections.abc import Sequence

from PIL import Image

from kgan.files import atomic_path
from kgan.types import PathLike

# A GIF has this many colours in a frame.
_COLOURS = 256


def save_gif(
    path: PathLike, pictures: Sequence[Image.Image], durations: int | Sequence[int]
) -> None:
    """Writes a GIF that repeats for ever.

    Args:
        path: Path of the file.
        pictures: Pictures of one size and one mode, at least one. A transparent part is
            white, since the format has no partial transparency.
        durations: Int, the time in ms to show a picture, or an int for each picture.
    """
    first, *others = map(_with_palette, pictures)
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
    """Returns a picture blended with white, in RGB; a grey picture stays as it is."""
    if picture.mode == "L":
        return picture
    white = Image.new("RGBA", picture.size, "white")
    return Image.alpha_composite(white, picture.convert("RGBA")).convert("RGB")


def _with_palette(picture: Image.Image) -> Image.Image:
    opaque = on_white(picture)
    if opaque.mode == "L":
        return opaque
    # The median cut keeps all colours if they are few. It comes closer to many colours
    # too, but takes about a hundred times as long: training would wait for its animation.
    is_exact = opaque.getcolors(_COLOURS) is not None
    methods = Image.Quantize
    return opaque.quantize(
        _COLOURS, methods.MEDIANCUT if is_exact else methods.FASTOCTREE
    )
