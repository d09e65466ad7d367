"""
# Two data sets that show mode collapse: a ring and a grid of Gaussians

A GAN that collapses draws some modes of its data and loses the others. In two dimensions
the modes can be counted: a sample within three standard deviations of the centre of a
mode has *high quality*, and a mode with at least one high-quality sample is *covered*.
98.9 % of real points have high quality.

    python examples/gaussians.py ring
    python examples/gaussians.py grid --seed 1

Reference: [PacGAN, Lin et al., 2017](https://arxiv.org/abs/1712.04086), section 4.1. The
best results there are 7.9 of 8 and 24.8 of 25 modes.
"""

import argparse
import itertools
from typing import Any

import kgan

import keras
import numpy as np
from PIL import Image, ImageDraw

"""
## The data

The ring has 8 modes at radius 1, the grid 5 x 5 modes at a distance of 2. The initial
weights of the networks suit values around 1, so `scale` brings the grid to [-1, 1].
"""

# Centres and standard deviation of the modes, scale of the data, options of `compile`.
Toy = dict[str, Any]
RING: Toy = {
    "centers": np.array([[np.cos(a), np.sin(a)] for a in np.arange(8) * np.pi / 4]),
    "sigma": 0.01,
    "scale": 1.0,
}
GRID: Toy = {
    "centers": np.array(list(itertools.product([-4.0, -2.0, 0.0, 2.0, 4.0], repeat=2))),
    "sigma": 0.05,
    "scale": 0.25,
}


def draw_points(toy: Toy, count: int, seed: int) -> np.ndarray:
    generator = np.random.default_rng(seed)
    centers = toy["centers"][generator.integers(len(toy["centers"]), size=count)]
    points = centers + toy["sigma"] * generator.standard_normal((count, 2))
    return (points * toy["scale"]).astype("float32")


"""
## The score

The number of covered modes, and the share of high-quality samples, as in the paper.
"""


def score(toy: Toy, points: np.ndarray) -> tuple[int, float]:
    distances = np.linalg.norm(points[:, None] / toy["scale"] - toy["centers"], axis=-1)
    good = distances.min(axis=1) < 3 * toy["sigma"]
    covered = len(np.unique(distances.argmin(axis=1)[good]))
    return covered, float(good.mean())


"""
## The recipe

The networks have three dense layers. Adam has no momentum, and its learning rate falls to
zero along a cosine. A zero-centred gradient penalty keeps the discriminator smooth
between the modes. On the grid, the relativistic loss compares each fake with a real, so
the discriminator does not forget modes.
"""

LATENT_DIM = 2
STEPS = 20_000
LEARNING_RATE = 1e-3
BATCH_SIZE = 128

RING |= {"loss": "non_saturating", "penalties": [kgan.penalties.R1(0.1)]}
GRID |= {
    "loss": "relativistic",
    "penalties": [kgan.penalties.R1(0.02), kgan.penalties.R2(0.02)],
}


def build_gan(toy: Toy, steps: int, seed: int) -> kgan.GAN:
    keras.utils.set_random_seed(seed)
    pack, d_steps = toy.get("pack", 1), toy.get("d_steps", 1)
    gan = kgan.GAN(
        kgan.networks.mlp_generator((2,), latent_dim=LATENT_DIM, activation=None),
        kgan.networks.mlp_discriminator((2,), pack=pack),
        pack=pack,
        seed=seed,
    )
    images = steps * d_steps * BATCH_SIZE
    gan.compile(
        optimizer=keras.optimizers.Adam(LEARNING_RATE, beta_1=0.0, beta_2=0.99),
        schedules={"learning_rate": kgan.schedules.Cosine(LEARNING_RATE, 0.0, images)},
        loss=toy["loss"],
        penalties=toy.get("penalties", ()),
        d_steps=d_steps,
        # On PyTorch, Keras runs one step per execution.
        steps_per_execution=1 if keras.backend.backend() == "torch" else min(steps, 100),
    )
    return gan


def train(toy: Toy, steps: int, seed: int, verbose: int = 2) -> kgan.GAN:
    gan = build_gan(toy, steps, seed)
    per_epoch = max(1, steps // 20)
    points = draw_points(toy, per_epoch * BATCH_SIZE, seed)
    gan.fit(points, batch_size=BATCH_SIZE, epochs=steps // per_epoch, verbose=verbose)
    return gan


"""
## A picture

Real points are grey, samples are blue.
"""


def picture(toy: Toy, points: np.ndarray, size: int = 480) -> Image.Image:
    image = Image.new("RGB", (size, size), "white")
    pen = ImageDraw.Draw(image)
    for cloud, color in ((draw_points(toy, 2500, 0), "#bbbbbb"), (points, "#1f5fd0")):
        for x, y in (cloud / 1.3 + 1) * size / 2:
            pen.ellipse((x - 1.5, y - 1.5, x + 1.5, y + 1.5), fill=color)
    return image


def main() -> None:
    parser = argparse.ArgumentParser(description="GANs on rings and grids of Gaussians.")
    parser.add_argument("toy", nargs="?", choices=["ring", "grid"], default="ring")
    parser.add_argument("--steps", type=int, default=STEPS)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", help="path of a PNG file for a picture of the samples")
    parser.add_argument("--smoke", action="store_true", help="a trial run of 40 steps")
    arguments = parser.parse_args()
    toy = {"ring": RING, "grid": GRID}[arguments.toy]
    steps = 40 if arguments.smoke else arguments.steps
    gan = train(toy, steps, arguments.seed)
    points = gan.sample(2500, seed=arguments.seed)
    covered, quality = score(toy, points)
    print(
        f"{arguments.toy}: {covered} of {len(toy['centers'])} modes, "
        f"{quality:.1%} of high quality (seed {arguments.seed}, {steps} steps)"
    )
    if arguments.out:
        picture(toy, points).save(arguments.out)


if __name__ == "__main__":
    main()
