"""The programs that draw samples in a browser, run by Node.js."""

import inspect
import json
import pathlib
import shutil
import subprocess
import sys

import keras
import numpy as np
import pytest
from helpers import numpy
from keras import layers

import kgan
from kgan.cli import browser, html
from kgan.cli.browser.program import encoded

pytestmark = pytest.mark.anywhere

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
  (label, i) => [...draw(
    z.subarray(i * length, (i + 1) * length), label, given.psi, given.move)])));
"""
LABELS = [0, 2, 1]
needs_node = pytest.mark.skipif(NODE is None, reason="there is no program node")


def draw(generator, z, labels, psi=1, move=None):
    """Returns the samples that JavaScript computes."""
    program = browser.translate(generator).config()
    options = {"labels": labels, "psi": psi, "move": move}
    given = {"program": program, "z": encoded(z), **options}
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
            # Layers with an equalised learning rate make their large kernels small.
            scale = keras.ops.convert_to_numpy(variable).std() / 0.3
            value *= scale if scale > 2 else (np.prod(variable.shape[:-1]) / 10) ** -0.5
        variable.assign(value)
    return generator


def drawn(generator, seed):
    """Returns three latents, with labels for a conditional generator."""
    random = np.random.default_rng(seed)
    z = random.normal(size=(3, generator.inputs[0].shape[-1])).astype("float32")
    return z if len(generator.inputs) == 1 else [z, np.array(LABELS, "int32")]


def assert_draws_the_same(generator):
    inputs = drawn(generator, seed=1)
    z, labels = inputs[0] if len(generator.inputs) > 1 else inputs, LABELS
    wanted = keras.ops.convert_to_numpy(generator(inputs, training=False))
    found = draw(generator, z, labels)
    tolerance = 1e-5 * abs(wanted).max()
    assert abs(wanted - wanted[:1]).max() > 100 * tolerance
    np.testing.assert_allclose(found, wanted.reshape(3, -1), atol=tolerance)


@pytest.mark.slow
@needs_node
@pytest.mark.parametrize("num_classes", [None, 3])
@pytest.mark.parametrize(
    "name, options",
    [
        ("small", {"width": 6}),
        ("mlp", {"hidden": (16, 9)}),
        ("dcgan", {"width": 4}),
        ("resnet", {"width": 5, "spectral_normalization": True}),
        ("r3gan", {"width": 6, "group_size": 4}),
        ("stylegan2", {"width": 4, "mapping_layers": 2}),
        ("fastgan", {"width": 3}),
        ("biggan", {"width": 8, "attention": 5}),
        ("transformer", {"width": 8, "depth": 2, "num_heads": 2, "patch_size": 3}),
    ],
)
def test_a_browser_draws_the_samples_of_keras(name, options, num_classes):
    build = getattr(kgan.networks, f"{name}_generator")
    options = {**options, "latent_dim": 5, "num_classes": num_classes}
    generator = settled(build((13, 10, 3), **options))
    if name == "biggan":
        # Averages and singular vectors move towards the weights, so tanh is not at 1.
        for seed in range(4):
            generator(drawn(generator, seed), training=True)
    assert_draws_the_same(generator)


@needs_node
@pytest.mark.parametrize("num_classes", [None, 3])
def test_a_browser_draws_the_samples_of_two_stages(num_classes):
    networks, classes = kgan.networks, {"num_classes": num_classes}
    first = networks.mlp_generator((7, 5, 1), latent_dim=5, hidden=(9,), **classes)
    second = networks.super_resolution_generator(
        (13, 10, 3), (7, 5, 1), width=3, blocks=1, **classes
    )
    assert_draws_the_same(settled(networks.stacked_generator(first, second)))


@needs_node
@pytest.mark.parametrize(
    "make",
    [
        lambda: [layers.Conv2DTranspose(4, (4, 5), strides=2, padding="same")],
        lambda: [layers.Conv2DTranspose(2, 3, strides=(3, 2))],
        lambda: [layers.Conv2D(5, (4, 3), strides=(2, 3), padding="same")],
        lambda: [layers.Conv2D(3, 2, strides=2, use_bias=False), layers.LeakyReLU(0.3)],
        lambda: [layers.Conv2D(6, 2, groups=3, padding="same", use_bias=False)],
        lambda: [kgan.layers.UpSamplingConv2D(4), layers.ReLU()],
        lambda: [kgan.layers.UpSamplingConv2D(2, 5, "silu", use_bias=False)],
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
        (layers.GroupNormalization(1), "a GroupNormalization"),
        (layers.Conv2D(4, 3, dilation_rate=2), "a Conv2D with dilation_rate=(2, 2)"),
        (layers.Activation("mish"), "an Activation with activation=mish"),
        (layers.UpSampling2D(2, interpolation="bicubic"), "with interpolation=bicubic"),
    ],
)
def test_a_layer_that_a_browser_cannot_compute_is_named(layer, received):
    first = [keras.Input((5,)), layers.Reshape((5, 1, 1)), layers.ZeroPadding2D(3)]
    model = keras.Sequential([*first, layers.Dense(4), layer])
    message = r"Expected a generator of kgan.networks .* Received: "
    with pytest.raises(ValueError, match=message) as caught:
        browser.translate(model)
    assert str(caught.value).endswith(received) and layer.name in str(caught.value)


def test_a_call_with_an_option_is_no_other_call():
    z = keras.Input((5,))
    model = keras.Model(z, layers.BatchNormalization()(z, training=True))
    with pytest.raises(ValueError, match="a BatchNormalization with training=True"):
        browser.translate(model)


@needs_node
@pytest.mark.parametrize("mixing", [0.0, 0.9])
def test_the_styles_of_stylegan2_are_truncated_and_moved(mixing):
    build = kgan.networks.stylegan2_generator
    generator = settled(build((8, 8, 1), 5, 4, mapping_layers=1, style_mixing=mixing))
    z, move = drawn(generator, seed=1), np.linspace(-0.3, 0.5, 5, dtype="float32")
    mapping, synthesis = map(generator.get_layer, ("mapping", "synthesis"))
    truncation = mapping.get_layer("truncation")
    truncation.psi.assign(0.9)
    # Truncation composes: the factor of the page times the weight of the layer.
    found = draw(generator, z, LABELS, psi=0.5, move=move.tolist())
    truncation.psi.assign(0.45)
    wanted = numpy(synthesis(numpy(mapping(z)) + move))
    np.testing.assert_allclose(found, wanted.reshape(3, -1), atol=1e-4)
    truncation.psi.assign(0.9)
    assert abs(draw(generator, z, LABELS) - wanted.reshape(3, -1)).max() > 0.01


@needs_node
def test_the_latents_of_other_generators_are_truncated_and_moved():
    generator = settled(kgan.networks.mlp_generator((7,), 5, (9,)))
    z, move = drawn(generator, seed=1), np.linspace(-0.3, 0.5, 5, dtype="float32")
    found = draw(generator, z, LABELS, psi=0.5, move=move.tolist())
    wanted = numpy(generator(0.5 * z + move))
    np.testing.assert_allclose(found, wanted, atol=1e-5)


def test_a_network_may_be_deeper_than_the_stack_of_python():
    z = x = keras.Input((2,))
    add, shared = layers.Add(), layers.Activation("tanh")
    for _ in range(150):
        x = add([shared(x), z])
    model, limit = keras.Model(z, x), sys.getrecursionlimit()
    try:
        sys.setrecursionlimit(len(inspect.stack()) + 120)
        assert len(browser.translate(model).steps) == 300
    finally:
        sys.setrecursionlimit(limit)


@needs_node
def test_a_browser_computes_operations_of_keras():
    z = keras.Input((6,))
    x = keras.ops.glu(layers.Dense(24)(z))
    first, second = keras.ops.split(x, [4], axis=-1)
    rows = layers.Reshape((2, 4))(second)
    a, b = keras.ops.unstack(rows, axis=1)
    x = (2.5 + a) * first + kgan.layers.PairSwap()(b) * 0.5
    joined = layers.Concatenate()([x, layers.Flatten()(layers.Permute((2, 1))(rows))])
    model = settled(keras.Model(z, joined))
    # The page draws one sample at a time.
    z = drawn(model, seed=1)
    rows = [numpy(model(z[i : i + 1], training=False)) for i in range(3)]
    wanted = np.concatenate(rows)
    np.testing.assert_allclose(draw(model, z, LABELS), wanted, atol=1e-5)


def test_steps_that_the_sample_does_not_need_are_left_out():
    generator = kgan.networks.stylegan2_generator((8, 8, 1), 5, 4, mapping_layers=3)
    program = browser.translate(generator)
    # The second latents of the style mixing have a mapping too.
    names = [step["name"] for step in program.config()["steps"]]
    assert names.count("normalized") == 1 and len(names) < len(program.steps)
