"""Generators of two stages: a small picture from latents, a large one from the small."""

import re

import keras
import numpy as np
import pytest
from by_hand import convolve
from helpers import assert_same_state, numpy

import kgan

pytestmark = pytest.mark.slow

RANDOM = np.random.default_rng(0)
DIM = 3
PICTURES = RANDOM.integers(0, 256, (24, 16, 16, 1), dtype="uint8")
VECTORS = RANDOM.normal(size=(24, DIM)).astype("float32")
networks = kgan.networks


def super_resolution(shape=(16, 16, 1), source=None, **options):
    size = {"width": 4, "blocks": 1}
    return networks.super_resolution_generator(shape, source, **size | options)


def first_stage(**options):
    """A generator with statistics that are not those of a new network."""
    generator = networks.small_generator((8, 8, 1), 5, width=4, **options)
    random = np.random.default_rng(1)
    for weight in generator.weights:
        weight.assign(random.uniform(0.1, 0.9, weight.shape))
    return generator


def two_stages(seed=0):
    """A compiled GAN whose second stage is not trained yet."""
    keras.utils.set_random_seed(seed)
    first = first_stage(condition_dim=DIM)
    preset = kgan.presets.get(
        "small", (16, 16, 1), len(PICTURES), compute="cpu", budget=48, condition_dim=DIM
    )
    second = super_resolution(condition_dim=DIM)
    return preset.build(seed, networks.stacked_generator(first, second))


def batches():
    return kgan.data.CaptionBatches(PICTURES, VECTORS, batch_size=8, seed=1)


def test_parameters_of_the_second_stage_of_stackgan():
    """Worked out from section 3.4.2 of the paper, and the features that are joined."""
    w, channels, text = 4, 3, 5
    down = 9 * channels * w + w + 16 * w * 2 * w + 16 * 2 * w * 4 * w
    residual = 2 * 2 * 9 * (4 * w) ** 2
    # The features of the source at 32 and at 64 pixels are joined.
    up = 9 * (4 * w * 2 * w + 4 * w * w + 2 * w * w // 2 + w // 2 * w // 4)
    last = 9 * w // 4 * channels + channels
    normalized = 2 * w + 4 * w + 2 * 2 * 4 * w + 2 * w + w + w // 2 + w // 4
    network = super_resolution(
        (256, 256, channels), (64, 64, channels), blocks=2, condition_dim=text
    )
    found = sum(int(np.prod(x.shape)) for x in network.trainable_weights)
    assert found == down + residual + up + last + 2 * text * normalized


def test_a_source_of_one_pixel_equals_numpy():
    """Nothing is left to halve: a block, and a doubling that repeats the pixel."""
    network = super_resolution((2, 2, 2), (1, 1, 3))
    for weight in network.weights:
        lowest = -0.4 if "kernel" in weight.path else 0.2
        weight.assign(RANDOM.uniform(lowest, 0.6, weight.shape))
    layers = [x for x in network.layers if x.weights]
    x = RANDOM.normal(size=(4, 1, 1, 3)).astype("float32")

    def relu(x):
        return np.maximum(x, 0)

    def normalized(x, layer):
        gamma, beta, mean, variance = layer.get_weights()
        return (x - mean) / np.sqrt(variance + 1e-3) * gamma + beta

    start, *convolutions, last = (n for n in layers if hasattr(n, "kernel"))
    scales = [n for n in layers if hasattr(n, "moving_mean")]
    kernels = [numpy(n.kernel) for n in convolutions]
    y = h = relu(convolve(x, *start.get_weights()))
    y = relu(normalized(convolve(y, kernels[0]), scales[0]))
    y = relu(h + normalized(convolve(y, kernels[1]), scales[1]))
    y = relu(normalized(convolve(np.tile(y, (1, 2, 2, 1)), kernels[2]), scales[2]))
    wanted = np.tanh(convolve(y, *last.get_weights()))
    found = numpy(network(x))
    np.testing.assert_allclose(found, wanted, rtol=1e-3, atol=1e-5)
    assert np.ptp(wanted) > 0.1


@pytest.mark.parametrize(
    "shape, source, inner",
    [
        ((16, 16, 1), None, (2, 2)),
        ((12, 20, 3), (3, 5, 2), (1, 2)),
        ((9, 11, 1), (5, 6, 1), (2, 2)),
        ((28, 28, 1), (7, 7, 4), (2, 2)),
    ],
)
def test_sources_are_halved_images(shape, source, inner):
    network = super_resolution(shape, source)
    sides = [x.output.shape[1:3] for x in network.layers if "conv" in x.name]
    assert min(sides) == inner
    source = source or (8, 8, 1)
    assert network.input_shape == (None, *source)
    found = numpy(network(RANDOM.normal(size=(2, *source)), training=True))
    assert found.shape == (2, *shape) and np.abs(found).max() <= 1


def test_details_of_the_source_need_not_pass_the_blocks():
    network = super_resolution((16, 16, 1))
    block = [x for x in network.layers if isinstance(x, keras.layers.Add)][-1]
    before = [x for x in network.layers if "conv" in x.name][2]
    assert before.output.shape[1:3] == block.output.shape[1:3] == (2, 2)
    before.set_weights([0 * w for w in before.get_weights()])
    first, second = numpy(network(RANDOM.normal(size=(2, 8, 8, 1))))
    assert not np.allclose(first, second)


@pytest.mark.backends("tensorflow", reason="the others compute parts in float32")
@pytest.mark.parametrize("place", [0, 1], ids=["source", "condition"])
def test_gradients_are_those_of_differences(place):
    tensor, size = keras.ops.convert_to_tensor, 1e-6
    keras.config.set_floatx("float64")
    try:
        network = super_resolution((4, 4, 1), condition_dim=DIM)
        for weight in network.trainable_weights:
            weight.assign(RANDOM.normal(size=weight.shape) / 2)
        given = [RANDOM.normal(size=(1, 2, 2, 1)), RANDOM.normal(size=(1, DIM))]

        def summed(x):
            inputs = list(map(tensor, given))
            inputs[place] = x
            return keras.ops.sum(keras.ops.sin(network(inputs))), ()

        x = given[place]
        gradient = numpy(kgan.backend.pullback(summed, tensor(x))[1]())
        moves = size * np.eye(x.size).reshape(-1, *x.shape)
        ends = [[float(summed(tensor(x + s * m))[0]) for m in moves] for s in (1, -1)]
    finally:
        keras.config.set_floatx("float32")
    wanted = np.subtract(*ends).reshape(x.shape) / (2 * size)
    np.testing.assert_allclose(gradient, wanted, rtol=1e-5, atol=1e-8)
    assert np.abs(wanted).max() > 1e-3


@pytest.mark.parametrize(
    "options", [{}, {"num_classes": 2}, {"condition_dim": DIM}], ids=str
)
def test_both_stages_have_the_same_conditions(options):
    first, second = first_stage(**options), super_resolution(**options)
    generator = networks.stacked_generator(first, second)
    z = keras.ops.convert_to_tensor(RANDOM.normal(size=(4, 5)).astype("float32"))
    given = {"num_classes": np.array([0, 1, 1, 0]), "condition_dim": VECTORS[:4]}
    conditions = [keras.ops.convert_to_tensor(given[name]) for name in options]
    inputs = [z, *conditions] if conditions else z
    small = first(inputs, training=False)
    wanted = numpy(second([small, *conditions] if conditions else small))
    np.testing.assert_allclose(numpy(generator(inputs)), wanted, atol=1e-6)
    assert generator.output_shape == (None, 16, 16, 1)
    assert not first.trainable_weights
    assert len(generator.trainable_weights) == len(second.trainable_weights)


def test_a_second_stage_may_ignore_the_conditions():
    generator = networks.stacked_generator(
        first_stage(condition_dim=DIM), super_resolution()
    )
    judge = networks.small_discriminator((16, 16, 1), width=4, condition_dim=DIM)
    gan = kgan.GAN(generator, judge, seed=0)
    assert gan.latent_dim == 5 and gan.sample_range[:2] == (-1.0, 1.0)
    assert gan.sample(conditions=VECTORS[:2]).shape == (2, 16, 16, 1)


def test_the_first_stage_rests_and_a_resumed_training_is_the_same(tmp_path):
    whole, part = two_stages(), two_stages()
    before = whole.generator.get_weights()
    whole.fit(batches(), epochs=2, verbose=0)
    first = whole.generator.get_layer("first")
    kept = {id(weight) for weight in first.weights}
    after = whole.generator.get_weights()
    for weight, old, new in zip(whole.generator.weights, before, after, strict=True):
        assert (old == new).all() == (id(weight) in kept), weight.path
    # The average has the first stage too.
    averaged = whole.ema_generator.get_layer("first").get_weights()
    for ours, theirs in zip(first.get_weights(), averaged, strict=True):
        np.testing.assert_array_equal(ours, theirs)

    part.fit(batches(), epochs=1, verbose=0)
    part.save(tmp_path / "gan.keras")
    resumed = keras.models.load_model(tmp_path / "gan.keras")
    resumed.fit(batches(), epochs=2, initial_epoch=resumed.epoch, verbose=0)
    assert_same_state(resumed, whole)


@pytest.mark.parametrize(
    "build, received",
    [
        (lambda: super_resolution((16, 16, 1), (16, 16, 1)), "source_shape=(16, 16, 1)"),
        (lambda: super_resolution((16, 16, 1), (7, 8, 1)), "source_shape=(7, 8, 1)"),
        (lambda: super_resolution((9, 11, 1), (4, 5, 1)), "source_shape=(4, 5, 1)"),
        (lambda: super_resolution((16, 16, 1), (8, 8)), "source_shape=(8, 8)"),
        (
            lambda: networks.stacked_generator(
                first_stage(), super_resolution((8, 8, 1))
            ),
            "first with samples of shape (8, 8, 1) and conditions of shapes [], second "
            "with inputs of shapes [(4, 4, 1)]",
        ),
        (
            lambda: networks.stacked_generator(
                first_stage(condition_dim=2), super_resolution(condition_dim=DIM)
            ),
            "conditions of shapes [(2,)], second with inputs of shapes [(8, 8, 1), (3,)]",
        ),
        (lambda: networks.stacked_generator("digits", super_resolution()), "first='dig"),
    ],
)
def test_stages_that_do_not_fit_are_refused(build, received):
    with pytest.raises(ValueError, match=f"Received: .*{re.escape(received)}"):
        build()
