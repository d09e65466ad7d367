"""
# Digits on demand: a conditional GAN

Labels come with the images, `fit(images, labels)`, and samples are asked for by label.
The generator takes `[latents, labels]`: an embedding of the label is joined to the
latents, and sets scale and offset of all its batch normalisations. The discriminator
takes `[images, labels]`, and its logit has a term that is the product of the image's
features with an embedding of the label: that much does the image look like its label.

    python examples/conditional_digits.py

Reference: [Miyato and Koyama, 2018](https://arxiv.org/abs/1802.05637).
"""

import argparse

import keras

import kgan

"""
## The networks

Both builders take `num_classes`. `conditioning="auxiliary"` instead of a projection
makes an AC-GAN: the discriminator does not see the labels, and says by a second output
which one it takes an image for.
"""

CLASSES = 10


def build_gan(image_shape, seed=0):
    keras.utils.set_random_seed(seed)
    return kgan.GAN(
        kgan.networks.dcgan_generator(
            image_shape, latent_dim=64, width=32, depth=2, num_classes=CLASSES
        ),
        kgan.networks.dcgan_discriminator(
            image_shape, width=32, depth=2, num_classes=CLASSES
        ),
        seed=seed,
    )


"""
## Training

The recipe is that of `kgan train`. The grids that `SampleGrid` saves have one row for
each class, and the same latents in every row: the styles of a column are alike.
"""


def main():
    parser = argparse.ArgumentParser(description="A conditional GAN of digits.")
    parser.add_argument("--epochs", type=int, default=84)
    parser.add_argument("--out", default="conditional", help="folder of the grids")
    parser.add_argument("--smoke", action="store_true", help="train for a moment only")
    arguments = parser.parse_args()
    images, labels = kgan.data.load("digits")
    if arguments.smoke:
        images, labels = images[:64], labels[:64]
    gan = build_gan(images.shape[1:])
    gan.compile(
        optimizer=keras.optimizers.Adam(2e-3, beta_1=0.5, beta_2=0.99),
        penalties=[kgan.penalties.R1(0.3)],
    )
    callbacks = [] if arguments.smoke else [kgan.callbacks.SampleGrid(arguments.out)]
    gan.fit(
        images, labels, batch_size=32, verbose=2, callbacks=callbacks,
        epochs=1 if arguments.smoke else arguments.epochs,
    )  # fmt: skip

    """
    ## Asking for a digit
    """

    sevens = gan.sample(8, labels=7, seed=0, as_uint8=True)
    one_of_each = gan.sample(labels=range(CLASSES), seed=0, as_uint8=True)
    print(f"{len(sevens)} sevens and {len(one_of_each)} digits from 0 to 9 drawn")
    if not arguments.smoke:
        kgan.data.grid(one_of_each, rows=1).save(f"{arguments.out}/one_of_each.png")


if __name__ == "__main__":
    main()
