"""Image to image: the emoji of one artist, drawn in the style of another artist.

    python benchmarks/translate.py EMOJI --method pix2pix --minutes 30
    python benchmarks/translate.py EMOJI --method copy l1 pix2pix cyclegan --minutes 5

`EMOJI` is a folder with `google.zip`, `twitter.zip` and `emoji.csv`, see
benchmarks/colour.py. A model learns to draw the emoji of Twitter from the emoji of Google
with the same name, 32x32 pixels on white. About 500 pairs are held out; an emoji and its
skin tones are in one part. The methods:

- `copy` returns the source;
- `l1` is the U-Net, trained by the mean absolute error alone;
- `pix2pix` is `kgan.Translator` with the same U-Net, and with `--weight` times the
  absolute error;
- `cyclegan` is `kgan.CycleGAN`, which sees both sets in orders of their own.

A line of scores on the held-out pairs is added to `translate.jsonl`: `l1`, the mean
absolute difference of pixels from 0 to 255, and `distance`, the Fréchet distance of the
translations to the targets in the features of a classifier of Google's emoji. A grid has
the first held-out pairs in rows of three: source, translation, target.
"""

import argparse
import json
import pathlib
import re
import time
from typing import Any

import kgan

import keras
import numpy as np

from colour_judge import Emoji, Judge
from stop import StopWhen

SHAPE = (32, 32, 3)
HELD_OUT = 500
# Pixels of white around a picture, from which windows of the old size are cut.
MARGIN = 2
# The code points of the five skin tones.
TONE = re.compile(r"-1f3f[b-f]", re.IGNORECASE)
METHODS = ("copy", "l1", "pix2pix", "cyclegan")


def split(names: list[str], seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Returns the numbers of the pairs to train on, and of the pairs that are held out.

    Emoji that differ in the skin tone only are in the same part.
    """
    stems = np.array([TONE.sub("", name) for name in names])
    order = np.random.default_rng(seed).permutation(np.unique(stems))
    sizes = np.cumsum([np.sum(stems == stem) for stem in order])
    held_out = np.isin(stems, order[sizes <= HELD_OUT])
    return np.flatnonzero(~held_out), np.flatnonzero(held_out)


def unet() -> keras.Model:
    return kgan.networks.unet_generator(SHAPE, width=24, dropout=0.2)


def build(method: str, seed: int, weight: float) -> keras.Model | None:
    """Returns the model of a method, compiled; None for a copy."""
    keras.utils.set_random_seed(seed)
    if method == "copy":
        return None
    if method == "l1":
        model = unet()
        model.compile(keras.optimizers.Adam(1e-3, beta_1=0.5), "mae")
        return model
    if method == "pix2pix":
        judge = kgan.networks.patch_discriminator(SHAPE, SHAPE, width=24, depth=2)
        model = kgan.Translator(unet(), judge, seed=seed)
        model.compile(
            optimizer=keras.optimizers.Adam(1e-3, beta_1=0.5),
            generator_losses=[kgan.generator_losses.Reconstruction(weight=weight)],
        )
        return model
    options: dict[str, Any] = {"width": 16, "normalization": "instance"}
    model = kgan.CycleGAN(
        *(kgan.networks.unet_generator(SHAPE, dropout=0, **options) for _ in range(2)),
        *(kgan.networks.patch_discriminator(SHAPE, depth=2, **options) for _ in range(2)),
        seed=seed,
    )
    model.compile(optimizer=keras.optimizers.Adam(5e-4, beta_1=0.5))
    return model


class SourcesFirst(keras.utils.PyDataset):
    """Batches of pairs for a Keras model, which takes the source before the target."""

    def __init__(self, pairs: kgan.data.PairBatches):
        super().__init__()
        self.pairs = pairs

    def __len__(self) -> int:
        return len(self.pairs)

    def __getitem__(self, index: int) -> tuple[np.ndarray, np.ndarray]:
        target, source = (kgan.data.to_float(x) for x in self.pairs[index])
        return source, target

    def on_epoch_end(self) -> None:
        self.pairs.on_epoch_end()


def train(
    model: keras.Model,
    method: str,
    sources: np.ndarray,
    targets: np.ndarray,
    arguments: argparse.Namespace,
) -> int:
    """Trains a model until its budget is used, and returns the number of pairs shown."""
    kind = kgan.data.UnpairedBatches if method == "cyclegan" else kgan.data.PairBatches
    margin = (0, 0), (MARGIN, MARGIN), (MARGIN, MARGIN), (0, 0)
    batches = kind(
        np.pad(sources, margin, constant_values=255),
        np.pad(targets, margin, constant_values=255),
        crop=SHAPE[:2],
        batch_size=arguments.batch_size,
        seed=arguments.seed,
        drop_remainder=True,
    )
    start, shown = time.perf_counter(), 0

    def is_done() -> bool:
        nonlocal shown
        shown += arguments.batch_size
        if arguments.images:
            return shown >= arguments.images
        return time.perf_counter() - start >= 60 * arguments.minutes

    data = SourcesFirst(batches) if method == "l1" else batches
    model.fit(data, epochs=10**6, verbose=0, callbacks=[StopWhen(is_done)])
    return shown


def translate(model: keras.Model | None, sources: np.ndarray) -> np.ndarray:
    """Returns uint8 translations."""
    if model is None:
        return sources
    if hasattr(model, "translate"):
        return model.translate(sources, as_uint8=True)
    floats = model.predict(kgan.data.to_float(sources), verbose=0)
    return kgan.data.to_uint8(floats)


def main() -> None:
    arguments = _arguments()
    folder = pathlib.Path(arguments.out)
    emoji = Emoji(arguments.emoji, SHAPE[0])
    judge = Judge(emoji, folder, "twitter")
    sources, targets = (emoji.pictures(artist) for artist in ("google", "twitter"))
    seen, held_out = split(emoji.names(), arguments.seed)
    for method in arguments.method:
        model, shown = build(method, arguments.seed, arguments.weight), 0
        start = time.perf_counter()
        if model is not None:
            shown = train(model, method, sources[seen], targets[seen], arguments)
        seconds = time.perf_counter() - start
        drawn, wanted = translate(model, sources[held_out]), targets[held_out]
        row = {
            "method": method,
            "seed": arguments.seed,
            "weight": arguments.weight if method == "pix2pix" else None,
            "pairs": len(held_out),
            "images": shown,
            "seconds": round(seconds),
            "l1": round(float(np.abs(drawn.astype(float) - wanted).mean()), 3),
            "distance": round(judge.distance(drawn, wanted), 3),
            "keras": keras.__version__,
            "backend": keras.backend.backend(),
        }
        print(json.dumps(row), flush=True)
        with open(folder / "translate.jsonl", "a", encoding="utf-8") as file:
            file.write(json.dumps(row) + "\n")
        groups = np.stack([sources[held_out], drawn, wanted], axis=1)[:40]
        grid = kgan.data.grid(groups.reshape(-1, *SHAPE), 10, 12)
        grid.save(folder / f"translate-{method}-{arguments.seed}.png")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("emoji", type=pathlib.Path, help="folder of the pictures")
    parser.add_argument("--method", nargs="+", choices=METHODS, default=["pix2pix"])
    parser.add_argument("--minutes", type=float, default=30.0)
    parser.add_argument("--images", type=int, help="pairs to show, in place of minutes")
    parser.add_argument("--batch-size", type=int, default=16)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument(
        "--weight", type=float, default=10.0, help="of the absolute error of pix2pix"
    )
    parser.add_argument("--out", default="translate", help="folder of results")
    return parser.parse_args()


if __name__ == "__main__":
    main()
