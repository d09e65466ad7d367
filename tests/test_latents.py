"""Paths between latents, directions, and the latents of given pictures."""

import keras
import numpy as np
import pytest
from keras import layers, ops

import kgan


def linear_gan(kernel, num_classes=None):
    """A GAN whose generator multiplies the latents by `kernel`, and ends in a sigmoid."""
    kernel = np.asarray(kernel, "float32")
    latents = x = keras.Input((len(kernel),))
    inputs = latents
    if num_classes:
        label = keras.Input((), dtype="int32")
        embedding = kgan.layers.LabelEmbedding(num_classes, 2)(label)
        x, inputs = layers.Concatenate()([latents, embedding]), [latents, label]
    dense = layers.Dense(kernel.shape[1], use_bias=False)
    generator = keras.Model(inputs, layers.Activation("tanh")(dense(x)))
    rest = np.full((dense.kernel.shape[0] - len(kernel), kernel.shape[1]), 9.0)
    dense.kernel.assign(np.concatenate([kernel, rest]))
    samples = keras.Input(kernel.shape[1:])
    given = [samples, keras.Input((), dtype="int32")] if num_classes else samples
    discriminator = keras.Model(given, layers.Dense(1)(samples))
    return kgan.GAN(generator, discriminator, num_classes=num_classes, seed=0)


def test_an_arc_has_equal_angles_and_keeps_the_length():
    path = kgan.latents.interpolate([2, 0, 0], [0, 2, 0], steps=4)
    angles = np.radians([0, 30, 60, 90])
    expected = np.stack([2 * np.cos(angles), 2 * np.sin(angles), 0 * angles], axis=1)
    np.testing.assert_allclose(path, expected, atol=1e-6)


def test_an_arc_begins_and_ends_at_the_latents_exactly():
    start, end = np.random.default_rng(0).normal(size=(2, 64)).astype("float32")
    path = kgan.latents.interpolate(start, end, steps=5)
    assert path.dtype == "float32"
    np.testing.assert_array_equal(path[[0, -1]], [start, end])
    # With different lengths, the lengths between them lie between them, or nearly.
    lengths = np.linalg.norm(path, axis=1)
    assert lengths.min() > 0.99 * min(lengths[[0, -1]])


@pytest.mark.parametrize("end", [[2.0, 0.0], [-1.0, 0.0], [1.0, 0.0], [0.0, 0.0]])
def test_the_path_between_parallel_latents_is_straight(end):
    path = kgan.latents.interpolate([1.0, 0.0], end, steps=3)
    np.testing.assert_allclose(path[1], (np.array([1.0, 0.0]) + end) / 2, atol=1e-6)


@pytest.mark.parametrize("end", [[1.0], [[1.0, 2.0]], 3.0])
def test_a_path_needs_two_latents_of_one_length(end):
    with pytest.raises(ValueError, match=r"same length\. Received: start\.shape=\(2,\)"):
        kgan.latents.interpolate([1.0, 2.0], end)


@pytest.mark.parametrize("method", ["sefa", "principal"])
@pytest.mark.parametrize("num_classes", [None, 3])
def test_directions_of_a_diagonal_kernel_are_the_axes_by_strength(method, num_classes):
    gan = linear_gan(np.diag([1.0, 3.0, 2.0]), num_classes)
    found = kgan.latents.directions(gan, n=3, method=method)
    np.testing.assert_allclose(found, np.eye(3)[[1, 2, 0]], atol=0.05)


def test_sefa_gives_the_left_singular_vectors_of_the_kernel():
    kernel = np.random.default_rng(0).normal(size=(4, 7))
    found = kgan.latents.directions(linear_gan(kernel), n=2)
    vectors = np.linalg.svd(kernel)[0][:, :2].T
    np.testing.assert_allclose(abs((found * vectors).sum(axis=1)), 1, atol=1e-5)
    np.testing.assert_allclose(np.linalg.norm(found, axis=1), 1, atol=1e-6)


def test_principal_directions_follow_the_distribution_of_the_latents():
    # Latents of which the first hardly varies: the kernel's strongest row is no use.
    class Uneven(kgan.noise.Noise):
        def __call__(self, shape, seed=None):
            factors = ops.convert_to_tensor([0.01, 1.0, 1.0])
            return keras.random.normal(shape, seed=seed) * factors

    gan = linear_gan(np.diag([9.0, 3.0, 2.0]))
    gan.noise = Uneven()
    found = kgan.latents.directions(gan, n=1, method="principal")
    np.testing.assert_allclose(abs(found[0]), [0, 1, 0], atol=0.05)
    assert kgan.latents.directions(gan, n=1)[0].argmax() == 0


def test_directions_need_a_dense_layer_of_the_latents():
    latents = keras.Input((4,))
    generator = keras.Model(latents, layers.Reshape((4,))(latents))
    samples = keras.Input((4,))
    discriminator = keras.Model(samples, layers.Dense(1)(samples))
    gan = kgan.GAN(generator, discriminator)
    with pytest.raises(ValueError, match=r"begins with a `keras\.layers\.Dense`"):
        kgan.latents.directions(gan, n=1)
    with pytest.raises(ValueError, match="`n` must be"):
        kgan.latents.directions(linear_gan(np.eye(3)), n=4)


@pytest.mark.parametrize("num_classes", [None, 3])
def test_projection_finds_the_latents_of_samples(num_classes):
    kernel = np.random.default_rng(0).normal(size=(4, 6)) / 2
    gan = linear_gan(kernel, num_classes)
    labels = None if num_classes is None else np.arange(70) % 3
    z = gan.noise.sample((70, 4), seed=0) / 2
    pictures = gan.sample(z=z, labels=labels)
    before = [w.copy() for w in gan.get_weights()]
    found = kgan.latents.project(gan, pictures, labels, seed=1)
    assert found.dtype == "float32"
    # More equations than unknowns, so that there is one solution.
    np.testing.assert_allclose(found, z, atol=0.02)
    for now, then in zip(gan.get_weights(), before, strict=True):
        np.testing.assert_array_equal(now, then)


def test_projection_starts_at_the_nearest_random_latents():
    gan = linear_gan(np.eye(4))
    pictures = np.tanh(np.random.default_rng(0).normal(size=(5, 4))).astype("float32")
    # One step with the learning rate 0.1, at the most, from the start.
    found = kgan.latents.project(gan, pictures, steps=1, seed=1)
    candidates = gan.noise.sample((1_000, 4), seed=1)
    errors = np.square(np.tanh(candidates)[None] - pictures[:, None]).sum(axis=2)
    assert 0 < abs(found - candidates[errors.argmin(axis=1)]).max() <= 0.1 + 1e-5


def test_projection_lowers_the_loss_that_is_given():
    gan = linear_gan(np.random.default_rng(0).normal(size=(2, 6)))
    pictures = np.random.default_rng(1).uniform(-1, 1, (8, 6)).astype("float32")

    def errors(loss):
        z = kgan.latents.project(gan, pictures, loss=loss, seed=1)
        return np.array([(abs(gan.sample(z=z) - pictures) ** p).mean() for p in (1, 2)])

    by_mse, by_mae = errors("mse"), errors("mae")
    assert by_mse[1] < by_mae[1] and by_mae[0] < by_mse[0]


def test_projection_of_pixels_and_without_an_average():
    gan = linear_gan(np.eye(4))
    plain = kgan.GAN(gan.generator, gan.discriminator, ema_half_life=None)
    pixels = np.array([[0, 100, 128, 250]], "uint8")
    states = [layer.trainable for layer in plain.generator.layers]
    found = kgan.latents.project(plain, pixels, seed=1)
    # A pixel of 0 is at -1, which the hyperbolic tangent never reaches.
    np.testing.assert_allclose(plain.sample(z=found, as_uint8=True), pixels, atol=3)
    assert [layer.trainable for layer in plain.generator.layers] == states


def test_projection_refuses_what_does_not_fit():
    gan, conditional = linear_gan(np.eye(4)), linear_gan(np.eye(4), num_classes=3)
    with pytest.raises(ValueError, match=r"\(n, 4\).*Received: samples.shape=\(2, 3\)"):
        kgan.latents.project(gan, np.zeros((2, 3)))
    with pytest.raises(ValueError, match="takes no labels"):
        kgan.latents.project(gan, np.zeros((2, 4)), labels=[0, 1])
    with pytest.raises(ValueError, match="needs `labels`"):
        kgan.latents.project(conditional, np.zeros((2, 4)))
    with pytest.raises(ValueError, match="`steps` must be"):
        kgan.latents.project(gan, np.zeros((2, 4)), steps=0)
