"""Second derivatives against finite differences; values against Keras and numpy."""

import contextlib

import keras
import numpy as np
import pytest
from helpers import numpy
from keras import ops

import kgan
from kgan import backend
from kgan.models.critic import Critic

BACKEND = keras.backend.backend()
RANDOM = np.random.default_rng(0)


def mean(x, axis=None, keepdims=False):
    total = ops.sum(x, axis=axis, keepdims=keepdims)
    return total * (np.prod(total.shape) / np.prod(x.shape))


def bend(x):
    return x + x * x * x / 3


@contextlib.contextmanager
def float64(monkeypatch):
    # On JAX and PyTorch Keras takes means, and tanh, in float32 at most.
    monkeypatch.setattr(ops, "mean", mean)
    keras.config.set_floatx("float64")
    try:
        if BACKEND == "jax":
            import jax

            with jax.enable_x64(True):
                yield
        else:
            yield
    finally:
        keras.config.set_floatx("float32")


class Resize(keras.layers.Layer):
    def call(self, x):
        return ops.image.resize(x, (7, 5), interpolation="bilinear")

    def compute_output_shape(self, shape):
        return (shape[0], 7, 5, shape[3])


def converged(layer):
    # As constants, `u` and `v` are right where they are the singular vectors.
    return kgan.layers.SpectralNormalization(layer, power_iterations=100)


CONV = keras.layers.Conv2D
BEFORE = {
    "conv": lambda: [],
    "transposed": lambda: [keras.layers.Conv2DTranspose(3, 4, 2, padding="same")],
    "upsampling": lambda: [keras.layers.UpSampling2D(2, interpolation="nearest")],
    "resize": lambda: [Resize()],
    "spectral": lambda: [converged(CONV(4, 3, padding="same"))],
    "spectral transposed": lambda: [converged(keras.layers.Conv2DTranspose(3, 4, 2))],
    "batch": lambda: [kgan.layers.BatchNormalization()],
    "layer": lambda: [kgan.layers.LayerNormalization()],
    "layer of all": lambda: [kgan.layers.LayerNormalization(axis=(1, 2, 3))],
    "group": lambda: [kgan.layers.GroupNormalization(groups=2)],
}


def judge(kind):
    layers = [
        keras.Input((5, 6, 1)),
        CONV(4, 3, strides=2, activation=bend, name="first"),
        *BEFORE[kind](),
        CONV(2, 2, padding="same"),
        keras.layers.LeakyReLU(0.2),
        keras.layers.Flatten(),
        converged(keras.layers.Dense(1)) if "spectral" in kind else keras.layers.Dense(1),
    ]
    model = keras.Sequential(layers)
    for weight in model.trainable_variables:
        weight.assign(RANDOM.standard_normal(weight.shape) / 2)
    return model


PENALTIES = [kgan.penalties.R1(), kgan.penalties.R2(), kgan.penalties.GradientPenalty(1)]


@pytest.mark.parametrize("penalty", PENALTIES, ids=lambda p: p.name)
@pytest.mark.parametrize("kind", BEFORE)
def test_second_order_gradients_agree_with_finite_differences(kind, penalty, monkeypatch):
    with float64(monkeypatch):
        model = judge(kind)
        shape = (3, 5, 6, 1)
        reals, fakes = (ops.convert_to_tensor(RANDOM.normal(size=shape)) for _ in "rf")
        seed = keras.random.SeedGenerator(0)

        def loss():
            seed.state.assign([0, 0])
            critic = Critic(model, seed)
            critic(reals), critic(fakes)
            # As the penalties see it, without its cast to float32.
            gradient = float64_gradient(critic)
            return penalty(gradient, reals, fakes, seed), ()

        variable = model.get_layer("first").kernel
        ((exact,), start) = backend.value_and_grad(loss, [variable])[1], numpy(variable)
        direction = RANDOM.standard_normal(start.shape)
        sides = []
        for step in (1e-5, -1e-5):
            variable.assign(start + step * direction)
            sides.append(float(numpy(loss()[0])))
        wanted = (sides[0] - sides[1]) / 2e-5
        np.testing.assert_allclose(np.sum(numpy(exact) * direction), wanted, rtol=1e-6)


def float64_gradient(critic):
    def gradient(x):
        if id(x) not in critic._gradients:
            critic(x)
        return critic._gradients[id(x)][1]()

    return gradient


@pytest.mark.parametrize(
    "name, arguments",
    [
        ("BatchNormalization", {}),
        ("BatchNormalization", {"axis": 1, "momentum": 0.5, "scale": False}),
        ("LayerNormalization", {}),
        ("LayerNormalization", {"axis": (1, 3), "center": False}),
        ("GroupNormalization", {"groups": 2}),
        ("GroupNormalization", {"groups": -1, "axis": -1}),
        ("GroupNormalization", {"groups": 3, "axis": 1}),
    ],
)
def test_norms_are_those_of_keras(name, arguments):
    x = RANDOM.normal(2, 3, (4, 6, 5, 8)).astype("float32")
    ours = getattr(kgan.layers, name)(**arguments)
    theirs = getattr(keras.layers, name)(**arguments)
    ours.build(x.shape)
    theirs.build(x.shape)
    weights = [RANDOM.uniform(0.5, 1.5, w.shape) for w in theirs.weights]
    ours.set_weights(weights)
    theirs.set_weights(weights)
    options = {"training": True} if name == "BatchNormalization" else {}
    for _ in range(2):
        found, wanted = numpy(ours(x, **options)), numpy(theirs(x, **options))
        np.testing.assert_allclose(found, wanted, rtol=1e-4, atol=1e-5)
    for found, wanted in zip(ours.get_weights(), theirs.get_weights(), strict=True):
        np.testing.assert_allclose(found, wanted, rtol=1e-5)
    np.testing.assert_allclose(numpy(ours(x)), numpy(theirs(x)), rtol=1e-4, atol=1e-5)
    assert ours.get_config() == theirs.get_config() | {"name": ours.name}


@pytest.mark.parametrize(
    "layer, shape, matrix",
    [
        (lambda: keras.layers.Dense(5), (4, 3), lambda k: k),
        (lambda: CONV(4, 3), (2, 6, 6, 2), lambda k: k.reshape(-1, 4)),
        (
            lambda: keras.layers.Conv2DTranspose(4, 3),
            (2, 6, 6, 2),
            lambda k: np.moveaxis(k, -2, -1).reshape(-1, 4),
        ),
    ],
    ids=["dense", "conv", "transposed"],
)
def test_the_largest_singular_value_becomes_one(layer, shape, matrix):
    spectral = kgan.layers.SpectralNormalization(layer(), power_iterations=100)
    x = RANDOM.standard_normal(shape).astype("float32")
    outputs = numpy(spectral(x, training=True))
    kernel = numpy(spectral.layer.kernel)
    sigma = np.linalg.svd(matrix(kernel), compute_uv=False)[0]
    plain = layer()
    plain.build(shape)
    plain.set_weights([kernel / sigma, 0 * plain.get_weights()[1]])
    np.testing.assert_allclose(outputs, numpy(plain(x)), rtol=1e-4, atol=1e-5)


def test_spectral_normalization_writes_u_alone_and_in_training_alone():
    layer = kgan.layers.SpectralNormalization(keras.layers.Dense(4))
    x = RANDOM.standard_normal((2, 3)).astype("float32")
    layer(x)
    kernel, u = numpy(layer.layer.kernel), numpy(layer.u)
    # One step of power iteration, in numpy.
    v = u @ kernel.T / np.linalg.norm(u @ kernel.T)
    sigma = np.linalg.norm(v @ kernel)
    np.testing.assert_allclose(numpy(layer(x)), x @ kernel / sigma, rtol=1e-5)
    np.testing.assert_array_equal(numpy(layer.u), u)
    np.testing.assert_allclose(numpy(layer(x, training=True)), x @ kernel / sigma, 1e-5)
    np.testing.assert_allclose(numpy(layer.u), v @ kernel / sigma, rtol=1e-5)
    np.testing.assert_array_equal(numpy(layer.layer.kernel), kernel)
    assert [v.name for v in layer.trainable_variables] == ["kernel", "bias"]


def test_spectral_normalization_is_float32_under_mixed_precision():
    layer = kgan.layers.SpectralNormalization(
        keras.layers.Dense(4, dtype="mixed_bfloat16"), dtype="mixed_bfloat16"
    )
    assert keras.backend.standardize_dtype(layer(np.ones((2, 3))).dtype) == "bfloat16"
    kernel, u = numpy(layer.layer.kernel), numpy(layer.u)
    sigma = np.linalg.norm(u @ kernel.T @ kernel) / np.linalg.norm(u @ kernel.T)
    found = numpy(layer.normalized_kernel()[0])
    np.testing.assert_allclose(found, kernel / sigma, rtol=1e-5)


def test_zero_kernels_stay_zero():
    layer = kgan.layers.SpectralNormalization(
        keras.layers.Dense(4, kernel_initializer="zeros")
    )
    np.testing.assert_array_equal(numpy(layer(np.ones((2, 3)), training=True)), 0)


def test_spectral_normalization_refuses():
    with pytest.raises(ValueError, match=r"`kernel` or `embeddings`.*Received: layer="):
        kgan.layers.SpectralNormalization(keras.layers.LeakyReLU()).build((2, 3))
    with pytest.raises(ValueError, match="Received: power_iterations=0"):
        kgan.layers.SpectralNormalization(keras.layers.Dense(1), power_iterations=0)
    with pytest.raises(ValueError, match="Received: normalization='instance'"):
        kgan.networks.dcgan_discriminator((8, 8, 1), normalization="instance", depth=1)


@pytest.mark.parametrize("normalization", ["batch", "layer", "group", "spectral"])
def test_discriminators_with_norms_train_under_a_penalty(normalization, tmp_path):
    gan = kgan.GAN(
        kgan.networks.dcgan_generator((8, 8, 1), 3, width=4, depth=2),
        kgan.networks.dcgan_discriminator(
            (8, 8, 1), width=4, depth=2, normalization=normalization
        ),
        seed=0,
    )
    gan.compile(penalties=["r1"])  # Without a warning.
    x = RANDOM.uniform(-1, 1, (16, 8, 8, 1)).astype("float32")
    history = gan.fit(x, batch_size=8, verbose=0).history
    assert np.isfinite(history["loss"]).all() and history["r1"][0] > 0
    gan.save(tmp_path / "gan.keras")
    loaded = keras.models.load_model(tmp_path / "gan.keras")
    np.testing.assert_allclose(
        numpy(loaded.discriminator(x)), numpy(gan.discriminator(x)), rtol=1e-6
    )
