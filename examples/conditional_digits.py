"""
# A conditional GAN of digits

Labels come with the images, `fit(images, labels)`, and `sample` takes the labels of the
samples to draw. The generator takes `[latents, labels]`: an embedding of the label is
joined to the latents, and each class has its own scale and offset in batch
normalisation. The discriminator takes `[images, labels]`. Its logit has a term that is
the product of the features of the image with an embedding of the label; the term is high
for an image that fits its label.

    python examples/conditional_digits.py

Reference: [Miyato and Koyama, 2018](https://arxiv.org/abs/1802.05637).
"""

import argparse

import kgan

import keras

"""
## The networks

Both builders take `num_classes`. The default `conditioning="projection"` is the
discriminator described above. `conditioning="auxiliary"` makes an AC-GAN: the
discriminator does not see the labels, and a second output classifies the image.
"""

CLASSES = 10


def build_gan(image_shape: tuple[int, ...], seed: int = 0) -> kgan.GAN:
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

Optimizer and penalty are the same as in `kgan train`. `SampleGrid` saves images with one
row per class. All rows have the same latents, so the digits of a column have the same
style.
"""


def main() -> None:
    parser = argparse.ArgumentParser(description="A conditional GAN of digits.")
    parser.add_argument("--epochs", type=int, default=84)
    parser.add_argument("--out", default="conditional", help="folder of the grids")
    parser.add_argument("--smoke", action="store_true", help="a short trial run")
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
    epochs = 1 if arguments.smoke else arguments.epochs
    gan.fit(images, labels, batch_size=32, epochs=epochs, verbose=2, callbacks=callbacks)

    """
    ## Samples of a chosen digit
    """

    sevens = gan.sample(8, labels=7, seed=0, as_uint8=True)
    one_of_each = gan.sample(labels=range(CLASSES), seed=0, as_uint8=True)
    print(f"{len(sevens)} sevens and {len(one_of_each)} digits from 0 to 9 drawn")
    if not arguments.smoke:
        kgan.data.grid(one_of_each, rows=1).save(f"{arguments.out}/one_of_each.png")


if __name__ == "__main__":
    main()
