"""Functions of a GAN name an argument that is no GAN, and other objects likewise."""

import keras
import numpy as np
import pytest

import kgan
from kgan.presets import cost

POINTS = np.zeros((2, 2), "float32")
IMAGES = np.zeros((12, 8, 8, 1), "uint8")
FUNCTIONS = {
    "directions": lambda gan: kgan.latents.directions(gan),
    "project": lambda gan: kgan.latents.project(gan, POINTS),
    "style_mix": lambda gan: kgan.latents.style_mix(gan, POINTS, POINTS),
    "estimate": lambda gan: cost.estimate(gan, 8, 4),
    "largest_batch": lambda gan: cost.largest_batch(gan, 1e9),
    "flops_per_image": lambda gan: cost.flops_per_image(gan, 4),
}
NO_GAN = [None, 7, "gan.keras", kgan.GAN, keras.Sequential]


@pytest.mark.parametrize("value", NO_GAN, ids=repr)
@pytest.mark.parametrize("name", FUNCTIONS)
def test_another_object_than_a_gan_is_named(name, value):
    with pytest.raises(ValueError, match=r"`gan` must be a `kgan\.GAN`.*Received: gan="):
        FUNCTIONS[name](value)


@pytest.mark.parametrize("name", ["estimate", "largest_batch", "flops_per_image"])
def test_costs_need_a_compiled_gan(tiny, name):
    with pytest.raises(ValueError, match=r"`kgan\.GAN` that is compiled\. Received"):
        FUNCTIONS[name](tiny())


@pytest.mark.parametrize("name", ["directions", "project"])
def test_a_generator_without_latents_has_none(name):
    shape = (8, 8, 1)
    translator = kgan.Translator(
        kgan.networks.unet_generator(shape, width=2),
        kgan.networks.patch_discriminator(shape, shape, width=2, depth=1),
    )
    with pytest.raises(ValueError, match="This generator has no latents, so it has no"):
        FUNCTIONS[name](translator)


@pytest.mark.parametrize("value", [None, "gan.keras", 7], ids=repr)
def test_costs_of_other_objects_are_refused(tiny, value):
    with pytest.raises(ValueError, match=r"`network` must be a `keras\.Model`.*network="):
        cost.flops(value)
    with pytest.raises(ValueError, match=r"`build` must be a function.*Received: build="):
        cost.measure_step(value, 4)
    with pytest.raises(ValueError, match=r"`build` must be a function.*Received: build="):
        cost.measure_step(tiny(), 4)


CALLBACKS = {
    "SampleGrid": lambda folder: kgan.callbacks.SampleGrid(folder),
    "Evaluate": lambda folder: kgan.callbacks.Evaluate(IMAGES),
    "Health": lambda folder: kgan.callbacks.Health(),
    "Checkpoint": lambda folder: kgan.callbacks.Checkpoint(folder / "gan.keras"),
    "HistoryCSV": lambda folder: kgan.callbacks.HistoryCSV(folder / "history.csv"),
    "TensorBoard": lambda folder: kgan.callbacks.TensorBoard(folder),
}


@pytest.mark.parametrize("name", CALLBACKS)
def test_callbacks_refuse_other_models_before_training(name, tmp_path):
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    before = model.get_weights()[0]
    with pytest.raises(ValueError, match=rf"`{name}` is a callback for a `kgan.GAN`.*S"):
        model.fit(POINTS + 1, POINTS[:, :1], callbacks=[CALLBACKS[name](tmp_path)])
    np.testing.assert_array_equal(model.get_weights()[0], before)
    assert not list(tmp_path.iterdir())


def pixels():
    return kgan.metrics.Function(lambda x: x.reshape(len(x), -1), "pixels")


@pytest.mark.parametrize("value", [None, "pixels", len], ids=repr)
def test_another_object_than_an_extractor_is_named(value):
    message = r"`extractor` must be a `kgan\.metrics\.Extractor`\. Received: extractor="
    with pytest.raises(ValueError, match=message):
        kgan.metrics.parse("fd10k", value)
    with pytest.raises(ValueError, match=message):
        kgan.metrics.Evaluation(IMAGES, value)


def test_metrics_name_wrong_fakes_and_samplers(tiny):
    evaluation = kgan.metrics.Evaluation(IMAGES, pixels(), "fd8")
    for fakes in (None, 7, IMAGES / 255):
        with pytest.raises(ValueError, match="Expected uint8 images"):
            evaluation(fakes)
    for sample in (None, IMAGES, tiny()):
        message = r"`sample` must be a function .*Received: sample="
        with pytest.raises(ValueError, match=message):
            evaluation.of(sample)
    with pytest.raises(ValueError, match=r"`metric` must be a name\. Received: metric=7"):
        kgan.metrics.parse(7, pixels())
