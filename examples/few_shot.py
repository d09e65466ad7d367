"""
# A hundred images: differentiable augmentation

With few images, the discriminator memorises them, and its gradient no longer helps the
generator. DiffAugment applies the same random augmentation to reals and fakes, so the
discriminator rarely sees the same image twice. The gradient flows through the
augmentation, so the generator learns to draw images without augmentation.

    python examples/few_shot.py

Reference: [Zhao et al., 2020](https://arxiv.org/abs/2006.10738).
"""

import argparse

import kgan

import keras
import numpy as np

"""
## The augmentation

`compile` takes it as `augment=`. The default here is translation alone, by up to an
eighth of the side. `--policy color,translation,cutout` adds colour (on grey images,
brightness and contrast) and cutout, which hides a square of half the side; both remove
too much from a digit of 8x8 pixels. With `augment=kgan.augment.ADA()` the strength of the
augmentation adapts to the discriminator
([Karras et al., 2020](https://arxiv.org/abs/2006.06676)).
"""


def build_gan(
    image_shape: tuple[int, ...], augment: kgan.augment.Augmentation, seed: int = 0
) -> kgan.GAN:
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

`kgan.callbacks.Health` logs `diversity`: how much the samples differ from each other,
compared with the reals, which have 1. A lower value shows a GAN that collapses, or that
repeats a few of its hundred images.
"""


def main() -> None:
    parser = argparse.ArgumentParser(description="A GAN trained on a hundred digits.")
    parser.add_argument("--policy", default="translation")
    parser.add_argument("--epochs", type=int, default=2000)
    parser.add_argument("--out", default="few_shot", help="folder of the grids")
    parser.add_argument("--smoke", action="store_true", help="a short trial run")
    arguments = parser.parse_args()
    images, _ = kgan.data.load("digits")
    few = images[np.random.default_rng(0).permutation(len(images))[:100]]
    gan = build_gan(few.shape[1:], kgan.augment.DiffAugment(arguments.policy))
    grid = kgan.callbacks.SampleGrid(arguments.out, save_freq=300)
    callbacks = [] if arguments.smoke else [kgan.callbacks.Health(), grid]
    epochs = 1 if arguments.smoke else arguments.epochs
    gan.fit(few, batch_size=50, epochs=epochs, verbose=2, callbacks=callbacks)
    print(
        f"{gan.recipe.augment} on {len(few)} images, {int(gan.images_seen.numpy())} shown"
    )


if __name__ == "__main__":
    main()
