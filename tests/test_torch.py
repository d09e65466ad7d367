"""On PyTorch, kgan changes how Keras trains: faster, with the same results."""

import contextlib

import keras
import numpy as np
import pytest

import kgan
from kgan import backend

pytestmark = pytest.mark.backends("torch", reason="of its functions")
RANDOM = np.random.default_rng(0)


def test_batch_normalization_in_one_operation():
    x = RANDOM.normal(3, 2, (4, 5, 5, 3)).astype("float32")
    layer = keras.layers.BatchNormalization(momentum=0.9, epsilon=0.1)
    layer.build(x.shape)
    layer.gamma.assign(RANDOM.normal(size=3))
    layer.beta.assign(RANDOM.normal(size=3))
    with backend.framework.fused_batch_normalization():
        y = keras.ops.convert_to_numpy(layer(x, training=True))
    mean, variance = x.mean((0, 1, 2)), x.var((0, 1, 2))
    wanted = layer.gamma.numpy() * (x - mean) / np.sqrt(variance + 0.1)
    np.testing.assert_allclose(y, wanted + layer.beta.numpy(), atol=1e-5)
    np.testing.assert_allclose(layer.moving_mean.numpy(), 0.1 * mean, rtol=1e-5)
    np.testing.assert_allclose(
        layer.moving_variance.numpy(), 0.9 + 0.1 * variance, rtol=1e-5
    )


@pytest.mark.parametrize("options", [{}, {"axis": 1}, {"center": False, "scale": False}])
@pytest.mark.parametrize("training", [True, False])
def test_batch_normalization_is_that_of_keras(options, training):
    x = RANDOM.normal(1, 2, (4, 3, 5, 6)).astype("float32")
    results = []
    for fused in (False, True):
        layer = keras.layers.BatchNormalization(**options)
        if fused:
            with backend.framework.fused_batch_normalization():
                y = layer(x, training=training)
        else:
            y = layer(x, training=training)
        weights = [weight.numpy() for weight in layer.weights]
        results.append([keras.ops.convert_to_numpy(y), *weights])
    for wanted, found in zip(*results, strict=True):
        np.testing.assert_allclose(found, wanted, atol=1e-5)


def test_kernels_keep_their_values_in_another_order_of_memory():
    layers = [keras.layers.Conv2D(4, 3), keras.layers.Conv2DTranspose(4, 3)]
    for layer in layers:
        layer.build((None, 8, 8, 2))
        kernel = layer.kernel.numpy().copy()
        backend.framework.lay_out(layer.weights)
        np.testing.assert_array_equal(layer.kernel.numpy(), kernel)
        assert layer.kernel.value.permute(3, 0, 1, 2).is_contiguous()
        layer.kernel.assign(2 * kernel)
        assert layer.kernel.value.permute(3, 0, 1, 2).is_contiguous()
        assert layer.kernel.value.requires_grad


def test_fakes_of_the_discriminator_keep_no_graph():
    gan = kgan.GAN(
        kgan.networks.dcgan_generator((8, 8, 1), latent_dim=4, width=2),
        kgan.networks.dcgan_discriminator((8, 8, 1), width=2),
        seed=0,
    )
    gan.compile()
    graphs = []
    last = gan.generator.layers[-1]
    activation = last.activation

    def seen(x):
        graphs.append(x.requires_grad)
        return activation(x)

    last.activation = seen
    gan.fit(RANDOM.uniform(-1, 1, (4, 8, 8, 1)).astype("float32"), verbose=0)
    # The discriminator's turn, then the generator's.
    assert graphs == [False, True]


def test_second_derivatives_of_batch_normalization():
    import torch

    x = torch.tensor(RANDOM.normal(size=(4, 3)), requires_grad=True)
    layer = keras.layers.BatchNormalization(dtype="float64", epsilon=0.1)
    layer.build(x.shape)
    found = []
    for fused in (False, True):
        with contextlib.ExitStack() as stack:
            if fused:
                stack.enter_context(backend.framework.fused_batch_normalization())
            y = layer(x, training=True)
        (slope,) = torch.autograd.grad((y**3).sum(), x, create_graph=True)
        weights = [x, layer.gamma.value, layer.beta.value]
        found.append(torch.autograd.grad((slope**2).sum(), weights))
    for one, other in zip(*found, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-5)
