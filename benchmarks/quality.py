"""Quality for arithmetic and for time: kgan's preset, and what people copy.

    python benchmarks/quality.py mnist_train.npz --tflop 12 --seeds 0 1 2

All train on the same images, in turns, each a share of its arithmetic at a time. A
classifier that is trained here on the labels judges 10,000 samples of each by a Fréchet
distance of its features to 10,000 images that neither it nor any GAN was trained on. The
arithmetic is counted from the layers, both networks, forward and backward: a
multiplication with its addition is two operations. The seconds are those of training, and
of the first share, which compiles, too.

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
from judge import frechet_distance
from keras import layers
from plot import plot

import kgan
from kgan.presets import cost

HELD_OUT = 10_000


class Judge:
    """Features of a classifier, and the distance of samples to what it never saw."""

    def __init__(self, images, labels, held_out, seed=0):
        keras.utils.set_random_seed(seed)
        shape = images.shape[1:]
        model = keras.Sequential(
            [
                keras.Input(shape),
                layers.Rescaling(1 / 127.5, -1),
                layers.Conv2D(32, 3, 2, padding="same", activation="relu"),
                layers.Conv2D(64, 3, padding="same", activation="relu"),
                layers.MaxPooling2D(),
                layers.Dropout(0.25),
                layers.Conv2D(64, 3, padding="same", activation="relu"),
                layers.Flatten(),
                layers.Dense(64, activation="relu", name="features"),
                layers.Dropout(0.3),
                layers.Dense(int(labels.max()) + 1),
            ]
        )
        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        model.compile("adam", loss, metrics=["accuracy"])
        model.fit(images, labels, batch_size=64, epochs=3, verbose=0)
        x, y = held_out
        self.accuracy = model.evaluate(x, y, verbose=0)[1]
        features = model.get_layer("features").output
        self.model = keras.Model(model.inputs, [features, model.outputs[0]])
        self.real = self.features(x)[0]
        some = np.random.default_rng(seed).permutation(len(images))[: len(x)]
        self.floor = frechet_distance(self.real, self.features(images[some])[0])

    def features(self, images):
        features, logits = self.model.predict(images, batch_size=512, verbose=0)
        return features.astype("float64"), logits

    def __call__(self, images):
        """Returns the distance, and the smallest share of a class."""
        features, logits = self.features(images)
        shares = np.bincount(logits.argmax(1), minlength=logits.shape[1]) / len(images)
        return frechet_distance(self.real, features), float(shares.min())


class Contender:
    """One that trains, a share of its arithmetic at a time."""

    def __init__(self, name, images, seed, tflop):
        keras.utils.set_random_seed(seed)
        self.name, self.images, self.seed, self.shown, self.seconds = (
            name,
            images,
            seed,
            0,
            0,
        )
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
        self.wanted = tflop * 1e12 / self.flops

    def train(self, share):
        """Trains until `share` of the arithmetic is spent."""
        start, count = time.perf_counter(), round(share * self.wanted) - self.shown
        steps = max(1, count // self.batch_size)
        if self.name == "kgan":
            self._fit_kgan(steps)
        else:
            self.gan.fit(self._dataset(), steps_per_epoch=steps, verbose=0)
        self.shown += steps * self.batch_size
        self.seconds += time.perf_counter() - start

    def _fit_kgan(self, steps):
        # Epochs are those of the data: the fit stops in the middle of one, and goes on.
        stop = StopAfter(steps)
        self.gan.fit(
            self.batches, epochs=10**6, initial_epoch=self.gan.epoch, verbose=0,
            callbacks=[stop],
        )  # fmt: skip

    def _dataset(self):
        if not hasattr(self, "_endless"):
            dataset = tf.data.Dataset.from_tensor_slices(self.images)
            dataset = dataset.shuffle(len(self.images), seed=self.seed).repeat()
            self._endless = dataset.batch(self.batch_size).prefetch(2)
        return self._endless


class StopAfter(keras.callbacks.Callback):
    def __init__(self, steps):
        super().__init__()
        self.left = steps

    def on_train_batch_end(self, batch, logs=None):
        self.left -= 1
        self.model.stop_training = self.left <= 0


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", help=".npz with x_train and y_train")
    parser.add_argument("--tflop", type=float, default=12.0)
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
    for seed in arguments.seeds:
        contenders = [
            Contender(name, images[train], seed, arguments.tflop)
            for name in arguments.only
        ]
        for share in np.linspace(0, 1, arguments.shares + 1)[1:]:
            for contender in contenders:
                contender.train(share)
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
        "tflop": round(contender.shown * contender.flops / 1e12, 2),
        "seconds": round(contender.seconds),
        "distance": round(distance, 2),
        "over_floor": round(distance / judge.floor, 2),
        "smallest_class": round(smallest, 3),
        "keras": keras.__version__,
        "tensorflow": tf.__version__,
    }


if __name__ == "__main__":
    main()
