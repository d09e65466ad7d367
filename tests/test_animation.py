import numpy as np
import pytest
from PIL import Image

from kgan.data.animation import on_white, save_gif


def frames(path):
    """Returns the frames of an animation, `(n, height, width, 3)`."""
    with Image.open(path) as file:
        pixels = []
        for i in range(file.n_frames):
            file.seek(i)
            pixels.append(np.asarray(file.convert("RGB")))
    return np.stack(pixels)


def test_grey_frames_keep_their_pixels(tmp_path):
    pixels = np.random.default_rng(0).integers(0, 256, (3, 16, 16), dtype=np.uint8)
    save_gif(tmp_path / "x.gif", [Image.fromarray(x) for x in pixels], 50)
    np.testing.assert_array_equal(
        frames(tmp_path / "x.gif"), pixels[..., None].repeat(3, 3)
    )


def test_frames_of_few_colours_keep_their_pixels(tmp_path):
    pixels = np.random.default_rng(0).integers(0, 256, (2, 16, 16, 3), dtype=np.uint8)
    save_gif(tmp_path / "x.gif", [Image.fromarray(x) for x in pixels], 50)
    np.testing.assert_array_equal(frames(tmp_path / "x.gif"), pixels)


def test_frames_have_256_colours_near_their_own(tmp_path):
    side = np.arange(64)
    red, green = np.meshgrid(side * 4, side * 4)
    pixels = np.stack([np.stack([red, green, red * 0 + b], 2) for b in (0, 200)])
    pictures = [Image.fromarray(x.astype("uint8")) for x in pixels]
    save_gif(tmp_path / "x.gif", pictures, [50, 70])
    found = frames(tmp_path / "x.gif")
    for frame in found:
        assert len(np.unique(frame.reshape(-1, 3), axis=0)) <= 256
    # 256 colours for 4,096 are at best 4x4 neighbours each, 6 from their mean at most.
    assert np.abs(found.astype(int) - pixels).mean() < 6
    with Image.open(tmp_path / "x.gif") as file:
        assert (file.n_frames, file.info["loop"], file.info["duration"]) == (2, 0, 50)


def test_transparent_parts_are_white():
    picture = Image.new("RGBA", (2, 1), (10, 20, 30, 255))
    picture.putpixel((1, 0), (10, 20, 30, 51))
    # A fifth of the colour, and four fifths of 255.
    assert np.asarray(on_white(picture)).tolist() == [[[10, 20, 30], [206, 208, 210]]]


@pytest.mark.parametrize("mode", ["L", "RGB", "RGBA", "P"])
def test_a_picture_of_another_mode_is_a_frame_too(mode, tmp_path):
    pictures = [Image.new("RGB", (4, 4), "red"), Image.new("L", (4, 4), 7).convert(mode)]
    save_gif(tmp_path / "x.gif", pictures, 50)
    assert frames(tmp_path / "x.gif")[:, 0, 0].tolist() == [[255, 0, 0], [7, 7, 7]]
