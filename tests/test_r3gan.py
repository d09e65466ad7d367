"""The network of R3GAN against numpy, and against the counts of its authors."""

import keras
import numpy as np
import pytest
from by_hand import convolve, leaky, shrunk, stretched
from helpers import numpy, on_pytorch

import kgan

RANDOM = np.random.default_rng(0)


class Weights(list):
    def next(self, count=1):
        taken, self[:] = self[:count], self[count:]
        return taken[0] if count == 1 else taken


def blocks(x, weights, count=2):
    for _ in range(count):
        first, first_bias, second, second_bias, last = weights.next(5)
        y = leaky(convolve(x, first, first_bias))
        x = x + convolve(leaky(convolve(y, second, second_bias)), last)
    return x


def generate(z, labels, weights, sizes, widths):
    if labels is not None:
        z = np.concatenate([z, weights.next()[labels]], axis=1)
    x = z @ weights.next()
    x = weights.next()[None] * x[:, None, None]
    for i, (size, width) in enumerate(zip(sizes, widths, strict=True)):
        if i:
            x = x if x.shape[-1] == width else convolve(x, weights.next())
            x = stretched(x)[:, : size[0], : size[1]]
        x = blocks(x, weights)
    return convolve(x, weights.next())


def discriminate(x, labels, weights, sizes, widths):
    x = convolve(x, weights.next())
    for i, width in enumerate(widths[::-1]):
        if i:
            odd = [(0, size % 2) for size in x.shape[1:3]]
            x = shrunk(np.pad(x, ((0, 0), *odd, (0, 0))))
            x = x if x.shape[-1] == width else convolve(x, weights.next())
        x = blocks(x, weights)
    x = np.einsum("bhwc,hwc->bc", x, weights.next()) @ weights.next()
    if labels is None:
        return x
    return np.sum(x * weights.next()[labels], axis=1, keepdims=True)


CASES = [
    ((8, 8, 3), (16, 8), [(4, 4), (8, 8)]),
    ((7, 13, 1), (8, 8), [(4, 7), (7, 13)]),
    pytest.param(
        (28, 28, 1), (24, 16, 8, 8), [(4, 4), (7, 7), (14, 14), (28, 28)],
        marks=pytest.mark.slow,
    ),
]  # fmt: skip


@pytest.mark.parametrize("num_classes", [None, 3])
@pytest.mark.parametrize("shape, widths, sizes", CASES)
def test_both_networks_are_those_of_numpy(shape, widths, sizes, num_classes):
    options = {"width": widths, "group_size": 4, "num_classes": num_classes}
    generator = kgan.networks.r3gan_generator(shape, 6, **options)
    discriminator = kgan.networks.r3gan_discriminator(shape, **options)
    for network in (generator, discriminator):
        # No kernel stays zero.
        for weight in network.weights:
            weight.assign(RANDOM.standard_normal(weight.shape) / 3)
    z = RANDOM.standard_normal((2, 6))
    labels = None if num_classes is None else np.array([2, 0])

    def inputs(x):
        x = x.astype("float32")
        return x if labels is None else [x, labels]

    weights = Weights(w.astype("float64") for w in generator.get_weights())
    images = generate(z, labels, weights, sizes, widths)
    assert not weights
    found = numpy(generator(inputs(z)))
    np.testing.assert_allclose(found, images, rtol=1e-4, atol=1e-4 * np.abs(images).max())
    weights = Weights(w.astype("float64") for w in discriminator.get_weights())
    logits = discriminate(images, labels, weights, sizes, widths)
    assert not weights
    found = numpy(discriminator(inputs(images)))
    np.testing.assert_allclose(found, logits, rtol=1e-4, atol=1e-4 * np.abs(logits).max())


@pytest.mark.slow
def test_parameters_of_the_paper_for_cifar_10():
    """Worked out from the official code's layers: 768 channels, 2 blocks at 4 sizes."""
    block = 768 * 1536 + 1536 + 9 * 16 * 1536 + 1536 + 1536 * 768
    bodies = 4 * 2 * block
    basis, pixels = 16 * 768, 3 * 768
    generator = bodies + 64 * 768 + basis + pixels
    discriminator = bodies + pixels + basis + 768
    build = kgan.networks.r3gan_generator, kgan.networks.r3gan_discriminator
    found = [f((32, 32, 3), width=768).count_params() for f in build]
    assert found == [generator, discriminator] == [20_732_160, 20_683_776]
    # With labels: 64 more latents and a table; features of 768, and a table.
    found = [f((32, 32, 3), width=768, num_classes=10).count_params() for f in build]
    assert found == [
        generator + 64 * 768 + 10 * 64,
        discriminator + 767 * 768 + 10 * 768,
    ]


def test_labels_meet_as_many_features_as_the_smallest_size_has():
    # What the official code counts, 165,808; with the widths of full size it is 162,256.
    network = kgan.networks.r3gan_discriminator(
        (32, 32, 3), width=(64, 48, 32, 16), num_classes=10
    )
    assert network.count_params() == 165_808


def test_widths_follow_the_size():
    network = kgan.networks.r3gan_generator((128, 64, 1), width=32, group_size=None)
    sizes = {layer.output.shape[1:] for layer in network.layers if "add" in layer.name}
    assert sizes == {(8, 4, 32), (16, 8, 32), (32, 16, 32), (64, 32, 32), (128, 64, 16)}


def test_variance_at_the_start_is_that_of_fixup():
    network = kgan.networks.r3gan_discriminator((16, 16, 1), width=128)
    images = RANDOM.standard_normal((64, 16, 16, 1)).astype("float32")
    inside = [layer for layer in network.layers if layer.name.startswith("leaky")]
    trunk = [layer for layer in network.layers if layer.name.startswith("add")]
    outputs = [layer.output for layer in (*inside, *trunk)]
    squares = [
        np.mean(numpy(x) ** 2) for x in keras.Model(network.input, outputs)(images)
    ]
    inside, trunk = squares[: len(inside)], squares[len(inside) :]
    # Blocks begin as the identity.
    np.testing.assert_allclose(trunk[::2], trunk[1::2])
    np.testing.assert_allclose(trunk[0], 1, rtol=0.3)
    for i, (first, second) in enumerate(zip(inside[::2], inside[1::2], strict=True)):
        size = 16 // 2 ** (i // 2)
        # Of six blocks; and the zeros beyond the edge that a 3x3 kernel sees.
        gain, edge = 6**-0.5, ((3 * size - 2) / (3 * size)) ** 2
        np.testing.assert_allclose(first / trunk[i], gain, rtol=0.2)
        np.testing.assert_allclose(second / first, gain * edge, rtol=0.2)


def test_r3gan_refuses():
    for build in (kgan.networks.r3gan_generator, kgan.networks.r3gan_discriminator):
        with pytest.raises(ValueError, match=r"Received: group_size=16 for 24 channels"):
            build((8, 8, 1), width=12)
        with pytest.raises(ValueError, match=r"one per size.*Received: width=\(8,\)"):
            build((8, 8, 1), width=(8,))


@pytest.mark.slow
@pytest.mark.parametrize("num_classes", [on_pytorch(None), 3])
def test_they_train_with_the_paper_s_loss(num_classes):
    shape = (8, 8, 1)
    options = {"width": 8, "group_size": 8, "num_classes": num_classes}
    gan = kgan.GAN(
        kgan.networks.r3gan_generator(shape, 4, blocks=1, **options),
        kgan.networks.r3gan_discriminator(shape, blocks=1, **options),
        seed=0,
    )
    gan.compile(
        loss="relativistic", penalties=[kgan.penalties.R1(0.1), kgan.penalties.R2(0.1)]
    )
    x = RANDOM.integers(0, 256, (16, *shape), "uint8")
    y = () if num_classes is None else (np.arange(16) % 3,)
    before = [w.copy() for w in gan.generator.get_weights()]
    history = gan.fit(x, *y, batch_size=8, epochs=2, verbose=0).history
    assert np.isfinite(history["loss"]).all() and history["r1"][-1] > 0
    changed = [
        not np.array_equal(a, b)
        for a, b in zip(before, gan.generator.get_weights(), strict=True)
    ]
    assert all(changed)
