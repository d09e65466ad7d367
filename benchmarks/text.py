"""Text to image: emoji of names that were held out, judged by what they show.

    python benchmarks/text.py EMOJI --images 200_000 --seeds 0 1 2
    python benchmarks/text.py EMOJI --size 64 --noise 0
    python benchmarks/text.py EMOJI --size 64 --stages 2

`EMOJI` is the folder of benchmarks/colour.py. The captions are the names of the emoji. A
fifth of the names is held out, with all their pictures. The preset for vectors is trained
on the Twitter pictures of the other names, and draws a sample for each held-out picture
from the vector of its name. With `--stages 2`, the preset is first trained at half the
size, and then a second generator doubles the size of its samples. Each stage is shown
`--images` pictures.

`category` is the share of samples in which the classifier of benchmarks/colour_judge.py,
which was trained on the Google pictures, finds the category of the name, divided by this
share of the real held-out pictures. `retrieval` is the share of samples for which the
right one of 20 held-out names is found, divided by this share of the real held-out
pictures. A network with two towers finds the name: it was trained on the pictures, as the
features of the classifier, and on the names of the training set.

The page `text-SIZE-SEED.png`, or `text-SIZE-stages-SEED.png`, shows the first twenty
held-out names, each with the real picture and samples. The order of the names is that of
the random split.
"""

import argparse
import dataclasses
import json
import pathlib
import time
from collections.abc import Callable

import kgan

import keras
import numpy as np
from keras import ops

from colour_judge import Emoji, Judge

ARTIST = "twitter"
# The share of names that is held out, and the number of names to choose from.
_HELD_OUT, _CHOICES = 0.2, 20
# The rows and the samples in a row of the page.
_ROWS, _SAMPLES = 20, 7
# The network of the second stage.
_WIDTH, _BLOCKS = 32, 2


@dataclasses.dataclass(frozen=True)
class Pairs:
    """Pictures with captions.

    Args:
        pictures: uint8 array `(n, size, size, 3)`.
        captions: List of n str.
        vectors: Float array `(n, d)`.
        categories: Int array `(n,)`.
    """

    pictures: np.ndarray
    captions: list[str]
    vectors: np.ndarray
    categories: np.ndarray


def split(emoji: Emoji, seed: int) -> tuple[Pairs, Pairs]:
    """Returns the pairs to train on, and the pairs whose captions are held out.

    The held-out pairs are in the order of a random split of the captions.
    """
    captions = emoji.column("name")
    distinct = sorted(set(captions))
    order = np.random.default_rng(seed).permutation(len(distinct))
    rank = {distinct[number]: place for place, number in enumerate(order)}
    ranks = np.array([rank[text] for text in captions])
    by_rank = np.argsort(ranks, kind="stable")
    held = int(np.sum(ranks < round(_HELD_OUT * len(distinct))))
    encoder = kgan.text.Standardize("minilm")
    pictures, categories = emoji.pictures(ARTIST), emoji.labels("category")

    def pairs(rows: np.ndarray, encode: Callable[[list[str]], np.ndarray]) -> Pairs:
        texts = [captions[row] for row in rows]
        return Pairs(pictures[rows], texts, encode(texts), categories[rows])

    # The statistics of the vectors are those of the training set.
    train = pairs(by_rank[held:], encoder.adapt)
    return train, pairs(by_rank[:held], encoder)


class Retrieval:
    """Finds the caption of a picture, by a network with a tower for each of both.

    Args:
        features: Float array `(n, k)`, features of the pictures to train on.
        pairs: The pairs to train on.
        seed: Int, seed of the network.
    """

    def __init__(self, features: np.ndarray, pairs: Pairs, seed: int):
        keras.utils.set_random_seed(seed)
        self._mean, self._std = features.mean(axis=0), features.std(axis=0) + 1e-3
        self._towers = [
            _tower(width) for width in (features.shape[1], pairs.vectors.shape[1])
        ]
        inputs = [tower.input for tower in self._towers]
        picture, text = (tower.output for tower in self._towers)
        logits = 10 * ops.matmul(picture, ops.transpose(text))
        network = keras.Model(inputs, logits)
        network.compile(keras.optimizers.Adam(1e-3), _contrastive)
        numbers = np.unique(pairs.captions, return_inverse=True)[1]
        scaled = (features - self._mean) / self._std
        network.fit(
            [scaled, pairs.vectors], numbers, batch_size=128, epochs=40, verbose=0
        )

    def accuracy(self, features: np.ndarray, pairs: Pairs, seed: int = 0) -> float:
        """Returns the share of pictures whose caption is the nearest of the choices.

        Args:
            features: Float array `(n, k)`, features of a picture for each pair.
            pairs: The pairs from which captions and wrong captions are taken.
            seed: Int, seed of the choice of the wrong captions.
        """
        scaled = (features - self._mean) / self._std
        picture, text = (
            tower.predict(x, verbose=0)
            for tower, x in zip(self._towers, (scaled, pairs.vectors), strict=True)
        )
        first = {caption: row for row, caption in reversed([*enumerate(pairs.captions)])}
        rows, generator = list(first.values()), np.random.default_rng(seed)
        right = 0
        for i, caption in enumerate(pairs.captions):
            others = [row for row in rows if row != first[caption]]
            chosen = generator.choice(others, _CHOICES - 1, replace=False)
            right += picture[i] @ text[i] > (text[chosen] @ picture[i]).max()
        return right / len(picture)


def _tower(width: int) -> keras.Model:
    inputs = keras.Input((width,))
    x = keras.layers.Dropout(0.3)(inputs)
    x = keras.layers.Dense(128, activation="relu")(x)
    x = keras.layers.Dense(64)(keras.layers.Dropout(0.3)(x))
    return keras.Model(inputs, keras.layers.UnitNormalization()(x))


def _contrastive(numbers: keras.KerasTensor, logits: keras.KerasTensor) -> object:
    """The cross-entropy of pictures and captions; equal captions are equally right."""
    numbers = ops.reshape(numbers, (-1, 1))
    same = ops.cast(ops.equal(numbers, ops.transpose(numbers)), "float32")
    wanted = same / ops.sum(same, axis=1, keepdims=True)
    by_picture = -ops.sum(wanted * ops.log_softmax(logits, axis=1), axis=1)
    other = ops.log_softmax(ops.transpose(logits), axis=1)
    return (by_picture - ops.sum(wanted * other, axis=1)) / 2


def two_stages(
    arguments: argparse.Namespace, small: Pairs, pairs: Pairs, seed: int
) -> kgan.GAN:
    """Returns a GAN of two stages, trained on small pictures and then on large ones."""
    first = trained(arguments, small, seed).sampling_generator
    second = kgan.networks.super_resolution_generator(
        pairs.pictures.shape[1:],
        small.pictures.shape[1:],
        width=_WIDTH,
        blocks=_BLOCKS,
        condition_dim=pairs.vectors.shape[1],
    )
    generator = kgan.networks.stacked_generator(first, second)
    return trained(arguments, pairs, seed, generator)


def trained(
    arguments: argparse.Namespace,
    pairs: Pairs,
    seed: int,
    generator: keras.Model | None = None,
) -> kgan.GAN:
    """Returns the GAN of the preset, trained on pairs.

    Args:
        arguments: The arguments of the command.
        pairs: The pairs.
        seed: Int.
        generator: A generator in the place of the preset's, or None.
    """
    preset = kgan.presets.suggest(
        pairs.pictures.shape[1:],
        len(pairs.pictures),
        compute=arguments.compute,
        budget=arguments.images,
        condition_dim=pairs.vectors.shape[1],
    )
    gan = preset.build(seed, generator)
    batches = kgan.data.CaptionBatches(
        pairs.pictures,
        pairs.vectors,
        batch_size=preset.batch_size,
        seed=seed,
        drop_remainder=True,
        noise=arguments.noise,
    )
    gan.fit(
        batches,
        epochs=preset.epochs,
        steps_per_epoch=preset.steps_per_epoch,
        verbose=0,
    )
    return gan


def save_page(gan: kgan.GAN, pairs: Pairs, path: pathlib.Path) -> None:
    """Saves the first captions, each with its real picture and with samples."""
    firsts = [pairs.captions.index(text) for text in dict.fromkeys(pairs.captions)]
    cells = []
    for row in firsts[:_ROWS]:
        conditions = pairs.vectors[row]
        samples = gan.sample(_SAMPLES, seed=0, conditions=conditions, as_uint8=True)
        cells += [pairs.pictures[row], *samples]
    captions = [pairs.captions[row] for row in firsts[:_ROWS]]
    kgan.data.captioned_grid(np.stack(cells), captions).save(path)


def main() -> None:
    arguments = _arguments()
    emoji = Emoji(arguments.emoji, arguments.size)
    folder = pathlib.Path(arguments.out)
    judge = Judge(emoji, folder, ARTIST)
    for seed in arguments.seeds:
        train, held = split(emoji, seed)
        retrieval = Retrieval(judge.examine(train.pictures)[0], train, seed)
        start = time.perf_counter()
        if arguments.stages == 2:
            half = Emoji(arguments.emoji, arguments.size // 2)
            gan = two_stages(arguments, split(half, seed)[0], train, seed)
        else:
            gan = trained(arguments, train, seed)
        seconds = time.perf_counter() - start
        samples = gan.sample(seed=seed, conditions=held.vectors, as_uint8=True)
        rates = []
        for pictures in (samples, held.pictures):
            features, found = judge.examine(pictures)
            agreement = float(np.mean(found == held.categories))
            rates.append((agreement, retrieval.accuracy(features, held)))
        drawn, real = rates
        row = {
            "size": arguments.size,
            "stages": arguments.stages,
            "seed": seed,
            "noise": arguments.noise,
            "images": int(gan.images_seen),
            "seconds": round(seconds),
            "category": round(drawn[0] / real[0], 3),
            "retrieval": round(drawn[1] / real[1], 3),
            "reals": [round(rate, 3) for rate in real],
            "keras": keras.__version__,
            "backend": keras.backend.backend(),
        }
        print(json.dumps(row), flush=True)
        with open(folder / "text.jsonl", "a", encoding="utf-8") as file:
            file.write(json.dumps(row) + "\n")
        stages = "-stages" if arguments.stages == 2 else ""
        save_page(gan, held, folder / f"text-{arguments.size}{stages}-{seed}.png")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("emoji", type=pathlib.Path, help="folder of the pictures")
    parser.add_argument("--size", type=int, default=32, choices=(32, 64))
    parser.add_argument("--stages", type=int, default=1, choices=(1, 2))
    parser.add_argument("--compute", choices=("cpu", "gpu"))
    parser.add_argument("--images", type=int, default=200_000, help="reals shown")
    parser.add_argument("--noise", type=float, default=0.5, help="see CaptionBatches")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--out", default="text", help="folder of results")
    return parser.parse_args()


if __name__ == "__main__":
    main()
