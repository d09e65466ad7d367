import os

# Before Keras is imported: quiet, and the same numbers on every machine.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import pytest

import kgan


def pytest_collection_modifyitems(items):
    backend = keras.backend.backend()
    for item in items:
        for mark in item.iter_markers("backends"):
            if backend not in mark.args:
                item.add_marker(pytest.mark.skip(reason=mark.kwargs["reason"]))


@pytest.fixture(autouse=True)
def seeded():
    keras.utils.clear_session()
    keras.utils.set_random_seed(0)


@pytest.fixture(scope="session")
def digits():
    return kgan.data.load("digits")[0]


@pytest.fixture
def tiny():
    """Builds an uncompiled GAN of two small dense networks on points."""

    def build(outputs=1, **arguments):
        generator = kgan.networks.mlp_generator((2,), 3, hidden=(5,), activation=None)
        discriminator = kgan.networks.mlp_discriminator((2,), (5,), outputs=outputs)
        return kgan.GAN(generator, discriminator, **{"seed": 1, **arguments})

    return build
