"""Trains on JAX on one device, then on two virtual ones, and saves the weights of both.

python parallel.py FOLDER
"""

import os
import pathlib
import sys

os.environ["KERAS_BACKEND"] = "jax"
os.environ["XLA_FLAGS"] = (
    os.environ.get("XLA_FLAGS", "") + " --xla_force_host_platform_device_count=2"
)

import keras
import numpy as np

import kgan

X = np.random.default_rng(0).uniform(-1, 1, (80, 8, 8, 1)).astype("float32")


def build(**options):
    keras.utils.set_random_seed(0)
    gan = kgan.GAN(
        kgan.networks.dcgan_generator((8, 8, 1), 3, width=4, depth=1),
        kgan.networks.dcgan_discriminator((8, 8, 1), width=4, depth=1),
        seed=1,
    )
    gan.compile(optimizer=keras.optimizers.SGD(0.05), **options)
    return gan


def refused(*arguments, **options):
    try:
        build().fit(*arguments, **options, verbose=0)
    except ValueError as error:
        return str(error)


def train(kind):
    """Saves what every case leaves, and returns the last GAN."""
    arrays = {}
    for case, options in {
        "penalties": {"penalties": ["r1", "r2", "gradient_penalty"]},
        "options": {"loss": "relativistic", "d_steps": 2},
    }.items():
        gan = build(**options)
        logs = gan.fit(X, batch_size=8, verbose=0, validation_data=X[:16]).history
        arrays |= {f"{case} {i}": w for i, w in enumerate(gan.get_weights())}
        arrays |= {f"{case} {key}": value for key, value in logs.items()}
    arrays["samples"] = gan.sample(7, seed=0)
    np.savez(pathlib.Path(sys.argv[1]) / f"{kind}.npz", **arrays)
    return gan


def devices(gan):
    return len(gan.generator.weights[0].value.sharding.device_set)


assert devices(train("one")) == 1
keras.distribution.set_distribution(keras.distribution.DataParallel())
assert devices(train("two")) == 2
assert "multiple of 2. Received: batch_size=7" in refused(X, batch_size=7)
assert "last batch has 7 samples" in refused(X[:79], batch_size=8)
