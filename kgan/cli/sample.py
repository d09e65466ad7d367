"""`kgan sample`."""

import argparse
import pathlib
from typing import Any

import keras
import numpy as np

import kgan
from kgan.cli import types
from kgan.files import atomic_path


def add_to(commands: Any) -> None:
    """Adds the command to the parser."""
    parser = commands.add_parser(
        "sample",
        help="draw samples from a trained GAN",
        description="Draws samples from a run folder or a .keras file.",
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    add = parser.add_argument
    add("run_or_model", metavar="RUN|MODEL", help="run folder, or .keras file")
    add("--count", type=types.count, default=64, metavar="N", help="how many")
    add("--seed", type=types.seed, default=0, metavar="N", help="seed of the latents")
    add("--out", default="samples.png", metavar="FILE",
        help=".png for a grid, .npz for an array")  # fmt: skip
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Samples, and returns the exit status."""
    out = pathlib.Path(arguments.out)
    if out.suffix not in (".png", ".npz"):
        raise ValueError(f"--out must end in .png or .npz. Received: --out {out}")
    gan = _load(pathlib.Path(arguments.run_or_model))
    if out.suffix == ".png" and not kgan.data.is_image_shape(gan.sample_shape):
        raise ValueError(
            f"These samples are no images, so --out must end in .npz. "
            f"Received: --out {out}, samples of shape {gan.sample_shape}"
        )
    samples = gan.sample(arguments.count, seed=arguments.seed)
    with atomic_path(out) as path:
        if out.suffix == ".png":
            kgan.data.grid(samples).save(path)
        else:
            np.savez_compressed(path, images=samples)
    print(f"{arguments.count} samples in {out}")
    return 0


def _load(path: pathlib.Path) -> kgan.GAN:
    model = path / "gan.keras" if path.is_dir() else path
    try:
        gan = keras.models.load_model(model)
    except Exception as error:
        raise ValueError(
            "Expected a run folder with gan.keras, or a .keras file that kgan saved "
            f"({str(error).splitlines()[0]}). Received: {path}"
        ) from None
    if not isinstance(gan, kgan.GAN):
        raise ValueError(
            f"Expected a saved GAN. Received: {path}, a {type(gan).__name__}"
        )
    return gan
