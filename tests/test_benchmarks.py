"""The rivals of the benchmarks are as their authors published them."""

import importlib
import itertools
import pathlib
import types

import numpy as np
import pytest

BENCHMARKS = pathlib.Path(__file__).parent.parent / "benchmarks"
tensorflow = pytest.mark.backends("tensorflow", reason="the example needs TensorFlow")


@pytest.fixture
def rivals(monkeypatch):
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    return importlib.import_module("rivals")


@tensorflow
@pytest.mark.parametrize(
    "shape, generator, discriminator",
    [
        # The summaries that keras.io shows.
        ((64, 64, 3), 3_979_651, 404_801),
        # Without the last doubling; and from 7x7, with images of one channel.
        ((32, 32, 3), 3_979_651 - 2_097_664 - 256 * 5 * 5 * 3, 404_801 - 3 * 2048),
        ((28, 28, 1), 1_602_305, 396_609),
    ],
)
def test_keras_io_has_the_published_weights(monkeypatch, shape, generator, discriminator):
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    gan = importlib.import_module("copied").keras_io(shape)
    assert gan.generator.output_shape[1:] == shape
    assert gan.generator.count_params() == generator
    assert gan.discriminator.count_params() == discriminator


@tensorflow
def test_rival_trains_until_its_time_and_draws_the_samples_of_its_seed(
    rivals, monkeypatch
):
    images = np.random.default_rng(0).integers(0, 256, (64, 8, 8, 1), "uint8")
    # Each look at the clock takes a second: one in `train`, one after each step.
    clock = types.SimpleNamespace(
        perf_counter=itertools.count().__next__, process_time=lambda: 0
    )
    monkeypatch.setattr(rivals, "time", clock)
    trained = [rivals.KerasIO(images, seed) for seed in (0, 0, 1)]
    untrained = trained[0].sample(4, seed=5)
    for rival in trained:
        rival.train(seconds=3)
        assert rival.shown == 2 * 32
        seconds = rival.seconds
        rival.train(seconds=seconds)
        assert rival.shown == 2 * 32
    first, second, other = (rival.sample(4, seed=5) for rival in trained)
    assert first.dtype == "uint8" and first.shape == (4, 8, 8, 1)
    np.testing.assert_array_equal(first, second)
    assert (first != other).any()
    assert (first != untrained).any()


def test_narrow_r3gan_keeps_the_size_of_its_groups(rivals):
    settings = {
        "G_kwargs": {
            "WidthPerStage": [768, 768, 384],
            "CardinalityPerStage": [96, 96, 48],
        },
        "D_kwargs": {
            "WidthPerStage": [384, 768, 768],
            "CardinalityPerStage": [48, 96, 96],
        },
    }
    assert rivals.scale_width(settings, None) == 768
    assert settings["G_kwargs"]["WidthPerStage"] == [768, 768, 384]
    assert rivals.scale_width(settings, 64) == 64
    assert settings["G_kwargs"]["WidthPerStage"] == [64, 64, 32]
    assert settings["D_kwargs"]["CardinalityPerStage"] == [4, 8, 8]


def test_shorter_schedules_shorten_the_average(rivals):
    names = ("ema", "aug", "lr", "gamma", "beta2")
    settings = {
        f"{name}_scheduler": {"final_value": 5e6, "total_nimg": 2e7} for name in names
    }
    rivals.scale_schedules(settings, 1e5)
    assert {schedule["total_nimg"] for schedule in settings.values()} == {1e5}
    assert settings["ema_scheduler"]["final_value"] == 25_000
    assert settings["lr_scheduler"]["final_value"] == 5e6


@pytest.mark.parametrize("shape", [(28, 28, 1), (32, 32, 1), (48, 48, 3)])
def test_images_without_a_preset_of_r3gan_are_named(rivals, shape):
    with pytest.raises(ValueError, match=r"32x32, 64x64 or 256x256.*Received"):
        rivals.R3GANOfficial("nowhere", np.zeros((4, *shape), "uint8"), seed=0)
