import inspect
import math

import keras
import numpy as np
import pytest
from helpers import numpy

import kgan

# A noise, its mean and its standard deviation.
NOISES = {
    "normal": (kgan.noise.Normal(0.5, 2.0), 0.5, 2.0),
    "uniform": (kgan.noise.Uniform(-1.0, 3.0), 1.0, 4 / np.sqrt(12)),
    # The variance of a normal cut at 1: 1 - 2 phi(1) / (Phi(1) - Phi(-1)).
    "truncated_normal": (kgan.noise.TruncatedNormal(1.0), 0.0, np.sqrt(0.29112509)),
}


@pytest.mark.parametrize("name", NOISES)
def test_in_the_graph_and_with_numpy_it_is_the_same_distribution(name):
    noise, mean, stddev = NOISES[name]
    drawn = [
        keras.ops.convert_to_numpy(noise((200, 100), seed=1)),
        noise.sample((200, 100), 1),
    ]
    for values in drawn:
        assert values.dtype == np.float32
        np.testing.assert_allclose(values.mean(), mean, atol=4 * stddev / np.sqrt(20_000))
        np.testing.assert_allclose(values.std(), stddev, rtol=0.02)


@pytest.mark.parametrize("threshold", [0.1, 1.0, 6.0])
def test_truncated_normal_stays_within_its_threshold(threshold):
    noise = kgan.noise.TruncatedNormal(threshold)
    for values in (noise.sample((500, 20), 1), numpy(noise((500, 20), seed=1))):
        assert np.isfinite(values).all()
        assert np.abs(values).max() <= threshold


# Rejection drew for ever where almost no normal number is within the threshold.
@pytest.mark.parametrize("threshold", [1e-30, 1e-6, 0.01, 0.0999, 0.1, 0.7, 6.0])
def test_truncated_normal_has_its_distribution_at_every_threshold(threshold):
    noise = kgan.noise.TruncatedNormal(threshold)
    for values in (noise.sample((400, 25), 1), numpy(noise((400, 25), seed=1))):
        assert values.dtype == np.float32
        values = np.sort(values.ravel().astype("float64"))
        erf = np.array([math.erf(v / math.sqrt(2)) for v in values])
        expected = (erf / math.erf(threshold / math.sqrt(2)) + 1) / 2
        found = (np.arange(len(values)) + 0.5) / len(values)
        # Kolmogorov's test at a level of 0.1 %.
        assert np.abs(found - expected).max() < 1.95 / math.sqrt(len(values))
        assert len(np.unique(values)) > 0.9 * len(values)


def test_seeds_repeat_and_differ():
    noise = kgan.noise.get("normal")
    np.testing.assert_array_equal(noise.sample((4, 3), 7), noise.sample((4, 3), 7))
    assert np.abs(noise.sample((4, 3), 7) - noise.sample((4, 3), 8)).max() > 0.1
    assert np.abs(noise.sample((4, 3)) - noise.sample((4, 3))).max() > 0.1


@pytest.mark.parametrize("name", kgan.noise.names())
def test_every_noise_draws_finite_latents_and_is_rebuilt(name):
    noise = kgan.noise.get(name)
    assert vars(type(noise))["name"] == name
    seed = keras.random.SeedGenerator(1)
    for values in (noise.sample((4, 3), 1), numpy(noise((4, 3), seed=seed))):
        assert values.shape == (4, 3) and values.dtype == "float32"
        assert np.isfinite(values).all() and len(np.unique(values)) > 1
    assert np.any(numpy(noise((4, 3), seed=seed)) != numpy(noise((4, 3), seed=seed)))
    np.testing.assert_array_equal(noise.sample((4, 3), 7), noise.sample((4, 3), 7))
    config = keras.saving.serialize_keras_object(noise)
    assert kgan.noise.get(config) == noise == type(noise).from_config(noise.get_config())
    assert set(noise.get_config()) == set(inspect.signature(type(noise)).parameters)
    assert eval(repr(noise), vars(kgan.noise)) == noise


def test_unknown_name_lists_the_known():
    with pytest.raises(ValueError, match=r"truncated_normal.*Received: noise='gauss'"):
        kgan.noise.get("gauss")


@pytest.mark.parametrize(
    "build, name",
    [
        (lambda: kgan.noise.Normal(stddev=-1), "stddev"),
        (lambda: kgan.noise.Uniform(2, 1), "maxval"),
        (lambda: kgan.noise.TruncatedNormal(0), "threshold"),
        (lambda: kgan.noise.TruncatedNormal(float("nan")), "threshold"),
        (lambda: kgan.noise.Normal(mean="0"), "mean"),
        (lambda: kgan.noise.Normal(stddev=True), "stddev"),
        (lambda: kgan.noise.Uniform(None, 1), "minval"),
        (lambda: kgan.noise.Uniform(0, float("inf")), "maxval"),
    ],
)
def test_bad_arguments_are_named(build, name):
    with pytest.raises(ValueError, match=f"`{name}`.*Received: .*{name}="):
        build()
