"""Networks under `keras.RematScope` train as without the scope."""

import contextlib

import keras
import numpy as np
import pytest
from helpers import numpy, on_pytorch
from keras import layers

import kgan

DATA = np.random.default_rng(0).normal(size=(24, 4)).astype("float32")


def networks(regularizer=None):
    """Returns networks with layers that write variables and draw numbers."""
    generator = [layers.Dense(8), layers.BatchNormalization(), layers.Dense(4)]
    judge = [
        kgan.layers.SpectralNormalization(layers.Dense(16)),
        layers.LeakyReLU(activity_regularizer=regularizer),
        layers.Dropout(0.5, seed=3),
        layers.Dense(1),
    ]
    networks = []
    for size, parts in ((3, generator), (4, judge)):
        inputs = x = keras.Input((size,))
        for part in parts:
            x = part(x)
        networks.append(keras.Model(inputs, x))
    return networks


def trained(scope, **options):
    keras.utils.set_random_seed(0)
    with scope:
        gan = kgan.GAN(*networks(), seed=1)
        gan.compile(optimizer=keras.optimizers.SGD(0.1), **options)
        gan.fit(DATA, batch_size=8, verbose=0)
        # The networks and the average work in inference too.
        gan.sample(2)
    return gan


@pytest.mark.parametrize(
    "mode, penalties",
    [on_pytorch("full", []), ("full", ["r1"]), on_pytorch("activations", ["r1"])],
)
def test_trains_as_without_the_scope(mode, penalties):
    found = trained(keras.RematScope(mode=mode), penalties=penalties)
    wanted = trained(contextlib.nullcontext(), penalties=penalties)
    # Statistics, singular vectors and seeds too.
    for variable, other in zip(found.variables, wanted.variables, strict=True):
        np.testing.assert_allclose(numpy(variable), numpy(other), atol=1e-6)


@pytest.mark.slow
@pytest.mark.parametrize(
    "name, mode", [("mixed_float16", "full"), on_pytorch("mixed_bfloat16", "activations")]
)
def test_mixed_precision(policy, name, mode):
    policy(name)
    found = trained(keras.RematScope(mode=mode))
    wanted = trained(contextlib.nullcontext())
    for variable, other in zip(found.variables, wanted.variables, strict=True):
        np.testing.assert_allclose(numpy(variable), numpy(other), atol=0.01)


def test_losses_of_layers_are_refused():
    with keras.RematScope(mode="full"):
        gan = kgan.GAN(*networks("l2"), seed=1)
    gan.compile()
    with pytest.raises(ValueError, match=r"can't add losses.*\n?.*Received: 1 losses"):
        gan.train_on_batch(DATA)


@pytest.mark.backends("torch", reason="it tells which tensors it keeps")
@pytest.mark.parametrize("mode, count", [(None, 9), ("full", 1)])
def test_only_the_inputs_of_a_network_are_kept(mode, count):
    import torch

    with keras.RematScope(mode=mode):
        widths = [8] * 8 + [1]
        network = keras.Sequential([keras.Input((4,)), *map(layers.Dense, widths)])
        kgan.GAN(keras.Sequential([keras.Input((3,)), layers.Dense(4)]), network)
    kept = set()

    def keep(x):
        kept.update([x.data_ptr()] if len(x) == len(DATA) else [])
        return x

    with torch.autograd.graph.saved_tensors_hooks(keep, lambda x: x):
        network(DATA)
    assert len(kept) == count
