"""`kgan sample`."""

import argparse
import pathlib
from typing import Any

import numpy as np

import kgan
from kgan.cli import run_folder, types
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
    add("--label", type=types.seed, metavar="N",
        help="of a conditional GAN, what to draw; by default all in turn")  # fmt: skip
    add("--out", default="samples.png", metavar="FILE",
        help=".png for a grid, .npz for an array")  # fmt: skip
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Samples, and returns the exit status."""
    out = pathlib.Path(arguments.out)
    if out.suffix not in (".png", ".npz"):
        raise ValueError(f"--out must end in .png or .npz. Received: --out {out}")
    gan = run_folder.load_gan(pathlib.Path(arguments.run_or_model))
    if out.suffix == ".png" and not kgan.data.is_image_shape(gan.sample_shape):
        raise ValueError(
            f"These samples are no images, so --out must end in .npz. "
            f"Received: --out {out}, samples of shape {gan.sample_shape}"
        )
    labels = None
    if arguments.label is not None:
        labels = np.full(arguments.count, arguments.label)
    elif gan.num_classes is not None:
        labels = np.arange(arguments.count) % gan.num_classes
    samples = gan.sample(arguments.count, seed=arguments.seed, labels=labels)
    with atomic_path(out) as path:
        if out.suffix == ".png":
            kgan.data.grid(samples).save(path, format="PNG")
        else:
            # Of a path numpy would change the suffix.
            with open(path, "wb") as file:
                arrays: dict[str, Any] = {"images": samples, "labels": labels}
                there = {k: v for k, v in arrays.items() if v is not None}
                np.savez_compressed(file, **there)
    print(f"{arguments.count} samples in {out}")
    return 0
