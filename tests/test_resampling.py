"""Layers that change sizes, and the one that moves signals."""

import keras
import numpy as np
import pytest
from helpers import numpy

import kgan

RANDOM = np.random.default_rng(0)
FILTER = np.array([1, 3, 3, 1]) / 8


def stretched(x):
    """Zeros between the values, then the filter, as the papers define it."""
    filled = np.zeros(2 * len(x))
    filled[::2] = x
    return 2 * np.convolve(filled, FILTER)[1:-2]


def shrunk(x):
    padded = np.pad(x, (1, 1 + len(x) % 2))
    return np.convolve(padded, FILTER, mode="valid")[::2]


@pytest.mark.parametrize(
    "layer, along, shape, wanted",
    [
        (kgan.layers.SmoothUpSampling2D, stretched, (2, 5, 4, 3), (2, 10, 8, 3)),
        (kgan.layers.SmoothUpSampling2D, stretched, (1, 1, 1, 1), (1, 2, 2, 1)),
        (kgan.layers.SmoothDownSampling2D, shrunk, (2, 6, 4, 3), (2, 3, 2, 3)),
        (kgan.layers.SmoothDownSampling2D, shrunk, (2, 7, 5, 3), (2, 4, 3, 3)),
        (kgan.layers.SmoothDownSampling2D, shrunk, (1, 1, 2, 1), (1, 1, 1, 1)),
    ],
)
def test_resampling_is_convolution_with_the_filter(layer, along, shape, wanted):
    x = RANDOM.standard_normal(shape)
    expected = np.apply_along_axis(along, 2, np.apply_along_axis(along, 1, x))
    found = layer()(x.astype("float32"))
    assert tuple(found.shape) == wanted == layer().compute_output_shape(shape)
    np.testing.assert_allclose(numpy(found), expected, atol=1e-6)


def test_bases_are_products_and_sums():
    x = RANDOM.standard_normal((2, 3)).astype("float32")
    first = kgan.layers.GenerativeBasis((4, 5))
    pictures = numpy(first(x))
    expected = numpy(first.basis)[None] * x[:, None, None]
    np.testing.assert_allclose(pictures, expected, rtol=1e-6)
    last = kgan.layers.DiscriminativeBasis()
    found = numpy(last(pictures))
    np.testing.assert_allclose(
        found, np.einsum("hwc,bhwc->bc", numpy(last.basis), pictures), rtol=1e-5
    )


def reflected(signal, by):
    """A signal moved by some steps, filled by numpy's reflection."""
    padded = np.pad(signal, ((abs(by),) * 2, (0, 0)), mode="reflect")
    return padded[abs(by) - by : abs(by) - by + len(signal)]


def test_phase_shuffle_moves_each_signal_by_its_own_steps():
    x = RANDOM.standard_normal((200, 9, 2)).astype("float32")
    layer = kgan.layers.PhaseShuffle(2, seed=0)
    moved = numpy(layer(x, training=True))
    counts = dict.fromkeys(range(-2, 3), 0)
    for before, after in zip(x, moved, strict=True):
        ((by,),) = [[b for b in counts if np.array_equal(after, reflected(before, b))]]
        counts[by] += 1
    # Of 200 draws of five numbers; seven deviations of the binomial distribution.
    assert min(counts.values()) > 0 and max(counts.values()) < 40 + 7 * 5.7
    np.testing.assert_array_equal(numpy(layer(x)), x)
    assert not np.array_equal(numpy(layer(x, training=True)), moved)


def test_phase_shuffle_refuses():
    for steps in (0, 1.5, True):
        with pytest.raises(ValueError, match="Received: steps="):
            kgan.layers.PhaseShuffle(steps)
    with pytest.raises(ValueError, match=r"longer than.*Received: steps=2, input_shape="):
        kgan.layers.PhaseShuffle(2)(np.zeros((1, 2, 1)))


@pytest.mark.parametrize(
    "layer",
    [
        kgan.layers.SmoothUpSampling2D(),
        kgan.layers.SmoothDownSampling2D(),
        kgan.layers.DiscriminativeBasis(),
    ],
    ids=lambda layer: type(layer).__name__,
)
def test_they_are_saved_with_a_model(layer, tmp_path):
    inputs = keras.Input((6, 4, 3))
    model = keras.Model(inputs, layer(inputs))
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    x = RANDOM.standard_normal((2, 6, 4, 3)).astype("float32")
    np.testing.assert_array_equal(numpy(loaded(x)), numpy(model(x)))
