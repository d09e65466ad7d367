"""Quality for the same arithmetic or time: kgan's preset and two popular GANs.

    python benchmarks/quality.py mnist_train.npz --tflop 12 --seeds 0 1 2

All GANs train on the same images, in turns. In each turn a GAN spends a share of its
arithmetic (or, with `--minutes`, of its time). The score is the Fréchet distance of
10,000 samples to 10,000 images that neither a GAN nor the classifier was trained on, in
the features of the classifier of benchmarks/judge.py. The arithmetic is counted from the
layers of both networks, forward and backward: a multiplication with its addition is two
operations. The seconds are processor time of training alone, compiling included: on one
core (by `taskset`) of an idle machine they equal the seconds of a clock.

Each result is a line that is added to a file. The table and the plot are made from the
file.
"""

import argparse
import json
import pathlib
import time
from typing import Any

import kgan
from kgan.metrics import frechet_distance
from kgan.presets import cost

import keras
import numpy as np
import tensorflow as tf

import copied
from judge import Classifier
from plot import plot
from stop import StopWhen

HELD_OUT = 10_000


class Judge:
    """The distance of samples to images that nothing was trained on."""

    def __init__(
        self,
        images: np.ndarray,
        labels: np.ndarray,
        held_out: tuple[np.ndarray, np.ndarray],
    ):
        self.classifier = Classifier(images, labels)
        self.accuracy = self.classifier.accuracy(*held_out)
        self.real = self.classifier(held_out[0])[0]
        some = np.random.default_rng(0).permutation(len(images))[: len(held_out[0])]
        self.floor = frechet_distance(self.real, self.classifier(images[some])[0])
        self.classes = int(labels.max()) + 1

    def __call__(self, images: np.ndarray) -> tuple[float, float]:
        """Returns the distance, and the smallest share of a class."""
        features, classes = self.classifier(images)
        shares = np.bincount(classes, minlength=self.classes) / len(images)
        return frechet_distance(self.real, features), float(shares.min())


class Contender:
    """A GAN that trains a share of its arithmetic at a time."""

    def __init__(
        self, name: str, images: np.ndarray, seed: int, budget: int | None = None
    ):
        keras.utils.set_random_seed(seed)
        self.name, self.images, self.seed = name, images, seed
        self.shown, self.seconds = 0, 0.0
        if name == "kgan":
            preset = kgan.presets.suggest(
                images.shape[1:], len(images), compute="cpu", budget=budget
            )
            self.gan, self.batch_size = preset.build(seed), preset.batch_size
            self.flops = cost.flops_per_image(self.gan, self.batch_size)
        else:
            self.gan = getattr(copied, name)()
            self.batch_size = copied.BATCH_SIZE
            g, d = map(cost.flops, (self.gan.generator, self.gan.discriminator))
            self.flops = 4 * g + 8 * d
            self.endless = copied.batches(images, seed)
        self.batches = kgan.data.Batches(
            images, self.batch_size, seed=seed, drop_remainder=True
        )

    @property
    def tflop(self) -> float:
        """The arithmetic spent so far."""
        return self.shown * self.flops / 1e12

    def train(self, limit: str, until: float) -> None:
        """Trains until `limit`, "tflop" or "seconds", has reached the value `until`."""
        start, before = time.process_time(), self.seconds

        def step():
            self.shown += self.batch_size
            self.seconds = before + time.process_time() - start
            return getattr(self, limit) >= until

        # A `fit` stops in the middle of an epoch, and the next one continues there.
        arguments: dict[str, Any] = {
            "epochs": 10**6,
            "verbose": 0,
            "callbacks": [StopWhen(step)],
        }
        if self.name == "kgan":
            self.gan.fit(self.batches, initial_epoch=self.gan.epoch, **arguments)
        else:
            self.gan.fit(self.endless, steps_per_epoch=10**4, **arguments)
        self.seconds = before + time.process_time() - start


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", help=".npz with x_train and y_train")
    parser.add_argument("--tflop", type=float, default=12.0)
    parser.add_argument("--minutes", type=float, help="a budget of time instead")
    parser.add_argument("--images", type=int, help="the budget that kgan plans for")
    parser.add_argument("--shares", type=int, default=6, help="turns of each")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--only", nargs="+", default=["kgan", "keras_io", "keras_gan"])
    parser.add_argument("--out", default="quality", help="folder of results")
    arguments = parser.parse_args()
    out = pathlib.Path(arguments.out)
    out.mkdir(parents=True, exist_ok=True)
    images, labels = kgan.data.load(arguments.data)
    assert labels is not None
    train, held_out = slice(0, -HELD_OUT), slice(-HELD_OUT, None)
    judge = Judge(images[train], labels[train], (images[held_out], labels[held_out]))
    print(f"judge: accuracy {judge.accuracy:.2%}, floor {judge.floor:.2f}", flush=True)
    minutes = arguments.minutes
    limit, budget = ("seconds", 60 * minutes) if minutes else ("tflop", arguments.tflop)
    for seed in arguments.seeds:
        contenders = [
            Contender(name, images[train], seed, arguments.images)
            for name in arguments.only
        ]
        for share in np.linspace(0, 1, arguments.shares + 1)[1:]:
            for contender in contenders:
                contender.train(limit, share * budget)
                row = measure(contender, judge, out)
                print(json.dumps(row), flush=True)
                with open(out / "quality.jsonl", "a", encoding="utf-8") as file:
                    file.write(json.dumps(row) + "\n")
    lines = (out / "quality.jsonl").read_text(encoding="utf-8").splitlines()
    plot([json.loads(line) for line in lines], out)


def measure(contender: Contender, judge: Judge, out: pathlib.Path) -> dict:
    """Draws samples, saves a grid of them, and returns a line of the results."""
    samples = contender.gan.sample(HELD_OUT, seed=contender.seed + 1, as_uint8=True)
    name = f"{contender.name}-{contender.seed}.png"
    kgan.data.grid(samples[:100], 10, 10).save(out / name)
    distance, smallest = judge(samples)
    return {
        "name": contender.name,
        "seed": contender.seed,
        "images": contender.shown,
        "tflop": round(contender.tflop, 2),
        "seconds": round(contender.seconds),
        "distance": round(distance, 2),
        "over_floor": round(distance / judge.floor, 2),
        "smallest_class": round(smallest, 3),
        "keras": keras.__version__,
        "tensorflow": tf.__version__,
    }


if __name__ == "__main__":
    main()
