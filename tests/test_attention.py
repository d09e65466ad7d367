"""Self-attention against numpy, and in the residual networks."""

import keras
import numpy as np
import pytest
from helpers import numpy, on_pytorch

import kgan

RANDOM = np.random.default_rng(0)


def largest_of_windows(x):
    """The maximum over 2x2 pixels, pixel by pixel."""
    rows, columns = -(-x.shape[1] // 2), -(-x.shape[2] // 2)
    pooled = np.empty((x.shape[0], rows, columns, x.shape[3]))
    for i in range(rows):
        for j in range(columns):
            window = x[:, 2 * i : 2 * i + 2, 2 * j : 2 * j + 2]
            pooled[:, i, j] = window.max(axis=(1, 2))
    return pooled


def attend(x, query, key, value, out, gamma):
    """Self-attention as matrices of pixels, image by image."""
    images = []
    for image in x[:, None]:
        q = (image @ query).reshape(-1, query.shape[1])
        k = largest_of_windows(image @ key).reshape(-1, key.shape[1])
        v = largest_of_windows(image @ value).reshape(-1, value.shape[1])
        weights = np.exp(q @ k.T)
        weights /= weights.sum(axis=1, keepdims=True)
        images.append(image + gamma * (weights @ v @ out).reshape(image.shape))
    return np.concatenate(images)


@pytest.mark.slow
@pytest.mark.parametrize("shape", [(2, 4, 6, 16), (3, 5, 3, 17), (2, 1, 1, 3)])
@pytest.mark.parametrize("spectral", [False, True])
def test_self_attention_is_its_formula(shape, spectral):
    layer = kgan.layers.SelfAttention2D(spectral_normalization=spectral)
    layer.build(shape)
    x = RANDOM.standard_normal(shape).astype("float32")
    np.testing.assert_array_equal(numpy(layer(x)), x)
    inner = [layer.query, layer.key, layer.value, layer.out]
    kernels = [(one.layer if spectral else one).kernel for one in inner]
    for weight in (*kernels, layer.gamma):
        weight.assign(0.5 * RANDOM.standard_normal(weight.shape))
    for _ in range(60 if spectral else 1):
        found = numpy(layer(x, training=True))
    kernels = [numpy(kernel).astype("float64") for kernel in kernels]
    if spectral:
        kernels = [kernel / np.linalg.norm(kernel, ord=2) for kernel in kernels]
    wanted = attend(x.astype("float64"), *kernels, numpy(layer.gamma))
    np.testing.assert_allclose(found, wanted, rtol=1e-4, atol=1e-5)
    channels = shape[-1]
    few, half = max(1, channels // 8), max(1, channels // 2)
    assert [k.shape for k in kernels] == [
        (channels, few), (channels, few), (channels, half), (half, channels)
    ]  # fmt: skip
    assert layer.compute_output_shape(shape) == shape


def test_queries_and_keys_begin_with_different_numbers():
    for initializer in ("orthogonal", keras.initializers.RandomNormal()):
        layer = kgan.layers.SelfAttention2D(kernel_initializer=initializer)
        layer.build((None, 4, 4, 16))
        assert (numpy(layer.query.kernel) != numpy(layer.key.kernel)).all()


def test_the_kernels_of_self_attention_are_regularised_and_saved(tmp_path):
    layer = kgan.layers.SelfAttention2D(
        kernel_initializer="orthogonal", kernel_regularizer="l2"
    )
    model = keras.Sequential([keras.Input((4, 4, 8)), layer])
    assert [weight.regularizer is None for weight in layer.trainable_weights] == [
        True, False, False, False, False
    ]  # fmt: skip
    layer.gamma.assign(2.0)
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    assert loaded.layers[0].get_config() == layer.get_config()
    assert len(loaded.losses) == 4
    x = RANDOM.standard_normal((2, 4, 4, 8)).astype("float32")
    np.testing.assert_array_equal(numpy(loaded(x)), numpy(model(x)))


@pytest.mark.slow
@pytest.mark.parametrize("shape", [(8, 8, 1), on_pytorch((33, 17, 3))])
def test_sagan_trains_with_labels_and_is_saved(shape, tmp_path):
    """SAGAN: attention and spectral normalisation at both ends, and the hinge loss."""
    attention = {(8, 8, 1): 8, (33, 17, 3): 9}[shape]
    options = {"width": 16, "num_classes": 3, "attention": attention}
    generator = kgan.networks.resnet_generator(
        shape, 5, spectral_normalization=True, **options
    )
    if shape == (8, 8, 1):  # All blocks of this discriminator have the first size.
        options["attention"] = None
    discriminator = kgan.networks.resnet_discriminator(shape, **options)
    gan = kgan.GAN(generator, discriminator, seed=0)
    gan.compile(loss="hinge", penalties=["r1"])
    x = RANDOM.uniform(-1, 1, (8, *shape)).astype("float32")
    labels = np.arange(8) % 3
    history = gan.fit(x, labels, batch_size=4, epochs=2, verbose=0).history
    assert np.isfinite(history["loss"]).all()
    (layer,) = [x for x in generator.layers if "attention" in x.name]
    assert numpy(layer.gamma) != 0
    (average,) = [x for x in gan.ema_generator.layers if "attention" in x.name]
    assert numpy(average.gamma) not in (0, numpy(layer.gamma))
    gan.save(tmp_path / "gan.keras")
    loaded = keras.models.load_model(tmp_path / "gan.keras")
    samples = [model.sample(labels=[0, 1, 2], seed=1) for model in (gan, loaded)]
    np.testing.assert_allclose(*samples, rtol=1e-5, atol=1e-6)


def test_attention_comes_at_the_size_that_is_named():
    """The parameters that attention adds, and the place of the layer."""
    generator = kgan.networks.resnet_generator, {"latent_dim": 5, "width": 32}
    discriminator = kgan.networks.resnet_discriminator, {"width": 32}
    for build, options in (generator, discriminator):
        plain = build((64, 32, 3), **options)
        network = build((64, 32, 3), attention=16, **options)
        (layer,) = [x for x in network.layers if "attention" in x.name]
        assert layer.output.shape == (None, 32, 16, 32)
        trained = [
            sum(np.prod(w.shape) for w in model.trainable_weights)
            for model in (network, plain)
        ]
        # Twice 32 x 4 for queries and keys, twice 32 x 16 for values, and gamma.
        assert trained[0] - trained[1] == 2 * 32 * 4 + 2 * 32 * 16 + 1


def test_a_size_without_a_block_has_no_attention():
    for build, listed in (
        (kgan.networks.resnet_generator, "None, 32, 16, 8"),
        (kgan.networks.resnet_discriminator, "None, 16, 8"),
    ):
        expected = rf"`attention` must be one of {listed}\. Received: attention=20"
        with pytest.raises(ValueError, match=expected):
            build((32, 32, 3), attention=20)


def test_spectral_normalisation_of_the_residual_generator():
    network = kgan.networks.resnet_generator(
        (16, 16, 1), 5, width=8, spectral_normalization=True
    )
    kernels = [w.path for w in network.trainable_weights if w.name == "kernel"]
    # A dense layer, two blocks of three convolutions, and the last convolution.
    assert len(kernels) == 8 and all("spectral" in path for path in kernels)
