"""Conditional GANs and a GAN without labels: how many samples show the wanted class.

    python benchmarks/conditional.py digits
    python benchmarks/conditional.py mnist_train.npz --width 16 --images 300_000

The benchmark trains with the same budget without labels, with a projection discriminator,
and with an AC-GAN head. A classifier trained on the reals finds the class of 5,000
samples; `agreement` is the share of samples with the wanted class. `distance` is the
Fréchet distance in the classifier's features, as in benchmarks/judge.py.
"""

import argparse
import time
from typing import Any

import kgan

import keras
import numpy as np

from judge import Judge

SAMPLES, CLASSES = 5000, 10
CONDITIONINGS = ("none", "projection", "auxiliary")


def build_gan(
    shape: tuple[int, ...], conditioning: str, width: int, seed: int
) -> kgan.GAN:
    keras.utils.set_random_seed(seed)
    is_plain = conditioning == "none"
    classes: dict[str, Any] = {} if is_plain else {"num_classes": CLASSES}
    options: dict[str, Any] = {} if is_plain else {"conditioning": conditioning}
    depth = 2 if shape[0] <= 8 else None
    gan = kgan.GAN(
        kgan.networks.dcgan_generator(shape, width=width, depth=depth, **classes),
        kgan.networks.dcgan_discriminator(
            shape, width=width, depth=depth, **classes, **options
        ),
        seed=seed,
    )
    gan.compile(
        optimizer=keras.optimizers.Adam(2e-3, beta_1=0.5, beta_2=0.99),
        penalties=[kgan.penalties.R1(0.3 if shape[0] <= 8 else 0.1)],
    )
    return gan


def main() -> None:
    parser = argparse.ArgumentParser(description="Conditional GANs of digits.")
    parser.add_argument("data", nargs="?", default="digits")
    parser.add_argument("--kind", choices=CONDITIONINGS, action="append")
    parser.add_argument("--width", type=int, default=32)
    parser.add_argument("--images", type=int, default=150_000, help="reals shown")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--grid", help="path of a PNG of the last one, a row per class")
    arguments = parser.parse_args()
    judge = Judge(source=arguments.data)
    images, labels = judge.images, judge.labels
    print(f"classifier: {judge.accuracy:.1%} of held-out reals, floor {judge.floor:.2f}")
    wanted = np.arange(SAMPLES) % CLASSES
    for kind in arguments.kind or CONDITIONINGS:
        gan = build_gan(images.shape[1:], kind, arguments.width, arguments.seed)
        start, epochs = time.time(), max(1, arguments.images // len(images))
        gan.fit(images, labels, epochs=epochs, batch_size=32, verbose=0)
        conditions = None if kind == "none" else wanted
        samples = gan.sample(SAMPLES, seed=0, labels=conditions, as_uint8=True)
        distance, classes = judge.classes(samples)
        agreement = "" if kind == "none" else f"{np.mean(classes == wanted):.1%}"
        print(
            f"| {kind} | {arguments.seed} | {agreement} | {distance:.2f} "
            f"| {time.time() - start:.0f} s |",
            flush=True,
        )
        if arguments.grid and kind != "none":
            rows = np.argsort(wanted[:80], kind="stable")
            kgan.data.grid(samples[:80][rows], 10, 8).save(arguments.grid)


if __name__ == "__main__":
    main()
