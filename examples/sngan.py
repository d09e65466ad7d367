"""
# SNGAN: spectral normalisation and the hinge loss

Spectral normalisation divides each kernel of the discriminator by its largest singular
value. This bounds the slope of the discriminator, for the cost of a few matrix-vector
products per step and without second derivatives. The hinge loss ignores samples that the
discriminator already separates by a margin.

    python examples/sngan.py

Reference: [Miyato et al., 2018](https://arxiv.org/abs/1802.05957).
"""

import argparse

import kgan

import keras

"""
## The recipe

`normalization="spectral"` wraps every layer of the discriminator in a
`kgan.layers.SpectralNormalization`. The learning rate of the discriminator is four times
that of the generator (TTUR), so both networks have one update per step; the paper has
five updates of the discriminator for one of the generator.

Reference: [Heusel et al., 2017](https://arxiv.org/abs/1706.08500) and
[Zhang et al., 2018](https://arxiv.org/abs/1805.08318), section 4.2, for two time scales.
"""


def build_gan(image_shape: tuple[int, ...], seed: int = 0) -> kgan.GAN:
    keras.utils.set_random_seed(seed)
    gan = kgan.GAN(
        kgan.networks.dcgan_generator(image_shape, latent_dim=64, width=32, depth=2),
        kgan.networks.dcgan_discriminator(
            image_shape, width=32, depth=2, normalization="spectral"
        ),
        seed=seed,
    )
    gan.compile(
        g_optimizer=keras.optimizers.Adam(5e-4, beta_1=0.0, beta_2=0.9),
        d_optimizer=keras.optimizers.Adam(2e-3, beta_1=0.0, beta_2=0.9),
        loss="hinge",
    )
    return gan


def main() -> None:
    parser = argparse.ArgumentParser(description="SNGAN on digits.")
    parser.add_argument("--epochs", type=int, default=84)
    parser.add_argument("--out", default="sngan", help="folder of the grids")
    parser.add_argument("--smoke", action="store_true", help="a short trial run")
    arguments = parser.parse_args()
    images, _ = kgan.data.load("digits")
    gan = build_gan(images.shape[1:])
    callbacks = [] if arguments.smoke else [kgan.callbacks.SampleGrid(arguments.out)]
    if arguments.smoke:
        images = images[:64]
    epochs = 1 if arguments.smoke else arguments.epochs
    history = gan.fit(
        images, epochs=epochs, batch_size=32, verbose=2, callbacks=callbacks
    ).history

    """
    ## What to watch

    In a balanced training the mean logits stay within the margin. If the mean logit of
    reals is near 1 and that of fakes near -1, the discriminator has won.
    """

    print(f"logits: {history['d_real'][-1]:.2f} real, {history['d_fake'][-1]:.2f} fake")


if __name__ == "__main__":
    main()
