"""
# SNGAN: spectral normalisation and the hinge loss

Each kernel of the discriminator is divided by its largest singular value, so that no
layer stretches anything: a bound on its slope that costs one matrix-vector product per
step, and no gradient of a gradient. With it goes the hinge loss, which leaves samples
alone once they are told apart by a margin.

    python examples/sngan.py

Reference: [Miyato et al., 2018](https://arxiv.org/abs/1802.05957).
"""

import argparse

import keras

import kgan

"""
## The recipe

`normalization="spectral"` puts every layer of the discriminator into a
`kgan.layers.SpectralNormalization`. The two networks learn at different rates, the
discriminator four times as fast (TTUR), with one update each instead of five to one.

Reference: [Heusel et al., 2017](https://arxiv.org/abs/1706.08500) and
[Zhang et al., 2018](https://arxiv.org/abs/1805.08318), section 4.2, for two time scales.
"""


def build_gan(image_shape, seed=0):
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


def main():
    parser = argparse.ArgumentParser(description="SNGAN on digits.")
    parser.add_argument("--epochs", type=int, default=84)
    parser.add_argument("--out", default="sngan", help="folder of the grids")
    parser.add_argument("--smoke", action="store_true", help="train for a moment only")
    arguments = parser.parse_args()
    images, _ = kgan.data.load("digits")
    gan = build_gan(images.shape[1:])
    callbacks = [] if arguments.smoke else [kgan.callbacks.SampleGrid(arguments.out)]
    history = gan.fit(
        images[:64] if arguments.smoke else images,
        epochs=1 if arguments.smoke else arguments.epochs,
        batch_size=32, verbose=2, callbacks=callbacks,
    ).history  # fmt: skip

    """
    ## What to watch

    Within the margin all is in balance: mean logits of reals near 1 and of fakes near -1
    would be a discriminator that has won.
    """

    print(f"logits: {history['d_real'][-1]:.2f} real, {history['d_fake'][-1]:.2f} fake")


if __name__ == "__main__":
    main()
