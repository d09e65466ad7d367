"""Projected discriminators: the frozen network of features, and the heads."""

import keras
import numpy as np
import pytest
from by_hand import convolve
from helpers import numpy, on_pytorch

import kgan

RANDOM = np.random.default_rng(0)
SHAPE = (12, 8, 1)


def features(size=(16, 16), norm=True):
    """Feature maps at two sizes, the smaller map first, with statistics to be frozen."""
    x = images = keras.Input((*size, 3))
    x = keras.layers.Conv2D(4, 3, strides=2, padding="same", activation="relu")(x)
    if norm:
        x = keras.layers.BatchNormalization()(x)
    y = keras.layers.Conv2D(6, 3, strides=2, padding="same")(x)
    return keras.Model(images, [y, keras.layers.Dropout(0.5)(x)])


def judge(shape=SHAPE, **options):
    return kgan.networks.projected_discriminator(shape, features(), width=4, **options)


def pixels(shape=SHAPE, count=4):
    return RANDOM.uniform(-1, 1, (count, *shape)).astype("float32")


def test_a_frozen_layer_stays_frozen_whatever_the_model_around_it():
    inner = features()
    layer = kgan.layers.Frozen(inner)
    model = keras.Sequential([keras.Input((16, 16, 3)), layer])
    for value in (True, False, True):
        model.trainable = value
        assert not any(x.trainable for x in (layer, inner, *inner.layers))
    assert model.trainable_weights == []
    assert len(model.non_trainable_weights) == len(inner.weights) == 8
    before = [numpy(w) for w in inner.weights]
    x = pixels((16, 16, 3))
    wanted = inner(x, training=False)
    for found, one in zip(model(x, training=True), wanted, strict=True):
        np.testing.assert_array_equal(numpy(found), numpy(one))
    for weight, old in zip(inner.weights, before, strict=True):
        np.testing.assert_array_equal(numpy(weight), old)


def test_a_layer_that_is_built_late_is_frozen_too():
    layer = kgan.layers.Frozen(keras.layers.Dense(3))
    model = keras.Sequential([layer, keras.layers.Dense(1)])
    model.trainable = True
    model.build((2, 5))
    assert [w.shape for w in model.trainable_weights] == [(3, 1), (1,)]


@pytest.mark.slow
@pytest.mark.parametrize("augment", ["diffaugment", on_pytorch(None)])
def test_a_step_trains_the_heads_and_leaves_the_projection_bit_for_bit(augment, tmp_path):
    generator = kgan.networks.dcgan_generator(SHAPE, 3, 4, num_classes=3)
    discriminator = judge(num_classes=3)
    discriminator.trainable = False
    discriminator.trainable = True
    frozen = discriminator.get_layer("projection").weights
    trained = discriminator.trainable_weights
    assert not {id(w) for w in frozen} & {id(w) for w in trained}
    # Features, their statistics, and two convolutions for each of two maps.
    assert len(frozen) == 8 + 4
    before = [[numpy(w) for w in weights] for weights in (frozen, trained)]
    gan = kgan.GAN(generator, discriminator, seed=0)
    gan.compile(loss="hinge", augment=augment)
    history = gan.fit(pixels(count=8), np.arange(8) % 3, batch_size=4, verbose=0).history
    assert np.isfinite(history["loss"]).all()
    for weight, old in zip(frozen, before[0], strict=True):
        np.testing.assert_array_equal(numpy(weight), old)
    assert all((numpy(w) != x).any() for w, x in zip(trained, before[1], strict=True))
    gan.save(tmp_path / "gan.keras")
    loaded = keras.models.load_model(tmp_path / "gan.keras")
    x = [pixels(), np.array([0, 1, 2, 0])]
    outputs = (model.discriminator(x) for model in (gan, loaded))
    for one, other in zip(*outputs, strict=True):
        # PyTorch stores the kernels in another order after a training.
        np.testing.assert_allclose(numpy(one), numpy(other), rtol=1e-5, atol=1e-7)
    loaded.discriminator.trainable = True
    assert len(loaded.discriminator.trainable_weights) == len(trained)


@pytest.mark.slow
def test_the_generator_learns_through_the_frozen_features():
    gan = kgan.GAN(kgan.networks.mlp_generator(SHAPE, 3, (4,)), judge(), seed=0)
    gan.compile(g_optimizer=keras.optimizers.SGD(1.0), loss="hinge")
    before = [numpy(w) for w in gan.generator.trainable_weights]
    gan.train_on_batch(pixels())
    after = [numpy(w) for w in gan.generator.trainable_weights]
    assert all((a != b).any() for a, b in zip(after, before, strict=True))


def test_the_mixing_is_its_formula():
    """The smallest map first, then the sum of the next map with the enlarged result."""
    network = features((4, 4), norm=False)
    discriminator = kgan.networks.projected_discriminator((4, 4, 3), network, width=2)
    projection = discriminator.get_layer("projection")
    kernels = {w.shape: numpy(w) for w in projection.weights if w.shape[0] in (1, 3)}
    x = pixels((4, 4, 3))
    small, large = (numpy(y).astype("float64") for y in network(x))
    small = convolve(small @ kernels[1, 1, 6, 4][0, 0], kernels[3, 3, 4, 2])
    # Bilinear, from one pixel to 2x2 pixels: the same pixel.
    large = large @ kernels[1, 1, 4, 2][0, 0] + small
    large = convolve(large, kernels[3, 3, 2, 1])
    found = [numpy(y) for y in projection(x)]
    assert [y.shape for y in found] == [(4, 2, 2, 1), (4, 1, 1, 2)]
    np.testing.assert_allclose(found[0], large, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(found[1], small, rtol=1e-4, atol=1e-5)


def seen(shape, x):
    """The images that the feature network gets: its first map passes them on."""
    images = keras.Input((8, 8, 3))
    network = keras.Model(images, [keras.layers.Activation("linear")(images)])
    discriminator = kgan.networks.projected_discriminator(shape, network, width=2)
    inner = discriminator.get_layer("projection").layer
    mixing = next(x for x in inner.layers if isinstance(x, keras.layers.Conv2D))
    return numpy(keras.Model(inner.input, mixing.input)(x))


def test_the_features_see_colours_over_grey():
    x = pixels((8, 8, 4))
    np.testing.assert_array_equal(seen((8, 8, 3), x[..., :3]), x[..., :3])
    grey = x[..., :1]
    np.testing.assert_array_equal(seen((8, 8, 1), grey), np.repeat(grey, 3, axis=-1))
    opacity = (x[..., 3:] + 1) / 2
    np.testing.assert_allclose(seen((8, 8, 4), x), x[..., :3] * opacity, 1e-5, 1e-6)
    found = seen((8, 8, 2), x[..., 2:])
    np.testing.assert_allclose(found, np.repeat(x[..., 2:3] * opacity, 3, -1), 1e-5, 1e-6)


def test_images_are_resized_for_the_features():
    """Constant images stay constant; many pixels are averaged, not skipped."""
    for shape in ((3, 5, 3), (40, 17, 3), (16, 16, 3)):
        np.testing.assert_allclose(seen(shape, 0.5 * np.ones((2, *shape))), 0.5, 1e-5)
    x = pixels((16, 16, 3))
    wanted = x.reshape(4, 8, 2, 8, 2, 3).mean(axis=(2, 4))
    np.testing.assert_allclose(seen((16, 16, 3), x), wanted, rtol=1e-4, atol=1e-5)


def test_features_of_any_size_take_the_images_as_they_are():
    x = images = keras.Input((None, None, 3))
    x = keras.layers.Conv2D(4, 3, strides=2, padding="same")(x)
    network = keras.Model(images, x)
    model = kgan.networks.projected_discriminator((9, 6, 3), network, width=2)
    assert model.get_layer("projection").output.shape == (None, 5, 3, 1)
    assert model.output_shape == (None, 2, 1, 1)


def test_the_stages_of_a_head():
    """Halvings to 8 pixels, or one convolution; windows of 4x4 places at the end."""
    images = keras.Input((40, 40, 3))
    x = keras.layers.Conv2D(2, 3, padding="same")(images)
    y = keras.layers.Conv2D(2, 3, strides=8, padding="same")(x)
    network = keras.Model(images, [x, y])
    model = kgan.networks.projected_discriminator((40, 40, 3), network, width=4)
    found = [layer.layer for layer in model.layers if "spectral" in layer.name]
    shapes = sorted((tuple(layer.kernel.shape), layer.strides[0]) for layer in found)
    assert shapes == [
        ((3, 3, 4, 8), 1),
        ((4, 4, 2, 4), 2),
        ((4, 4, 4, 8), 2),
        ((4, 4, 8, 1), 1),
        ((4, 4, 8, 16), 2),
        ((4, 4, 16, 1), 1),
    ]


@pytest.mark.parametrize(
    "network, received",
    [
        (None, "features=None"),
        (
            keras.Sequential([keras.Input((8, 8, 1)), keras.layers.Conv2D(2, 1)]),
            r"inputs \[\(None, 8, 8, 1\)\]",
        ),
        (
            keras.Sequential([keras.Input((8, 8, 3)), keras.layers.Flatten()]),
            r"outputs \[\(None, 192\)\]",
        ),
    ],
)
def test_a_network_without_feature_maps_is_refused(network, received):
    with pytest.raises(ValueError, match=rf"`features` must be.*Received: .*{received}"):
        kgan.networks.projected_discriminator(SHAPE, network)


def test_a_penalty_through_frozen_batch_normalisation_gives_no_warning():
    gan = kgan.GAN(kgan.networks.mlp_generator(SHAPE, 3, (4,)), judge(), seed=0)
    gan.compile(loss="hinge", penalties=["r1"])
    assert np.isfinite(gan.train_on_batch(pixels())).all()


def test_the_cost_has_the_features():
    from kgan.presets import cost

    network, model = features(), judge()
    heads = cost.flops(model) - cost.flops(model.get_layer("projection").layer)
    by_hand = 8 * 8 * 9 * 3 * 4 + 4 * 4 * 9 * 4 * 6
    assert cost.flops(network) == 2 * by_hand
    by_hand += 8 * 8 * (4 * 4 + 9 * 4 * 2) + 4 * 4 * (6 * 8 + 9 * 8 * 4)
    assert cost.flops(model) - heads == 2 * by_hand and heads > 0


@pytest.mark.parametrize(
    "application, shift, maps",
    [
        pytest.param(
            "MobileNetV2",
            lambda x: x,
            [(16, 144), (8, 192), (4, 576), (2, 1280)],
            marks=pytest.mark.slow,
        ),
        # Blue, green and red, without the mean colour of ImageNet.
        (
            "VGG16",
            lambda x: 127.5 * (x[..., ::-1] + 1) - [103.939, 116.779, 123.68],
            [(16, 256), (8, 512), (4, 512), (2, 512)],
        ),
    ],
)
def test_features_of_an_application(application, shift, maps):
    """The pixels are those that the model was trained for; one map of each size."""
    size = (64, 64)
    network = kgan.networks.feature_network(application, None, size)
    assert network.output_shape == [(None, n, n, c) for n, c in maps]
    (inner,) = [layer for layer in network.layers if isinstance(layer, keras.Model)]
    x = pixels((*size, 3), 2)
    found, wanted = network(x), inner(shift(x).astype("float32"))
    for one, other in zip(found, wanted, strict=True):
        scale = np.abs(numpy(other)).max()
        np.testing.assert_allclose(numpy(one) / scale, numpy(other) / scale, atol=1e-4)


def test_features_are_read_from_a_file(tmp_path):
    model = keras.applications.MobileNet(
        include_top=False, weights=None, input_shape=(32, 32, 3)
    )
    model.save_weights(tmp_path / "features.weights.h5")
    network = kgan.networks.feature_network(
        "MobileNet", tmp_path / "features.weights.h5", (32, 64), outputs=1
    )
    for one, other in zip(network.weights, model.weights, strict=True):
        np.testing.assert_array_equal(numpy(one), numpy(other))


@pytest.mark.parametrize(
    "options, received",
    [
        ({"application": "Inception"}, "application='Inception'"),
        ({"weights": "no such file"}, "weights='no such file'"),
        ({"image_size": (64,)}, r"image_size=\(64,\)"),
        ({"outputs": 9}, "outputs=9, application='VGG16'"),
        ({"outputs": 0}, "outputs=0"),
    ],
)
def test_arguments_of_the_feature_network(options, received):
    given = {"application": "VGG16", "weights": None, "image_size": (32, 32)}
    with pytest.raises(ValueError, match=f"Received: {received}"):
        kgan.networks.feature_network(**{**given, **options})
