import functools
import inspect
import itertools
import re

import keras
import numpy as np
import pytest
from helpers import feature_maps, numpy, on_pytorch

import kgan
from kgan.critic import heads_of, logits_of

ENDS = ("generator", "discriminator")
BUILDERS = [
    name
    for name in kgan.networks.__all__
    # This builder takes networks and no shape.
    if name.endswith((*ENDS, "translator")) and name != "stacked_generator"
]


def builder(name):
    """Returns a builder that takes a shape, with features if it needs features."""
    build = getattr(kgan.networks, name)
    if "features" not in inspect.signature(build).parameters:
        return build

    @functools.wraps(build)
    def with_features(*args, **kwargs):
        return build(*args, features=feature_maps(), **kwargs)

    return with_features


SHAPES = [(33, 17, 3), (8, 8, 1), (1, 1, 1), (4, 4, 1), (5, 64, 1)]
SHAPES += [(100, 100, 2), (7, 30, 4)]


# Sizes of layers are worked out before any backend sees them.
@pytest.mark.slow
@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize(
    "kind",
    [
        "biggan",
        "dcgan",
        "fastgan",
        "mlp",
        "r3gan",
        "resnet",
        "small",
        "stylegan2",
        "transformer",
    ],
)
def test_networks_of_any_shape_fit_together(shape, kind):
    generator = getattr(kgan.networks, f"{kind}_generator")
    discriminator = getattr(kgan.networks, f"{kind}_discriminator")
    size = {"mlp": {"hidden": (6,)}, "r3gan": {"width": 4, "group_size": None}}.get(
        kind, {"width": 4}
    )
    gan = kgan.GAN(generator(shape, 7, **size), discriminator(shape, **size))
    assert gan.sample(2).shape == (2, *shape)
    outputs, _ = heads_of(gan.combined(np.zeros((2, 7), "float32")))
    assert logits_of(outputs).shape == (2, 1)


def test_output_is_in_the_range_of_scaled_pixels():
    generator = kgan.networks.dcgan_generator((8, 8, 1), 5, width=4)
    images = numpy(generator(1000 * np.ones((4, 5), "float32"), training=False))
    assert np.abs(images).max() <= 1
    assert kgan.models.output_range.sample_range(generator, None) == (-1.0, 1.0, True)
    assert generator.layers[-1].activation is keras.activations.tanh


@pytest.mark.parametrize(
    "kind, first",
    [
        ("dcgan", "reshape"),
        ("resnet", "reshape"),
        ("small", "reshape"),
        ("r3gan", "generative_basis"),
    ],
)
def test_constant_features_give_no_checkerboard(kind, first):
    """Constant features stay constant, away from the borders and their padding."""
    build = getattr(kgan.networks, f"{kind}_generator")
    size = {"group_size": None, "blocks": 1} if kind == "r3gan" else {}
    # At 512 pixels what comes in from the border does not reach the middle.
    generator = build((512, 8, 1), 5, width=8, **size)
    for weight in generator.trainable_weights:
        weight.assign(np.random.default_rng(0).uniform(-0.5, 0.6, weight.shape))
    start = next(layer for layer in generator.layers if first in layer.name)
    upsample = keras.Model(start.output, generator.output)
    flat = np.ones((1, *start.output.shape[1:]), "float32")
    lines = numpy(upsample(flat, training=False))[0, 250:262, :, 0]
    assert np.ptp(lines, axis=0).max() <= 1e-5 * np.abs(lines).max()
    assert np.abs(lines).max() > 1e-6


def test_channels_of_the_paper_and_depth():
    judge = kgan.networks.dcgan_discriminator((32, 32, 1), width=64)
    convolutions = [layer for layer in judge.layers if hasattr(layer, "strides")]
    assert [layer.filters for layer in convolutions] == [64, 128, 256]
    assert convolutions[-1].output.shape == (None, 4, 4, 256)
    # 4x4 kernels and biases, then the dense logit.
    assert judge.count_params() == (
        16 * 64 + 64 + 16 * 64 * 128 + 128 + 16 * 128 * 256 + 256 + 4096 + 1
    )
    deep = kgan.networks.dcgan_discriminator((32, 32, 1), width=4, depth=5)
    assert [x.filters for x in deep.layers if hasattr(x, "strides")] == [4, 8, 16, 32, 64]


def test_two_outputs():
    for build in (kgan.networks.mlp_discriminator, kgan.networks.dcgan_discriminator):
        assert build((8, 8, 1), outputs=2).output_shape == (None, 2)


@pytest.mark.parametrize("shape", [(8, 8), (8, 8, 5), (0, 8, 1), (2,)])
def test_a_shape_that_is_no_image_is_refused(shape):
    kinds = ("biggan", "dcgan", "fastgan", "resnet", "r3gan", "small", "stylegan2")
    kinds += ("transformer",)
    names = [f"{kind}_{end}" for kind in kinds for end in ENDS]
    for build in map(builder, [*names, "projected_discriminator"]):
        with pytest.raises(ValueError, match=r"`image_shape`.*Received: image_shape="):
            build(shape)


WITHOUT_LATENTS = "unet_generator", "latent_dim"


def counts_of(build):
    """The arguments of a builder that are ints, with a small valid value each."""
    small = {"blocks": 1, "depth": 1, "expansion": 2, "group_size": 2, "latent_dim": 3}
    small |= {
        "embedding_dim": 3,
        "mapping_layers": 1,
        "num_classes": 2,
        "num_heads": 2,
        "outputs": 1,
        "condition_dim": 2,
        "pack": 2,
        "patch_size": 3,
        "phase_shuffle": 1,
        "scales": 2,
        "width": 4,
    }
    names = inspect.signature(build).parameters
    return {name: value for name, value in small.items() if name in names}


def sample_shape_of(name):
    shapes = {"wavegan": (20, 1), "mlp": (5,), "patch": (24, 24, 1)}
    return shapes.get(name.split("_")[0], (8, 8, 1))


def conditional(build):
    """Whether a builder has the argument for labels."""
    return "num_classes" in inspect.signature(build).parameters


@pytest.mark.parametrize("name", BUILDERS)
def test_counts_of_builders_are_checked(name):
    build, shape = builder(name), sample_shape_of(name)
    for argument in counts_of(build):
        can_be_zero = argument == "phase_shuffle" or (name, argument) == WITHOUT_LATENTS
        lowest = 0 if can_be_zero else 1
        for value in (lowest - 1, -3, 1.5, True, "4"):
            received = re.escape(f"Received: {argument}={value!r}")
            with pytest.raises(ValueError, match=f"`{argument}` must be.*{received}"):
                build(shape, **{argument: value})


@pytest.mark.slow
@pytest.mark.parametrize("name", BUILDERS)
def test_builders_take_ints_of_numpy(name):
    build, shape = builder(name), sample_shape_of(name)
    counts = counts_of(build)
    counts.pop("condition_dim", None)  # Not with labels.
    if "mlp" in name:
        counts["hidden"] = (3, 2)
    configs = []
    for number in (int, np.int64):
        keras.utils.clear_session(free_memory=False)  # Names are counted anew.
        given = {
            key: tuple(map(number, value)) if key == "hidden" else number(value)
            for key, value in counts.items()
        }
        model = build(tuple(map(number, shape)), **given)
        configs.append(without_seeds(model.get_config()))
    assert repr(configs[0]) == repr(configs[1])


@pytest.mark.slow
@pytest.mark.parametrize("num_classes", [3, on_pytorch(None)])
@pytest.mark.parametrize("name", BUILDERS)
def test_networks_are_channels_last_whatever_the_default(
    name, num_classes, channels_first
):
    build, shape = builder(name), sample_shape_of(name)
    if conditional(build):
        # Of odd sizes, so that the generators crop.
        shape = (9, 11, 3) if len(shape) == 3 else shape
        build = functools.partial(build, num_classes=num_classes)
    elif num_classes:
        pytest.skip("the network takes no labels")
    first = build(shape)
    assert keras.config.image_data_format() == "channels_first"
    keras.config.set_image_data_format("channels_last")
    keras.utils.clear_session(free_memory=False)
    last = build(shape)
    configs = [str(without_seeds(model.get_config())) for model in (first, last)]
    numbers = re.compile(r"_\d+\b")
    assert numbers.sub("", configs[0]) == numbers.sub("", configs[1])


def without_seeds(config):
    if isinstance(config, dict):
        return {k: without_seeds(v) for k, v in config.items() if k != "seed"}
    return [without_seeds(x) for x in config] if isinstance(config, list) else config


@pytest.mark.parametrize("hidden", [(0,), (4, 1.5), (True,), 8, "4"])
def test_hidden_widths_are_checked(hidden):
    received = re.escape(f"Received: hidden={hidden!r}")
    for build in (kgan.networks.mlp_generator, kgan.networks.mlp_discriminator):
        with pytest.raises(ValueError, match=f"`hidden` must be.*{received}"):
            build((2,), hidden=hidden)
        assert build((2,), hidden=()).inputs


def test_conditioning_is_checked():
    for name in BUILDERS:
        build = builder(name)
        if "conditioning" in inspect.signature(build).parameters:
            with pytest.raises(ValueError, match="Received: conditioning='both'"):
                build(sample_shape_of(name), conditioning="both")
            with pytest.raises(ValueError, match=r"one logit.*Received: outputs=2, cond"):
                build(sample_shape_of(name), outputs=2, num_classes=2)


def test_parameters_of_sngan_for_cifar_10():
    """Worked out from table 4 of the paper: 256 channels in the generator, 128 in the
    discriminator."""
    convolution, shortcut = 9 * 256 * 256 + 256, 256 * 256 + 256
    block = 2 * convolution + shortcut + 2 * 2 * 256
    generator = (128 + 1) * 16 * 256 + 3 * block + 2 * 256 + 9 * 256 * 3 + 3
    network = kgan.networks.resnet_generator((32, 32, 3))
    assert sum(np.prod(w.shape) for w in network.trainable_weights) == generator
    convolution, shortcut = 9 * 128 * 128 + 128, 128 * 128 + 128
    first = 9 * 3 * 128 + 128 + convolution + 3 * 128 + 128
    discriminator = first + 2 * convolution + shortcut + 4 * convolution + 128 + 1
    network = kgan.networks.resnet_discriminator((32, 32, 3))
    assert sum(np.prod(w.shape) for w in network.trainable_weights) == discriminator
    names = [layer.name for layer in network.layers]
    assert sum("spectral" in name for name in names) == 8 + 2 + 1


def test_a_residual_discriminator_equals_numpy():
    """One pixel: convolutions are products, pooling is nothing."""
    network = kgan.networks.resnet_discriminator((1, 1, 2), width=3, normalization=None)
    random = np.random.default_rng(0)
    weights = [random.standard_normal(w.shape) for w in network.get_weights()]
    network.set_weights(weights)
    x = random.standard_normal((4, 2))

    def middle(k, b, x):
        return np.maximum(x, 0) @ k[k.shape[0] // 2, k.shape[1] // 2] + b

    first, second, third, fourth = (weights[i : i + 2] for i in (0, 2, 6, 8))
    side, end = weights[4:6], weights[10:]
    shortcut = x @ side[0][0, 0] + side[1]
    y = middle(*second, middle(*first, x)) + shortcut
    y = middle(*fourth, middle(*third, y)) + y
    wanted = np.maximum(y, 0) @ end[0] + end[1]
    found = numpy(network(x[:, None, None].astype("float32")))
    np.testing.assert_allclose(found, wanted, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("kind, low, high", [("dcgan", 0.01, 4), ("resnet", 0.1, 20)])
def test_no_layer_loses_or_blows_up_the_variance_at_the_start(kind, low, high):
    random = np.random.default_rng(0)
    generator = getattr(kgan.networks, f"{kind}_generator")((32, 32, 3), 64, width=32)
    discriminator = getattr(kgan.networks, f"{kind}_discriminator")(
        (32, 32, 3), width=16, normalization=None
    )
    for network, shape in ((generator, (32, 64)), (discriminator, (32, 32, 32, 3))):
        kernels = [layer for layer in network.layers if layer.weights]
        every = keras.Model(network.input, [layer.output for layer in kernels])
        outputs = every(random.standard_normal(shape).astype("float32"), training=True)
        spreads = [float(np.std(numpy(x))) for x in outputs]
        assert min(spreads) > low and max(spreads) < high, spreads


@pytest.mark.slow
@pytest.mark.parametrize(
    "kind", ["biggan", "dcgan", "fastgan", "resnet", "r3gan", "small", "transformer"]
)
def test_labels_reach_both_ends(kind):
    shape, num_classes = (8, 8, 1), 3
    size = {"width": 8} | ({"group_size": None} if kind == "r3gan" else {})
    generator = getattr(kgan.networks, f"{kind}_generator")(
        shape, 4, num_classes=num_classes, **size
    )
    discriminator = getattr(kgan.networks, f"{kind}_discriminator")(
        shape, num_classes=num_classes, **size
    )
    random = np.random.default_rng(0)
    for weight in (*generator.weights, *discriminator.trainable_weights):
        weight.assign(random.uniform(-0.3, 0.3, weight.shape))
    z, x = np.ones((2, 4), "float32"), np.ones((2, *shape), "float32")
    labels = np.array([0, 2])
    for network, inputs in ((generator, z), (discriminator, x)):
        first, second = numpy(network([inputs, labels]))
        assert not np.allclose(first, second)


@pytest.mark.parametrize("shape", [(1, 1), (7, 2), (100, 1), (256, 3)])
def test_networks_for_signals_of_any_length_fit_together(shape):
    generator = kgan.networks.wavegan_generator(shape, 5, width=4)
    discriminator = kgan.networks.wavegan_discriminator(shape, width=4, phase_shuffle=0)
    assert generator.output_shape == (None, *shape)
    assert kgan.GAN(generator, discriminator).sample(2).shape == (2, *shape)


def test_parameters_of_wavegan():
    """The shapes of the paper's tables 3 and 4, with d = 64 and c = 1."""
    d = 64
    widths = [16 * d, 8 * d, 4 * d, 2 * d, d, 1]
    pairs = list(itertools.pairwise(widths))
    generator = (100 + 1) * 256 * d + sum(25 * a * b + b for a, b in pairs)
    discriminator = sum(25 * a * b + a for a, b in pairs) + 256 * d + 1
    build = kgan.networks.wavegan_generator, kgan.networks.wavegan_discriminator
    assert [f((16384, 1)).count_params() for f in build] == [generator, discriminator]
    shuffles = [x for x in build[1]((16384, 1)).layers if "phase" in x.name]
    assert len(shuffles) == 4


@pytest.mark.slow
def test_a_signal_gan_trains_with_phase_shuffle_and_labels():
    shape = (70, 1)
    gan = kgan.GAN(
        kgan.networks.wavegan_generator(shape, 4, width=4, num_classes=2),
        kgan.networks.wavegan_discriminator(shape, width=4, num_classes=2),
        seed=0,
    )
    gan.compile(loss="wasserstein", penalties=["gradient_penalty"])
    x = np.random.default_rng(0).uniform(-1, 1, (16, *shape)).astype("float32")
    history = gan.fit(x, np.arange(16) % 2, batch_size=8, verbose=0).history
    assert np.isfinite(history["loss"]).all()


@pytest.mark.parametrize("shape", [(8,), (8, 8, 1), (0, 1)])
def test_a_shape_that_is_no_signal_is_refused(shape):
    for build in (kgan.networks.wavegan_generator, kgan.networks.wavegan_discriminator):
        with pytest.raises(ValueError, match=r"`signal_shape`.*Received: signal_shape="):
            build(shape)


def test_the_small_pair_is_small():
    """The operations for MNIST at width 12, counted by hand."""
    from kgan.presets import cost

    generator = kgan.networks.small_generator((28, 28, 1), 64, width=12)
    w = 12
    by_hand = 64 * 16 * 4 * w + 9 * (16 * 16 + 49 * 8) * w * w
    # From 7x7 to 14x14 pixels: a transposed convolution of 4x4, or a convolution of 3x3.
    fast = kgan.backend.FAST_TRANSPOSED_CONVOLUTIONS
    by_hand += (16 * 49 if fast else 9 * 196) * 2 * w * w
    by_hand += 784 * 9 * (w * w // 2 + w // 2)
    assert cost.flops(generator) == 2 * by_hand
    discriminator = kgan.networks.small_discriminator((28, 28, 1), width=w)
    by_hand = 16 * (196 * w + 49 * 2 * w * w + 16 * 8 * w * w)
    by_hand += 16 * 9 * (4 * w + 1) * 4 * w + 16 * 4 * w
    assert cost.flops(discriminator) == 2 * by_hand


def test_a_small_discriminator_of_two_stages_has_these_parameters():
    w = 4
    judge = kgan.networks.small_discriminator((8, 8, 1), width=w, depth=2)
    # Two stages down to 2x2 pixels, batch normalisation after the second, a convolution
    # of the features and of their deviation, and the logit.
    by_hand = (16 * w + w) + 16 * 2 * w * w + 4 * 2 * w
    by_hand += 9 * (2 * w + 1) * 2 * w + 2 * w + 4 * 2 * w + 1
    assert judge.count_params() == by_hand
    generator = kgan.networks.small_generator((8, 8, 1), 3, width=w, depth=2)
    sizes = [
        layer.output.shape[1:3] for layer in generator.layers if "conv" in layer.name
    ]
    assert sizes == [(2, 2), (4, 4), (8, 8), (8, 8)]


def test_the_last_doubling_of_the_small_generator_is_smooth():
    generator = kgan.networks.small_generator((8, 8, 1), 3, width=4, depth=2)
    of_class = keras.layers.UpSampling2D
    (last,) = (x for x in generator.layers if isinstance(x, of_class))
    z = np.random.default_rng(0).normal(size=(2, 3)).astype("float32")

    def doubled(layer):
        model = keras.Model(generator.input, [layer.input, layer.output])
        return map(keras.ops.convert_to_numpy, model(z))

    before, after = doubled(last)
    for axis in (1, 2):
        # A quarter of the pixel on the other side; at the edge, the pixel itself.
        edges = [(1, 1) if i == axis else (0, 0) for i in range(4)]
        twice = before.repeat(2, axis=axis)
        padded = np.pad(twice, edges, mode="edge")
        left, right = (
            padded.take(range(start, start + twice.shape[axis]), axis=axis)
            for start in (0, 2)
        )
        before = twice / 2 + (left + right) / 4
    np.testing.assert_allclose(after, before, atol=1e-6)
