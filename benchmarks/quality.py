"""Quality for arithmetic and for time: kgan's preset, and what people copy.

    python benchmarks/quality.py mnist_train.npz --tflop 12 --seeds 0 1 2

All train on the same images, in turns, each a share of its arithmetic (or, with
`--minutes`, of its time) at a time. A classifier that is trained here on the labels
judges 10,000 samples of each by a Fréchet distance of its features to 10,000 images that
neither it nor any GAN was trained on. The arithmetic is counted from the layers, both
networks, forward and backward: a multiplication with its addition is two operations. The
seconds are the processor's, of training alone, compiling included: on one core (by
`taskset`) they are those of a clock on a machine that does nothing else.

Results are added to a file, a line each, from which the table and the plot are made.
"""

import argparse
import json
import pathlib
import time

import copied
import keras
import numpy as np
import tensorflow as tf
from judge import Classifier
from plot import plot

import kgan
from kgan.metrics import frechet_distance
from kgan.presets import cost

HELD_OUT = 10_000


class Judge:
    """The distance of samples to images that no one was trained on."""

    def __init__(self, images, labels, held_out):
        self.classifier = Classifier(images, labels)
        self.accuracy = self.classifier.accuracy(*held_out)
        self.real = self.classifier(held_out[0])[0]
        some = np.random.default_rng(0).permutation(len(images))[: len(held_out[0])]
        self.floor = frechet_distance(self.real, self.classifier(images[some])[0])
        self.classes = int(labels.max()) + 1

    def __call__(self, images):
        """Returns the distance, and the smallest share of a class."""
        features, classes = self.classifier(images)
        shares = np.bincount(classes, minlength=self.classes) / len(images)
        return frechet_distance(self.real, features), float(shares.min())


class Contender:
    """One that trains, a share of its arithmetic at a time."""

    def __init__(self, name, images, seed):
        keras.utils.set_random_seed(seed)
        self.name, self.images, self.seed = name, images, seed
        self.shown, self.seconds = 0, 0.0
        if name == "kgan":
            preset = kgan.presets.suggest(images.shape[1:], len(images), compute="cpu")
            self.gan, self.batch_size = preset.build(seed), preset.batch_size
            self.flops = cost.flops_per_image(self.gan, self.batch_size)
        else:
            self.gan = getattr(copied, name)()
            self.batch_size = 32
            g, d = map(cost.flops, (self.gan.generator, self.gan.discriminator))
            self.flops = 4 * g + 8 * d
        self.batches = kgan.data.Batches(
            images, self.batch_size, seed=seed, drop_remainder=True
        )

    @property
    def tflop(self):
        """Arithmetic spent so far."""
        return self.shown * self.flops / 1e12

    def train(self, limit, until):
        """Trains until `limit`, "tflop" or "seconds", has reached the value `until`."""
        start, before = time.process_time(), self.seconds

        def step():
            self.shown += self.batch_size
            self.seconds = before + time.process_time() - start
            return getattr(self, limit) >= until

        # Epochs are those of the data: the fit stops in the middle of one, and goes on.
        arguments = {"epochs": 10**6, "verbose": 0, "callbacks": [StopWhen(step)]}
        if self.name == "kgan":
            self.gan.fit(self.batches, initial_epoch=self.gan.epoch, **arguments)
        else:
            self.gan.fit(self._dataset(), steps_per_epoch=10**4, **arguments)
        self.seconds = before + time.process_time() - start

    def _dataset(self):
        if not hasattr(self, "_endless"):
            dataset = tf.data.Dataset.from_tensor_slices(self.images)
            dataset = dataset.shuffle(len(self.images), seed=self.seed).repeat()
            self._endless = dataset.batch(self.batch_size).prefetch(2)
        return self._endless


class StopWhen(keras.callbacks.Callback):
    """Stops a fit after the step at which a function returns true."""

    def __init__(self, step):
        super().__init__()
        self.step = step

    def on_train_batch_end(self, batch, logs=None):
        self.model.stop_training = self.step()


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", help=".npz with x_train and y_train")
    parser.add_argument("--tflop", type=float, default=12.0)
    parser.add_argument("--minutes", type=float, help="a budget of time instead")
    parser.add_argument("--shares", type=int, default=6, help="turns of each")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--only", nargs="+", default=["kgan", "keras_io", "keras_gan"])
    parser.add_argument("--out", default="quality", help="folder of results")
    arguments = parser.parse_args()
    out = pathlib.Path(arguments.out)
    out.mkdir(parents=True, exist_ok=True)
    images, labels = kgan.data.load(arguments.data)
    train, held_out = slice(0, -HELD_OUT), slice(-HELD_OUT, None)
    judge = Judge(images[train], labels[train], (images[held_out], labels[held_out]))
    print(f"judge: accuracy {judge.accuracy:.2%}, floor {judge.floor:.2f}", flush=True)
    minutes = arguments.minutes
    limit, budget = ("seconds", 60 * minutes) if minutes else ("tflop", arguments.tflop)
    for seed in arguments.seeds:
        contenders = [Contender(name, images[train], seed) for name in arguments.only]
        for share in np.linspace(0, 1, arguments.shares + 1)[1:]:
            for contender in contenders:
                contender.train(limit, share * budget)
                row = measure(contender, judge, out)
                print(json.dumps(row), flush=True)
                with open(out / "quality.jsonl", "a", encoding="utf-8") as file:
                    file.write(json.dumps(row) + "\n")
    lines = (out / "quality.jsonl").read_text(encoding="utf-8").splitlines()
    plot([json.loads(line) for line in lines], out)


def measure(contender, judge, out):
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
