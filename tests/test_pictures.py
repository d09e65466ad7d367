"""Single pictures: modes, depths, orientation, transparency and sizes."""

import io
import struct
import tracemalloc
import zlib

import numpy as np
import pytest
from PIL import Image, ImageOps

from kgan.data.reading.pictures import BadFileError, Fit, open_picture, read_header

pytestmark = pytest.mark.backends("tensorflow", reason="there are no tensors in it")

RANDOM = np.random.default_rng(0)
RGB = RANDOM.integers(0, 256, (9, 7, 3), dtype="uint8")
RGBA = RANDOM.integers(0, 256, (9, 7, 4), dtype="uint8")


def saved(image, kind="PNG", **options):
    file = io.BytesIO()
    image.save(file, kind, **options)
    file.seek(0)
    return file


def fitted(file, size=(9, 7), channels=3, name="", **options):
    with open_picture(file) as image:
        return Fit(*size, channels, **options)(image, name)


@pytest.mark.parametrize("mode", ["1", "L", "LA", "RGB", "RGBA", "P"])
def test_without_a_resize_pixels_are_those_that_pillow_loads(mode):
    image = Image.fromarray(RGBA).convert(mode)
    channels = read_header(image).channels
    wanted = {1: "L", 2: "LA", 3: "RGB", 4: "RGBA"}[channels]
    found = fitted(saved(image), channels=channels)
    expected = np.asarray(image.convert(wanted)).reshape(9, 7, channels)
    np.testing.assert_array_equal(found, expected)


def test_cmyk_is_converted_and_jpeg_decoded_as_by_pillow():
    file = saved(Image.fromarray(RGB).convert("CMYK"), "JPEG")
    expected = Image.open(io.BytesIO(file.getvalue())).convert("RGB")
    np.testing.assert_array_equal(fitted(file), np.asarray(expected))


@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
def test_sixteen_bits_become_eight(kind):
    pixels = np.array([[0, 128, 129, 257, 32_768, 65_535]], "uint16")
    found = fitted(saved(Image.fromarray(pixels), kind), (1, 6), 1)
    # Of 0 to 65,535 to 0 to 255: divided by 257, and rounded.
    assert found.ravel().tolist() == [0, 0, 1, 1, 128, 255]


@pytest.mark.parametrize(
    "pixels", [np.full((2, 2), 0.5, "float32"), np.full((2, 2), 70_000, "int32")]
)
def test_pixels_of_unknown_range_are_refused(pixels):
    with pytest.raises(BadFileError, match="range is unknown"):
        fitted(saved(Image.fromarray(pixels), "TIFF"), (2, 2), 1)


def test_pictures_are_turned_as_exif_says():
    exif = Image.Exif()
    exif[0x0112] = 6
    file = saved(Image.fromarray(RGB), "PNG", exif=exif)
    with open_picture(file) as image:
        assert (read_header(image).height, read_header(image).width) == (7, 9)
    found = fitted(file, (7, 9))
    np.testing.assert_array_equal(found, np.rot90(RGB, -1))


@pytest.mark.parametrize("exif", [b"garbage", b"Exif\0\0MM\0*\0\0\0\x08garbage"])
@pytest.mark.parametrize("kind", ["PNG", "WEBP"])
@pytest.mark.filterwarnings("ignore:Corrupt EXIF data", "ignore:Truncated File Read")
def test_pictures_are_not_turned_by_damaged_exif(kind, exif):
    options = {"lossless": True} if kind == "WEBP" else {}
    file = saved(Image.fromarray(RGB), kind, exif=exif, **options)
    with open_picture(file) as image:
        assert (read_header(image).height, read_header(image).width) == (9, 7)
    np.testing.assert_array_equal(fitted(file), RGB)


def test_transparency_is_laid_on_the_background():
    found = fitted(saved(Image.fromarray(RGBA)), background=(10, 200, 30))
    alpha = RGBA[..., 3:].astype("float64") / 255
    expected = RGBA[..., :3] * alpha + np.array([10, 200, 30]) * (1 - alpha)
    np.testing.assert_allclose(found, expected, atol=1)


@pytest.mark.parametrize("crop", ["center", "pad"])
@pytest.mark.parametrize("mode", ["RGB", "L"])
def test_one_transparent_color_is_laid_on_the_background(mode, crop):
    pixels = np.full((4, 4, 3), 200, "uint8")
    pixels[:2] = 70
    image = Image.fromarray(pixels).convert(mode)
    file = saved(image, transparency=(70, 70, 70) if mode == "RGB" else 70)
    found = fitted(file, (4, 4), 3 if mode == "RGB" else 1, crop=crop)
    assert (found[:2] == 255).all() and (found[2:] == 200).all()


def deep(pixels, *chunks):
    """A PNG of colors of 16 bits, with further chunks."""
    height, width, _ = pixels.shape
    header = struct.pack(">IIBBBBB", width, height, 16, 2, 0, 0, 0)
    data = b"".join(b"\0" + row.astype(">u2").tobytes() for row in pixels)
    chunks = (b"IHDR", header), *chunks, (b"IDAT", zlib.compress(data)), (b"IEND", b"")
    file = io.BytesIO(b"\x89PNG\r\n\x1a\n")
    file.seek(0, io.SEEK_END)
    for kind, data in chunks:
        crc = zlib.crc32(kind + data)
        file.write(struct.pack(">I", len(data)) + kind + data + struct.pack(">I", crc))
    file.seek(0)
    return file


def test_deep_colors_are_as_pillow_loads_them():
    pixels = RANDOM.integers(0, 65_536, (9, 7, 3))
    np.testing.assert_array_equal(fitted(deep(pixels)), pixels >> 8)
    # Pillow compares eight bits of each color with sixteen of this one.
    key = struct.pack(">3H", *pixels[0, 0])
    with pytest.raises(BadFileError, match="one transparent color of 16 bits"):
        fitted(deep(pixels, (b"tRNS", key)))


def test_a_transparent_palette_has_an_alpha():
    palette = Image.new("P", (2, 1))
    palette.putpalette([255, 0, 0, 0, 0, 255])
    palette.putdata([0, 1])
    file = saved(palette, transparency=1)
    with open_picture(file) as image:
        assert read_header(image).channels == 4
    assert fitted(file, (1, 2), 4).tolist() == [[[255, 0, 0, 255], [255, 0, 0, 0]]]
    assert fitted(file, (1, 2), 3).tolist() == [[[255, 0, 0], [255, 255, 255]]]


@pytest.mark.parametrize("size", [(4, 3), (20, 16)])
def test_a_resize_is_pillows_bicubic_one(size):
    image = Image.fromarray(RGBA)
    expected = np.asarray(image.resize(size[::-1], Image.Resampling.BICUBIC))
    found = fitted(saved(image), size, 4, crop="none")
    visible = expected[..., 3] >= 8
    np.testing.assert_array_equal(found[visible], expected[visible])
    np.testing.assert_array_equal(found[..., 3], expected[..., 3])


def test_transparent_pixels_have_the_colors_around_them():
    pixels = np.zeros((1, 4, 4), "uint8")
    pixels[0, 0] = 200, 100, 0, 255
    pixels[0, 3] = 0, 100, 40, 51
    found = fitted(saved(Image.fromarray(pixels)), (1, 4), 4)
    np.testing.assert_array_equal(found[0, [0, 3]], pixels[0, [0, 3]])
    # At half the size, the picture has the two colors, and bilinear resizing gives three
    # quarters of the nearer color.
    assert found[0, 1:3].tolist() == [[150, 100, 10, 0], [50, 100, 30, 0]]


def test_far_transparent_pixels_have_the_mean_color_weighted_by_alpha():
    pixels = np.zeros((5, 8, 4), "uint8")
    pixels[0, 0] = 200, 100, 0, 255
    pixels[0, 1] = 0, 100, 40, 51
    pixels[4, 7] = 1, 2, 3, 0  # The hidden color of the file.
    found = fitted(saved(Image.fromarray(pixels)), (5, 8), 4)
    expected = (255 * np.array([200, 100, 0]) + 51 * np.array([0, 100, 40])) / 306
    np.testing.assert_allclose(found[4, 7, :3], expected, atol=0.5)


def test_faint_pixels_have_the_colors_around_them():
    pixels = np.uint8([[[100, 0, 0, 8], [0, 255, 0, 7]]])
    found = fitted(saved(Image.fromarray(pixels)), (1, 2), 4)
    assert found.tolist() == [[[100, 0, 0, 8], [100, 0, 0, 7]]]
    # A faint picture keeps its colors where it is clearest.
    pixels[0, 0, 3] = 5
    found = fitted(saved(Image.fromarray(pixels)), (1, 2), 4)
    assert found.tolist() == [[[0, 255, 0, 5], [0, 255, 0, 7]]]


def test_a_picture_without_a_visible_pixel_has_the_color_of_the_background():
    file = saved(Image.new("RGBA", (3, 2), (9, 8, 7, 0)))
    found = fitted(file, (2, 3), 4, background=(10, 200, 30))
    np.testing.assert_array_equal(found, np.full((2, 3, 4), [10, 200, 30, 0]))
    # Grey is 0.299 red + 0.587 green + 0.114 blue.
    grey = fitted(file, (2, 3), 2, background=(10, 200, 30))
    np.testing.assert_array_equal(grey, np.full((2, 3, 2), [124, 0]))


def test_hidden_colors_do_not_bleed_when_shrunk():
    pixels = np.zeros((2, 2, 4), "uint8")
    pixels[0] = 0, 255, 0, 255
    pixels[1] = 255, 0, 0, 0  # Red, but wholly transparent.
    found = fitted(saved(Image.fromarray(pixels)), (1, 1), 4)
    assert found[0, 0, 0] == 0 and found[0, 0, 1] == 255 and 0 < found[0, 0, 3] < 255


def test_center_takes_the_middle():
    pixels = np.zeros((3, 9, 3), "uint8")
    pixels[:, 3:6] = 7
    assert (fitted(saved(Image.fromarray(pixels)), (3, 3)) == 7).all()


def test_random_windows_are_those_of_seed_and_name():
    image = Image.fromarray(
        np.arange(900, dtype="uint16").astype("uint8")[None].repeat(3, 0)
    )

    def first(seed, name):
        return fitted(saved(image), (3, 3), 1, name, crop="random", seed=seed)[0, 0, 0]

    assert first(0, "a") == first(0, "a")
    assert len({first(seed, name) for seed in range(3) for name in "abc"}) > 5


def test_pad_keeps_all_and_fills_up():
    image = Image.fromarray(np.full((2, 4, 3), 9, "uint8"))
    found = fitted(saved(image), (4, 4), 3, crop="pad", background=(1, 2, 3))
    np.testing.assert_array_equal(found[1:3], np.full((2, 4, 3), 9))
    assert (found[[0, 3]] == [1, 2, 3]).all()
    with_alpha = fitted(saved(image), (4, 4), 4, crop="pad")
    assert with_alpha[..., 3].tolist() == [[0] * 4, [255] * 4, [255] * 4, [0] * 4]


def test_animations_give_their_first_picture():
    frames = [Image.fromarray(RGB), Image.fromarray(255 - RGB)]
    file = saved(
        frames[0], "WEBP", save_all=True, append_images=frames[1:], lossless=True
    )
    with open_picture(file) as image:
        assert read_header(image).frames == 2
    np.testing.assert_array_equal(fitted(file), RGB)


@pytest.mark.parametrize("orientation", [6, 8, 9])
@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
def test_sizes_by_the_header_are_those_that_are_loaded(kind, orientation):
    exif = Image.Exif()
    exif[0x0112] = orientation
    file = saved(Image.fromarray(RGB), kind, exif=exif)
    with open_picture(file) as image:
        found = read_header(image)
        expected = ImageOps.exif_transpose(image).size
    assert (found.width, found.height) == expected


def test_white_may_be_zero():
    image = Image.fromarray(np.array([[0, 65_535]], "uint16"))
    found = fitted(saved(image, "TIFF", tiffinfo={262: 0}), (1, 2), 1)
    assert found.ravel().tolist() == [255, 0]


@pytest.mark.parametrize("kind", ["int32", "int16"])
def test_pixels_with_a_sign_or_of_32_bits_are_refused(kind):
    image = Image.fromarray(np.array([[1, 200]], "int32"))
    tags = {}
    if kind == "int16":
        image = Image.fromarray(np.array([[1, 200]], "uint16"))
        tags = {"tiffinfo": {339: 2}}
    with pytest.raises(BadFileError, match="range is unknown"):
        fitted(saved(image, "TIFF", **tags), (1, 2), 1)


def test_one_deep_grey_may_be_transparent():
    pixels = np.array([[7, 65_535]], "uint16")
    file = saved(Image.fromarray(pixels), transparency=7)
    with open_picture(file) as image:
        assert read_header(image).channels == 2
    assert fitted(file, (1, 2), 2).tolist() == [[[255, 0], [255, 255]]]
    assert fitted(file, (1, 2), 1).ravel().tolist() == [255, 255]


def test_large_deep_pictures_take_little_memory():
    side = 2000
    file = saved(Image.fromarray(np.zeros((side, side), "uint16")), "TIFF")
    tracemalloc.start()
    try:
        fitted(file, (8, 8), 1)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 16 * side**2
