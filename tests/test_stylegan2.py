"""StyleGAN2 against numpy with a kernel for each sample, and against official counts."""

import re

import keras
import numpy as np
import pytest
from by_hand import convolve, filtered, leaky, shrunk, stretched
from helpers import numpy, on_pytorch

import kgan
from kgan.layers import (
    EqualizedConv2D,
    EqualizedDense,
    EqualizedEmbedding,
    LearnedConstant,
    ModulatedConv2D,
    NoiseInjection,
    StyleMixing,
    StyleTruncation,
)

RANDOM = np.random.default_rng(0)


def array(variable):
    return numpy(variable).astype("float64")


def of(network, kind):
    """Returns the layers of one class in the order in which they were made."""

    def number(layer):
        return int((re.findall(r"_(\d+)$", layer.name) or [0])[0])

    return sorted((x for x in network.layers if type(x) is kind), key=number)


def randomise(network):
    """Gives all weights other values, so that no bias and no strength is 0."""
    for weight in network.weights:
        weight.assign(weight + RANDOM.standard_normal(weight.shape) / 2)


# By the definitions: a kernel for each sample, zeros between the pixels, filters of full
# size. The layers compute in another order.


def scaled(layer):
    kernel = array(layer.kernel)
    scale = layer.learning_rate * layer.gain / np.prod(kernel.shape[:-1]) ** 0.5
    return kernel * scale


def bias(layer):
    return array(layer.bias) * layer.learning_rate if layer.use_bias else 0


def dense(x, layer):
    return x @ scaled(layer) + bias(layer)


def active(x):
    return 2**0.5 * leaky(x)


def unit(x):
    return x / np.sqrt(np.mean(x**2, axis=1, keepdims=True) + 1e-8)


def transposed(x, kernel):
    """Zeros between the pixels, the mirrored kernel, and the filter."""
    filled = np.zeros((x.shape[0], 2 * x.shape[1], 2 * x.shape[2], x.shape[3]))
    filled[:, ::2, ::2] = x
    whole = np.pad(filled, ((0, 0), (2, 2), (2, 2), (0, 0)))
    y = 4 * filtered(convolve(whole, kernel[::-1, ::-1]))
    # The kernel begins one pixel before the padding ends, and the filter one more.
    return y[:, 3 : 3 + filled.shape[1], 3 : 3 + filled.shape[2]]


def modulated(x, style, layer):
    samples = []
    for sample, scales in zip(x, dense(style, layer.style), strict=True):
        kernel = scaled(layer) * scales[:, None]
        if layer.demodulate:
            kernel = kernel / np.sqrt((kernel**2).sum((0, 1, 2)) + 1e-8)
        samples.append((transposed if layer.up else convolve)(sample[None], kernel))
    return np.concatenate(samples) + bias(layer)


def generate(z, labels, generator, psi=1.0):
    mapping, synthesis = (generator.get_layer(x) for x in ("mapping", "synthesis"))
    x = unit(z)
    if labels is not None:
        (embedding,) = of(mapping, EqualizedEmbedding)
        x = np.concatenate([x, unit(scaled(embedding)[labels] + bias(embedding))], 1)
    for layer in of(mapping, EqualizedDense):
        x = active(dense(x, layer))
    mean = array(mapping.get_layer("truncation").mean)
    style = mean + psi * (x - mean)
    convolutions = of(synthesis, ModulatedConv2D)
    noises = iter(of(synthesis, NoiseInjection))
    (constant,) = of(synthesis, LearnedConstant)
    x, image = np.repeat(array(constant.constant)[None], len(z), 0), 0.0
    for layer in convolutions:
        if not layer.demodulate:
            image = image + modulated(x, style, layer)
            continue
        noise = next(noises)
        fixed = array(noise.fixed)
        if layer.up:
            image = stretched(image)[:, : fixed.shape[0], : fixed.shape[1]]
        x = modulated(x, style, layer)[:, : fixed.shape[0], : fixed.shape[1]]
        x = active(x + array(noise.strength) * fixed)
    return image


def discriminate(x, labels, network):
    convolutions = iter(of(network, EqualizedConv2D))

    def convolved(x):
        layer = next(convolutions)
        return convolve(x, scaled(layer), bias(layer))

    def halved(x):
        layer = next(convolutions)
        assert layer.down
        x = filtered(np.pad(x, odd(x)))[:, 1:-1, 1:-1]
        return convolve(x, scaled(layer), bias(layer))[:, 1:-1:2, 1:-1:2]

    def odd(x):
        return ((0, 0), *((0, size % 2) for size in x.shape[1:3]), (0, 0))

    x = active(convolved(x))
    for _ in range(sum(layer.down for layer in of(network, EqualizedConv2D))):
        y = active(halved(active(convolved(x))))
        x = (convolved(shrunk(np.pad(x, odd(x)))) + y) / 2**0.5
    deviation = np.sqrt(x.var(axis=0) + 1e-8).mean()
    x = np.concatenate([x, np.full((*x.shape[:3], 1), deviation)], axis=3)
    x = active(convolved(x)).reshape(len(x), -1)
    first, second, *mapping = of(network, EqualizedDense)
    x = dense(active(dense(x, first)), second)
    if labels is None:
        return x
    (embedding,) = of(network, EqualizedEmbedding)
    mapped = unit(scaled(embedding)[labels] + bias(embedding))
    for layer in mapping:
        mapped = active(dense(mapped, layer))
    return np.sum(x * mapped, axis=1, keepdims=True) / x.shape[1] ** 0.5


CASES = [
    ((8, 8, 3), 4),
    ((7, 13, 1), (3, 2)),
    ((3, 4, 2), 4),
    pytest.param((16, 16, 3), (5, 4, 3), marks=pytest.mark.slow),
    pytest.param((17, 9, 4), (3, 4, 2), marks=pytest.mark.slow),
]


@pytest.mark.parametrize("num_classes", [None, 3])
@pytest.mark.parametrize("shape, width", CASES)
def test_both_networks_are_those_of_numpy(shape, width, num_classes):
    options = {"width": width, "mapping_layers": 2, "num_classes": num_classes}
    generator = kgan.networks.stylegan2_generator(shape, 6, **options)
    discriminator = kgan.networks.stylegan2_discriminator(shape, **options)
    randomise(generator), randomise(discriminator)
    z = RANDOM.standard_normal((4, 6))
    labels = None if num_classes is None else np.array([2, 0, 1, 2])

    def inputs(x):
        x = x.astype("float32")
        return x if labels is None else [x, labels]

    for psi in (1.0, 0.5):
        generator.get_layer("mapping").get_layer("truncation").psi.assign(psi)
        images = generate(z, labels, generator, psi)
        found = numpy(generator(inputs(z)))
        np.testing.assert_allclose(found, images, atol=1e-5 * np.abs(images).max())
    logits = discriminate(images, labels, discriminator)
    found = numpy(discriminator(inputs(images)))
    np.testing.assert_allclose(found, logits, atol=1e-5 * np.abs(logits).max())


def trained_parameters(network):
    return sum(int(np.prod(weight.shape)) for weight in network.trainable_weights)


@pytest.mark.parametrize(
    "side, width, num_classes, generator, discriminator",
    [
        (32, 64, None, 339_347, 337_281),
        (32, 64, 10, 344_147, 375_360),
        (64, 64, None, 375_480, 366_945),
        (64, 64, 10, 380_280, 405_024),
        (256, 64, None, 390_490, 376_201),
        (256, 64, 10, 395_290, 414_280),
        pytest.param(64, 512, None, 23_819_544, 23_407_361, marks=pytest.mark.slow),
        pytest.param(64, 512, 10, 24_087_320, 25_776_384, marks=pytest.mark.slow),
    ],
)
def test_parameters_are_the_official_ones(
    side, width, num_classes, generator, discriminator
):
    """The official code counts them, with 32 * width for its `channel_base`."""
    shape, options = (side, side, 3), {"width": width, "num_classes": num_classes}
    network = kgan.networks.stylegan2_generator(shape, width, **options)
    assert trained_parameters(network) == generator
    network = kgan.networks.stylegan2_discriminator(shape, **options)
    assert trained_parameters(network) == discriminator


def test_the_first_images_have_the_size_of_data():
    keras.utils.set_random_seed(0)
    generator = kgan.networks.stylegan2_generator((16, 16, 3), 32, width=32)
    z = RANDOM.standard_normal((16, 32)).astype("float32")
    w = numpy(generator.get_layer("mapping")(z))
    assert 0.5 < w.std() < 2
    assert 0.3 < numpy(generator(z)).std() < 3
    network = kgan.networks.stylegan2_discriminator((16, 16, 3), width=32)
    x = RANDOM.standard_normal((16, 16, 16, 3)).astype("float32")
    outputs = [layer.output for layer in of(network, kgan.layers.ScaledLeakyReLU)]
    # The filter in front of a stride of 2 takes a part of the noise, here all pixels.
    for features in keras.Model(network.input, outputs)(x):
        assert 0.15 < numpy(features).std() < 2


def test_noise_is_fresh_in_training_and_fixed_in_inference():
    layer = NoiseInjection(seed=0)
    x = RANDOM.standard_normal((50, 8, 6, 3)).astype("float32")
    np.testing.assert_array_equal(numpy(layer(x, training=True)), x)
    layer.strength.assign(2.0)
    noise, other = ((numpy(layer(x, training=True)) - x) / 2 for _ in range(2))
    np.testing.assert_allclose(noise, noise[..., :1] * np.ones(3), atol=1e-5)
    # 2,400 standard normal numbers; six deviations.
    assert abs(noise[..., 0].mean()) < 0.13 and abs(noise[..., 0].std() - 1) < 0.09
    assert np.abs(noise - other).max() > 1 and np.abs(noise[0] - noise[1]).max() > 1
    fixed = np.broadcast_to(numpy(layer.fixed), x.shape)
    np.testing.assert_allclose((numpy(layer(x)) - x) / 2, fixed, atol=1e-5)
    assert 0.5 < fixed.std() < 1.5
    assert [v.name for v in layer.trainable_variables] == ["strength"]


@pytest.mark.parametrize("probability", [0.5, 1.0])
def test_mixed_styles_begin_with_the_first(probability):
    first, second = np.zeros((3, 2), "float32"), np.ones((3, 2), "float32")
    layer = StyleMixing(4, probability, seed=0)
    counts = dict.fromkeys((1, 2, 3, 4), 0)
    for _ in range(120):
        styles = numpy(layer([first, second], training=True))
        cut = int(4 - styles[0, :, 0].sum())
        np.testing.assert_array_equal(styles[:, :cut], 0)
        np.testing.assert_array_equal(styles[:, cut:], 1)
        counts[cut] += 1
    # The other draws give each cut a third; five deviations of the binomial distribution.
    unmixed = counts.pop(4)
    assert unmixed == 0 if probability == 1 else abs(unmixed - 60) < 28
    assert all(abs(count - 40 * probability) < 26 for count in counts.values())
    np.testing.assert_array_equal(numpy(layer([first, second])), np.zeros((3, 4, 2)))
    assert layer.compute_output_shape([(3, 2)] * 2) == (3, 4, 2)


def test_the_mean_of_styles_moves_in_training_and_truncates_in_inference():
    layer = StyleTruncation(psi=0.5, momentum=0.9)
    w = RANDOM.standard_normal((2, 5, 3)).astype("float32")
    for batch in w:
        np.testing.assert_array_equal(numpy(layer(batch, training=True)), batch)
    mean = 0.09 * w[0].mean(axis=0) + 0.1 * w[1].mean(axis=0)
    np.testing.assert_allclose(numpy(layer.mean), mean, rtol=1e-5, atol=1e-7)
    np.testing.assert_allclose(numpy(layer(w[0])), (mean + w[0]) / 2, atol=1e-6)
    layer.psi.assign(1.0)
    np.testing.assert_allclose(numpy(layer(w[0])), w[0], atol=1e-6)
    layer.trainable = False
    layer(w[0], training=True)
    np.testing.assert_allclose(numpy(layer.mean), mean, rtol=1e-5, atol=1e-7)
    assert layer.trainable_variables == []


@pytest.mark.parametrize("num_classes", [None, 3])
def test_styles_mix_with_the_latents_of_a_partner_and_the_same_label(num_classes):
    generator = kgan.networks.stylegan2_generator(
        (8, 8, 1), 5, width=3, style_mixing=1.0, num_classes=num_classes
    )
    mapping = generator.get_layer("mapping")
    truncation = mapping.get_layer("truncation")
    z = RANDOM.standard_normal((3, 5)).astype("float32")
    labels = np.array([2, 0, 1])

    def inputs(z):
        return z if num_classes is None else [z, labels]

    first, second = (numpy(mapping(inputs(x)))[:, 0] for x in (z, z[[1, 0, 2]]))
    styles = numpy(mapping(inputs(z), training=True))
    np.testing.assert_allclose(styles[:, 0], first, atol=1e-5)
    np.testing.assert_allclose(styles[:, -1], second, atol=1e-5)
    # The mean has the styles of the first latents only.
    wanted = 0.005 * first.mean(axis=0)
    np.testing.assert_allclose(numpy(truncation.mean), wanted, rtol=1e-3, atol=1e-6)


def pair(num_classes=None, **options):
    shape, size = (8, 8, 1), {"width": 4, "mapping_layers": 1}
    gan = kgan.GAN(
        kgan.networks.stylegan2_generator(shape, 4, num_classes=num_classes, **size),
        kgan.networks.stylegan2_discriminator(shape, num_classes=num_classes, **size),
        seed=0,
    )
    gan.compile(penalties=[kgan.penalties.R1(0.1, every=2)], **options)
    return gan


IMAGES = RANDOM.integers(0, 256, (16, 8, 8, 1), "uint8")


@pytest.mark.slow
@pytest.mark.parametrize("num_classes", [on_pytorch(None), 3])
def test_they_train_and_are_saved(num_classes, tmp_path):
    gan = pair(num_classes)
    y = () if num_classes is None else (np.arange(16) % 3,)
    before = [numpy(weight) for weight in gan.generator.trainable_weights]
    history = gan.fit(IMAGES, *y, batch_size=8, epochs=2, verbose=0).history
    assert np.isfinite(history["loss"]).all() and history["r1"][-1] > 0
    for weight, old in zip(gan.generator.trainable_weights, before, strict=True):
        assert not np.array_equal(numpy(weight), old), weight.path
    mean, average = (
        numpy(network.get_layer("mapping").get_layer("truncation").mean)
        for network in (gan.generator, gan.ema_generator)
    )
    assert np.abs(mean).max() > 0
    np.testing.assert_array_equal(mean, average)
    samples = gan.sample(4, seed=1)
    np.testing.assert_array_equal(gan.sample(4, seed=1), samples)
    gan.save(tmp_path / "gan.keras")
    loaded = keras.models.load_model(tmp_path / "gan.keras")
    np.testing.assert_array_equal(loaded.sample(4, seed=1), samples)
    assert loaded.num_classes == num_classes


def test_without_style_mixing_there_is_one_pass_of_the_mapping():
    generator = kgan.networks.stylegan2_generator((8, 8, 1), 4, width=4, style_mixing=0)
    mapping = generator.get_layer("mapping")
    assert of(mapping, StyleMixing) == []
    z = RANDOM.standard_normal((3, 4)).astype("float32")
    styles = numpy(mapping(z, training=True))
    np.testing.assert_array_equal(styles, styles[:, :1] * np.ones((1, 4, 1), "float32"))


@pytest.mark.parametrize("policy", ["mixed_bfloat16", "mixed_float16"])
def test_mappings_are_float32_under_mixed_precision(policy):
    keras.config.set_dtype_policy(policy)
    try:
        generator = kgan.networks.stylegan2_generator((8, 8, 1), 4, width=4)
    finally:
        keras.config.set_dtype_policy("float32")
    z = RANDOM.standard_normal((3, 4)).astype("float32")
    mapping = generator.get_layer("mapping")
    dtype = keras.backend.standardize_dtype(mapping(z, training=True).dtype)
    assert dtype == "float32"
    assert np.abs(numpy(mapping.get_layer("truncation").mean)).max() > 0
