"""Grids of images in which each row has its caption beside it."""

import textwrap
from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from kgan import checks
from kgan.data.images import grid

# The width of the captions, the size of their letters and the height of a line, in
# pixels. About so many letters fit into a line.
_WIDTH, _FONT, _LINE, _LETTERS = 220, 14, 17, 30
# The largest height of an image, in pixels.
_TALLEST = 96


def captioned_grid(
    images: np.ndarray, captions: Sequence[str], scale: int | None = None
) -> Image.Image:
    """Draws a row of images for each caption, and the caption to the left of its row.

    Long captions are divided into lines, and cut where the row ends.

    Args:
        images: Array `(n, height, width, channels)`, see `kgan.data.grid`; first the
            images of the first caption, then the images of the second caption, and so on.
        captions: List of str, as many as there are rows. Their number divides n.
        scale: Int, the side in pixels at which each pixel is drawn; None for images in
            about 512 pixels of width, of at most 96 pixels and at least two lines in
            height.

    Returns:
        A `PIL.Image.Image` in RGB. Transparent parts are white.

    Raises:
        ValueError: If the number of captions does not divide the number of images.

    Example:

    >>> import kgan, numpy as np
    >>> pixels = np.zeros((4, 8, 8, 3), "uint8")
    >>> kgan.data.captioned_grid(pixels, ["a black square", "night"], scale=4).size
    (287, 67)
    """
    if not len(captions) or len(images) % len(captions):
        raise ValueError(
            "A grid has equally many images for each caption. "
            f"Received: {len(images)} images and {len(captions)} captions"
        )
    scale = checks.optional_count(scale=scale)
    rows, height = len(captions), images.shape[1]
    if scale is None:
        columns = len(images) // rows
        widest = min(512 // (columns * (images.shape[2] + 1)), _TALLEST // height)
        scale = max(1, widest, -(-2 * _LINE // height))
    picture = grid(images, rows, scale=scale).convert("RGBA")
    canvas = Image.new("RGBA", (_WIDTH + picture.width, picture.height), "white")
    canvas.alpha_composite(picture, (_WIDTH, 0))
    draw, font = ImageDraw.Draw(canvas), ImageFont.load_default(_FONT)
    pitch = picture.height / rows
    for row, caption in enumerate(captions):
        lines = textwrap.wrap(
            caption, _LETTERS, max_lines=max(1, int(pitch // _LINE)), placeholder=" ..."
        )
        top = (row + 0.5) * pitch - len(lines) * _LINE / 2
        for i, line in enumerate(lines):
            draw.text((6, top + i * _LINE), line, "black", font)
    return canvas.convert("RGB")
