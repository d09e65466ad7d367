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
    _check_out(out)
    gan = run_folder.load_gan(pathlib.Path(settings.run_or_model))
    if out.suffix != ".npz" and not kgan.data.is_image_shape(gan.sample_shape):
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
        if out.suffix == ".npz":
            _save_arrays(path, samples, labels)
        elif out.suffix:
            kgan.data.grid(gan.sample_range.to_uint8(samples)).save(path, format="PNG")
        else:
            _save_pictures(path, gan.sample_range.to_uint8(samples), labels)
    print(f"{settings.count} samples in {out}")
    return 0


def _check_out(out: pathlib.Path) -> None:
    """Checks that `--out` has a known suffix, or is a folder without other files."""
    if out.suffix not in (".png", ".npz", ""):
        raise ValueError(
            f"--out must end in .png or .npz, or be a folder. Received: --out {out}"
        )
    if not out.suffix and out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise ValueError(
            "--out must be a new or an empty folder, so that no file is overwritten; for "
            f"a single file, it must end in .png or .npz. Received: --out {out}"
        )


def _save_arrays(
    path: pathlib.Path, samples: np.ndarray, labels: np.ndarray | None
) -> None:
    arrays: dict[str, ArrayLike] = {"images": samples}
    if labels is not None:
        arrays["labels"] = labels
    # numpy would append another suffix to the temporary path.
    with open(path, "wb") as file:
        np.savez_compressed(file, **arrays)


def _save_pictures(
    folder: pathlib.Path, pictures: np.ndarray, labels: np.ndarray | None
) -> None:
    """Saves a PNG file for each picture, in a folder of its label if there are labels."""
    folder.mkdir()
    for i, picture in enumerate(pictures):
        # With leading zeros, so that `kgan.data.load` finds the labels in their order.
        inner = folder if labels is None else folder / f"{labels[i]:04d}"
        inner.mkdir(exist_ok=True)
        kgan.data.to_image(picture).save(inner / f"{i:06d}.png")


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
