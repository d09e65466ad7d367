"""`kgan sample`."""

import pathlib

import numpy as np

import kgan
from kgan.cli import run_folder
from kgan.files import atomic_path
from kgan.types import ArrayLike
from kgan_cli.settings import SampleSettings


def run(settings: SampleSettings) -> int:
    """Draws samples, and returns the exit status."""
    out = pathlib.Path(settings.out)
    if out.suffix not in (".png", ".npz"):
        raise ValueError(f"--out must end in .png or .npz. Received: --out {out}")
    gan = run_folder.load_gan(pathlib.Path(settings.run_or_model))
    if out.suffix == ".png" and not kgan.data.is_image_shape(gan.sample_shape):
        raise ValueError(
            "These samples are no images, so --out must end in .npz. "
            f"Received: --out {out}, samples of shape {gan.sample_shape}"
        )
    labels = _labels(settings, gan.num_classes)
    samples = gan.sample(settings.count, seed=settings.seed, labels=labels)
    if not np.isfinite(samples).all():
        raise ValueError(
            "The samples are NaN or infinite, so nothing is written: the training of "
            f"this GAN has failed. Received: {settings.run_or_model}"
        )
    with atomic_path(out) as path:
        if out.suffix == ".png":
            kgan.data.grid(gan.sample_range.to_uint8(samples)).save(path, format="PNG")
        else:
            arrays: dict[str, ArrayLike] = {"images": samples}
            if labels is not None:
                arrays["labels"] = labels
            # numpy would append another suffix to the temporary path.
            with open(path, "wb") as file:
                np.savez_compressed(file, **arrays)
    print(f"{settings.count} samples in {out}")
    return 0


def _labels(settings: SampleSettings, num_classes: int | None) -> np.ndarray | None:
    if settings.label is None:
        return None if num_classes is None else np.arange(settings.count) % num_classes
    if num_classes is None:
        raise ValueError(
            "--label needs a GAN that was trained with --conditional. "
            f"Received: --label {settings.label}"
        )
    if settings.label >= num_classes:
        raise ValueError(
            f"--label must be one of the labels 0 to {num_classes - 1}. "
            f"Received: --label {settings.label}"
        )
    return np.full(settings.count, settings.label)
