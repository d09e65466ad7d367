"""`kgan project`."""

import pathlib

import numpy as np

import kgan
from kgan import checks
from kgan.cli import class_labels, fitting, outputs, run_folder
from kgan.files import atomic_path
from kgan.layers.styles import has_styles
from kgan.types import ArrayLike
from kgan_cli.after_training import ProjectSettings
from kgan_cli.status import Status


def run(settings: ProjectSettings) -> int:
    """Finds the latents of pictures, and returns the exit status."""
    out = pathlib.Path(settings.out)
    outputs.check_out(out, (".png", ".npz"))
    gan = run_folder.load_gan(pathlib.Path(settings.run_or_model))
    outputs.check_images(gan, out)
    label = class_labels.resolve(settings.label, gan, settings.run_or_model)
    if label is None and gan.num_classes is not None:
        raise ValueError(
            "A GAN that was trained with --conditional needs the label of the pictures, "
            "--label. Received: no --label"
        )
    pictures = _read(gan, settings)
    numbers = None if label is None else np.full(len(pictures), label)
    latents = gan.project(pictures, numbers, settings.steps, seed=settings.seed)
    styles = has_styles(gan.sampling_generator)
    samples = gan.sample(w=latents) if styles else gan.sample(z=latents, labels=label)
    found = gan.sample_range.to_uint8(samples)
    with atomic_path(out) as path:
        if out.suffix == ".png":
            pairs = np.stack([pictures, found], axis=1).reshape(-1, *found.shape[1:])
            kgan.data.grid(pairs, columns=2).save(path, format="PNG")
        else:
            arrays: dict[str, ArrayLike] = {"images": pictures, "samples": found}
            arrays["w" if styles else "z"] = latents
            with open(path, "wb") as file:
                np.savez_compressed(file, **arrays)
    _print(settings, pictures, found)
    return Status.DONE


def _read(gan: kgan.GAN, settings: ProjectSettings) -> np.ndarray:
    """Returns the pictures in the shape of the samples, fitted as the run fits its data.

    Raises:
        ValueError: If a file is no picture.
    """
    fit = fitting.of_run(settings.run_or_model, gan.sample_shape)
    return np.stack([_read_one(path, fit) for path in settings.pictures])


def _read_one(path: str, fit: kgan.data.Fit) -> np.ndarray:
    with (
        fitting.readable(path),
        open(path, "rb") as file,
        kgan.data.open_picture(file) as picture,
    ):
        return fit(picture)


def _print(settings: ProjectSettings, pictures: np.ndarray, found: np.ndarray) -> None:
    squares = (pictures.astype("float32") - found) ** 2
    content = "the latents" if settings.out.endswith(".npz") else "the reconstructions"
    print(f"{settings.out} has {content} of {checks.counted(len(pictures), 'picture')}:")
    for path, square in zip(settings.pictures, squares, strict=True):
        print(f"  {path}: {np.sqrt(square.mean()):.1f} of 255 apart (root mean square)")
