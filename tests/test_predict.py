"""`predict` and a call of the GAN name data that the generator can't take."""

import types

import keras
import numpy as np
import pytest
import tensorflow as tf
from helpers import numpy

import kgan

Z = np.random.default_rng(0).standard_normal((4, 3)).astype("float32")
LABELS = np.array([0, 1, 2, 0])
SHAPE = (8, 8, 1)


@pytest.fixture
def labelled():
    return kgan.GAN(
        kgan.networks.mlp_generator((2,), 3, (4,), activation=None, num_classes=3),
        kgan.networks.mlp_discriminator((2,), (4,), num_classes=3),
    )


@pytest.fixture
def translator():
    return kgan.Translator(
        kgan.networks.unet_generator(SHAPE, width=2),
        kgan.networks.patch_discriminator(SHAPE, SHAPE, width=2, depth=1),
    )


NO_LATENTS = [
    (None, "inputs=None"),
    (7, "inputs=7"),
    ("z", "inputs='z'"),
    ([0.1, 0.2, 0.3], r"inputs=\[0.1"),
    (Z[:, :2], r"inputs of shapes \(4, 2\)"),
    (Z[0], r"inputs of shapes \(3,\)"),
    ([Z, LABELS], r"inputs of shapes \(4, 3\), \(4,\)"),
]


@pytest.mark.parametrize("x, received", NO_LATENTS, ids=[x for _, x in NO_LATENTS])
def test_wrong_latents_are_named(tiny, x, received):
    gan = tiny()
    message = rf"The generator takes latents \(n, 3\)\. Received: {received}"
    with pytest.raises(ValueError, match=message):
        gan.predict(x, verbose=0)


def test_inputs_may_have_names_and_labels_may_be_floats(labelled):
    wanted = labelled.predict([Z, LABELS], verbose=0)
    names = [x.name for x in labelled.generator.inputs]
    named = dict(zip(names, (Z, LABELS), strict=True))
    for x in (named, [Z, LABELS.astype("float32")]):
        np.testing.assert_array_equal(labelled.predict(x, verbose=0), wanted)


def test_a_call_names_wrong_shapes(tiny, labelled):
    message = r"takes latents \(n, 3\)\. Received: inputs of shapes \(4, 2\)"
    with pytest.raises(ValueError, match=message):
        tiny()(Z[:, :2])
    with pytest.raises(ValueError, match=r"takes \[latents \(n, 3\), labels \(n\)\]"):
        labelled(Z)


@pytest.mark.parametrize(
    "x, message",
    [
        (Z, r"takes \[latents \(n, 3\), labels \(n\)\]\. .*shapes \(4, 3\)$"),
        ([Z, np.eye(4)], r"labels \(n\)\]\. .*shapes \(4, 3\), \(4, 4\)"),
        ([Z, LABELS + 1], r"`labels` must be of 0 to 2\. Received: labels from 1 to 3"),
        ([Z, LABELS / 2], r"`labels` must be ints"),
    ],
)
def test_wrong_conditions_are_named(labelled, x, message):
    with pytest.raises(ValueError, match=message):
        labelled.predict(x, verbose=0)


def test_wrong_pictures_are_named(translator):
    message = r"takes condition \(n, 8, 8, 1\)\. .*shapes \(2, 8, 8, 3\)"
    with pytest.raises(ValueError, match=message):
        translator.predict(np.zeros((2, 8, 8, 3), "uint8"), verbose=0)


@pytest.mark.parametrize("name", ["batch_size", "steps"])
def test_counts_of_predict_are_checked(tiny, name):
    with pytest.raises(ValueError, match=f"`{name}` must be an int.*{name}=0"):
        tiny().predict(Z, verbose=0, **{name: 0})


class Parts(keras.utils.PyDataset):
    def __len__(self):
        return 2

    def __getitem__(self, index):
        return (Z[2 * index : 2 * index + 2],)


def test_a_tensor_of_an_unknown_shape_is_left_to_the_network(tiny):
    unknown = types.SimpleNamespace(shape=tf.TensorShape(None))
    tiny().latents.check_inputs(unknown)


def test_all_kinds_of_data_give_the_same_samples(tiny, labelled):
    gan = tiny()
    expected = numpy(gan(Z))
    np.testing.assert_allclose(gan.predict(Z, verbose=0), expected, atol=1e-6)
    found = gan.predict(keras.ops.convert_to_tensor(Z), batch_size=3, verbose=0)
    np.testing.assert_allclose(found, expected, atol=1e-6)
    np.testing.assert_allclose(gan.predict(Parts(), verbose=0), expected, atol=1e-6)
    pair = [Z, LABELS[:, None]]
    found = labelled.predict(pair, verbose=0)
    np.testing.assert_allclose(found, labelled.sample(z=Z, labels=LABELS), atol=1e-6)
