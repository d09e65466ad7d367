"""
# From text to a picture, in two stages

A small picture is easier to draw than a large one: what it shows matters, and not each
hair. So a first generator draws a small picture from latents and a text, and a second
generator makes a large picture of the small picture and the same text. The second
generator is trained while the first one rests. It adds details, and can also mend what
the first generator drew wrongly.

    python examples/two_stages.py

The data here are the handwritten digits in the package. The first stage draws digits of
4x4 pixels, and the second stage digits of 8x8 pixels. At the end, a classifier tells how
many samples show the digit of their text, after each stage.

Reference: [Zhang et al., 2017](https://arxiv.org/abs/1612.03242) (StackGAN).
"""

import argparse

import kgan

import keras
import numpy as np

NAMES = (
    *("zero", "one", "two", "three", "four"),
    *("five", "six", "seven", "eight", "nine"),
)

"""
## Texts

The encoder looks for the names of the digits. See `examples/text_to_image.py` for an
encoder of sentences.
"""


@keras.saving.register_keras_serializable(package="examples")
def names_in(texts: list[str]) -> np.ndarray:
    """Returns a number for each name of a digit: whether it is in the text."""
    return np.array([[name in text for name in NAMES] for text in texts])


def halved(pictures: np.ndarray) -> np.ndarray:
    """Returns pictures of half the size: each pixel is the mean of four pixels."""
    n, height, width, channels = pictures.shape
    squares = pictures.reshape(n, height // 2, 2, width // 2, 2, channels)
    return squares.mean(axis=(2, 4)).round().astype("uint8")


"""
## A stage

Both stages are trained alike, by the preset for pictures of their size and for vectors of
this length. The preset chooses a discriminator that sees the text, and real pictures with
the texts of other pictures as fakes.
"""


def train(
    pictures: np.ndarray,
    vectors: np.ndarray,
    shown: int,
    seed: int,
    generator: keras.Model | None = None,
) -> kgan.GAN:
    """Returns a trained GAN.

    Args:
        pictures: uint8 array `(n, height, width, channels)`.
        vectors: Float array `(n, d)`, the vectors of the texts.
        shown: Int, number of reals that the training shows.
        seed: Int.
        generator: A generator in the place of the preset's, or None.
    """
    shape, dim = pictures.shape[1:], vectors.shape[1]
    preset = kgan.presets.suggest(shape, len(pictures), budget=shown, condition_dim=dim)
    gan = preset.build(seed, generator)
    batches = kgan.data.CaptionBatches(
        pictures, vectors, batch_size=preset.batch_size, seed=seed, drop_remainder=True
    )
    length = {"epochs": preset.epochs, "steps_per_epoch": preset.steps_per_epoch}
    gan.fit(batches, **length, verbose=2)
    return gan


def main() -> None:
    parser = argparse.ArgumentParser(description="Digits from text, in two stages.")
    parser.add_argument("--images", type=int, default=40_000, help="reals of each stage")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", default="two_stages.keras", help="file of the GAN")
    parser.add_argument("--smoke", action="store_true", help="a short trial run")
    arguments = parser.parse_args()
    large, labels = kgan.data.load("digits")
    assert labels is not None
    shown, seed = arguments.images, arguments.seed
    if arguments.smoke:
        large, labels, shown = large[:64], labels[:64], 64
    encoder = kgan.text.Standardize(names_in)
    vectors = encoder.adapt([f"a handwritten {NAMES[label]}" for label in labels])

    """
    ## The first stage, and the second

    `stacked_generator` puts both generators together, and the first one does not train
    any longer. The result is a generator as others are: from latents and vectors to large
    pictures. So the GAN has both stages in one file, and its discriminator judges large
    pictures with their texts.
    """

    small = halved(large)
    first = train(small, vectors, shown, seed)
    second = kgan.networks.super_resolution_generator(
        large.shape[1:],
        small.shape[1:],
        width=32,
        blocks=1,
        condition_dim=vectors.shape[1],
    )
    generator = kgan.networks.stacked_generator(first.sampling_generator, second)
    gan = train(large, vectors, shown, seed, generator)

    """
    ## Samples

    With the same seed, both GANs draw from the same latents: the large digits are those
    that the second stage makes of the small ones.
    """

    wanted = np.repeat(np.arange(10), 2 if arguments.smoke else 64)
    conditions = encoder([f"please draw a {NAMES[digit]}" for digit in wanted])
    stages = [
        model.sample(conditions=conditions, seed=0, as_uint8=True)
        for model in (first, gan)
    ]
    enlarged = stages[0].repeat(2, axis=1).repeat(2, axis=2)
    epochs = 1 if arguments.smoke else 30
    judge = kgan.metrics.classifier(large, labels, epochs=epochs, seed=0)
    for name, samples in (("small pixels", enlarged), ("both stages", stages[1])):
        agreement = np.mean(judge(samples)[1].argmax(axis=1) == wanted)
        print(f"{name}: {agreement:.1%} of {len(samples)} samples show their digit")
    if not arguments.smoke:
        gan.save(arguments.out)


if __name__ == "__main__":
    main()
