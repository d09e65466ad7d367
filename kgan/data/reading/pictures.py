"""One picture: from an opened file to uint8 pixels of the size and channels wanted."""

import dataclasses
import functools
import hashlib
import itertools
from typing import BinaryIO, NamedTuple

import numpy as np
from PIL import Image
from PIL.TiffImagePlugin import TiffImageFile

from kgan.data.images import MODES
from kgan.data.reading.transparent import spread_colors

# Pictures with more pixels are taken for decompression bombs. This is Pillow's own limit,
# at which Pillow only warns.
MAX_PIXELS = 89_478_485
# The formats that kgan reads. Pillow opens further formats, but hands some of them to
# other programs, Ghostscript among them.
_FORMATS = {
    "AVIF": (".avif",),
    "BMP": (".bmp",),
    "DIB": (".dib",),
    "GIF": (".gif",),
    "ICO": (".ico",),
    "JPEG": (".jfif", ".jpe", ".jpeg", ".jpg"),
    "JPEG2000": (".j2k", ".jp2"),
    "MPO": (".mpo",),
    "PCX": (".pcx",),
    "PNG": (".png",),
    "PPM": (".pbm", ".pgm", ".pnm", ".ppm"),
    "SGI": (".sgi",),
    "TGA": (".tga",),
    "TIFF": (".tif", ".tiff"),
    "WEBP": (".webp",),
}
EXTENSIONS = tuple(itertools.chain.from_iterable(_FORMATS.values()))
# How to turn a picture upright, by its EXIF orientation.
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_TURNED_BY_90_DEGREES = (5, 6, 7, 8)
_GREY_MODES = ("1", "L", "LA", "La", "I", "F")
_ORIENTATION_TAG = 0x0112


class BadFileError(ValueError):
    """Raised when a file can't be trained on. The message is the reason."""


class Header(NamedTuple):
    """Facts about a picture.

    Args:
        height: Int, pixels of the upright picture, after its EXIF rotation.
        width: Int.
        channels: Int, the fewest channels that can show the picture.
        mode: Str, the Pillow mode.
        frames: Int, 1 unless the picture is an animation.
        peak: The highest pixel, and the highest pixel that the format can hold; None if
            unknown, see `read_peak`.
    """

    height: int
    width: int
    channels: int
    mode: str
    frames: int
    peak: tuple[int, int] | None = None


def open_picture(file: BinaryIO) -> Image.Image:
    """Opens a picture without decoding its pixels.

    Args:
        file: A binary file.

    Raises:
        BadFileError: If the file is not a picture, or has too many pixels.
    """
    Image.init()
    try:
        image = Image.open(file, formats=[f for f in _FORMATS if f in Image.OPEN])
    except Image.UnidentifiedImageError:
        raise BadFileError("not an image that Pillow knows") from None
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise BadFileError(_too_many_pixels()) from None
    if image.width * image.height > MAX_PIXELS:
        raise BadFileError(_too_many_pixels())
    return image


def read_header(image: Image.Image) -> Header:
    """Returns the facts about an open picture."""
    height, width = image.height, image.width
    # Pillow gives the size of a TIFF after its rotation already.
    if image.format != "TIFF" and _orientation(image) in _TURNED_BY_90_DEGREES:
        height, width = width, height
    grey = image.mode in _GREY_MODES or image.mode.startswith("I;16")
    channels = (1 if grey else 3) + image.has_transparency_data
    frames = getattr(image, "n_frames", 1)
    return Header(height, width, channels, image.mode, frames)


def read_peak(image: Image.Image) -> tuple[int, int] | None:
    """Returns the highest pixel of a loaded picture, and the highest possible pixel.

    None stands for a picture whose pixels are not brightness: a palette, CMYK, or white
    that is 0.
    """
    if image.mode == "I" or image.mode.startswith("I;16"):
        full, white_is_zero = _sixteen_bit_range(image)
        return None if white_is_zero else (int(np.asarray(image).max()), full)
    if image.mode not in MODES.values():
        return None
    extrema = np.reshape(image.getextrema(), (-1, 2))
    colors = 1 if len(extrema) < 3 else 3
    return int(extrema[:colors, 1].max()), 255


def _orientation(image: Image.Image) -> int:
    """Returns the EXIF orientation; 1, for upright, if there is no readable one."""
    if image.format == "PNG":
        image.load()  # The EXIF data of a PNG may stand at its end.
    try:
        return image.getexif().get(_ORIENTATION_TAG, 1)
    # Damaged EXIF data can raise any exception, and the pixels may still be good.
    except Exception:
        return 1


@dataclasses.dataclass(frozen=True)
class Fit:
    """Converts pictures to images of one size and one number of channels.

    Args:
        height: Int.
        width: Int.
        channels: Int: 1 grey, 2 grey and alpha, 3 RGB, 4 RGBA.
        crop: How a picture of other proportions becomes `height` x `width`.
            `"center"` cuts the largest window with these proportions from the middle,
            `"random"` from a random place, which is the same in each epoch; `"pad"`
            fills up with the background, and `"none"` distorts the picture.
        background: RGB color behind transparent pixels when alpha is not wanted, and of
            pictures without a visible pixel otherwise.
        seed: Int, seed of the random windows.
    """

    height: int
    width: int
    channels: int
    crop: str = "center"
    background: tuple[int, int, int] = (255, 255, 255)
    seed: int = 0

    @property
    def shape(self) -> tuple[int, int, int]:
        """Shape of the images, `(height, width, channels)`."""
        return self.height, self.width, self.channels

    def __call__(self, image: Image.Image, name: str = "") -> np.ndarray:
        """Converts a picture.

        Args:
            image: A `PIL.Image.Image`.
            name: Str from which, with the seed, a random window is drawn.

        Returns:
            A uint8 array `(height, width, channels)`.
        """
        image = self._resize(self._convert(upright(image)), name)
        pixels = np.asarray(image).reshape(self.shape)
        return pixels if self.channels in (1, 3) else spread_colors(pixels, self._clear)

    @functools.cached_property
    def _clear(self) -> np.ndarray:
        """A transparent pixel in the color of the background."""
        image = Image.new("RGBA", (1, 1), (*self.background, 0))
        return np.asarray(image.convert(MODES[self.channels])).reshape(-1)

    def _convert(self, image: Image.Image) -> Image.Image:
        """Converts to the Pillow mode of `channels`."""
        mode, opaque = MODES[self.channels], self.channels in (1, 3)
        # A mode without alpha may still declare one color as transparent.
        if image.mode == mode and not (opaque and image.has_transparency_data):
            return image
        if image.has_transparency_data:
            image = image.convert("LA") if image.mode == "La" else image
            image = image.convert("RGBA")
            if opaque:
                background = Image.new("RGBA", image.size, (*self.background, 255))
                image = Image.alpha_composite(background, image)
        if self.channels >= 3 or image.mode in ("1", "L", "LA", "RGB", "RGBA"):
            return image.convert(mode)
        return image.convert("RGB").convert(mode)

    def _resize(self, image: Image.Image, name: str) -> Image.Image:
        if self.crop == "pad":
            return self._pad(image)
        if self.crop != "none":
            image = image.crop(self._window(image.width, image.height, name))
        return _resize(image, (self.width, self.height))

    def _window(self, width: int, height: int, name: str) -> tuple[int, int, int, int]:
        """Returns left, top, right and bottom of the window to cut."""
        scale = min(width / self.width, height / self.height)
        window_width = min(width, max(1, round(self.width * scale)))
        window_height = min(height, max(1, round(self.height * scale)))
        most_left, most_top = width - window_width, height - window_height
        left, top = most_left // 2, most_top // 2
        if self.crop == "random":
            left, top = _draw_place((most_left, most_top), self.seed, name)
        return left, top, left + window_width, top + window_height

    def _pad(self, image: Image.Image) -> Image.Image:
        scale = min(self.width / image.width, self.height / image.height)
        width, height = (max(1, round(side * scale)) for side in image.size)
        alpha = 0 if self.channels in (2, 4) else 255
        size, color = (self.width, self.height), (*self.background, alpha)
        canvas = Image.new("RGBA", size, color).convert(image.mode)
        place = (self.width - width) // 2, (self.height - height) // 2
        canvas.paste(_resize(image, (width, height)), place)
        return canvas


def upright(image: Image.Image) -> Image.Image:
    """Returns a picture that is turned as its EXIF data says, with at most 8 bits."""
    image.load()  # Loading turns a TIFF upright, and sets its orientation to 1.
    turn, image = _TURNS.get(_orientation(image)), _to_eight_bits(image)
    return image if turn is None else image.transpose(turn)


def _resize(image: Image.Image, size: tuple[int, int]) -> Image.Image:
    # When Pillow shrinks, its filter covers all pixels, and it weighs them by alpha.
    return image if image.size == size else image.resize(size, Image.Resampling.BICUBIC)


def _draw_place(most: tuple[int, int], seed: int, name: str) -> tuple[int, int]:
    """Draws left and top of a window from a seed and the name of the picture."""
    text = f"{seed}/{name}".encode("utf-8", "surrogateescape")
    number = int.from_bytes(hashlib.sha256(text).digest()[:8], "big")
    generator = np.random.default_rng(number)
    left, top = (int(generator.integers(highest + 1)) for highest in most)
    return left, top


def _to_eight_bits(image: Image.Image) -> Image.Image:
    """Converts a grey picture of 16 bits to 8 bits, and leaves other pictures alone."""
    transparent = image.info.get("transparency")
    if isinstance(transparent, tuple) and max(transparent) > 255:
        raise BadFileError("one transparent color of 16 bits, of which 8 are loaded")
    if image.mode == "F":
        raise BadFileError("floating-point pixels, whose range is unknown")
    if image.mode != "I" and not image.mode.startswith("I;16"):
        return image
    highest, white_is_zero = _sixteen_bit_range(image)
    pixels = np.asarray(image)
    if pixels.min() < 0 or pixels.max() > highest:
        raise BadFileError("pixels of more than 16 bits, whose range is unknown")
    eight = (pixels.astype("uint32") * 255 + highest // 2) // highest
    grey = Image.fromarray((255 - eight if white_is_zero else eight).astype("uint8"))
    # The transparent value has 16 bits here, and Pillow's own conversion ignores it.
    if transparent is not None:
        alpha = np.where(pixels == transparent, 0, 255).astype("uint8")
        grey.putalpha(Image.fromarray(alpha))
    return grey


def _sixteen_bit_range(image: Image.Image) -> tuple[int, bool]:
    """Returns the highest pixel value, and whether white is 0 and black the highest."""
    if not isinstance(image, TiffImageFile):
        return 65_535, False
    tags = image.tag_v2
    bits_per_sample, sample_format = tags.get(258, (1,))[0], tags.get(339, (1,))[0]
    if bits_per_sample > 16 or sample_format != 1:
        raise BadFileError("pixels with a sign or of 32 bits, whose range is unknown")
    photometric = tags.get(262)
    return 2**bits_per_sample - 1, photometric == 0


def _too_many_pixels() -> str:
    return f"more than {MAX_PIXELS:,} pixels"
