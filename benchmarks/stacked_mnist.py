"""Stacked MNIST: how many of 1,000 modes a GAN with a tiny discriminator draws.

    python benchmarks/stacked_mnist.py mnist_train.npz --recipe packed

Three random digits are the channels of one image, which makes 1,000 modes. A classifier
finds the mode of each of 25,600 samples. The table has the number of modes with at least
one sample, and the KL divergence of the modes of the samples from the modes of the data
(reverse KL; a perfect sampler scores 0.0195, because its number of samples is finite).
The discriminator has three 3x3 convolutions of stride 2 with 4-8-16 channels, or 2-4-8
with `--width 2`.

Reference: [Metz et al., 2016](https://arxiv.org/abs/1611.02163), section 3.3.1 and
[Lin et al., 2017 (PacGAN)](https://arxiv.org/abs/1712.04086), section 4.2, second
experiment, for the protocol; [Huang et al., 2025 (R3GAN)](https://arxiv.org/abs/2501.05441),
section 2.3.
"""

import argparse
import time
from typing import Any

import kgan

import keras
import numpy as np
from keras import layers

SHAPE, LATENT_DIM, BATCH_SIZE, SAMPLES = (28, 28, 3), 64, 64, 25_600
PENALTY = 1.0

RECIPES: dict[str, dict[str, Any]] = {
    "plain": {"loss": "non_saturating"},
    "packed": {"loss": "non_saturating", "pack": 2},
    "r1_r2": {"loss": "non_saturating", "penalties": True},
    "relativistic": {"loss": "relativistic", "penalties": True},
}


class Stacks(keras.utils.PyDataset):
    """Batches of stacks of three random digits, the same batches for the same seed.

    Args:
        digits: uint8 array `(n, 28, 28)`.
        steps: Int, number of batches per epoch.
        seed: Int.
    """

    def __init__(self, digits: np.ndarray, steps: int, seed: int):
        super().__init__()
        self.digits, self.steps, self.seed, self.epoch = digits, steps, seed, 0

    def __len__(self) -> int:
        return self.steps

    def __getitem__(self, index: int) -> tuple[np.ndarray]:
        random = np.random.default_rng((self.seed, self.epoch, index))
        chosen = random.integers(len(self.digits), size=(BATCH_SIZE, 3))
        return (np.moveaxis(self.digits[chosen], 1, -1),)

    def on_epoch_end(self) -> None:
        self.epoch += 1


def build_discriminator(width: int, pack: int, normalization: bool) -> keras.Model:
    shape = (*SHAPE[:2], SHAPE[2] * pack)
    images = x = keras.Input(shape)
    for i in range(3):
        x = layers.Conv2D(width * 2**i, 3, strides=2, padding="same")(x)
        if normalization and i:
            x = kgan.layers.BatchNormalization()(x)
        x = layers.LeakyReLU(0.2)(x)
    return keras.Model(images, layers.Dense(1)(layers.Flatten()(x)))


def build_gan(recipe: str, width: int, rate: float, steps: int, seed: int) -> kgan.GAN:
    options = dict(RECIPES[recipe])
    pack, penalised = options.pop("pack", 1), options.pop("penalties", False)
    keras.utils.set_random_seed(seed)
    gan = kgan.GAN(
        kgan.networks.dcgan_generator(SHAPE, LATENT_DIM, width=16),
        # As in the papers: normalisation only without a penalty.
        build_discriminator(width, pack, normalization=not penalised),
        pack=pack,
        seed=seed,
    )
    terms = [kgan.penalties.R1(PENALTY), kgan.penalties.R2(PENALTY)]
    gan.compile(
        optimizer=keras.optimizers.Adam(rate, beta_1=0.0, beta_2=0.99),
        schedules={"learning_rate": kgan.schedules.Cosine(rate, 0.0, steps * BATCH_SIZE)},
        penalties=terms if penalised else [],
        steps_per_execution=1 if keras.backend.backend() == "torch" else 50,
        **options,
    )
    return gan


def build_classifier(
    images: np.ndarray, labels: np.ndarray, epochs: int = 3
) -> tuple[keras.Model, float]:
    """Returns a trained classifier of single digits, and its test accuracy."""
    keras.utils.set_random_seed(0)
    model = keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            layers.Conv2D(32, 3, activation="relu"),
            layers.MaxPooling2D(),
            layers.Conv2D(64, 3, activation="relu"),
            layers.MaxPooling2D(),
            layers.Flatten(),
            layers.Dropout(0.3),
            layers.Dense(128, activation="relu"),
            layers.Dense(10),
        ]
    )
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile("adam", loss, metrics=["accuracy"], jit_compile=False)
    x = images[..., None].astype("float32") / 127.5 - 1
    held = len(x) // 6
    model.fit(x[held:], labels[held:], batch_size=128, epochs=epochs, verbose=0)
    return model, model.evaluate(x[:held], labels[:held], verbose=0)[1]


def modes_of(classifier: keras.Model, images: np.ndarray) -> np.ndarray:
    """Returns the mode, 0 to 999, of each uint8 stack of digits."""
    x = np.moveaxis(images, -1, 1).reshape(-1, 28, 28, 1).astype("float32") / 127.5 - 1
    digits = classifier.predict(x, batch_size=512, verbose=0).argmax(axis=1)
    return digits.reshape(-1, 3) @ np.array([100, 10, 1])


def score(modes: np.ndarray, frequencies: np.ndarray) -> tuple[int, float]:
    """Returns the number of modes, and the reverse KL divergence.

    Args:
        modes: Int array `(n,)`.
        frequencies: Float array `(10,)`, the frequencies of the digits in the data.
    """
    expected = np.einsum("i,j,k->ijk", *[frequencies] * 3).ravel()
    found = np.bincount(modes, minlength=1000) / len(modes)
    covered = found > 0
    divergence = np.sum(found[covered] * np.log(found[covered] / expected[covered]))
    return int(covered.sum()), float(divergence)


def main() -> None:
    parser = argparse.ArgumentParser(description="Counts the modes of stacked MNIST.")
    parser.add_argument("data", help=".npz file with x_train and y_train")
    parser.add_argument("--recipe", choices=RECIPES, action="append")
    parser.add_argument("--width", type=int, default=4, choices=(2, 4))
    parser.add_argument("--steps", type=int, default=8_000)
    parser.add_argument("--rate", type=float, default=1e-3)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--grid", help="path of a PNG file, of the last recipe")
    arguments = parser.parse_args()
    digits, labels = kgan.data.load(arguments.data)
    assert labels is not None
    digits = digits[..., 0]
    classifier, accuracy = build_classifier(digits, labels)
    frequencies = np.bincount(labels, minlength=10) / len(labels)
    random = np.random.default_rng(arguments.seed)
    perfect = labels[random.integers(len(labels), size=(SAMPLES, 3))] @ [100, 10, 1]
    print(f"classifier: correct on {accuracy:.2%} of held-out digits")
    print("perfect sampler: {} modes, KL {:.4f}".format(*score(perfect, frequencies)))
    for recipe in arguments.recipe or RECIPES:
        gan = build_gan(
            recipe, arguments.width, arguments.rate, arguments.steps, arguments.seed
        )
        start, parts = time.time(), 4
        per_epoch = max(50, arguments.steps // parts)
        stacks = Stacks(digits, per_epoch, arguments.seed)
        for part in range(1, parts + 1):
            gan.fit(stacks, epochs=part, initial_epoch=part - 1, verbose=0)
            samples = gan.sample(SAMPLES, seed=arguments.seed, as_uint8=True)
            modes, divergence = score(modes_of(classifier, samples), frequencies)
            print(
                f"| {recipe} | {arguments.width} | {part * per_epoch:,} "
                f"| {arguments.seed} | {modes} | {divergence:.3f} "
                f"| {time.time() - start:.0f} s |",
                flush=True,
            )
        if arguments.grid:
            kgan.data.grid(samples[:64], 8, 8).save(arguments.grid)


if __name__ == "__main__":
    main()
