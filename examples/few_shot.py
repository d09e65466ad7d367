"""
# A hundred images: differentiable augmentation

On few images a discriminator learns them by heart, and its gradient tells the generator
nothing any more. DiffAugment shows it reals and fakes through the same random
augmentations, so that a hundred images are as many views as it likes. Since gradients go
through them, the generator learns to draw images whose views look right, not views.

    python examples/few_shot.py

Reference: [Zhao et al., 2020](https://arxiv.org/abs/2006.10738).
"""

import argparse

import keras
import numpy as np

import kgan

"""
## The one line

`augment=` of `compile`. Here it is translation alone, by up to an eighth of the side: of
digits of 8x8 pixels colour (on grey images, brightness and contrast) and cutout, which
greys out a square of half the side, leave too little. `--policy` takes all three.
`kgan.augment.ADA()` in its place turns augmentation up as far as the discriminator needs
it, and no further ([Karras et al., 2020](https://arxiv.org/abs/2006.06676)).
"""


def build_gan(image_shape, augment, seed=0):
    keras.utils.set_random_seed(seed)
    gan = kgan.GAN(
        kgan.networks.dcgan_generator(image_shape, latent_dim=64, width=32, depth=2),
        kgan.networks.dcgan_discriminator(image_shape, width=32, depth=2),
        seed=seed,
    )
    gan.compile(
        optimizer=keras.optimizers.Adam(2e-3, beta_1=0.5, beta_2=0.99),
        penalties=[kgan.penalties.R1(0.3)],
        augment=augment,
    )
    return gan


"""
## What to watch

`kgan.callbacks.Health` logs how the samples differ among themselves, against the reals:
a GAN that learns a hundred images by heart, or collapses, shows in `diversity`.
"""


def main():
    parser = argparse.ArgumentParser(description="A GAN of a hundred digits.")
    parser.add_argument("--policy", default="translation")
    parser.add_argument("--epochs", type=int, default=2000)
    parser.add_argument("--out", default="few_shot", help="folder of the grids")
    parser.add_argument("--smoke", action="store_true", help="train for a moment only")
    arguments = parser.parse_args()
    images, _ = kgan.data.load("digits")
    few = images[np.random.default_rng(0).permutation(len(images))[:100]]
    gan = build_gan(few.shape[1:], kgan.augment.DiffAugment(arguments.policy))
    grid = kgan.callbacks.SampleGrid(arguments.out, save_freq=300)
    gan.fit(
        few, batch_size=50, verbose=2,
        epochs=1 if arguments.smoke else arguments.epochs,
        callbacks=[] if arguments.smoke else [grid],
    )  # fmt: skip
    print(f"{gan.augment} on {len(few)} images, {int(gan.images_seen.numpy())} shown")


if __name__ == "__main__":
    main()
