"""Paths between latents, directions, and the latents of given pictures."""

import keras
import numpy as np
import pytest
from helpers import numpy
from keras import layers, ops

import kgan
from kgan.models import projection


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


@pytest.mark.parametrize("latent_dim, count", [(3, 3), (8, 8), (9, 8)])
def test_there_are_at_most_as_many_directions_as_latents(latent_dim, count):
    found = kgan.latents.directions(linear_gan(np.diag(range(1, latent_dim + 1))))
    assert found.shape == (count, latent_dim)


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


@pytest.mark.slow
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
    with pytest.raises(ValueError, match=r"\(4,\)\. Received: samples.shape=\(2, 3\)"):
        kgan.latents.project(gan, np.zeros((2, 3)))
    with pytest.raises(ValueError, match="takes no labels"):
        kgan.latents.project(gan, np.zeros((2, 4)), labels=[0, 1])
    with pytest.raises(ValueError, match="needs `labels`"):
        kgan.latents.project(conditional, np.zeros((2, 4)))
    with pytest.raises(ValueError, match="`steps` must be"):
        kgan.latents.project(gan, np.zeros((2, 4)), steps=0)
    with pytest.raises(ValueError, match="NaN"):
        kgan.latents.project(gan, np.full((2, 4), np.nan))
    with pytest.raises(ValueError, match="empty"):
        kgan.latents.project(gan, np.zeros((0, 4)))
    with pytest.raises(ValueError, match=r'`space="w"` needs a generator of two'):
        gan.project(np.zeros((2, 4)), space="w")
    with pytest.raises(ValueError, match="one of 'z', 'w'"):
        gan.project(np.zeros((2, 4)), space="x")
    with pytest.raises(ValueError, match=r"`loss` must be a Keras loss\..*loss='x'"):
        gan.project(np.zeros((2, 4)), loss="x")


def test_projection_uses_the_weights_that_were_loaded_after_the_gan_was_made():
    gan = linear_gan(np.eye(4))
    gan.generator.set_weights([np.diag([0.2, 0.4, 0.6, 0.8])])
    z = np.array([[0.5, -0.5, 1.0, -1.0]], "float32")
    pictures = np.tanh(z * [0.2, 0.4, 0.6, 0.8])
    np.testing.assert_allclose(gan.project(pictures, seed=1), z, atol=0.02)


def test_pictures_are_projected_alike_alone_and_in_two_batches(monkeypatch):
    gan = linear_gan(np.random.default_rng(0).normal(size=(4, 6)) / 2)
    pictures = gan.sample(5, seed=2)
    alone = [gan.project(picture[None], seed=1, steps=20) for picture in pictures]
    traced = []

    class Counted(projection.Reconstruction):
        def __init__(self, *arguments):
            super().__init__(*arguments)
            traced.append(arguments[-1])

    monkeypatch.setattr(projection, "Reconstruction", Counted)
    monkeypatch.setattr(projection, "_BATCH_SIZE", 3)
    together = gan.project(pictures, seed=1, steps=20)
    # Adam divides by the gradient, so the batch size hardly matters.
    np.testing.assert_allclose(together, np.concatenate(alone), atol=1e-3)
    assert traced == [(3, 4)]


def style_gan(num_classes=None, **options):
    """A small StyleGAN2 on pictures of 8x8x1, with four styles and a mean of styles."""
    shape, size = (8, 8, 1), {"width": 4, "mapping_layers": 2}
    gan = kgan.GAN(
        kgan.networks.stylegan2_generator(
            shape, 6, num_classes=num_classes, **size, **options
        ),
        kgan.networks.stylegan2_discriminator(shape, num_classes=num_classes, **size),
        seed=0,
    )
    mapping = gan.generator.get_layer("mapping")
    mean = np.random.default_rng(0).normal(size=6)
    mapping.get_layer("truncation").mean.assign(mean)
    return gan, mean.astype("float32")


@pytest.mark.slow
@pytest.mark.parametrize("num_classes", [None, 3])
def test_the_truncation_pulls_samples_to_the_picture_of_the_mean(num_classes):
    gan, mean = style_gan(num_classes)
    labels = None if num_classes is None else [2, 0, 1]
    z = gan.noise.sample((3, 6), seed=1)
    synthesis = gan.generator.get_layer("synthesis")
    picture = numpy(synthesis(np.tile(mean, (1, 4, 1))))
    whole = gan.sample(z=z, labels=labels)
    pulled = gan.sample(z=z, labels=labels, psi=0)
    np.testing.assert_allclose(pulled, np.repeat(picture, 3, axis=0), atol=1e-5)
    # By hand: the styles are pulled to their mean before the synthesis.
    inputs = z if labels is None else [z, np.array(labels)]
    styles = numpy(gan.generator.get_layer("mapping")(inputs))
    halved = numpy(synthesis(mean + 0.5 * (styles - mean)))
    np.testing.assert_allclose(gan.sample(z=z, labels=labels, psi=0.5), halved, atol=1e-5)
    # The weight of the layer is as before, also after an error.
    with pytest.raises(ValueError, match=r"z\.shape"):
        gan.sample(z=z[0], psi=0.2)
    np.testing.assert_array_equal(gan.sample(z=z, labels=labels), whole)
    for network in (gan.generator, gan.ema_generator):
        assert network.get_layer("mapping").get_layer("truncation").psi.numpy() == 1


@pytest.mark.slow
@pytest.mark.parametrize("num_classes", [None, 3])
def test_mapped_latents_give_the_samples_of_their_latents(num_classes):
    gan, mean = style_gan(num_classes)
    w = gan.map_latents(3, seed=1)
    assert w.shape == (3, 6) and w.dtype == "float32"
    np.testing.assert_allclose(gan.sample(w=w), gan.sample(3, seed=1), atol=1e-5)
    truncated = gan.map_latents(3, seed=1, psi=0.7)
    np.testing.assert_allclose(truncated, mean + 0.7 * (w - mean), atol=1e-5)
    styles = np.random.default_rng(1).normal(size=(3, 4, 6)).astype("float32")
    expected = numpy(gan.generator.get_layer("synthesis")(styles))
    np.testing.assert_allclose(gan.sample(w=styles, batch_size=2), expected, atol=1e-5)


def test_options_of_styles_are_refused_without_styles():
    gan, (styled, _) = linear_gan(np.eye(4)), style_gan()
    with pytest.raises(ValueError, match=r"StyleTruncation.*Received: psi=0\.7"):
        gan.sample(2, psi=0.7)
    with pytest.raises(ValueError, match="`w` needs a generator of two parts"):
        gan.sample(w=np.zeros((2, 4)))
    with pytest.raises(ValueError, match="`map_latents` needs a generator of two parts"):
        gan.map_latents(2)
    with pytest.raises(ValueError, match=r"`psi` must be a number of at least 0"):
        styled.sample(2, psi=-1.0)
    with pytest.raises(ValueError, match=r"in the place of `z`, `psi`.*Received: z="):
        styled.sample(w=np.zeros((2, 6)), z=np.zeros((2, 6)), psi=0.5)
    with pytest.raises(ValueError, match=r"`w` is in the place of `noise`.*='normal'"):
        styled.sample(w=np.zeros((2, 6)), noise="normal")
    with pytest.raises(ValueError, match=r"`z` is in the place of `noise`.*noise="):
        styled.map_latents(z=np.zeros((2, 6)), noise="normal")
    shapes = r"shape \(n, 6\) or \(n, 4, 6\).*Received: w\.shape=\(2, 5\)"
    with pytest.raises(ValueError, match=shapes):
        styled.sample(w=np.zeros((2, 5)))
    with pytest.raises(ValueError, match=r"`n` must be the number of latents in `w`"):
        styled.sample(3, w=np.zeros((2, 6)))


def largest_first(matrix):
    """Unit eigenvectors in rows, the largest coordinate positive."""
    vectors = np.linalg.eigh(matrix)[1].T[::-1]
    return np.array([v * np.sign(v[abs(v).argmax()]) for v in vectors])


def test_sefa_of_styles_is_that_of_all_kernels_side_by_side():
    gan, _ = style_gan()
    synthesis = gan.generator.get_layer("synthesis")
    # Sums over the layers, with the equalised learning rate written out.
    products = [
        numpy(layer.style.kernel) @ numpy(layer.style.kernel).T / 6
        for layer in synthesis.layers
        if isinstance(layer, kgan.layers.ModulatedConv2D)
    ]
    assert len(products) == 5
    found = kgan.latents.directions(gan, n=6)
    np.testing.assert_allclose(found, largest_first(sum(products)), atol=1e-4)


@pytest.mark.slow
@pytest.mark.parametrize("num_classes", [None, 3])
def test_principal_directions_of_styles_are_those_of_mapped_latents(num_classes):
    gan, _ = style_gan(num_classes)
    z = np.random.default_rng(5).normal(size=(20_000, 6)).astype("float32")
    labels = np.arange(len(z)) % 3
    mapping = gan.generator.get_layer("mapping")
    w = numpy(mapping(z if num_classes is None else [z, labels]))[:, 0]
    expected = largest_first(np.cov(w.T))
    found = kgan.latents.directions(gan, n=2, method="principal")
    # Other random latents, so that the directions differ a little.
    np.testing.assert_allclose(abs((found * expected[:2]).sum(axis=1)), 1, atol=0.03)


def test_directions_of_styles_need_a_modulated_convolution():
    latents, styles = keras.Input((4,)), keras.Input((4,))
    mapping = keras.Model(latents, layers.Dense(4)(latents), name="mapping")
    synthesis = keras.Model(styles, layers.Dense(4)(styles), name="synthesis")
    generator = keras.Model(latents, synthesis(mapping(latents)))
    samples = keras.Input((4,))
    gan = kgan.GAN(generator, keras.Model(samples, layers.Dense(1)(samples)))
    with pytest.raises(ValueError, match=r"`kgan\.layers\.ModulatedConv2D`\. Received"):
        kgan.latents.directions(gan, n=1)
    # Styles of one layer: the mapping gives no axis of layers.
    assert gan.sample(w=gan.map_latents(3, seed=1)).shape == (3, 4)
    assert kgan.latents.directions(gan, n=2, method="principal").shape == (2, 4)
    with pytest.raises(ValueError, match="a style for each layer"):
        kgan.latents.style_mix(gan, np.zeros((1, 4)), np.zeros((1, 4)))


@pytest.mark.slow
def test_mixed_styles_are_coarse_first():
    gan, _ = style_gan()
    a, b = gan.map_latents(2, seed=1), gan.map_latents(3, seed=2)
    synthesis = gan.generator.get_layer("synthesis")
    for cut in (1, 2, 3):
        found = kgan.latents.style_mix(gan, a, b, cut)
        assert found.shape == (2, 3, 8, 8, 1)
        styles = np.array([[a[1]] * cut + [b[2]] * (4 - cut)])
        expected = numpy(synthesis(styles))[0]
        np.testing.assert_allclose(found[1, 2], expected, atol=1e-5)
    half = kgan.latents.style_mix(gan, a, np.repeat(b[:, None], 4, axis=1))
    np.testing.assert_array_equal(half, kgan.latents.style_mix(gan, a, b, 2))
    assert kgan.latents.style_mix(gan, a, b, as_uint8=True).dtype == "uint8"
    with pytest.raises(ValueError, match=r"`fine` must have shape.*fine\.shape=\(2, 5\)"):
        kgan.latents.style_mix(gan, a, np.zeros((2, 5)))
    with pytest.raises(ValueError, match=r"`cut` must be .* Received: cut=4"):
        kgan.latents.style_mix(gan, a, b, 4)


@pytest.mark.slow
@pytest.mark.parametrize("num_classes", [None, 3])
def test_projection_of_style_pictures_finds_mapped_latents(num_classes):
    gan, _ = style_gan(num_classes)
    labels = None if num_classes is None else np.array([2, 0, 2])
    w = gan.map_latents(3, seed=1, labels=labels)
    pictures = gan.sample(w=w)
    found = gan.project(pictures, labels, seed=2, steps=40)
    assert found.shape == (3, 6)
    start = gan.project(pictures, labels, seed=2, steps=1)
    before, after = (np.square(gan.sample(w=x) - pictures).mean() for x in (start, found))
    assert after < 0.2 * before
    z = gan.project(pictures, labels, seed=2, steps=2, space="z")
    assert np.isfinite(gan.sample(z=z, labels=labels)).all()


@pytest.mark.parametrize("end", [[1.0, np.nan], [np.inf, 0.0], "ab"], ids=str)
def test_a_path_leads_to_finite_latents_only(end):
    with pytest.raises(ValueError, match=r"`end` must be finite numbers.*Received: end="):
        kgan.latents.interpolate([1.0, 2.0], end)
