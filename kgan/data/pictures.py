"""One picture: from a file of any kind to uint8 pixels of the wanted size."""

import dataclasses
import hashlib
from typing import Any, NamedTuple

import numpy as np
from PIL import Image

CROPS = ("center", "random", "pad", "none")
MODES = {1: "L", 2: "LA", 3: "RGB", 4: "RGBA"}
# Larger ones are taken for bombs. Pillow's own limit, at which it only warns.
MAX_PIXELS = 89_478_485
# Not all that Pillow opens: some it gives to other programs, such as Ghostscript.
_FORMATS = (
    "AVIF", "BMP", "DIB", "GIF", "ICO", "JPEG", "JPEG2000", "MPO", "PCX", "PNG", "PPM",
    "SGI", "TGA", "TIFF", "WEBP",
)  # fmt: skip
EXTENSIONS = (
    ".avif", ".bmp", ".dib", ".gif", ".ico", ".j2k", ".jfif", ".jp2", ".jpe", ".jpeg",
    ".jpg", ".mpo", ".pbm", ".pcx", ".pgm", ".png", ".pnm", ".ppm", ".sgi", ".tga",
    ".tif", ".tiff", ".webp",
)  # fmt: skip
# What is done to a picture of an orientation to look at it.
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_GREYS = ("1", "L", "LA", "La", "I", "F")


class BadFileError(ValueError):
    """Says why a file can't be trained on."""


class Head(NamedTuple):
    """What a picture is by its header.

    Args:
        height: Int, pixels, as it is to be looked at: turned as its EXIF data says.
        width: Int.
        channels: Int, as many as it needs.
        mode: Its mode in Pillow's words.
        frames: Int; of an animation the first one is taken.
    """

    height: int
    width: int
    channels: int
    mode: str
    frames: int


def opened(file: Any) -> Image.Image:
    """Opens a picture, whose pixels stay undecoded.

    Args:
        file: A binary file.

    Raises:
        BadFileError: If it is none, or too large.
    """
    Image.init()
    try:
        image = Image.open(file, formats=[f for f in _FORMATS if f in Image.OPEN])
    except Image.UnidentifiedImageError:
        raise BadFileError("not an image that Pillow knows") from None
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise BadFileError(_too_large()) from None
    if image.width * image.height > MAX_PIXELS:
        raise BadFileError(_too_large())
    return image


def head(image: Image.Image) -> Head:
    """Returns what an open picture is."""
    height, width = image.height, image.width
    # These orientations lie on their side; of a TIFF Pillow has turned the size already.
    if image.format != "TIFF" and _orientation(image) in (5, 6, 7, 8):
        height, width = width, height
    grey = image.mode in _GREYS or image.mode.startswith("I;16")
    channels = (1 if grey else 3) + image.has_transparency_data
    frames = getattr(image, "n_frames", 1)
    return Head(height, width, channels, image.mode, frames)


def _orientation(image: Image.Image) -> Any:
    """Returns what EXIF data says of it, 1 where there is none that can be read."""
    if image.format == "PNG":
        image.load()  # Its EXIF data may stand at its end.
    try:
        return image.getexif().get(0x0112, 1)
    # Pillow may raise anything of damaged data, which says as little of the pixels.
    except Exception:
        return 1


@dataclasses.dataclass(frozen=True)
class Fit:
    """How pictures are made alike.

    Args:
        height: Int.
        width: Int.
        channels: Int: 1 grey, 2 grey and alpha, 3 RGB, 4 RGBA.
        crop: `"center"` cuts the largest window of the wanted proportions from the
            middle, `"random"` from a place drawn for each picture, the same in each
            epoch; `"pad"` fills up with the background, and `"none"` distorts.
        background: RGB that is put behind transparency where alpha is not wanted.
        seed: Int, of random windows.
    """

    height: int
    width: int
    channels: int
    crop: str = "center"
    background: tuple[int, int, int] = (255, 255, 255)
    seed: int = 0

    @property
    def shape(self) -> tuple[int, int, int]:
        """Shape of the arrays."""
        return self.height, self.width, self.channels

    def __call__(self, image: Image.Image, name: str = "") -> np.ndarray:
        """Returns uint8 `(height, width, channels)`.

        Args:
            image: A picture.
            name: What a random window is drawn by, beside the seed.
        """
        image.load()  # Of a TIFF that is turned already.
        turn, image = _TURNS.get(_orientation(image)), _eight_bits(image)
        if turn is not None:
            image = image.transpose(turn)
        image = self._sized(self._converted(image), name)
        return np.asarray(image).reshape(self.shape)

    def _converted(self, image: Image.Image) -> Image.Image:
        mode, opaque = MODES[self.channels], self.channels in (1, 3)
        # One color may be transparent in a mode that has no alpha.
        if image.mode == mode and not (opaque and image.has_transparency_data):
            return image
        if image.has_transparency_data:
            image = image.convert("LA") if image.mode == "La" else image
            image = image.convert("RGBA")
            if opaque:
                behind = Image.new("RGBA", image.size, (*self.background, 255))
                image = Image.alpha_composite(behind, image)
        if self.channels >= 3 or image.mode in ("1", "L", "LA", "RGB", "RGBA"):
            return image.convert(mode)
        return image.convert("RGB").convert(mode)

    def _sized(self, image: Image.Image, name: str) -> Image.Image:
        wanted = self.width, self.height
        if self.crop == "pad":
            return self._padded(image)
        if self.crop != "none":
            image = image.crop(self._window(image.width, image.height, name))
        return _resized(image, wanted)

    def _window(self, width: int, height: int, name: str) -> tuple[int, int, int, int]:
        scale = min(width / self.width, height / self.height)
        wide = min(width, max(1, round(self.width * scale)))
        high = min(height, max(1, round(self.height * scale)))
        left, top = (width - wide) // 2, (height - high) // 2
        if self.crop == "random":
            left, top = _drawn((width - wide, height - high), self.seed, name)
        return left, top, left + wide, top + high

    def _padded(self, image: Image.Image) -> Image.Image:
        scale = min(self.width / image.width, self.height / image.height)
        wide, high = (max(1, round(side * scale)) for side in image.size)
        alpha = 0 if self.channels in (2, 4) else 255
        behind = Image.new("RGBA", (self.width, self.height), (*self.background, alpha))
        canvas = behind.convert(image.mode)
        place = (self.width - wide) // 2, (self.height - high) // 2
        canvas.paste(_resized(image, (wide, high)), place)
        return canvas


def _resized(image: Image.Image, size: tuple[int, int]) -> Image.Image:
    # Pillow's filters take in all pixels of what they shrink, and weigh by alpha.
    return image if image.size == size else image.resize(size, Image.Resampling.BICUBIC)


def _drawn(highest: tuple[int, int], seed: int, name: str) -> tuple[int, int]:
    text = f"{seed}/{name}".encode("utf-8", "surrogateescape")
    number = int.from_bytes(hashlib.sha256(text).digest()[:8], "big")
    generator = np.random.default_rng(number)
    left, top = (int(generator.integers(high + 1)) for high in highest)
    return left, top


def _eight_bits(image: Image.Image) -> Image.Image:
    key = image.info.get("transparency")
    if isinstance(key, tuple) and max(key) > 255:
        raise BadFileError("one transparent color of 16 bits, of which 8 are loaded")
    if image.mode == "F":
        raise BadFileError("floating-point pixels, whose range is unknown")
    if image.mode != "I" and not image.mode.startswith("I;16"):
        return image
    highest, inverted = _depth(image)
    pixels = np.asarray(image)
    if pixels.min() < 0 or pixels.max() > highest:
        raise BadFileError("pixels of more than 16 bits, whose range is unknown")
    eight = (pixels.astype("uint32") * 255 + highest // 2) // highest
    grey = Image.fromarray((255 - eight if inverted else eight).astype("uint8"))
    # Its value there is of 16 bits, and Pillow's own conversion does not find it.
    if key is not None:
        grey.putalpha(Image.fromarray(np.where(pixels == key, 0, 255).astype("uint8")))
    return grey


def _depth(image: Image.Image) -> tuple[int, bool]:
    """Returns the highest value of deep pixels, and whether that is black."""
    if image.format != "TIFF":
        return 65_535, False
    tags = image.tag_v2  # type: ignore[attr-defined]
    bits, kind = tags.get(258, (1,))[0], tags.get(339, (1,))[0]
    if bits > 16 or kind != 1:
        raise BadFileError("pixels with a sign or of 32 bits, whose range is unknown")
    return 2**bits - 1, tags.get(262) == 0


def _too_large() -> str:
    return f"more than {MAX_PIXELS:,} pixels"
