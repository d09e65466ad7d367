"""An argument that another argument makes useless is refused, not ignored."""

import keras
import numpy as np
import pytest
import tensorflow as tf

import kgan

pytestmark = pytest.mark.slow

POINTS = np.random.default_rng(0).uniform(-1, 1, (8, 2)).astype("float32")
LABELS = np.arange(8) % 3
Z = np.zeros((2, 3), "float32")
IMAGES = np.zeros((12, 8, 8, 1), "uint8")


@pytest.fixture
def gan(tiny):
    gan = tiny()
    gan.compile()
    return gan


@pytest.fixture
def labelled():
    return kgan.GAN(
        kgan.networks.mlp_generator((2,), 3, (4,), activation=None, num_classes=3),
        kgan.networks.mlp_discriminator((2,), (4,), num_classes=3),
    )


def test_latents_leave_nothing_to_draw(gan):
    with pytest.raises(ValueError, match="`z` is in the place of `noise`: pass one"):
        gan.sample(z=Z, noise="uniform")
    # A seed contradicts no latents.
    np.testing.assert_array_equal(gan.sample(z=Z, seed=1), gan.sample(z=Z))


def test_a_seed_draws_the_labels_of_given_latents(labelled):
    z = np.zeros((60, 3), "float32")
    drawn = [labelled.sample(z=z, seed=seed) for seed in (1, 1, 2)]
    np.testing.assert_array_equal(drawn[0], drawn[1])
    assert (drawn[0] != drawn[2]).any()


def test_a_generator_without_latents_takes_no_noise():
    shape = (8, 8, 1)
    translator = kgan.Translator(
        kgan.networks.unet_generator(shape, width=2),
        kgan.networks.patch_discriminator(shape, shape, width=2, depth=1),
    )
    with pytest.raises(ValueError, match=r"takes no `noise`\. Received: noise='normal'"):
        translator.sample(conditions=IMAGES, noise="normal")
    # The seed is for a generator with latents, and makes no difference here.
    found = [translator.translate(IMAGES[:2], seed=seed) for seed in (0, 1)]
    np.testing.assert_array_equal(*found)


def test_held_out_data_override_a_split(gan):
    gan.fit(POINTS, validation_split=0.5, validation_data=POINTS[:4], verbose=0)
    assert gan.images_seen == len(POINTS)


def batched():
    return tf.data.Dataset.from_tensor_slices((POINTS, LABELS)).batch(4)


@pytest.mark.parametrize("method", ["fit", "evaluate", "train_on_batch"])
@pytest.mark.parametrize(
    "make, message",
    [
        (lambda: (POINTS, LABELS), r"own conditions, so `y` must be None.*type ndarray"),
        (lambda: kgan.data.Batches(POINTS, 4), r"`y` is for arrays.*x of type Batches"),
        (batched, r"`y` is for arrays.*Received: y of type ndarray, x of type"),
    ],
    ids=["pair", "batches", "dataset"],
)
def test_data_with_conditions_takes_no_others(gan, method, make, message):
    with pytest.raises(ValueError, match=message):
        getattr(gan, method)(make(), LABELS)
    assert gan.images_seen == 0


def test_an_extractor_is_for_metrics(gan):
    pixels = kgan.metrics.Function(lambda x: x.reshape(len(x), -1), "pixels")
    with pytest.raises(ValueError, match=r"`extractor` is for `metrics`.*metrics=None"):
        gan.evaluate(POINTS, extractor=pixels, verbose=0)


def test_metrics_of_a_gan_without_conditions_take_none():
    gan = kgan.GAN(
        kgan.networks.dcgan_generator((8, 8, 1), 3, width=2),
        kgan.networks.dcgan_discriminator((8, 8, 1), width=2),
    )
    gan.compile()
    pixels = kgan.metrics.Function(lambda x: x.reshape(len(x), -1), "pixels")
    evaluate = kgan.callbacks.Evaluate(IMAGES, "fd8", pixels, conditions=np.ones((12, 2)))
    with pytest.raises(ValueError, match=r"other than labels\. Received: conditions="):
        gan.fit(IMAGES, callbacks=[evaluate], verbose=0)
    assert gan.images_seen == 0


def test_grids_of_translations_take_no_latents(tmp_path):
    shape = (8, 8, 1)
    translator = kgan.Translator(
        kgan.networks.unet_generator(shape, width=2),
        kgan.networks.patch_discriminator(shape, shape, width=2, depth=1),
    )
    translator.compile()
    grid = kgan.callbacks.SampleGrid(tmp_path, latents=keras.ops.zeros((8, 3)))
    with pytest.raises(ValueError, match=r"show the pictures of `fit`.*latents="):
        translator.fit(IMAGES, IMAGES, callbacks=[grid], verbose=0)
    assert translator.images_seen == 0
