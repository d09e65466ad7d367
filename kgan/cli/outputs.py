"""The files that commands write: grids, animations, films, folders of pictures."""

import pathlib
import shutil
import subprocess
from collections.abc import Sequence

import numpy as np
from PIL import Image

import kgan
from kgan.data.animation import on_white, save_gif
from kgan.files import atomic_path, is_empty_folder

# The side to which a frame is enlarged at least, in pixels.
_SIDE = 256
# Frames of an animation in a second.
_RATE = 20
# A film has an even number of pixels in each direction.
_EVEN = "pad=ceil(iw/2)*2:ceil(ih/2)*2"


def check_out(out: pathlib.Path, endings: Sequence[str], option: str = "--out") -> None:
    """Checks that a path has a known ending, or is a folder without other files.

    Args:
        out: The path.
        endings: The known endings, for example `.png`; an empty text for a folder.
        option: The option that has the path.

    Raises:
        ValueError: If nothing can be written to the path, or the program for films is
            missing.
    """
    if out.suffix not in endings:
        listed = " or ".join(filter(None, endings))
        folder = ", or be a folder" if "" in endings else ""
        raise ValueError(
            f"{option} must end in {listed}{folder}. Received: {option} {out}"
        )
    if not out.suffix and out.exists() and not is_empty_folder(out):
        listed = " or ".join(filter(None, endings))
        raise ValueError(
            "--out must be a new or an empty folder, so that no file is overwritten; for "
            f"a single file, it must end in {listed}. Received: --out {out}"
        )
    if out.suffix == ".mp4" and not shutil.which("ffmpeg"):
        raise ValueError(
            "A film needs the program ffmpeg on the PATH; --out FILE.gif needs no other "
            f"program. Received: --out {out}"
        )


def check_images(gan: kgan.GAN, out: pathlib.Path) -> None:
    """Checks that a GAN draws images.

    Raises:
        ValueError: If the samples are no images.
    """
    if not kgan.data.is_image_shape(gan.sample_shape):
        raise ValueError(
            "These samples are no images, so no pictures can be drawn. "
            f"Received: --out {out}, samples of shape {gan.sample_shape}"
        )


def check_finite(samples: np.ndarray, source: str) -> None:
    """Checks that samples are finite.

    Raises:
        ValueError: If a sample is NaN or infinite.
    """
    if not np.isfinite(samples).all():
        raise ValueError(
            "The samples are NaN or infinite, so nothing is written: the training of "
            f"this GAN has failed. Received: {source}"
        )


def save_frames(frames: np.ndarray, out: pathlib.Path) -> None:
    """Saves images as an animation, a film, a strip or a folder of pictures.

    Args:
        frames: uint8 images.
        out: A path that ends in .gif, .mp4 or .png, or the path of a folder.
    """
    if out.suffix == ".gif":
        save_gif(out, [_enlarged(frame) for frame in frames], 1000 // _RATE)
        return
    with atomic_path(out) as path:
        if out.suffix == ".png":
            kgan.data.grid(frames, rows=1).save(path, format="PNG")
        elif out.suffix == ".mp4":
            _save_film([on_white(_enlarged(frame)) for frame in frames], path)
        else:
            path.mkdir()
            for i, frame in enumerate(frames):
                kgan.data.to_image(frame).save(path / f"{i:06d}.png")


def _enlarged(pixels: np.ndarray) -> Image.Image:
    """Returns an image, at least as large as a reader can see."""
    scale = max(1, _SIDE // max(pixels.shape[:2]))
    return kgan.data.to_image(pixels.repeat(scale, axis=0).repeat(scale, axis=1))


def _save_film(pictures: list[Image.Image], path: pathlib.Path) -> None:
    width, height = pictures[0].size
    source = f"-f rawvideo -pix_fmt rgb24 -s {width}x{height} -r {_RATE} -i -"
    target = f"-vf {_EVEN} -pix_fmt yuv420p -f mp4"
    command = ["ffmpeg", "-v", "error", *source.split(), *target.split(), str(path)]
    content = b"".join(picture.convert("RGB").tobytes() for picture in pictures)
    done = subprocess.run(command, input=content, capture_output=True, check=False)
    if done.returncode:
        lines = done.stderr.decode(errors="replace").strip().splitlines()
        raise ValueError(
            f"ffmpeg has failed ({lines[-1] if lines else done.returncode}). "
            f"Received: {' '.join(command)}"
        )
