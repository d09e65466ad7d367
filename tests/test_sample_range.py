"""One object knows the range of samples, and everything that converts asks it."""

import io

import keras
import numpy as np
import pytest
from helpers import numpy
from PIL import Image

import kgan
from kgan.data import SampleRange

pytestmark = pytest.mark.slow

layers = keras.layers
SHAPE = (4, 4, 1)
# 51 in [0, 1] is 0.2, and in [-1, 1] -0.6.
GREY = np.full((8, *SHAPE), 51, "uint8")


def gan_of(activation, value, *last, **arguments):
    """A GAN that always draws `value`, before the activation and the last layers."""
    constant = keras.initializers.Constant(value)
    generator = keras.Sequential(
        [
            keras.Input((2,)),
            layers.Dense(16, activation, kernel_initializer="zeros",
                         bias_initializer=constant),
            layers.Reshape(SHAPE),
            *last,
        ]
    )  # fmt: skip
    discriminator = keras.Sequential(
        [keras.Input(SHAPE), layers.Flatten(), layers.Dense(1, use_bias=False)]
    )
    return kgan.GAN(generator, discriminator, seed=0, **arguments)


CASES = {
    "sigmoid": (gan_of, ("sigmoid", np.log(0.2 / 0.8)), {}, (0.0, 1.0)),
    "tanh": (gan_of, ("tanh", np.arctanh(-0.6)), {}, (-1.0, 1.0)),
    "linear": (gan_of, (None, -0.6), {}, (-1.0, 1.0)),
    # 51 is white times 0.2.
    "relu": (gan_of, ("relu", 0.2), {}, (0.0, 1.0)),
    "rescaled": (
        gan_of,
        ("sigmoid", np.log(0.2 / 0.8), layers.Rescaling(255.0)),
        {},
        (0.0, 255.0),
    ),
    "asked": (gan_of, (None, 51.0), {"sample_range": (0, 255)}, (0.0, 255.0)),
    "asked list": (gan_of, ("relu", 0.2), {"sample_range": [0, 1]}, (0.0, 1.0)),
}


@pytest.fixture(params=CASES)
def case(request):
    make, positional, arguments, expected = CASES[request.param]
    return make(*positional, **arguments), expected


def test_the_range_is_that_of_the_activation_or_that_asked_for(case):
    gan, expected = case
    assert gan.sample_range[:2] == expected
    again = kgan.GAN.from_config(gan.get_config())
    assert again.sample_range == gan.sample_range


def test_pixels_of_samples(case):
    gan, _ = case
    np.testing.assert_array_equal(gan.sample(8, as_uint8=True), GREY)


def test_uint8_reals_meet_the_samples_in_the_discriminator(case):
    gan, _ = case
    gan.compile(loss="wasserstein")
    logs = gan.evaluate(GREY, verbose=0, return_dict=True)
    assert logs["d_real"] == pytest.approx(logs["d_fake"], abs=1e-4)
    assert abs(logs["d_real"]) > 1e-3


def test_grids(case, tmp_path):
    gan, (low, high) = case
    gan.compile(optimizer=keras.optimizers.SGD(0.0))
    reals = (GREY.astype("float32") / 255 * (high - low) + low).astype("float32")
    gan.fit(reals, verbose=0, callbacks=[kgan.callbacks.SampleGrid(tmp_path, scale=1)])
    for name in ("reals.png", f"samples-{len(GREY):09d}.png"):
        pixels = np.asarray(Image.open(tmp_path / name))
        assert set(np.unique(pixels)) == {51, 255}, name


def test_tensorboard(case, tmp_path):
    pytest.importorskip("tensorboard")
    from tensorboard.backend.event_processing import event_accumulator

    gan, _ = case
    gan.compile(optimizer=keras.optimizers.SGD(0.0))
    gan.fit(GREY, verbose=0, callbacks=[kgan.callbacks.TensorBoard(tmp_path)])
    events = event_accumulator.EventAccumulator(str(tmp_path / "samples"))
    events.Reload()
    ((image, *_),) = [events.Tensors(tag) for tag in events.Tags()["tensors"]]
    encoded = image.tensor_proto.string_val[2]
    assert set(np.unique(np.asarray(Image.open(io.BytesIO(encoded))))) == {51, 255}


def test_metrics(case):
    gan, _ = case
    gan.compile()
    seen = []

    class Pixels(kgan.metrics.Extractor):
        name = "pixels"

        def extract(self, images):
            seen.append(np.asarray(images))
            features = np.asarray(images, "float64").reshape(len(images), -1)
            return kgan.metrics.Extracted(features, None)

    evaluation = kgan.metrics.Evaluation(GREY, Pixels(), ["fd"], 0)
    evaluation.of(gan.sample, gan.sample_range)
    assert all((images == 51).all() for images in seen) and len(seen) > 1


def test_scaling_there_and_back_by_numpy():
    scale = SampleRange(-3.0, 5.0)
    pixels = np.arange(256, dtype="uint8")
    floats = numpy(scale.to_float(keras.ops.convert_to_tensor(pixels)))
    np.testing.assert_allclose(floats, np.linspace(-3, 5, 256), rtol=1e-5, atol=1e-6)
    np.testing.assert_array_equal(scale.to_uint8(floats), pixels)


def test_samples_without_a_colour_are_refused():
    with pytest.raises(ValueError, match=r"have no colour.*Received: 2 such values of 4"):
        SampleRange().to_uint8(np.array([0.0, np.nan, np.inf, 1.0]))


@pytest.mark.parametrize(
    "wrong", [(1, 0), (0, 0), (0,), 3, "ab", (0, np.nan), (0, np.inf), (0, "1"), []]
)
def test_no_range(wrong):
    with pytest.raises(ValueError, match="`sample_range` must be two numbers"):
        gan_of("tanh", 0.0, sample_range=wrong)


FLOATS = np.random.default_rng(0).uniform(0, 1, (8, *SHAPE)).astype("float32")
HALF = r"`x` has values from .* only.*scale the data by `2 \* x - 1`.*in a sigmoid"


@pytest.mark.parametrize("kind", ["array", "generator"])
def test_floats_of_0_to_1_are_half_of_the_range_of_a_tanh(kind):
    gan = gan_of("tanh", 0.0)
    gan.compile()
    with pytest.warns(UserWarning, match=HALF) as found:
        x = FLOATS if kind == "array" else iter([FLOATS])
        gan.fit(x, steps_per_epoch=1, verbose=0)
    (ours,) = (one for one in found if "2 * x - 1" in str(one.message))
    assert ours.filename == __file__


def test_the_warning_names_the_argument():
    translator = kgan.Translator(
        kgan.networks.unet_generator((8, 8, 1), width=2),
        kgan.networks.patch_discriminator((8, 8, 1), (8, 8, 1), width=2, depth=1),
    )
    translator.compile()
    half = np.random.default_rng(0).uniform(0, 1, (8, 8, 8, 1)).astype("float32")
    with pytest.warns(UserWarning, match=r"^`y` has values from"):
        translator.fit(2 * half - 1, half, verbose=0)


@pytest.mark.parametrize(
    "activation, x, arguments",
    [
        ("tanh", 2 * FLOATS - 1, {}),
        ("tanh", GREY, {}),
        ("tanh", np.zeros_like(FLOATS), {}),
        ("tanh", FLOATS[:7], {}),
        ("tanh", 0.9 + FLOATS / 10, {}),
        ("tanh", FLOATS, {"sample_range": (0, 1)}),
        ("sigmoid", FLOATS, {}),
        (None, FLOATS, {}),
    ],
    ids=["scaled", "pixels", "black", "few", "bright", "asked", "sigmoid", "linear"],
)
def test_other_samples_may_have_the_range(activation, x, arguments):
    gan = gan_of(activation, 0.0, **arguments)
    gan.compile()
    # A warning would be an error.
    gan.fit(x, verbose=0)


@pytest.mark.parametrize(
    "last, expected",
    [
        ([layers.Rescaling(2.0, -1.0)], (-1.0, 1.0, True)),
        ([layers.Rescaling(-1.0)], (-1.0, 0.0, True)),
        ([layers.Rescaling(2.0), layers.Flatten(), layers.Rescaling(1.0, 3.0)],
         (3.0, 5.0, True)),
        ([layers.Rescaling([1.0])], (-1.0, 1.0, False)),
        ([layers.Rescaling(0.0)], (-1.0, 1.0, False)),
        ([layers.ReLU()], (0.0, 1.0, False)),
        ([layers.ReLU(negative_slope=0.2)], (-1.0, 1.0, False)),
        ([layers.Softmax()], (0.0, 1.0, False)),
    ],
    ids=["to -1..1", "negative", "twice", "by channel", "nothing", "relu", "leaky relu",
         "softmax"],
)  # fmt: skip
def test_the_range_after_the_last_layers(last, expected):
    generator = keras.Sequential(
        [keras.Input((2,)), layers.Dense(1, "sigmoid"), keras.Sequential(last)]
    )
    assert kgan.models.output_range.sample_range(generator, None) == expected
