import keras
import numpy as np
import pytest
from helpers import numpy

import kgan

SHAPES = [(8, 8, 1), (33, 17, 3), (1, 1, 1)]
# Sizes of layers are worked out before any backend sees them.
SHAPES += [
    pytest.param(shape, marks=pytest.mark.slow)
    for shape in (
        (28, 28, 1), (32, 32, 3), (100, 100, 2), (7, 30, 4), (4, 4, 1), (5, 64, 1),
    )
]  # fmt: skip


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("kind", ["dcgan", "mlp"])
def test_any_shape_goes_round(shape, kind):
    generator = getattr(kgan.networks, f"{kind}_generator")
    discriminator = getattr(kgan.networks, f"{kind}_discriminator")
    size = {"width": 4} if kind == "dcgan" else {"hidden": (6,)}
    gan = kgan.GAN(generator(shape, 5, **size), discriminator(shape, **size))
    assert gan.sample(2).shape == (2, *shape)
    assert gan.combined(np.zeros((2, 5), "float32")).shape == (2, 1)


def test_output_is_in_the_range_of_scaled_pixels():
    generator = kgan.networks.dcgan_generator((8, 8, 1), 5, width=4)
    images = numpy(generator(1000 * np.ones((4, 5), "float32"), training=False))
    assert np.abs(images).max() <= 1
    assert kgan.models.checks.output_range(generator) == (-1.0, 1.0)
    assert generator.layers[-1].activation is keras.activations.tanh


def test_a_flat_input_draws_no_checkerboard():
    """Constant features stay constant, away from the borders and their padding."""
    generator = kgan.networks.dcgan_generator((32, 32, 1), 5, width=8)
    start = next(layer for layer in generator.layers if "reshape" in layer.name)
    upsample = keras.Model(start.output, generator.output)
    flat = np.ones((1, *start.output.shape[1:]), "float32")
    inside = numpy(upsample(flat, training=False))[0, 12:20, 12:20, 0]
    assert np.ptp(inside) < 1e-6
    assert abs(inside.mean()) > 1e-6


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
def test_no_image_shape_is_named(shape):
    for build in (kgan.networks.dcgan_generator, kgan.networks.dcgan_discriminator):
        with pytest.raises(ValueError, match=r"`image_shape`.*Received: image_shape="):
            build(shape)
