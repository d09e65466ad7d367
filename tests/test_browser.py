"""The programs that draw samples in a browser, run by Node.js."""

import json
import pathlib
import shutil
import subprocess

import keras
import numpy as np
import pytest
from keras import layers

import kgan
from kgan.cli import browser, html
from kgan.cli.browser.program import encoded

NODE = shutil.which("node")
ENGINE = pathlib.Path(html.__file__).parent / "generator.js"
# Reads a program, latents and labels, and prints the numbers of all samples.
SCRIPT = """
const fs = require("fs");
const given = JSON.parse(fs.readFileSync(0, "utf8"));
require("vm").runInThisContext(fs.readFileSync(process.argv[1], "utf8"));
const draw = makeGenerator(given.program), z = decoded(given.z), n = given.labels.length;
const length = z.length / n;
console.log(JSON.stringify(given.labels.map(
  (label, i) => [...draw(z.subarray(i * length, (i + 1) * length), label)])));
"""
needs_node = pytest.mark.skipif(NODE is None, reason="there is no program node")


def draw(generator, z, labels):
    """Returns the samples that JavaScript computes."""
    program = browser.translate(generator).config()
    given = {"program": program, "z": encoded(z), "labels": labels}
    done = subprocess.run(
        [NODE, "-e", SCRIPT, str(ENGINE)],
        input=json.dumps(given),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stderr == "" and done.returncode == 0
    return np.array(json.loads(done.stdout))


def settled(generator):
    """Gives all weights numbers that no initializer gives, and returns the model."""
    random = np.random.default_rng(0)
    for variable in generator.variables:
        value = random.normal(0.1, 0.3, variable.shape)
        if "variance" in variable.path:
            value = 0.5 + value**2
        elif "kernel" in variable.path:
            value /= np.sqrt(np.prod(variable.shape[:-1]) / 10)
        variable.assign(value)
    return generator


def assert_draws_the_same(generator):
    random = np.random.default_rng(1)
    z = random.normal(size=(3, generator.inputs[0].shape[-1])).astype("float32")
    labels, inputs = [0, 2, 1], z
    if len(generator.inputs) > 1:
        inputs = [z, np.array(labels, "int32")]
    wanted = keras.ops.convert_to_numpy(generator(inputs, training=False))
    found = draw(generator, z, labels)
    tolerance = 1e-5 * abs(wanted).max()
    assert abs(wanted - wanted[:1]).max() > 100 * tolerance
    np.testing.assert_allclose(found, wanted.reshape(3, -1), atol=tolerance)


@needs_node
@pytest.mark.parametrize("num_classes", [None, 3])
@pytest.mark.parametrize(
    "name, options",
    [
        ("small", {"width": 6}),
        ("mlp", {"hidden": (16, 9)}),
        ("dcgan", {"width": 4}),
        ("resnet", {"width": 5, "spectral_normalization": True}),
        ("r3gan", {"width": 6, "group_size": None}),
    ],
)
def test_a_browser_draws_the_samples_of_keras(name, options, num_classes):
    build = getattr(kgan.networks, f"{name}_generator")
    options = {**options, "latent_dim": 5, "num_classes": num_classes}
    assert_draws_the_same(settled(build((13, 10, 3), **options)))


@needs_node
@pytest.mark.parametrize(
    "make",
    [
        lambda: [layers.Conv2DTranspose(4, (4, 5), strides=2, padding="same")],
        lambda: [layers.Conv2DTranspose(2, 3, strides=(3, 2))],
        lambda: [layers.Conv2D(5, (4, 3), strides=(2, 3), padding="same")],
        lambda: [layers.Conv2D(3, 2, strides=2, use_bias=False), layers.LeakyReLU(0.3)],
        lambda: [layers.UpSampling2D((3, 2), interpolation="bilinear")],
        lambda: [layers.ZeroPadding2D(((1, 0), (2, 3))), layers.Dense(2, "softplus")],
        lambda: [layers.Cropping2D(((1, 1), (0, 2))), layers.ReLU(negative_slope=0.1)],
        lambda: [keras.Sequential([layers.Dense(4, "silu"), layers.Activation("tanh")])],
        lambda: [layers.BatchNormalization(scale=False), layers.Activation("leaky_relu")],
    ],
)
def test_a_browser_computes_each_layer_as_keras(make):
    first = [keras.Input((5,)), layers.Dense(60, "elu"), layers.Reshape((4, 5, 3))]
    assert_draws_the_same(settled(keras.Sequential([*first, *make()])))


@needs_node
def test_a_browser_computes_a_graph_with_branches():
    z, label = keras.Input((4,)), keras.Input((), dtype="int32")
    shared = layers.Dense(6, "sigmoid")
    x = layers.Multiply()([shared(z), kgan.layers.LabelEmbedding(3, 6)(label)])
    inner = keras.Input((6,))
    model = keras.Model(inner, layers.Dense(4, "relu")(inner))
    y = shared(layers.Add()([z, model(x)]))
    joined = layers.Concatenate()([layers.Reshape((2, 3))(x), layers.Reshape((2, 3))(y)])
    assert_draws_the_same(settled(keras.Model([z, label], joined)))


@pytest.mark.parametrize(
    "layer, received",
    [
        (layers.LayerNormalization(), "a LayerNormalization"),
        (layers.Conv2D(4, 3, groups=2), "a Conv2D with groups=2"),
        (layers.Conv2D(4, 3, dilation_rate=2), "a Conv2D with dilation_rate=(2, 2)"),
        (layers.Activation("gelu"), "an Activation with activation=gelu"),
        (layers.UpSampling2D(2, interpolation="bicubic"), "with interpolation=bicubic"),
    ],
)
def test_a_layer_that_a_browser_cannot_compute_is_named(layer, received):
    first = [keras.Input((5,)), layers.Reshape((5, 1, 1)), layers.ZeroPadding2D(3)]
    model = keras.Sequential([*first, layers.Dense(4), layer])
    message = r"Expected mlp_generator, small_generator, .* Received: "
    with pytest.raises(ValueError, match=message) as caught:
        browser.translate(model)
    assert str(caught.value).endswith(received) and layer.name in str(caught.value)


def test_a_call_with_an_option_is_no_other_call():
    z = keras.Input((5,))
    model = keras.Model(z, layers.BatchNormalization()(z, training=True))
    with pytest.raises(ValueError, match="a BatchNormalization with training=True"):
        browser.translate(model)
