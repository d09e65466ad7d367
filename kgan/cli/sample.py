"""`kgan sample`."""

import pathlib

import numpy as np

import kgan
from kgan.cli import class_labels, outputs, run_folder
from kgan.files import atomic_path
from kgan.types import ArrayLike
from kgan_cli.settings import SampleSettings


def run(settings: SampleSettings) -> int:
    """Draws samples, and returns the exit status."""
    out = pathlib.Path(settings.out)
    outputs.check_out(out, (".png", ".npz", ""))
    gan = run_folder.load_gan(pathlib.Path(settings.run_or_model))
    if out.suffix != ".npz" and not kgan.data.is_image_shape(gan.sample_shape):
        raise ValueError(
            "These samples are no images, so --out must end in .npz. "
            f"Received: --out {out}, samples of shape {gan.sample_shape}"
        )
    seeds = settings.seeds or [settings.seed]
    labels = _labels(settings, gan)
    samples = np.concatenate(
        [
            gan.sample(settings.count, seed=seed, labels=labels, psi=settings.psi)
            for seed in seeds
        ]
    )
    labels = None if labels is None else np.tile(labels, len(seeds))
    outputs.check_finite(samples, settings.run_or_model)
    with atomic_path(out) as path:
        if out.suffix == ".npz":
            _save_arrays(path, samples, labels)
        elif out.suffix:
            pixels = gan.sample_range.to_uint8(samples)
            rows = len(seeds) if settings.seeds else None
            kgan.data.grid(pixels, rows).save(path, format="PNG")
        else:
            _save_pictures(path, gan.sample_range.to_uint8(samples), labels)
    print(f"{len(samples)} samples in {out}")
    return 0


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


def _labels(settings: SampleSettings, gan: kgan.GAN) -> np.ndarray | None:
    label = class_labels.resolve(settings.label, gan, settings.run_or_model)
    if label is not None:
        return np.full(settings.count, label)
    if gan.num_classes is None:
        return None
    return np.arange(settings.count) % gan.num_classes
