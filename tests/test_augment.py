"""Augmentations, compared with loops and matrices in numpy on the same random numbers."""

import contextlib
import functools
import inspect
import math

import keras
import numpy as np
import pytest
from helpers import numpy, public_classes
from keras import ops

import kgan
from kgan import augment, backend
from kgan.augment import draw, pixels

BACKEND = keras.backend.backend()
RANDOM = np.random.default_rng(0)
SHAPES = [(5, 7, 3), (8, 8, 1), (6, 6, 3), (1, 4, 2)]


def shapes(test):
    """Runs a test for each shape; separate cases of pytest would take a minute."""

    def run(draws, **arguments):
        for shape in SHAPES:
            draws.restart()
            test(draws, shape, **arguments)

    # So that pytest asks for the other arguments only.
    signature = inspect.signature(test)
    parameters = [p for p in signature.parameters.values() if p.name != "shape"]
    run.__signature__ = signature.replace(parameters=parameters)
    return run


# Every augmentation, here with other arguments than the defaults where the tests need
# them; `names()` adds the ones that are missing.
ALL = {
    "brightness": augment.Brightness(),
    "saturation": augment.Saturation(),
    "contrast": augment.Contrast(),
    "translation": augment.Translation(0.3),
    "compose": augment.Compose([augment.Flip(), augment.Cutout(0.3)], 0.7),
    "blit": augment.Blit(),
    "geometric": augment.Geometric(),
    "transform": augment.ColorTransform(),
    "filter": augment.ImageFilter(),
    "noise": augment.AdditiveNoise(),
    "ada": augment.ADA(initial=0.8),
}
ALL |= {name: augment.get(name) for name in augment.names() if name not in ALL}


def images(shape, count=20):
    return RANDOM.uniform(-1, 1, (count, *shape)).astype("float32")


@pytest.fixture
def seed():
    return keras.random.SeedGenerator(1)


class Draws:
    """Replaces Keras' random numbers by numpy's, which `restart` repeats."""

    def __init__(self, monkeypatch):
        monkeypatch.setattr(keras.random, "uniform", self.uniform)
        monkeypatch.setattr(keras.random, "normal", self.normal)
        self.restart()

    def restart(self):
        self.random = np.random.default_rng(5)
        self.kept = []

    def keep(self, values, dtype):
        # In float32, so that the test computes with the same values as the augmentation.
        self.kept.append(np.asarray(values, "float32"))
        return ops.convert_to_tensor(self.kept[-1], dtype=dtype)

    def uniform(self, shape, seed=None, dtype=None):
        return self.keep(self.random.random(shape), dtype)

    def normal(self, shape, seed=None, dtype=None):
        return self.keep(self.random.standard_normal(shape), dtype)

    def flat(self):
        """Returns each random number of the samples, as an array `(samples,)`."""
        return [row for kept in self.kept for row in kept.reshape(len(kept), -1).T]


@pytest.fixture
def draws(monkeypatch):
    return Draws(monkeypatch)


@pytest.mark.parametrize("strength", [0.4, 1.0, 2.0])
@shapes
def test_diffaugment_colours(draws, shape, strength):
    x = images(shape)
    axes = {augment.Contrast: (0, 1, 2), augment.Saturation: (2,)}
    for kind in (augment.Brightness, augment.Contrast, augment.Saturation):
        draws.restart()
        found = numpy(kind(strength)(x))
        (u,) = draws.flat()
        colors = x
        if shape[-1] == 2:
            # The second of two channels is alpha.
            np.testing.assert_array_equal(found[..., 1:], x[..., 1:])
            found, colors = found[..., :1], x[..., :1]
        for image, changed, number in zip(colors, found, u, strict=True):
            if kind is augment.Brightness:
                wanted = image + strength * (number - 0.5)
            else:
                mean = image.mean(axes[kind], keepdims=True)
                wanted = image * (1 + strength * (number - 0.5))
                wanted += mean * strength * (0.5 - number)
            np.testing.assert_allclose(changed, wanted, atol=1e-6)


def test_strengths_of_the_paper_are_the_defaults():
    # Its code: u - 1/2, 2 u and u + 1/2.
    strengths = [augment.Brightness(), augment.Saturation(), augment.Contrast()]
    assert [part.strength for part in strengths] == [1, 2, 1]
    assert augment.Color().augmentations == strengths


@pytest.mark.parametrize("ratio", [0.0, 0.125, 0.5, 1.0])
@shapes
def test_translation_moves_pixels_and_fills_with_zeros(draws, shape, ratio):
    x = images(shape)
    found = numpy(augment.Translation(ratio)(x))
    height, width = shape[:2]
    most = [int(size * ratio + 0.5) for size in (height, width)]
    pairs = zip(draws.flat(), most, strict=True)
    shifts = [np.floor(u * (2 * m + 1)).astype(int) - m for u, m in pairs]
    for image, moved, down, right in zip(x, found, *shifts, strict=True):
        wanted = np.zeros_like(image)
        for row in range(height):
            for column in range(width):
                if 0 <= row + down < height and 0 <= column + right < width:
                    wanted[row + down, column + right] = image[row, column]
        np.testing.assert_array_equal(moved, wanted)


def test_all_shifts_of_translation_are_as_likely(seed):
    x = np.ones((4000, 1, 8, 1), "float32")
    x[..., 3, 0] = 2
    found = numpy(augment.Translation(0.25)(x, seed))[:, 0, :, 0].argmax(axis=1)
    counts = np.bincount(found, minlength=8)
    assert (counts[[0, 6, 7]] == 0).all()
    np.testing.assert_allclose(counts[1:6], 800, atol=120)


@pytest.mark.parametrize("ratio", [0.0, 0.2, 0.5, 1.0])
@shapes
def test_cutout_zeroes_a_box(draws, shape, ratio):
    x = images(shape)
    found = numpy(augment.Cutout(ratio)(x))
    sides = [int(size * ratio + 0.5) for size in shape[:2]]
    sizes = zip(draws.flat(), shape, sides, strict=False)
    firsts = [np.floor(u * (n + 1 - s % 2)).astype(int) - s // 2 for u, n, s in sizes]
    for image, cut, top, left in zip(x, found, *firsts, strict=True):
        wanted = image.copy()
        wanted[max(top, 0) : top + sides[0], max(left, 0) : left + sides[1]] = 0
        np.testing.assert_array_equal(cut, wanted)


def test_every_pixel_may_be_cut(seed):
    found = numpy(augment.Cutout(0.5)(np.ones((4000, 5, 6, 1), "float32"), seed))
    share = (found == 0).mean(axis=0)[..., 0]
    # By symmetry; in the middle the box of 3 x 3 has 3 x 3 of 5 x 6 centres.
    np.testing.assert_allclose(share, share[::-1, ::-1], atol=0.04)
    np.testing.assert_allclose(share[2, 2], 9 / 30, atol=0.03)


def test_noise_is_gaussian_for_any_rank(seed):
    for shape in [(3,), (4, 5, 1), (2, 2, 2, 2)]:
        x = np.full((3000, *shape), 0.5, "float32")
        noise = numpy(augment.InstanceNoise(0.3)(x, seed)) - x
        np.testing.assert_allclose(noise.std(axis=0), 0.3, atol=0.02)
        np.testing.assert_allclose(noise.mean(axis=0), 0, atol=0.03)
        np.testing.assert_allclose((np.abs(noise) < 0.3).mean(), 0.683, atol=0.02)


@shapes
def test_blit_only_moves_pixels(draws, shape):
    x = images(shape)
    found = numpy(augment.Blit()(x))
    height, width = shape[:2]
    flips, quarters, halves, *kept = draws.flat()
    turns = 2 * (halves < 0.5) - 1 * (quarters < 0.5)
    if height != width:
        turns = 0 * turns
    shifts = [np.round((2 * u - 1) * n / 8) for u, n in zip(kept, shape[:2], strict=True)]
    pad = [(height, height), (width, width), (0, 0)]
    for i, image in enumerate(x):
        wanted = np.rot90(image[:, ::-1] if flips[i] < 0.5 else image, turns[i])
        wanted = np.pad(wanted, pad, mode="reflect")
        top, left = height - int(shifts[0][i]), width - int(shifts[1][i])
        wanted = wanted[top : top + height, left : left + width]
        np.testing.assert_array_equal(found[i], wanted)


def test_all_quarter_turns_are_as_likely(seed):
    x = np.zeros((4000, 3, 3, 1), "float32")
    x[:, 0, 0] = 1
    found = numpy(augment.Blit()(x, seed)).mean(axis=0)[..., 0]
    np.testing.assert_allclose(found[::2, ::2], 0.25, atol=0.03)


def test_flip_mirrors_half_left_to_right(seed):
    x = images((4, 5, 3), 1000)
    found = numpy(augment.Flip()(x, seed))
    mirrored = (found == x[:, :, ::-1]).all(axis=(1, 2, 3))
    assert (mirrored | (found == x).all(axis=(1, 2, 3))).all()
    assert mirrored.mean() == pytest.approx(0.5, abs=0.06)


def translation(right, down):
    return np.array([[1, 0, right], [0, 1, down], [0, 0, 1]])


def scaling(wide, high):
    return np.diag([wide, high, 1.0])


def rotation(angle):
    cos, sin = np.cos(angle), np.sin(angle)
    return np.array([[cos, -sin, 0], [sin, cos, 0], [0, 0, 1]])


def resampled(image, matrix):
    """Moves pixels by `matrix` about the middle, and interpolates bilinearly."""
    height, width, _ = image.shape
    far = 12 * max(height, width)
    padded = np.pad(image, [(far, far), (far, far), (0, 0)], mode="reflect")
    result, back = np.zeros_like(image), np.linalg.inv(matrix)
    middle = np.array([(width - 1) / 2, (height - 1) / 2, 0])
    for row in range(height):
        for column in range(width):
            source = back @ (np.array([column, row, 1]) - middle) + middle
            x, y = source[0] + far, source[1] + far
            i, j = math.floor(y), math.floor(x)
            for k, share_y in ((i, 1 - (y - i)), (i + 1, y - i)):
                for m, share_x in ((j, 1 - (x - j)), (j + 1, x - j)):
                    result[row, column] += share_y * share_x * padded[k, m]
    return result


@shapes
def test_geometric_is_the_affine_map_of_the_paper(draws, shape):
    x = images(shape)
    found = numpy(augment.Geometric()(x))
    numbers = np.stack(draws.flat(), axis=1).astype(float)
    for i, image in enumerate(x):
        matrix = geometric_matrix(shape, *numbers[i])
        np.testing.assert_allclose(found[i], resampled(image, matrix), atol=2e-5)


def geometric_matrix(shape, zoom, stretch, down, right, before, after):
    return (
        translation(right * shape[1] / 8, down * shape[0] / 8)
        @ rotation(2 * math.pi * after)
        @ scaling(2 ** (0.2 * stretch), 2 ** (-0.2 * stretch))
        @ rotation(2 * math.pi * before)
        @ scaling(*[2 ** (0.2 * zoom)] * 2)
    )


def test_neighbouring_moves_are_one_resampling(draws):
    shape = (6, 6, 3)
    x = images(shape)
    found = numpy(augment.ADA(pipeline="bg").transform(x))
    # The last move is traced back first.
    numbers = np.stack(draws.flat(), axis=1).astype(float)
    for i, image in enumerate(x):
        flip, quarter, half, down, right = numbers[i, 6:]
        matrix = (
            geometric_matrix(shape, *numbers[i, :6])
            @ translation(round((2 * right - 1) * 6 / 8), round((2 * down - 1) * 6 / 8))
            @ rotation(math.pi * ((quarter < 0.5) / 2 + (half < 0.5)))
            @ scaling(-1 if flip < 0.5 else 1, 1)
        )
        np.testing.assert_allclose(found[i], resampled(image, matrix), atol=2e-5)


def test_either_rotation_has_the_probability(monkeypatch, seed):
    asked = []
    monkeypatch.setattr(
        draw,
        "happens",
        lambda x, seed, p, count: asked.append((float(p), count)) or count * [1.0],
    )
    augment.Geometric()(images((4, 4, 1)), seed, ops.convert_to_tensor(0.36))
    np.testing.assert_allclose(asked, [(0.36, 3), (0.2, 2)], rtol=1e-5)


@pytest.mark.parametrize("size", [1, 2, 5])
def test_reflection_is_that_of_numpy(size):
    wanted = np.pad(np.arange(size), 3 * size, mode="reflect")
    positions = ops.arange(-3.0 * size, 4.0 * size)
    np.testing.assert_array_equal(numpy(pixels.reflect(positions, size)), wanted)


AXIS = np.array([1, 1, 1, 0]) / np.sqrt(3)
GREY = np.outer(AXIS, AXIS)


def lift(b):
    matrix = np.eye(4)
    matrix[:3, 3] = b
    return matrix


def turn(angle):
    # By the matrix' exponential, as a series.
    x, y, z, _ = AXIS * angle
    generator = np.zeros((4, 4))
    generator[:3, :3] = [[0, -z, y], [z, 0, -x], [-y, x, 0]]
    term, total = np.eye(4), np.eye(4)
    for n in range(1, 40):
        term = term @ generator / n
        total = total + term
    return total


@shapes
def test_colour_transform_is_the_matrices_of_the_paper(draws, shape):
    x = images(shape)
    found = numpy(augment.ColorTransform()(x))
    channels = shape[-1]
    numbers = np.stack(draws.flat(), axis=1).astype(float)
    for i, image in enumerate(x):
        b, c, saturation, flip, hue = numbers[i]
        matrix = np.diag([2 ** (c / 2)] * 3 + [1]) @ lift(b * 0.2)
        matrix = (np.eye(4) - 2 * (flip < 0.5) * GREY) @ matrix
        if channels == 3:
            matrix = turn(2 * math.pi * hue) @ matrix
            matrix = (GREY + (np.eye(4) - GREY) * 2**saturation) @ matrix
            # The bottom right belongs to no colour.
            matrix[3] = [0, 0, 0, 1]
            ones = np.ones((*shape[:2], 1))
            wanted = (np.concatenate([image, ones], -1) @ matrix.T)[..., :3]
        else:
            # On grey, all three rows do the same.
            wanted = image * matrix[0, :3].sum() + matrix[0, 3]
            # The second of two channels is alpha.
            wanted[..., 1:] = image[..., 1:]
        np.testing.assert_allclose(found[i], wanted, atol=2e-5)


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_shape_and_dtype_stay(dtype, seed):
    for name, augmentation in ALL.items():
        for shape in SHAPES[-2:]:
            augmentation.check(shape)
            x = ops.cast(images(shape), dtype)
            found = augmentation(x, seed)
            assert tuple(found.shape) == x.shape and found.dtype == x.dtype, name
            assert np.isfinite(numpy(ops.cast(found, "float32"))).all(), name


def test_without_probability_nothing_changes(seed):
    x = images((6, 6, 3))
    for name, augmentation in ALL.items():
        for probability in (0, 0.0, ops.zeros(())):
            found = numpy(augmentation(x, seed, probability))
            np.testing.assert_array_equal(found, x, name)


def changed(augmentation, seed, probability=1.0, count=800):
    x = images((6, 6, 3), count)
    return (numpy(augmentation(x, seed, probability)) != x).any(axis=(1, 2, 3))


def test_half_the_samples_at_a_probability_of_a_half(seed):
    for name in ("brightness", "saturation", "contrast", "cutout", "instance_noise"):
        assert changed(ALL[name], seed).all()
        for probability in (0.5, ops.convert_to_tensor(0.5)):
            share = changed(ALL[name], seed, probability).mean()
            assert share == pytest.approx(0.5, abs=0.07)


def test_probabilities_multiply_and_may_be_scheduled(seed):
    assert changed(augment.Cutout(probability=0.5), seed, 0.5).mean() == pytest.approx(
        0.25, abs=0.06
    )
    schedule = kgan.schedules.Linear(0.0, 1.0, images=100)
    scheduled = augment.Compose([augment.Brightness(probability=schedule)])
    for seen, wanted in ((0, 0), (30, 0.3), (200, 1)):
        share = changed(kgan.schedules.at(scheduled, seen), seed).mean()
        assert share == pytest.approx(wanted, abs=0.07)


def test_options_may_be_scheduled(seed):
    schedule = kgan.schedules.Linear(0.0, 0.5, images=100)
    for kind in (
        augment.Brightness,
        augment.Saturation,
        augment.Contrast,
        augment.Translation,
        augment.Cutout,
        augment.InstanceNoise,
        augment.AdditiveNoise,
        augment.ImageFilter,
    ):
        x = images((9, 9, 3))
        at = [kgan.schedules.at(kind(schedule), seen) for seen in (0, 100)]
        np.testing.assert_allclose(numpy(at[0](x, seed)), x, atol=1e-6)
        one, other = (a(x, keras.random.SeedGenerator(3)) for a in (at[1], kind(0.5)))
        np.testing.assert_allclose(numpy(one), numpy(other), atol=1e-6)


def test_parts_happen_independently(seed):
    @keras.saving.register_keras_serializable("tests")
    class Set(augment.Augmentation):
        def transform(self, x, seed=None):
            return ops.concatenate([x[:, :1], ops.ones_like(x[:, 1:])], axis=1)

    @keras.saving.register_keras_serializable("tests")
    class SetFirst(augment.Augmentation):
        def transform(self, x, seed=None):
            return ops.concatenate([ops.ones_like(x[:, :1]), x[:, 1:]], axis=1)

    both = augment.Compose([Set(), SetFirst(0.6)], 0.5)
    found = numpy(both(np.zeros((2000, 2), "float32"), seed))
    np.testing.assert_allclose(found.mean(axis=0), [0.3, 0.5], atol=0.05)
    assert found.prod(axis=1).mean() == pytest.approx(0.15, abs=0.03)


def test_samples_are_augmented_each_in_its_own_way(seed):
    x = np.repeat(images((6, 6, 3), 1), 20, axis=0)
    for name in set(ALL) - {"flip"}:
        found = numpy(ALL[name](x, seed)).reshape(20, -1)
        assert len(np.unique(found, axis=0)) > 5, name


def test_a_seed_draws_anew_and_the_same_again():
    x = images((6, 6, 3))
    runs = []
    for _ in range(2):
        seed = keras.random.SeedGenerator(7)
        runs.append([numpy(ALL["diffaugment"](x, seed)) for _ in range(2)])
    np.testing.assert_array_equal(runs[0], runs[1])
    assert np.abs(runs[0][0] - runs[0][1]).max() > 0.1


@contextlib.contextmanager
def float64(monkeypatch):
    # On JAX and PyTorch Keras takes means in float32 at most.
    def mean(x, axis=None, keepdims=False):
        total = ops.sum(x, axis=axis, keepdims=keepdims)
        return total * (np.prod(total.shape) / np.prod(x.shape))

    monkeypatch.setattr(ops, "mean", mean)
    with contextlib.ExitStack() as stack:
        keras.config.set_floatx("float64")
        stack.callback(keras.config.set_floatx, "float32")
        if BACKEND == "jax":
            import jax

            stack.enter_context(jax.enable_x64(True))
        yield


def test_first_and_second_derivatives(draws, monkeypatch):
    with float64(monkeypatch):
        for name in ALL:
            check_derivatives(name, draws)


def check_derivatives(name, draws):
    x, along, weights = (RANDOM.normal(size=(20, 5, 5, 3)) for _ in range(3))
    tensor = ops.convert_to_tensor
    x, offset = tensor(x), keras.Variable(0 * x, dtype="float64")

    def value(x):
        draws.restart()
        y = ALL[name](x + offset)
        return ops.sum(tensor(weights) * y * y * y / 3), ()

    def slope(x):
        _, gradient = backend.pullback(value, x)
        return ops.sum(gradient() * tensor(along)), ()

    for function in (value, slope):
        _, (exact,) = backend.value_and_grad(functools.partial(function, x), [offset])
        sides = []
        for step in (1e-5, -1e-5):
            offset.assign(step * along)
            sides.append(float(numpy(ops.stop_gradient(function(x)[0]))))
        offset.assign(0 * along)
        wanted = (sides[0] - sides[1]) / 2e-5
        assert np.sum(numpy(exact) * along) == pytest.approx(wanted, rel=1e-6), name
        assert abs(wanted) > 1e-3


@keras.saving.register_keras_serializable("tests")
class Augmented(keras.layers.Layer):
    def __init__(self, augmentation):
        super().__init__()
        self.augmentation = augmentation
        self.seed = keras.random.SeedGenerator(2)

    def call(self, x):
        return self.augmentation(x, self.seed)

    def compute_output_shape(self, shape):
        return shape


def test_compiled():
    model = keras.Sequential([Augmented(augment.Geometric())])
    # PyTorch has no graphs here.
    model.compile(jit_compile=BACKEND != "torch")
    x = images((6, 5, 3))
    found = model.predict(x, batch_size=20, verbose=0)
    assert found.shape == x.shape and np.abs(found - x).max() > 0.1
    assert np.abs(found).max() < 8


MANY = augment.Compose(
    [augment.Cutout(), augment.InstanceNoise(), augment.ADA(pipeline="g", initial=0.5)]
)


@pytest.mark.backends("tensorflow", reason="of its graphs")
def test_graph_of_unknown_batch_size_differentiates_twice(seed):
    import tensorflow as tf

    @tf.function(input_signature=[tf.TensorSpec((None, 6, 5, 3))])
    def curvature(x):
        with tf.GradientTape() as outer:
            outer.watch(x)
            with tf.GradientTape() as inner:
                inner.watch(x)
                y = tf.reduce_sum(MANY(x, seed) ** 2)
            gradient = inner.gradient(y, x)
            norm = tf.reduce_sum(gradient**2)
        return outer.gradient(norm, x)

    MANY.build()
    for count in (3, 7):
        assert curvature(images((6, 5, 3), count)).shape == (count, 6, 5, 3)


def value(ada):
    return {name: float(numpy(tensor)) for name, tensor in ada.logs().items()}


def test_p_follows_the_sign_of_the_logits_by_the_exact_amount():
    ada = augment.ADA(target=0.5, images=10_000, initial=0.4)
    ada.build()
    logits = np.float32([[3], [0.1], [9], [-2]])  # Signs of mean 1/2.
    p, r = 0.4, 0.0
    for sign in (1, 1, -1, 1, 1, 1):
        ada.update(ops.convert_to_tensor(sign * logits), 64)
        # A quarter of 256 reals is new.
        r = 0.75 * r + 0.25 * sign * 0.5
        p += (1 if r > 0.5 else -1) * 64 / 10_000
        assert value(ada) == pytest.approx({"augment_p": p, "augment_r": r}, abs=1e-6)
    for _ in range(30):
        ada.update(ops.ones((4, 1)), ops.convert_to_tensor(64))
    assert value(ada)["augment_p"] > p


def test_p_rises_when_the_discriminator_overfits_and_stays_in_bounds():
    ada = augment.ADA(images=1000)
    ada.build()
    found = []
    for real in [1.0] * 10 + [-1.0] * 10:
        ada.update(ops.full((512, 1), real), 100 if real > 0 else 512)
        found.append(value(ada)["augment_p"])
    # r after n updates is 1 - (1 - 100 / 256)^n: above 0.6 from the second on.
    wanted = [0, *np.arange(0.1, 0.8, 0.1), 0.8, 0.8, 0.8 - 0.512, *[0] * 9]
    np.testing.assert_allclose(found, wanted, atol=1e-6)


def test_a_whole_window_is_its_own_mean():
    ada = augment.ADA()
    ada.update(ops.convert_to_tensor(np.float32([[1], [1], [1], [-1]])), 1000)
    assert value(ada)["augment_r"] == pytest.approx(0.5)


def test_ada_applies_its_stages_by_p(seed):
    for p in (0.0, 0.3, 0.8):
        ada = augment.ADA(pipeline=augment.Brightness(), initial=p)
        ada.build()
        assert changed(ada, seed).mean() == pytest.approx(p, abs=0.06)
    ada._variables[0].assign(0.5)
    assert changed(ada, seed, 0.5).mean() == pytest.approx(0.25, abs=0.06)


def test_stages_of_ada():
    kinds = [augment.Blit, augment.Geometric, augment.ColorTransform]
    assert augment.ADA().stages.augmentations == [kind() for kind in kinds]
    for pipeline, wanted in {
        "cb": [augment.ColorTransform, augment.Blit],
        "cc": [augment.ColorTransform, augment.Cutout],
        "bgcfnc": [*kinds, augment.ImageFilter, augment.AdditiveNoise, augment.Cutout],
    }.items():
        parts = augment.ADA(pipeline=pipeline).stages.augmentations
        assert parts == [kind() for kind in wanted], pipeline


def test_variables_are_made_once_and_shared_by_copies():
    noise = augment.InstanceNoise(kgan.schedules.Linear(0.2, 0.0, images=10))
    ada = augment.ADA(pipeline=noise, initial=0.25)
    both = augment.Compose([noise, ada])
    assert both.variables == []
    copy = kgan.schedules.at(both, 5)
    assert copy is not both and copy.augmentations[1] is not ada
    both.build()
    both.build()
    assert [v.name for v in both.variables] == ["augment_p", "augment_r"]
    for mine, other in zip(copy.variables, both.variables, strict=True):
        assert mine is other and not mine.trainable and mine.dtype == "float32"
    copy.update(ops.ones((4, 1)), 256)
    assert value(both) == value(ada) == value(copy)
    assert value(both)["augment_p"] == pytest.approx(0.25 + 256 / 500_000, abs=1e-7)
    assert augment.DiffAugment().variables == [] and augment.DiffAugment().logs() == {}
    assert augment.Flip().build() is None and augment.Flip().update(None, 3) is None


SCHEDULE = kgan.schedules.Linear(0.1, 0.9, images=10)
OBJECTS = [
    *ALL.values(),
    augment.Brightness(0.5, 0.3),
    augment.Saturation(SCHEDULE, SCHEDULE),
    augment.DiffAugment("cutout, flip", 0.5),
    augment.InstanceNoise(SCHEDULE),
    augment.ADA(0.5, 100_000, "bg", 0.1, 0.7),
    augment.ADA(pipeline=augment.DiffAugment("color")),
    augment.Compose([augment.Compose([augment.Flip()]), augment.ADA()], 0.5),
]


def test_configs_make_the_same_object():
    for obj in OBJECTS:
        check_config(obj)


def check_config(obj):
    # Equality is that of configs, so that one left out would not be missed by it.
    assert set(obj.get_config()) == set(inspect.signature(type(obj)).parameters)
    config = keras.saving.serialize_keras_object(obj)
    restored = keras.saving.deserialize_keras_object(config)
    assert restored == obj == type(obj).from_config(obj.get_config())
    assert keras.saving.serialize_keras_object(restored) == config
    assert config["registered_name"].startswith("kgan>")
    assert eval(repr(obj), vars(augment) | vars(kgan.schedules)) == obj
    assert augment.get(config) == augment.get(obj) == obj


def test_names_are_those_of_the_classes():
    assert {"ada", "diffaugment"} < set(augment.names())
    for name in augment.names():
        part = augment.get(name)
        assert vars(type(part))["name"] == name
        assert getattr(augment, type(part).__name__) is type(part)
    classes = set(public_classes(augment, augment.Augmentation))
    assert classes == {type(part) for part in ALL.values()}


def test_get_resolves():
    assert augment.get(None) is None
    assert augment.get("ada") == augment.ADA()
    assert augment.get("diffaugment") == augment.DiffAugment()
    assert augment.get("flip") == augment.Flip()
    parts = [augment.Flip(), "diffaugment"]
    wanted = augment.Compose([augment.Flip(), augment.DiffAugment()])
    assert augment.get(parts) == augment.get(tuple(parts)) == wanted


NUMBER_OF_0_TO_1 = r"must be a number of 0 to 1, or a schedule\. Received: "
BAD = {
    "policy": (
        lambda: augment.DiffAugment("color,cut"),
        r"color, cutout, flip, translation.*Received: policy='color,cut'$",
    ),
    "no policy": (lambda: augment.DiffAugment(""), r"Received: policy=''$"),
    "policy of no text": (lambda: augment.DiffAugment(3), r"Received: policy=3$"),
    "name": (
        lambda: augment.get("mixup"),
        r"ada, color, cutout, diffaugment.*Received: augment='mixup'",
    ),
    "list": (lambda: augment.get(["ada", 3]), r"Received: augment=3"),
    "none in a list": (lambda: augment.get([None]), r"Received: augment=None"),
    "none in compose": (
        lambda: augment.Compose([None]),
        r"Received: augmentations=\[None\]",
    ),
    "empty": (lambda: augment.get([]), r"at least one.*Received: augmentations=\[\]"),
    "class": (lambda: augment.Compose([augment.Flip]), r"Received: augmentations=\[<cl"),
    "probability": (
        lambda: augment.Flip(1.5),
        rf"`probability` {NUMBER_OF_0_TO_1}probability=1.5",
    ),
    "bool": (
        lambda: augment.Flip(True),
        rf"`probability` {NUMBER_OF_0_TO_1}probability=True",
    ),
    "brightness": (lambda: augment.Brightness(-1), r"`strength`.*: strength=-1"),
    "saturation": (lambda: augment.Saturation(2.5), r"0 to 2.*: strength=2.5"),
    "contrast": (lambda: augment.Contrast(2.5), r"0 to 2.*: strength=2.5"),
    "translation": (lambda: augment.Translation(1.1), r"`ratio`.*: ratio=1.1"),
    "cutout": (lambda: augment.Cutout(-0.1), r"`ratio`.*: ratio=-0.1"),
    "stddev": (lambda: augment.InstanceNoise(-0.1), r"`stddev`.*: stddev=-0.1"),
    "filter": (lambda: augment.ImageFilter(-0.1), r"`stddev`.*: stddev=-0.1"),
    "noise": (lambda: augment.AdditiveNoise(-0.1), r"`stddev`.*: stddev=-0.1"),
    "target": (lambda: augment.ADA(target=2), r"`target`.*-1 to 1.*: target=2"),
    "images": (lambda: augment.ADA(images=0), r"`images`.*: images=0"),
    "infinite": (lambda: augment.ADA(images=float("inf")), r"`images`.*: images=inf"),
    "scheduled": (
        lambda: augment.ADA(target=kgan.schedules.Linear(0, 1, 9)),
        r"`target`.*: target=Linear",
    ),
    "initial": (lambda: augment.ADA(initial=0.9), r"`initial`.*0 to 0.8.*: initial=0.9"),
    "maximum": (lambda: augment.ADA(maximum=1.1), r"`maximum`.*0 to 1.*: maximum=1.1"),
    "maximum of no number": (
        lambda: augment.ADA(maximum=True),
        r"`maximum`.*0 to 1.*: maximum=True",
    ),
    "pipeline": (
        lambda: augment.ADA(pipeline="bgx"),
        r"letters b, g, c, f, n.*Received: pipeline='bgx'",
    ),
    "third c": (lambda: augment.ADA(pipeline="ccc"), r"Received: pipeline='ccc'"),
    "no pipeline": (lambda: augment.ADA(pipeline=""), r"Received: pipeline=''"),
    "list of letters": (
        lambda: augment.ADA(pipeline=["b"]),
        r"Received: pipeline=\['b'\]",
    ),
}


def test_wrong_arguments_are_refused():
    for case, (build, message) in BAD.items():
        with pytest.raises(ValueError, match=message):
            build()
            pytest.fail(case)


def test_samples_that_are_no_images_are_refused():
    for name in set(ALL) - {"instance_noise"}:
        for shape in ((2,), (4, 4), (None, 4, 1), (4, 4, None), (4, 4, 4, 3)):
            with pytest.raises(
                ValueError, match=r"\(height, width, ch.*Received: sample"
            ):
                ALL[name].check(shape)


def test_noise_takes_samples_of_any_known_shape():
    ALL["instance_noise"].check((2,))
    with pytest.raises(ValueError, match=r"Received: sample_shape=\(None, 2\)"):
        ALL["instance_noise"].check((None, 2))


def test_names_are_taken_in_place_of_augmentations():
    named = augment.Compose(["flip", augment.Cutout(0.3), ["color", "Flip"]])
    inner = augment.Compose([augment.Color(), augment.Flip()])
    assert named == augment.Compose([augment.Flip(), augment.Cutout(0.3), inner])
    parts = augment.ADA(pipeline=["flip", augment.Cutout(0.3)])
    assert parts.stages == augment.Compose([augment.Flip(), augment.Cutout(0.3)])
    assert augment.ADA(pipeline="diffaugment").stages == augment.DiffAugment()
    for ada in (parts, augment.ADA(pipeline="diffaugment")):
        again = augment.ADA.from_config(ada.get_config())
        assert again == ada and again.stages == ada.stages


@pytest.mark.parametrize("parts", [[], "flip", [None], ["no"], None, [3]], ids=repr)
def test_other_objects_than_names_are_refused(parts):
    with pytest.raises(ValueError, match=r"`augmentations` must .*: augmentations="):
        augment.Compose(parts)
