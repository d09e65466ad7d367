"""The transformations of ADA, compared with the definitions and numbers of its paper."""

import math

import keras
import numpy as np
import pytest
from helpers import numpy
from keras import ops

from kgan import augment, backend
from kgan.augment import image_filter, move, pixels
from kgan.backend import rows

RANDOM = np.random.default_rng(0)
POWER = np.array([10, 1, 1, 1]) / 13


@pytest.fixture
def seed():
    return keras.random.SeedGenerator(1)


def images(shape, count=20):
    return RANDOM.uniform(-1, 1, (count, *shape)).astype("float32")


def half():
    return ops.convert_to_tensor(0.5)


def check_normal(values, deviation):
    """Checks mean, deviation and the share within one deviation."""
    assert values.mean() == pytest.approx(0, abs=0.06 * deviation)
    assert values.std() == pytest.approx(deviation, rel=0.05)
    assert (abs(values) < deviation).mean() == pytest.approx(0.683, abs=0.03)


def check_uniform(angles):
    """Checks that angles are uniform on the circle, by the first two harmonics."""
    for harmonic in (1, 2):
        assert abs(np.exp(1j * harmonic * angles).mean()) < 0.05


def traced(augmentation, probability, seed, shape=(5000, 8, 10, 1)):
    """Returns the affine maps from the results to the sources, in pixels (x, y)."""
    x = ops.zeros(shape)
    rows, columns = augmentation.trace(x, *move._identity(), seed, probability)
    rows, columns = (numpy(form)[:, 0, 0] for form in (rows, columns))
    linear = np.stack([columns[:, [1, 0]], rows[:, [1, 0]]], axis=1)
    return linear, np.stack([columns[:, 2], rows[:, 2]], axis=1)


def test_geometry_has_the_deviations_of_the_paper(seed):
    linear, constant = traced(augment.Geometric(), 1.0, seed)
    # The map back to the source is the inverse of the transformation.
    check_normal(np.log2(np.linalg.det(linear)) / -2, 0.2)
    first, second = np.linalg.svd(linear)[1].T
    stretch = np.log2(first / second) / 2
    assert np.sqrt((stretch**2).mean()) == pytest.approx(0.2, rel=0.05)
    u, _, v = np.linalg.svd(linear)
    for rotation in (u, v):
        # A singular vector has no sign.
        check_uniform(2 * np.arctan2(rotation[:, 0, 1], rotation[:, 0, 0]))
    shift = -np.linalg.solve(linear, constant[..., None])[..., 0]
    check_normal(shift[:, 0] / 10, 0.125)
    check_normal(shift[:, 1] / 8, 0.125)


def test_geometry_happens_with_the_probability(seed):
    linear, constant = traced(augment.Geometric(), half(), seed)
    shifted = constant != 0
    assert shifted[:, 0].mean() == pytest.approx(0.5, abs=0.03)
    # One decision for both axes.
    np.testing.assert_array_equal(shifted[:, 0], shifted[:, 1])
    scaled = abs(np.log2(np.linalg.det(linear))) > 1e-5
    assert scaled.mean() == pytest.approx(0.5, abs=0.03)
    first, second = np.linalg.svd(linear)[1].T
    stretched = first / second > 1 + 1e-4
    assert stretched.mean() == pytest.approx(0.5, abs=0.03)
    turned = abs(linear[:, 0, 1]) > 1e-6
    # At least one of two rotations, where stretching hides none of them.
    assert turned[~stretched].mean() == pytest.approx(0.5, abs=0.03)


def test_blit_happens_with_the_probability(seed):
    linear, constant = traced(augment.Blit(), half(), seed, (8000, 16, 16, 1))
    flipped = np.linalg.det(linear) < 0
    assert flipped.mean() == pytest.approx(0.25, abs=0.03)
    linear[flipped, :, 0] *= -1
    turns = np.round(2 / np.pi * np.arctan2(linear[:, 1, 0], linear[:, 0, 0])) % 4
    shares = np.bincount(turns.astype(int), minlength=4) / len(turns)
    np.testing.assert_allclose(shares, [0.625, 0.125, 0.125, 0.125], atol=0.02)
    # round(U(-2, 2)): 0 and ±1 are as likely, ±2 half as likely.
    shares = np.bincount(abs(constant[:, 0]).astype(int)) / len(constant)
    np.testing.assert_allclose(shares, [0.625, 0.25, 0.125], atol=0.02)


def test_blit_does_not_leak(seed):
    # The mean of the images after the augmentation is a linear map of the mean before. If
    # the map is invertible, equal means after the augmentation are equal before.
    probability, basis = 0.6, np.eye(4, dtype="float32").reshape(4, 2, 2, 1)
    x = np.repeat(basis, 4000, axis=0)
    found = numpy(augment.Blit()(x, seed, ops.convert_to_tensor(probability)))
    found = found.reshape(4, 4000, 4).mean(axis=1).T

    def mixed(*maps):
        turned = [np.stack([m(b).ravel() for b in basis], axis=1) for m in maps]
        return (1 - probability) * np.eye(4) + probability * np.mean(turned, axis=0)

    flips = mixed(lambda b: b, lambda b: b[:, ::-1])
    turns = mixed(*[lambda b, k=k: np.rot90(b, k) for k in range(4)])
    # Shifts of at most 1/8 of 2 pixels are rounded to 0.
    np.testing.assert_allclose(found, turns @ flips, atol=0.04)
    smallest = np.linalg.svd(found)[1][-1]
    assert smallest == pytest.approx((1 - probability) ** 2, abs=0.05)


def test_colours_have_the_deviations_of_the_paper(seed):
    # One random map an image: of black, of white, and of a colour without grey.
    x = np.float32([[[0, 0, 0], [1, 1, 1], [1, 0, -1]]])
    found = numpy(augment.ColorTransform()(np.repeat(x[None], 5000, 0), seed))[:, 0]
    grey = found.mean(axis=2)
    scale = grey[:, 1] - grey[:, 0]
    np.testing.assert_allclose(grey[:, 2], grey[:, 0], atol=1e-5)
    check_normal(np.log2(abs(scale)), 0.5)
    assert (scale < 0).mean() == pytest.approx(0.5, abs=0.03)
    check_normal(grey[:, 0] / scale, 0.2)
    rest = found[:, 2] - grey[:, 2:]
    size = np.linalg.norm(rest, axis=1) / math.sqrt(2)
    check_normal(np.log2(size / abs(scale)), 1.0)
    along, across = rest @ [1, 0, -1], rest @ [1, -2, 1] / math.sqrt(3)
    check_uniform(np.arctan2(across, along))


def test_colours_happen_with_the_probability(seed):
    x = np.float32([[[0, 0, 0], [1, 1, 1], [1, 0, -1]]])
    found = augment.ColorTransform()(np.repeat(x[None], 5000, 0), seed, half())
    found = numpy(found)[:, 0]
    grey = found.mean(axis=2)
    scale = grey[:, 1] - grey[:, 0]
    rest = found[:, 2] - grey[:, 2:]
    size = np.linalg.norm(rest, axis=1) / math.sqrt(2) / abs(scale)
    across = rest @ [1, -2, 1]
    for changed, share in (
        (abs(grey[:, 0]) > 1e-6, 0.5),
        (abs(np.log2(abs(scale))) > 1e-5, 0.5),
        (scale < 0, 0.25),
        (abs(across) > 1e-5, 0.5),
        (abs(np.log2(size)) > 1e-5, 0.5),
    ):
        assert changed.mean() == pytest.approx(share, abs=0.03)


@pytest.mark.parametrize("channels", [2, 4])
def test_colours_leave_alpha_alone(channels):
    x = images((5, 5, channels))
    for augmentation in (
        augment.ColorTransform(),
        augment.AdditiveNoise(),
        augment.Color(),
        augment.Brightness(),
        augment.Saturation(),
        augment.Contrast(),
    ):
        both = [
            numpy(augmentation(part, keras.random.SeedGenerator(3)))
            for part in (x, x[..., :-1])
        ]
        np.testing.assert_array_equal(both[0][..., -1], x[..., -1])
        np.testing.assert_allclose(both[0][..., :-1], both[1], atol=1e-6)


def responses(frequency):
    """Returns the responses of the four bands, from Daubechies' wavelet of four taps."""
    root = math.sqrt(3)
    taps = np.array([1 + root, 3 + root, 3 - root, 1 - root]) / (4 * math.sqrt(2))

    def low(frequency):
        return abs(taps @ np.exp(1j * frequency * np.arange(4))) ** 2 / 2

    first, second, third = (low(frequency * step) for step in (1, 2, 4))
    return [
        first * second * third,
        first * second * (1 - third),
        first * (1 - second),
        1 - first,
    ]


@pytest.mark.parametrize("size", [2, 3, 8, 33])
def test_filter_bank_is_the_wavelet(size):
    bank = image_filter.filter_bank(size)
    np.testing.assert_allclose(bank.sum(axis=0), np.eye(size), atol=1e-6)
    # On lines that are continued by their reflection, a filter multiplies each cosine.
    for k in range(size):
        frequency = math.pi * k / (size - 1)
        wave = np.cos(frequency * np.arange(size))
        wanted = np.outer(responses(frequency), wave)
        np.testing.assert_allclose(bank @ wave, wanted, atol=1e-6)


def test_a_line_of_one_pixel_is_all_low():
    np.testing.assert_allclose(image_filter.filter_bank(1)[:, 0, 0], [1, 0, 0, 0])


def test_gains_keep_the_expected_power():
    for band in range(4):
        amplitudes = [1.0] * 4
        amplitudes[band] = 3.0
        found = np.array([float(g) for g in image_filter.gains(amplitudes)])
        assert POWER @ found**2 == pytest.approx(1)
        np.testing.assert_allclose(found / found[band - 1], amplitudes, rtol=1e-5)
    # Band after band, as in the paper.
    amplitudes = RANDOM.lognormal(size=4).tolist()
    wanted = np.ones(4)
    for band in range(4):
        single = np.ones(4)
        single[band] = amplitudes[band]
        wanted *= single / np.sqrt(POWER @ single**2)
    found = [float(g) for g in image_filter.gains(amplitudes)]
    np.testing.assert_allclose(found, wanted, rtol=1e-5)


def test_gains_of_one_give_the_image_back():
    x = ops.convert_to_tensor(images((9, 12, 3)))
    ones = [ops.ones((20, 1, 1, 1))] * 4
    np.testing.assert_allclose(
        numpy(image_filter.apply_gains(x, ones)), numpy(x), atol=2e-6
    )


def test_filter_multiplies_the_waves_of_an_image():
    gains = RANDOM.uniform(0.5, 2, (5, 4)).astype("float32")
    for i, j in ((0, 0), (3, 1), (8, 4)):
        down, right = math.pi * i / 8, math.pi * j / 10
        wave = np.outer(np.cos(down * np.arange(9)), np.cos(right * np.arange(11)))
        x = np.tile(wave[None, ..., None], (5, 1, 1, 2)).astype("float32")
        factors = [ops.reshape(g, (-1, 1, 1, 1)) for g in gains.T]
        found = numpy(image_filter.apply_gains(ops.convert_to_tensor(x), factors))
        scale = (gains @ responses(down)) * (gains @ responses(right))
        np.testing.assert_allclose(found, x * scale[:, None, None, None], atol=1e-5)


def test_filter_draws_as_the_paper(seed):
    # The mean of an image belongs to the lowest band, a chessboard to the highest.
    chess = (-1.0) ** np.add.outer(np.arange(4), np.arange(4))
    for probability in (1.0, half()):
        size = (20_000, 4)
        happens = RANDOM.random(size) < float(probability)
        amplitudes = 2 ** (RANDOM.standard_normal(size) * happens)
        gains = amplitudes / np.sqrt(
            np.prod(1 + POWER * (amplitudes**2 - 1), axis=1, keepdims=True)
        )
        for image, band in ((np.ones((4, 4)), 0), (chess, 3)):
            x = np.tile(image[..., None].astype("float32"), (5000, 1, 1, 1))
            found = numpy(augment.ImageFilter()(x, seed, probability))[:, 0, 0, 0]
            found, wanted = np.log2(found) / 2, np.log2(gains[:, band])
            for share in (0.1, 0.3, 0.5, 0.7, 0.9):
                assert np.quantile(found, share) == pytest.approx(
                    np.quantile(wanted, share), abs=0.1
                )
    unchanged = (found == 0).mean()
    assert unchanged == pytest.approx(0.5**4, abs=0.02)


def test_noise_has_the_strength_of_the_paper(seed):
    x = images((10, 10, 3), 3000)
    noise = numpy(augment.AdditiveNoise()(x, seed)) - x
    stddev = noise.std(axis=(1, 2, 3))
    # Half of a normal distribution.
    assert np.sqrt((stddev**2).mean()) == pytest.approx(0.1, rel=0.05)
    assert stddev.mean() == pytest.approx(0.1 * math.sqrt(2 / math.pi), rel=0.05)
    scores = noise / stddev[:, None, None, None]
    assert (abs(scores) < 1).mean() == pytest.approx(0.683, abs=0.01)
    assert scores.mean() == pytest.approx(0, abs=0.01)
    # Channels have their own noise.
    assert abs((scores[..., 0] * scores[..., 1]).mean()) < 0.02
    found = numpy(augment.AdditiveNoise()(x, seed, half()))
    assert (found != x).any(axis=(1, 2, 3)).mean() == pytest.approx(0.5, abs=0.04)


def test_whole_pipeline_passes_gradients(seed):
    ada = augment.ADA(pipeline="bgcfnc", initial=0.8)
    ada.build()
    x = ops.convert_to_tensor(images((8, 8, 3)))

    def value(x):
        return ops.square(ada(x, seed)), ()

    _, gradient = backend.pullback(value, x)
    found = numpy(gradient())
    assert np.isfinite(found).all()
    # In each image, the cutout hides at most half of the width and of the height.
    assert (abs(found).max(axis=(1, 2, 3)) > 0).all()


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_whole_pipeline_keeps_the_dtype(dtype, seed):
    ada = augment.ADA(pipeline="bgcfnc", initial=0.8)
    x = ops.cast(images((8, 8, 4)), dtype)
    found = ada(x, seed)
    assert keras.backend.standardize_dtype(found.dtype) == dtype
    assert np.isfinite(numpy(ops.cast(found, "float32"))).all()


def take(x, index, weights):
    return backend.take_rows(x, index[0])


def blend(x, index, weights):
    return backend.blend_rows(x, index, weights)


def blend_on_a_gpu(x, index, weights):
    return rows.blend(backend.take_rows, x, index, weights)


@pytest.mark.parametrize("read", [take, blend, blend_on_a_gpu])
def test_rows_are_read_and_differentiated_twice(read):
    x = RANDOM.normal(size=(3, 5, 2)).astype("float32")
    index = RANDOM.integers(0, 5, (3, 3, 7)).astype("int32")
    weights = RANDOM.normal(size=(3, 3, 7)).astype("float32")
    if read is take:
        weights[:] = [[[1]], [[0]], [[0]]]
    tensors = [list(map(ops.convert_to_tensor, list(a))) for a in (index, weights)]
    # The derivative of a result with respect to the rows that it is made of.
    matrix = np.zeros((3, 7, 5))
    for b, i, k in np.ndindex(3, 7, 3):
        matrix[b, i, index[k, b, i]] += weights[k, b, i]
    expected = matrix @ x
    found = read(ops.convert_to_tensor(x), *tensors)
    np.testing.assert_allclose(numpy(found), expected, rtol=1e-5, atol=1e-6)

    factors = RANDOM.normal(size=(3, 7, 2)).astype("float32")

    def squared_slope(scale):
        def value(x):
            return ops.sum(ops.multiply(factors, read(scale * x, *tensors) ** 3)), ()

        _, gradient = backend.pullback(value, ops.convert_to_tensor(x))
        return ops.sum(gradient() ** 2), ()

    slope = np.swapaxes(matrix, 1, 2) @ (3 * factors * expected**2)
    # The slope grows with the third power of the scale, its square with the sixth.
    _, gradient = backend.pullback(squared_slope, ops.convert_to_tensor(1.0))
    np.testing.assert_allclose(numpy(gradient()), 6 * (slope**2).sum(), rtol=1e-4)


@pytest.mark.backends("tensorflow", reason="it has steps with and without XLA")
def test_pixels_are_interpolated_alike_in_a_step_that_xla_compiles():
    import tensorflow as tf

    x = tf.constant(images((6, 8, 3)))
    positions = [
        tf.constant(RANDOM.uniform(-9, 9, (20, 6, 8, 1)).astype("float32"))
        for _ in range(2)
    ]
    compiled = tf.function(pixels.interpolate, jit_compile=True)(x, *positions)
    found = pixels.interpolate(x, *positions)
    np.testing.assert_allclose(numpy(compiled), numpy(found), atol=1e-6)
