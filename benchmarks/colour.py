"""Colour pictures: emoji of one artist, judged by a classifier of another artist's emoji.

    python benchmarks/colour.py EMOJI --images 200_000 --seeds 0 1 2
    python benchmarks/colour.py EMOJI --labels category --minutes 15
    python benchmarks/colour.py EMOJI --few 100 --variant default plain
    python benchmarks/colour.py EMOJI --score rivals/*.npz
    python benchmarks/colour.py EMOJI --artist google --seeds 0 --save
    python benchmarks/colour.py EMOJI --images 80_000 --shares 4 --start-from FILE.keras

`EMOJI` is a folder with `google.zip` and `twitter.zip`, pictures with equal names, and
`emoji.csv` with their `file_name`, `category` and `subcategory` (emoji-datasource-google
and emoji-datasource-twitter on npm). A GAN learns the pictures of one artist, and the
classifier the pictures of the other artist. With `--start-from`, the GAN begins with the
weights of a GAN that `--save` has kept. If this GAN learned the other artist, it has seen
the pictures of the classifier.

The benchmark trains a preset, or variants of it that differ in one setting, for the same
images or minutes. After each share of the budget it draws 5,000 samples, adds a line of
scores to `colour.jsonl`, and saves a grid of the first 100 samples, a picture of their
spectrum over that of the reals (white: 10 dB more, black: 10 dB less) and, with `--few`,
samples beside the nearest of the pictures that the GAN was trained on, and the scores of
copies of these pictures. `--score` scores samples that other programs drew, see
benchmarks/rivals.py. `--hold-out N` keeps N reals from the GAN, in the file
`held-out-ARTIST-SIZE-SEED.npz`, see benchmarks/latents.py.
"""

import argparse
import dataclasses
import json
import pathlib
import time
from collections.abc import Iterator
from typing import Any

import kgan
from kgan.presets import cost

import keras
import numpy as np
from PIL import Image

from colour_judge import ARTISTS, SAMPLES, Emoji, Judge
from colour_variants import VARIANTS
from stop import StopWhen


def _frozen(preset: kgan.presets.Preset, layers: int) -> kgan.presets.Preset:
    """Returns a preset in which the first layers of the discriminator don't train."""
    return dataclasses.replace(preset, compile={**preset.compile, "freeze_d": layers})


class Contender:
    """A variant of a preset that trains a share of its budget at a time.

    Args:
        name: Name of the variant.
        arguments: The arguments of the command line.
        images: uint8 pictures to train on.
        labels: Ints `(n,)`, or None.
        seed: Int.

    Attributes:
        asked: The labels among which those of the samples are drawn, or None.
        images: The pictures to train on.
    """

    def __init__(
        self,
        name: str,
        arguments: argparse.Namespace,
        images: np.ndarray,
        labels: np.ndarray | None,
        seed: int,
    ):
        classes = None if labels is None else int(labels.max()) + 1
        data = (images.shape[1:], len(images), classes)
        options = {"compute": arguments.compute, "budget": arguments.images}
        if arguments.preset:
            preset = kgan.presets.get(arguments.preset, *data, **options)
        else:
            preset = kgan.presets.suggest(*data, **options)
        if arguments.start_from:
            preset = preset.for_trained()
        self.preset = _frozen(VARIANTS[name](preset), arguments.freeze_d)
        self.name, self.seed, self.seconds = name, seed, 0.0
        self.asked, self.images = labels, images
        if arguments.labels == "artist":
            # The judge knows the pictures of one artist.
            self.asked = np.full(1, ARTISTS.index(arguments.artist))
        self.gan = self.preset.build(seed)
        if arguments.start_from:
            self.gan.start_from(arguments.start_from, arguments.optimizers)
        self.batches = kgan.data.Batches(
            images, self.preset.batch_size, labels=labels, seed=seed, drop_remainder=True
        )

    def train(self, limit: str, until: float) -> None:
        """Trains until `limit`, "images" or "seconds", has reached the value `until`."""
        start, before = time.perf_counter(), self.seconds

        def is_reached() -> bool:
            self.seconds = before + time.perf_counter() - start
            done = self.gan.images_seen if limit == "images" else self.seconds
            return done >= until

        # A `fit` stops in the middle of an epoch, and the next one continues there.
        self.gan.fit(
            self.batches,
            epochs=10**6,
            initial_epoch=self.gan.epoch,
            verbose=0,
            callbacks=[StopWhen(is_reached)],
        )

    def sample(self) -> tuple[np.ndarray, np.ndarray | None]:
        """Returns uint8 samples, and their labels, drawn as frequently as in the data."""
        seed = self.seed + 1
        if self.asked is None:
            return self.gan.sample(SAMPLES, seed=seed, as_uint8=True), None
        labels = np.random.default_rng(seed).choice(self.asked, SAMPLES)
        return self.gan.sample(SAMPLES, seed=seed, labels=labels, as_uint8=True), labels

    def copies(self) -> np.ndarray:
        """Returns the samples of a GAN that repeats its training pictures."""
        return np.random.default_rng(self.seed + 1).choice(self.images, SAMPLES)


class Results:
    """A folder of lines of scores and of pictures.

    Args:
        folder: Path of the folder.
        judge: The judge of the samples.
        arguments: The arguments of the command line.
    """

    def __init__(self, folder: pathlib.Path, judge: Judge, arguments: argparse.Namespace):
        self.folder, self.judge, self.arguments = folder, judge, arguments

    def add(
        self, name: str, samples: np.ndarray, labels: np.ndarray | None, **facts: Any
    ) -> str:
        """Scores samples, saves the line and the pictures, and returns their path."""
        arguments = self.arguments
        keys = ("size", "channels", "labels", "artist")
        work = {key: getattr(arguments, key) for key in keys}
        start = arguments.start_from
        categories = labels if arguments.labels == "category" else None
        scores = self.judge(samples, categories)
        others = {
            key: getattr(arguments, key)
            for key in ("few", "hold_out", "start_from", "optimizers", "freeze_d")
        }
        row = {"name": name, **work, **others, **facts, **scores}
        row["keras"] = keras.__version__
        row["backend"] = keras.backend.backend()
        print(json.dumps(row), flush=True)
        with open(self.folder / "colour.jsonl", "a", encoding="utf-8") as file:
            file.write(json.dumps(row) + "\n")
        started = [f"from-{pathlib.Path(start).stem}"] if start else []
        parts = (name, *work.values(), *started, facts.get("seed", 0), facts["images"])
        path = str(self.folder / "-".join(map(str, parts)))
        kgan.data.grid(samples[:100], 10, 10).save(f"{path}.png")
        decibels = np.clip(self.judge.excess(samples), -10, 10)
        spectrum = Image.fromarray(((decibels + 10) * 12.75).astype("uint8"))
        spectrum.resize((256, 256), Image.Resampling.NEAREST).save(f"{path}-spectrum.png")
        return path

    def compare(self, path: str, samples: np.ndarray, pictures: np.ndarray) -> None:
        """Saves the first 50 samples, each beside the nearest of some pictures."""
        samples = samples[:50]
        pairs = np.stack([samples, self.judge.nearest(samples, pictures)], axis=1)
        grid = kgan.data.grid(pairs.reshape(-1, *pairs.shape[2:]), 10, 10)
        grid.save(f"{path}-nearest.png")


def main() -> None:
    arguments = _arguments()
    emoji = Emoji(arguments.emoji, arguments.size, arguments.channels)
    folder = pathlib.Path(arguments.out)
    judge = Judge(emoji, folder, arguments.artist)
    print(
        f"floor {judge.floor:.2f}, agreement of reals {judge.agreement:.1%}", flush=True
    )
    results = Results(folder, judge, arguments)
    for path in arguments.score:
        file = np.load(path)
        name, seed, _ = pathlib.Path(path).stem.rsplit("-", 2)
        facts = {"seed": int(seed), "images": int(file["shown"])}
        facts["seconds"] = round(float(file["seconds"]))
        results.add(name, file["samples"], None, **facts)
    if arguments.score:
        return
    for contender, until, is_last in _trained(arguments, emoji):
        samples, labels = contender.sample()
        images = int(contender.gan.images_seen)
        costs = cost.estimate(contender.gan, images, contender.preset.batch_size)
        path = results.add(
            contender.name,
            samples,
            labels,
            preset=contender.preset.name,
            seed=contender.seed,
            images=images,
            seconds=round(contender.seconds),
            parameters=costs.parameters,
            tflop=round(costs.flops / 1e12, 2),
            budget=round(until),
        )
        if arguments.few:
            results.compare(path, samples, contender.images)
        if arguments.few and is_last and contender.name == arguments.variant[-1]:
            copies = contender.copies()
            results.add("copies", copies, None, seed=contender.seed, images=images)
        if arguments.save and is_last:
            contender.gan.save(f"{path}.keras")


def _trained(
    arguments: argparse.Namespace, emoji: Emoji
) -> Iterator[tuple[Contender, float, bool]]:
    """Trains all contenders in turns, and yields each of them after each share.

    Beside the contender stand the budget so far, and whether the share is the last one.
    """
    images, labels = emoji.training_data(arguments.artist, arguments.labels)
    limit, budget = "images", arguments.images
    if arguments.minutes:
        limit, budget = "seconds", 60 * arguments.minutes
    for seed in arguments.seeds:
        rows = np.arange(len(images))
        if arguments.few or arguments.hold_out:
            rows = np.random.default_rng(seed).permutation(rows)
        held_out, rows = np.split(rows, [arguments.hold_out])
        if arguments.hold_out:
            name = f"held-out-{arguments.artist}-{arguments.size}-{seed}.npz"
            np.savez(pathlib.Path(arguments.out) / name, images=images[held_out])
        rows = rows[: arguments.few]
        chosen = None if labels is None else labels[rows]
        contenders = [
            Contender(name, arguments, images[rows], chosen, seed)
            for name in arguments.variant
        ]
        for share in np.linspace(0, 1, arguments.shares + 1)[1:]:
            for contender in contenders:
                contender.train(limit, share * budget)
                yield contender, share * budget, share == 1


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("emoji", type=pathlib.Path, help="folder of the pictures")
    parser.add_argument("--size", type=int, default=32)
    parser.add_argument("--channels", type=int, default=3, choices=(3, 4))
    parser.add_argument(
        "--labels", default="none", choices=("none", "category", "artist")
    )
    parser.add_argument("--few", type=int, help="number of reals; all by default")
    parser.add_argument("--hold-out", type=int, default=0, help="reals for no GAN")
    parser.add_argument("--preset", help="its name; by default the suggested preset")
    parser.add_argument("--compute", choices=("cpu", "gpu"))
    parser.add_argument("--variant", nargs="+", default=["default"], choices=VARIANTS)
    parser.add_argument("--images", type=int, default=200_000)
    parser.add_argument(
        "--minutes",
        type=float,
        help="a budget of time instead; --images still sets the span of schedules",
    )
    parser.add_argument("--shares", type=int, default=1, help="turns of each")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument(
        "--artist", default="twitter", choices=ARTISTS, help="whose pictures GANs learn"
    )
    parser.add_argument("--save", action="store_true", help="keep the trained GANs")
    parser.add_argument("--start-from", help=".keras file of a GAN to begin with")
    parser.add_argument(
        "--optimizers", action="store_true", help="start with its optimizers' states too"
    )
    parser.add_argument("--freeze-d", type=int, default=0, help="see GAN.compile")
    parser.add_argument("--score", nargs="+", default=[], help="files of samples")
    parser.add_argument("--out", default="colour", help="folder of results")
    arguments = parser.parse_args()
    if arguments.few and arguments.labels != "none":
        parser.error("--few trains without labels")
    return arguments


if __name__ == "__main__":
    main()
