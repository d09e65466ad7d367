"""The layers of FastGAN against numpy; its networks against the counts of its code."""

import itertools

import keras
import numpy as np
import pytest
from helpers import numpy, on_pytorch
from keras import ops

import kgan
from kgan.critic import Critic
from kgan.layers.reconstruction import reals

RANDOM = np.random.default_rng(0)


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def averaged(x, places=4):
    """Adaptive average pooling, place by place."""
    out = np.empty((x.shape[0], places, places, x.shape[3]))
    ends = [
        [(size * i // places, -(-size * (i + 1) // places)) for i in range(places)]
        for size in x.shape[1:3]
    ]
    for i, (top, bottom) in enumerate(ends[0]):
        for j, (left, right) in enumerate(ends[1]):
            out[:, i, j] = x[:, top:bottom, left:right].mean(axis=(1, 2))
    return out


@pytest.mark.parametrize("size", [(7, 13), *map(on_pytorch, [(4, 8), (2, 1)])])
@pytest.mark.parametrize("spectral", [False, on_pytorch(True)])
def test_skip_layer_excitation_is_its_formula(size, spectral):
    layer = kgan.layers.SkipLayerExcitation(spectral_normalization=spectral)
    source = RANDOM.standard_normal((3, *size, 5)).astype("float32")
    x = RANDOM.standard_normal((3, 6, 4, 3)).astype("float32")
    layer.build([source.shape, x.shape])
    kernels = [
        (one.layer if spectral else one).kernel for one in (layer.squeeze, layer.excite)
    ]
    for kernel in kernels:
        kernel.assign(RANDOM.standard_normal(kernel.shape))
    for _ in range(400 if spectral else 1):
        found = numpy(layer([source, x], training=True))
    first, second = (numpy(kernel).astype("float64") for kernel in kernels)
    assert first.shape == (4 * 4 * 5, 3) and second.shape == (3, 3)
    if spectral:
        first, second = (w / np.linalg.norm(w, ord=2) for w in (first, second))
    y = averaged(source.astype("float64")).reshape(3, -1) @ first
    gates = sigmoid(y * sigmoid(y) @ second)
    np.testing.assert_allclose(found, x * gates[:, None, None], rtol=1e-4, atol=1e-5)
    assert layer.compute_output_shape([source.shape, x.shape]) == x.shape


def decoder(size, channels=2):
    """A decoder that doubles its features, with 3 channels to 1."""
    layer = keras.layers.Dense(1, use_bias=False, kernel_initializer="ones")
    return keras.Sequential([keras.Input((*size, channels)), layer])


@pytest.mark.parametrize("quarter", [False, True])
def test_reconstruction_adds_the_error_on_reals_alone(quarter):
    size = (5, 4)
    crop = (3, 2) if quarter else size
    layer = kgan.layers.Reconstruction(decoder(crop), 0.5, quarter=quarter, seed=0)
    passed = RANDOM.standard_normal((3, 1)).astype("float32")
    features = RANDOM.standard_normal((3, *size, 2)).astype("float32")
    image = RANDOM.standard_normal((3, *size, 1)).astype("float32")
    error = np.abs(features.sum(axis=-1, keepdims=True) - image)
    parts = [error]
    if quarter:
        parts = [
            error[:, i, j]
            for i in (slice(3), slice(2, 5))
            for j in (slice(2), slice(2, 4))
        ]
    wanted = [0.5 * part.mean() for part in parts]
    found = []
    for _ in range(20 if quarter else 1):
        with reals():
            outputs = layer([passed, features, image], training=True)
        np.testing.assert_array_equal(numpy(outputs), passed)
        found.append(float(numpy(layer.losses[0])))
    assert {round(x, 4) for x in found} == {round(float(x), 4) for x in wanted}
    layer([passed, features, image], training=True)
    assert layer.losses == []
    with reals():
        layer([passed, features, image])
    assert layer.losses == []


def judge(shape=(12, 9, 1), **options):
    return kgan.networks.fastgan_discriminator(shape, width=2, **options)


@pytest.mark.slow
def test_the_decoders_learn_from_reals_in_training_alone():
    """The loss of the discriminator has the errors of the reals, once."""
    model = judge()
    critic = Critic(model, keras.random.SeedGenerator(0))
    x = ops.convert_to_tensor(RANDOM.uniform(-1, 1, (4, 12, 9, 1)).astype("float32"))
    assert float(numpy(critic.judge(x, real=True).added_loss)) > 0.1
    for options in ({}, {"frozen": True}, {"frozen": True, "real": True}):
        assert not critic.judge(x, **options).added_loss
    generator = kgan.networks.fastgan_generator((12, 9, 1), 3, width=2)
    gan = kgan.GAN(generator, model, seed=0)
    gan.compile(optimizer=keras.optimizers.SGD(0.0))
    total, values = gan.discriminator_loss(gan.recipe, x, x)
    added = float(numpy(total)) - float(numpy(values["d_loss"]))
    plain = kgan.GAN(generator, judge(reconstruction=0), seed=0)
    plain.compile()
    total, values = plain.discriminator_loss(plain.recipe, x, x)
    assert float(numpy(total)) == float(numpy(values["d_loss"])) and added > 0.1


def test_the_weight_of_the_reconstruction():
    names = [w.path for w in judge(reconstruction=0).weights]
    assert not any("decoder" in name for name in names)
    weights = [
        layer.weight
        for layer in judge(reconstruction=0.25).layers
        if isinstance(layer, kgan.layers.Reconstruction)
    ]
    assert weights == [0.25] * 3
    with pytest.raises(ValueError, match=r"`reconstruction` must.*reconstruction=-1"):
        judge(reconstruction=-1)


def test_a_decoder_of_another_size_is_refused():
    layer = kgan.layers.Reconstruction(decoder((4, 4)))
    shapes = [(None, 1), (None, 4, 4, 2), (None, 8, 8, 1)]
    with pytest.raises(ValueError, match=r"shape \(None, 8, 8, 1\)\. Received: layer="):
        layer.build(shapes)


@pytest.mark.slow
@pytest.mark.parametrize("penalties", [["r1"], []])
def test_fastgan_trains_with_labels_and_is_saved(penalties, tmp_path):
    shape = (20, 17, 3)
    gan = kgan.GAN(
        kgan.networks.fastgan_generator(shape, 5, width=2, num_classes=3),
        kgan.networks.fastgan_discriminator(shape, width=2, num_classes=3),
        seed=0,
    )
    gan.compile(loss="hinge", penalties=penalties, augment="diffaugment")
    before = [numpy(w) for w in gan.discriminator.trainable_weights]
    x = RANDOM.uniform(-1, 1, (8, *shape)).astype("float32")
    history = gan.fit(x, np.arange(8) % 3, batch_size=4, verbose=0).history
    assert np.isfinite(history["loss"]).all()
    after = [numpy(w) for w in gan.discriminator.trainable_weights]
    assert all((a != b).any() for a, b in zip(after, before, strict=True))
    gan.save(tmp_path / "gan.keras")
    loaded = keras.models.load_model(tmp_path / "gan.keras")
    samples = [model.sample(labels=[0, 1, 2], seed=1) for model in (gan, loaded)]
    np.testing.assert_allclose(*samples, rtol=1e-5, atol=1e-6)
    outputs = (model.discriminator([x, np.zeros(8)]) for model in (gan, loaded))
    for one, other in zip(*outputs, strict=True):
        np.testing.assert_allclose(numpy(one), numpy(other), rtol=1e-5, atol=1e-6)


def convolved(kernel, inside, outside):
    return kernel * kernel * inside * outside


def norm(channels):
    return 2 * channels


def gated(inside, outside):
    """A convolution to twice the channels, and batch normalisation."""
    return convolved(3, inside, 2 * outside) + norm(2 * outside)


def excited(source, channels):
    return convolved(4, source, channels) + channels * channels


def generator_parameters(nz, c):
    """The generator of the authors' code at 256 pixels, without its 128-pixel output."""
    total = convolved(4, nz, 2 * c[4]) + norm(2 * c[4])
    for size in (8, 16, 32, 64, 128, 256):
        total += gated(c[size // 2], c[size])
        if size in (8, 32, 128):
            total += gated(c[size], c[size]) + 2
    total += sum(excited(c[size], c[16 * size]) for size in (4, 8, 16))
    return total + convolved(3, c[256], 3)


def discriminator_parameters(c):
    """The discriminator of the authors' code at 256 pixels, without its decoders."""
    total = convolved(3, 3, c[512])
    sizes = (512, 256, 128, 64, 32, 16)
    for a, b in itertools.pairwise(sizes):
        total += convolved(4, c[a], c[b]) + convolved(3, c[b], c[b])
        total += convolved(1, c[a], c[b]) + 3 * norm(c[b])
    total += sum(excited(c[a], c[b]) for a, b in ((512, 64), (256, 32), (128, 16)))
    total += convolved(1, c[16], c[8]) + norm(c[8]) + convolved(4, c[8], 1)
    total += convolved(4, 3, c[256])
    for a, b in ((256, 128), (128, 64), (64, 32)):
        total += convolved(4, c[a], c[b]) + norm(c[b])
    return total + convolved(4, c[32], 1)


def decoder_parameters(inside):
    widths = [inside, 128, 64, 64, 32]
    total = sum(gated(a, b) for a, b in itertools.pairwise(widths))
    return total + convolved(3, 32, 3)


def trained(model):
    return sum(int(np.prod(w.shape)) for w in model.trainable_weights)


@pytest.mark.slow
def test_parameters_of_fastgan():
    """Counted layer by layer as in the authors' code, at 256 pixels and width 64."""
    multiples = {4: 16, 8: 8, 16: 4, 32: 2, 64: 2, 128: 1, 256: 0.5}
    c = {size: int(64 * m) for size, m in multiples.items()}
    network = kgan.networks.fastgan_generator((256, 256, 3))
    assert trained(network) == generator_parameters(256, c)
    multiples |= {8: 16, 16: 8, 32: 4, 512: 0.25}
    c = {size: int(64 * m) for size, m in multiples.items()}
    network = kgan.networks.fastgan_discriminator((256, 256, 3))
    decoders = decoder_parameters(c[16]) + 2 * decoder_parameters(c[32])
    assert trained(network) == discriminator_parameters(c) + decoders


def test_stages_of_large_images():
    """Images above 256 pixels first shrink; the other branch sees 128 pixels."""
    network = kgan.networks.fastgan_discriminator((1024, 512, 1), width=8)
    strides = [
        layer.layer.strides
        for layer in network.layers
        if isinstance(getattr(layer, "layer", None), keras.layers.Conv2D)
    ]
    # One halving to 256, five blocks of a main path each, and four in the other branch.
    assert strides.count((2, 2)) == 1 + 5 + 4
    pools = {x.pool_size for x in network.layers if hasattr(x, "pool_size")}
    assert pools == {(2, 2), (4, 4)}
