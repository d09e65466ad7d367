"""`kgan sample`."""

import csv
import dataclasses
import pathlib

import numpy as np

import kgan
from kgan import checks
from kgan.cli import class_labels, outputs, run_folder
from kgan.files import atomic_path
from kgan.types import ArrayLike
from kgan_cli.after_training import SampleSettings

# The number of samples, and of samples of each text.
_COUNT, _FOR_EACH_TEXT = 64, 8


@dataclasses.dataclass(frozen=True)
class _Drawn:
    """Samples, and what was asked for.

    Args:
        samples: Float array `(n, ...)`.
        rows: Int, rows of a grid; None for about as many rows as columns.
        labels: Ints `(n,)`; None without labels.
        texts: List of n str; None without texts.
    """

    samples: np.ndarray
    rows: int | None = None
    labels: np.ndarray | None = None
    texts: list[str] | None = None


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
    drawn = _draw_texts(settings, gan) if settings.text else _draw(settings, gan)
    outputs.check_finite(drawn.samples, settings.run_or_model)
    with atomic_path(out) as path:
        if out.suffix == ".npz":
            _save_arrays(path, drawn)
        elif out.suffix:
            _save_grid(path, drawn, gan.sample_range.to_uint8(drawn.samples))
        else:
            _save_pictures(path, drawn, gan.sample_range.to_uint8(drawn.samples))
    print(f"{checks.counted(len(drawn.samples), 'sample')} in {out}")
    return 0


def _draw(settings: SampleSettings, gan: kgan.GAN) -> _Drawn:
    """Draws samples of seeds."""
    count, seeds = settings.count or _COUNT, settings.seeds or [settings.seed]
    labels = _labels(settings, gan, count)
    samples = np.concatenate(
        [gan.sample(count, seed=seed, labels=labels, psi=settings.psi) for seed in seeds]
    )
    labels = None if labels is None else np.tile(labels, len(seeds))
    return _Drawn(samples, len(seeds) if settings.seeds else None, labels)


def _draw_texts(settings: SampleSettings, gan: kgan.GAN) -> _Drawn:
    """Draws samples of texts, from the same latents for each text."""
    assert settings.text is not None
    path = pathlib.Path(settings.run_or_model)
    vectors = run_folder.load_encoder(path, settings.text)(settings.text)
    count = settings.count or _FOR_EACH_TEXT
    samples = np.concatenate(
        [
            gan.sample(count, seed=settings.seed, conditions=vector, psi=settings.psi)
            for vector in vectors
        ]
    )
    texts = [text for text in settings.text for _ in range(count)]
    return _Drawn(samples, len(vectors), texts=texts)


def _save_arrays(path: pathlib.Path, drawn: _Drawn) -> None:
    arrays: dict[str, ArrayLike] = {"images": drawn.samples}
    if drawn.labels is not None:
        arrays["labels"] = drawn.labels
    if drawn.texts is not None:
        arrays["texts"] = np.array(drawn.texts)
    # numpy would append another suffix to the temporary path.
    with open(path, "wb") as file:
        np.savez_compressed(file, **arrays)


def _save_grid(path: pathlib.Path, drawn: _Drawn, pictures: np.ndarray) -> None:
    if drawn.texts is None:
        picture = kgan.data.grid(pictures, drawn.rows)
    else:
        each = len(drawn.texts) // (drawn.rows or 1)
        picture = kgan.data.captioned_grid(pictures, drawn.texts[::each])
    picture.save(path, format="PNG")


def _save_pictures(folder: pathlib.Path, drawn: _Drawn, pictures: np.ndarray) -> None:
    """Saves a PNG file for each picture.

    Pictures with labels are in a folder of their label. The texts of pictures are in
    `captions.csv`, as `kgan.data.load_captions` reads them.
    """
    folder.mkdir()
    labels = drawn.labels
    for i, picture in enumerate(pictures):
        # With leading zeros, so that `kgan.data.load` finds the labels in their order.
        inner = folder if labels is None else folder / f"{labels[i]:04d}"
        inner.mkdir(exist_ok=True)
        kgan.data.to_image(picture).save(inner / f"{i:06d}.png")
    if drawn.texts is not None:
        with open(folder / "captions.csv", "w", newline="", encoding="utf-8") as file:
            rows = [(f"{i:06d}.png", text) for i, text in enumerate(drawn.texts)]
            csv.writer(file).writerows([("file_name", "text"), *rows])


def _labels(settings: SampleSettings, gan: kgan.GAN, count: int) -> np.ndarray | None:
    label = class_labels.resolve(settings.label, gan, settings.run_or_model)
    if label is not None:
        return np.full(count, label)
    if gan.num_classes is None:
        return None
    return np.arange(count) % gan.num_classes
