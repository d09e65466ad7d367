"""
# Image to image: with pairs and without pairs

The script makes thick digits of thin digits. With pairs of a thin and a thick digit, a
`kgan.Translator` learns the translation (pix2pix). Without pairs, a `kgan.CycleGAN`
learns both directions from a set of thin digits and a set of thick digits, which are
other digits.

    python examples/translate.py pix2pix
    python examples/translate.py cyclegan --out grids

References: [Isola et al., 2016](https://arxiv.org/abs/1611.07004),
[Zhu et al., 2017](https://arxiv.org/abs/1703.10593).
"""

import argparse

import kgan

import keras
import numpy as np

"""
## The data

A thick digit has in each pixel the brightest of the pixel and its four neighbours.
"""

SHAPE = (8, 8, 1)
HELD_OUT = 200


def thicker(digits: np.ndarray) -> np.ndarray:
    wide = np.pad(digits, [(0, 0), (1, 1), (1, 1), (0, 0)])
    down, right = slice(2, None), slice(2, None)
    middle, up, left = slice(1, -1), slice(None, -2), slice(None, -2)
    places = [(up, middle), (down, middle), (middle, left), (middle, right)]
    return np.maximum.reduce([digits, *(wide[:, rows, cols] for rows, cols in places)])


"""
## With pairs

The generator is a U-Net: details of the source reach the target through connections
between layers of one size. The discriminator judges each patch of a target together with
the source. The loss of the generator has 100 times the mean absolute error.
"""


def build_translator(seed: int) -> kgan.Translator:
    keras.utils.set_random_seed(seed)
    translator = kgan.Translator(
        kgan.networks.unet_generator(SHAPE, width=16, dropout=0.0),
        kgan.networks.patch_discriminator(SHAPE, SHAPE, width=16, depth=1),
        seed=seed,
    )
    translator.compile(optimizer=keras.optimizers.Adam(1e-3, beta_1=0.5))
    return translator


"""
## Without pairs

Each direction has a generator, and each set has a discriminator. A digit that is
translated there and back should be the same digit.
"""


def build_cyclegan(seed: int) -> kgan.CycleGAN:
    keras.utils.set_random_seed(seed)
    networks = kgan.networks
    cyclegan = kgan.CycleGAN(
        networks.resnet_translator(SHAPE, width=8, blocks=1),
        networks.resnet_translator(SHAPE, width=8, blocks=1),
        networks.patch_discriminator(SHAPE, width=16, depth=1, normalization="instance"),
        networks.patch_discriminator(SHAPE, width=16, depth=1, normalization="instance"),
        seed=seed,
    )
    cyclegan.compile(optimizer=keras.optimizers.Adam(1e-3, beta_1=0.5))
    return cyclegan


"""
## Training

A digit that the models have not seen has a true thick digit, with which the translation
is compared. The error of thin digits themselves is what a model must be better than.
"""


def train(kind: str, epochs: int, seed: int, out: str | None) -> float:
    """Returns the mean absolute error of pixels from 0 to 255 on held-out digits."""
    digits, _ = kgan.data.load("digits")
    thin, held_out = digits[HELD_OUT:], digits[:HELD_OUT]
    callbacks = [kgan.callbacks.SampleGrid(f"{out}/{kind}")] if out else []
    options = {"epochs": epochs, "batch_size": 32, "callbacks": callbacks, "verbose": 2}
    if kind == "pix2pix":
        model = build_translator(seed)
        model.fit(thin, thicker(thin), **options)
    else:
        model = build_cyclegan(seed)
        middle = len(thin) // 2
        model.fit(thin[:middle], thicker(thin[middle:]), **options)
    drawn = model.translate(held_out, as_uint8=True)
    return float(np.abs(drawn - thicker(held_out).astype(float)).mean())


def main() -> None:
    parser = argparse.ArgumentParser(description="Thick digits of thin digits.")
    parser.add_argument("kind", nargs="?", choices=["pix2pix", "cyclegan"])
    parser.add_argument("--epochs", type=int, default=30)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", help="folder of the grids")
    parser.add_argument("--smoke", action="store_true", help="a trial run of one epoch")
    arguments = parser.parse_args()
    digits = kgan.data.load("digits")[0][:HELD_OUT].astype(float)
    print(f"thin digits: error {np.abs(digits - thicker(digits)).mean():.1f}")
    epochs = 1 if arguments.smoke else arguments.epochs
    for kind in [arguments.kind] if arguments.kind else ["pix2pix", "cyclegan"]:
        error = train(kind, epochs, arguments.seed, arguments.out)
        print(f"{kind}: error {error:.1f} (seed {arguments.seed}, {epochs} epochs)")


if __name__ == "__main__":
    main()
