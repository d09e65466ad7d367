"""Networks from image to image, and discriminators of patches."""

import functools
import itertools
import re

import keras
import numpy as np
import pytest
from helpers import numpy
from keras import ops

import kgan
from kgan import backend

RANDOM = np.random.default_rng(0)


def trained(network):
    """Returns the number of trained parameters."""
    return sum(int(np.prod(w.shape)) for w in network.trainable_weights)


def pictures(*shape):
    return RANDOM.uniform(-1, 1, shape).astype("float32")


def test_parameters_of_the_u_net_of_pix2pix():
    """The code of the authors prints 54.414 M for 256 pixels.

    That network has no bias in the first and in the innermost convolution.
    """

    def official(w):
        widths = [w, 2 * w, *[4 * w], *[8 * w] * 5]
        down = [(3, w), *itertools.pairwise(widths)]
        up = [(8 * w, 8 * w), *[(16 * w, 8 * w)] * 3, (16 * w, 4 * w), (8 * w, 2 * w)]
        up += [(4 * w, w), (2 * w, 3)]
        kernels = sum(16 * a * b for a, b in down + up)
        normalized = sum(b for _, b in down[1:-1]) + sum(b for _, b in up[:-1])
        return kernels + 2 * normalized + 3

    assert round(official(64) / 1e6, 3) == 54.414
    network = kgan.networks.unet_generator((256, 256, 3), width=4)
    assert trained(network) == official(4) + 4 + 32


def test_parameters_of_the_patches_of_pix2pix():
    """The code of the authors prints 2.769 M for images with their sources."""

    def official(w):
        convolutions = (6, w), (w, 2 * w), (2 * w, 4 * w), (4 * w, 8 * w), (8 * w, 1)
        return sum(16 * a * b for a, b in convolutions) + w + 1 + 2 * 14 * w

    assert round(official(64) / 1e6, 3) == 2.769
    shape = (256, 256, 3)
    network = kgan.networks.patch_discriminator(shape, shape, width=4)
    assert trained(network) == official(4)
    assert network.output_shape == (None, 30, 30, 1)


def test_parameters_of_cyclegan():
    """The code of the authors prints 11.378 M with nine blocks.

    That network has biases in front of the normalisations, which remove them again.
    """

    def official(w, blocks):
        pairs = [(9 * w, 2 * w), (18 * w, 4 * w), *[(36 * w, 4 * w)] * 2 * blocks]
        pairs += [(36 * w, 2 * w), (18 * w, w), (49 * w, 3)]
        biases = w + sum(b for _, b in pairs)
        return 49 * 3 * w + sum(a * b for a, b in pairs), biases

    assert round(sum(official(64, 9)) / 1e6, 3) == 11.378
    for side, blocks in ((256, 9), (252, 6)):
        network = kgan.networks.resnet_translator((128, side, 3), width=2)
        assert trained(network) == official(2, blocks)[0] + 3


@pytest.mark.parametrize("depth, side", [(1, 16), (2, 34), (3, 70)])
def test_a_logit_depends_on_exactly_one_patch(depth, side):
    """The sides of the paper's appendix, as the window in which gradients are not 0."""
    size = 40 + side
    network = kgan.networks.patch_discriminator(
        (size, size + 8, 1), width=2, depth=depth, normalization=None
    )
    for weight in network.weights:
        # All paths count in one direction, so none cancels another.
        weight.assign(RANDOM.uniform(0.1, 0.2, weight.shape))
    row, column = (n // 2 for n in network.output_shape[1:3])

    def logit(x):
        return ops.sum(network(x)[:, row, column]), ()

    x = ops.convert_to_tensor(pictures(1, size, size + 8, 1))
    gradient = numpy(backend.pullback(logit, x)[1]())[0, :, :, 0]
    for axis in (0, 1):
        seen = np.flatnonzero(gradient.any(axis=axis))
        assert len(seen) == side == seen[-1] - seen[0] + 1
        assert seen[0] > 0 and seen[-1] < gradient.shape[1 - axis] - 1


def test_a_u_net_of_one_level_equals_numpy():
    """Two pixels: each of the 4x4 kernels has its inner 2x2 weights on them."""
    network = kgan.networks.unet_generator((2, 2, 2), (2, 2, 3), width=5, depth=1)
    weights = [RANDOM.normal(size=w.shape) for w in network.get_weights()]
    network.set_weights(weights)
    down, down_bias, up, up_bias = weights
    x = pictures(4, 2, 2, 3)
    inside = np.einsum("bijc,ijcf->bf", x, down[1:3, 1:3]) + down_bias
    # The kernel of a transposed convolution ends in (output, input) channels.
    outside = np.einsum("bf,ijcf->bijc", np.maximum(inside, 0), up[1:3, 1:3]) + up_bias
    found = numpy(network(x))
    np.testing.assert_allclose(found, np.tanh(outside), rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize(
    "shape, depth, normalization, inner",
    [
        ((32, 32, 3), None, "batch", (1, 1)),
        ((24, 40, 1), None, "instance", (3, 5)),
        ((24, 40, 1), 2, None, (6, 10)),
        ((6, 2, 1), None, "batch", (3, 1)),
    ],
)
def test_a_u_net_of_any_size(shape, depth, normalization, inner):
    network = kgan.networks.unet_generator(
        shape, (*shape[:2], 2), width=2, depth=depth, normalization=normalization
    )
    convolutions = [x for x in network.layers if type(x) is keras.layers.Conv2D]
    assert convolutions[-1].output.shape[1:3] == inner
    outputs = numpy(network(pictures(2, *shape[:2], 2), training=True))
    assert outputs.shape == (2, *shape) and np.abs(outputs).max() <= 1


def test_the_innermost_levels_of_the_decoder_have_dropout():
    def levels(**options):
        network = kgan.networks.unet_generator((64, 64, 1), width=2, **options)
        found = [x for x in network.layers if isinstance(x, keras.layers.Dropout)]
        return network, [(x.rate, x.output.shape[1]) for x in found]

    network, found = levels()
    assert found == [(0.5, 2), (0.5, 4), (0.5, 8)]
    assert levels(dropout=0)[1] == []
    x = pictures(1, 64, 64, 1)
    first, second = (numpy(network(x, training=False)) for _ in "ab")
    np.testing.assert_array_equal(first, second)
    first, second = (numpy(network(x, training=True)) for _ in "ab")
    assert not np.allclose(first, second)


def test_latents_reach_each_pixel_of_the_source():
    network = kgan.networks.unet_generator((8, 6, 1), (8, 6, 2), 2, latent_dim=3)
    assert [x.name for x in network.inputs] == ["latents", "source"]
    joined = next(x for x in network.layers if "concatenate" in x.name)
    z, x = pictures(2, 3), pictures(2, 8, 6, 2)
    found = numpy(keras.Model(network.inputs, joined.output)([z, x]))
    wanted = np.broadcast_to(z[:, None, None], (2, 8, 6, 3))
    np.testing.assert_array_equal(found, np.concatenate([x, wanted], axis=-1))


def test_a_skip_carries_details_past_the_innermost_level():
    network = kgan.networks.unet_generator((16, 16, 1), width=2, normalization=None)
    innermost = [x for x in network.layers if type(x) is keras.layers.Conv2D][-1]
    innermost.set_weights([0 * w for w in innermost.get_weights()])
    x = pictures(2, 16, 16, 1)
    first, second = numpy(network(x))
    assert not np.allclose(first, second)


@pytest.mark.parametrize("normalization", ["instance", "batch"])
def test_a_translator_takes_any_size_that_4_divides(normalization):
    options = {"width": 2, "blocks": 1, "normalization": normalization}
    network = kgan.networks.resnet_translator((None, None, 2), (None, None, 1), **options)
    assert network.output_shape == (None, None, None, 2)
    fixed = kgan.networks.resnet_translator((12, 8, 2), (12, 8, 1), **options)
    fixed.set_weights(network.get_weights())
    x = pictures(2, 12, 8, 1)
    found, wanted = (numpy(n(x)) for n in (network, fixed))
    assert wanted.shape == (2, 12, 8, 2)
    np.testing.assert_allclose(found, wanted, rtol=1e-5, atol=1e-6)
    assert network(pictures(1, 16, 20, 1)).shape == (1, 16, 20, 2)


def test_borders_of_a_translator_mirror_the_image():
    network = kgan.networks.resnet_translator((8, 8, 1), width=2, blocks=1)
    padded = [x for x in network.layers if "reflection" in x.name]
    assert [x.padding for x in padded] == [3, 1, 1, 3]
    first = keras.Model(network.input, padded[0].output)
    x = pictures(2, 8, 8, 1)
    border = ((0, 0), (3, 3), (3, 3), (0, 0))
    np.testing.assert_array_equal(numpy(first(x)), np.pad(x, border, mode="reflect"))


def test_a_source_joins_the_channels_of_the_image():
    network = kgan.networks.patch_discriminator(
        (24, 24, 2), (24, 24, 1), width=2, depth=1, normalization="spectral"
    )
    assert [x.name for x in network.inputs] == ["samples", "source"]
    joined = next(x for x in network.layers if "concatenate" in x.name)
    x, y = pictures(2, 24, 24, 2), pictures(2, 24, 24, 1)
    found = numpy(keras.Model(network.inputs, joined.output)([x, y]))
    np.testing.assert_array_equal(found, np.concatenate([x, y], axis=-1))
    assert network([x, y]).shape == (2, 10, 10, 1)


def test_each_scale_judges_the_halved_image():
    network = kgan.networks.patch_discriminator(
        (36, 32, 1), width=2, depth=1, scales=3, normalization=None
    )
    single = kgan.networks.patch_discriminator(
        (18, 16, 1), width=2, depth=1, normalization=None
    )
    weights = network.get_weights()
    assert len(weights) == 3 * len(single.weights)
    x = pictures(2, 36, 32, 1)
    outputs = [numpy(y) for y in network(x)]
    assert [y.shape for y in outputs] == [(2, 16, 14, 1), (2, 7, 6, 1), (2, 3, 2, 1)]
    halved = x.reshape(2, 18, 2, 16, 2, 1).mean(axis=(2, 4))
    # The sides of the images that the convolutions of the second network take.
    kernels = [
        x for x in network.layers if x.weights and x.input.shape[1] in (18, 11, 10)
    ]
    assert len(kernels) == 3
    single.set_weights([w for layer in kernels for w in layer.get_weights()])
    np.testing.assert_allclose(numpy(single(halved)), outputs[1], rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize(
    "build, received",
    [
        (lambda n: n.unet_generator((9, 8, 3)), "sample_shape=(9, 8, 3), depth=None"),
        (
            lambda n: n.unet_generator((8, 8, 3), depth=4),
            "sample_shape=(8, 8, 3), depth=4",
        ),
        (lambda n: n.unet_generator((None, None, 3)), "sample_shape=(None, None, 3)"),
        (
            lambda n: n.unet_generator((8, 8, 3), (8, 4, 3)),
            "sample_shape=(8, 8, 3), source_shape=(8, 4, 3)",
        ),
        (lambda n: n.unet_generator((8, 8, 3), (8, 8)), "source_shape=(8, 8)"),
        (lambda n: n.unet_generator((8, 8, 3), dropout=1.0), "dropout=1.0"),
        (
            lambda n: n.unet_generator((8, 8, 3), normalization="spectral"),
            "normalization='spectral'",
        ),
        (lambda n: n.resnet_translator((10, 8, 3)), "sample_shape=(10, 8, 3)"),
        (lambda n: n.resnet_translator((4, 8, 3)), "sample_shape=(4, 8, 3)"),
        (lambda n: n.resnet_translator((None, 8, 3)), "sample_shape=(None, 8, 3)"),
        (
            lambda n: n.resnet_translator((None, None, 3), (8, 8, 3)),
            "sample_shape=(None, None, 3), source_shape=(8, 8, 3)",
        ),
        (
            lambda n: n.patch_discriminator((16, 32, 3)),
            "sample_shape=(16, 32, 3), depth=3, scales=1",
        ),
        (
            lambda n: n.patch_discriminator((32, 32, 3), scales=2),
            "sample_shape=(32, 32, 3), depth=3, scales=2",
        ),
        (
            lambda n: n.patch_discriminator((32, 32, 3), (16, 16, 3)),
            "sample_shape=(32, 32, 3), source_shape=(16, 16, 3)",
        ),
        (lambda n: n.patch_discriminator((32, 32, 3), scales=0), "scales=0"),
    ],
)
def test_arguments_are_checked(build, received):
    with pytest.raises(ValueError, match=re.escape(f"Received: {received}")):
        build(kgan.networks)


def test_the_smallest_image_has_one_logit():
    build = kgan.networks.patch_discriminator
    assert build((17, 17, 1), width=2).output_shape == (None, 1, 1, 1)
    outputs = build((33, 33, 1), width=2, scales=2).output_shape
    assert outputs == [(None, 3, 3, 1), (None, 1, 1, 1)]


@pytest.mark.slow
@pytest.mark.parametrize(
    "build, normalization",
    [
        (kgan.networks.unet_generator, "batch"),
        (functools.partial(kgan.networks.resnet_translator, blocks=1), "instance"),
    ],
    ids=["unet", "resnet"],
)
def test_networks_train_and_are_saved(build, normalization, tmp_path):
    network = build((8, 8, 1), (8, 8, 2), width=2, normalization=normalization)
    network.compile("adam", "mae")
    x, y = pictures(4, 8, 8, 2), pictures(4, 8, 8, 1)
    before = network.get_weights()
    network.fit(x, y, batch_size=2, verbose=0)
    trained = zip(network.get_weights(), before, strict=True)
    assert all((new != old).any() for new, old in trained)
    network.save(tmp_path / "network.keras")
    loaded = keras.models.load_model(tmp_path / "network.keras")
    found, wanted = (n.predict(x, verbose=0) for n in (loaded, network))
    np.testing.assert_allclose(found, wanted, rtol=1e-5, atol=1e-6)
