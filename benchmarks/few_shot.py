"""Training on a hundred digits, with and without differentiable augmentation.

    python benchmarks/few_shot.py

The benchmark trains on 100 of the 1,797 digits, with the same budget for each
augmentation. It prints the Fréchet distance of 5,000 samples to all digits, in the
features of the classifier of benchmarks/judge.py.
"""

import argparse
import time

import kgan

import keras
import numpy as np

from judge import Judge

AUGMENTATIONS = {
    "none": lambda: None,
    "translation": lambda: kgan.augment.DiffAugment("translation"),
    "diffaugment": lambda: kgan.augment.DiffAugment(),
    "ada": lambda: kgan.augment.ADA(images=20_000),
}


def build_gan(
    shape: tuple[int, ...], augment: kgan.augment.Augmentation | None, seed: int
) -> kgan.GAN:
    keras.utils.set_random_seed(seed)
    gan = kgan.GAN(
        kgan.networks.dcgan_generator(shape, width=32, depth=2),
        kgan.networks.dcgan_discriminator(shape, width=32, depth=2),
        seed=seed,
    )
    gan.compile(
        optimizer=keras.optimizers.Adam(2e-3, beta_1=0.5, beta_2=0.99),
        penalties=[kgan.penalties.R1(0.3)],
        augment=augment,
    )
    return gan


def main() -> None:
    parser = argparse.ArgumentParser(description="GANs of a hundred digits.")
    parser.add_argument("--augment", choices=AUGMENTATIONS, action="append")
    parser.add_argument("--count", type=int, default=100, help="reals to train on")
    parser.add_argument("--images", type=int, default=200_000, help="reals shown")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--grids", help="prefix of PNGs of samples")
    arguments = parser.parse_args()
    judge = Judge()
    print(f"floor {judge.floor:.2f}")
    for seed in range(arguments.seeds):
        order = np.random.default_rng(seed).permutation(len(judge.images))
        few = judge.images[order[: arguments.count]]
        print(f"| the {len(few)} reals themselves | {seed} | {judge(few)[0]:.2f} |")
        for name in arguments.augment or AUGMENTATIONS:
            gan = build_gan(few.shape[1:], AUGMENTATIONS[name](), seed)
            start, epochs = time.time(), arguments.images // len(few)
            batches = kgan.data.Batches(few, 32, seed=seed, drop_remainder=True)
            gan.fit(batches, epochs=epochs, verbose=0)
            samples = gan.sample(5000, seed=0, as_uint8=True)
            print(
                f"| {name} | {seed} | {judge(samples)[0]:.2f} "
                f"| {time.time() - start:.0f} s |",
                flush=True,
            )
            if arguments.grids:
                kgan.data.grid(samples[:64]).save(f"{arguments.grids}{name}-{seed}.png")


if __name__ == "__main__":
    main()
