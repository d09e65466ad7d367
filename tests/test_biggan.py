"""The layer and the regularizer of BigGAN against numpy; its networks against counts."""

import keras
import numpy as np
import pytest
from helpers import numpy

import kgan

RANDOM = np.random.default_rng(0)


@pytest.mark.slow
@pytest.mark.parametrize("shape", [(3, 4, 5, 6), (5, 6)])
@pytest.mark.parametrize("spectral", [False, True])
def test_modulated_batch_normalization_is_its_formula(shape, spectral):
    layer = kgan.layers.ModulatedBatchNormalization(
        momentum=0.5, epsilon=0.1, spectral_normalization=spectral
    )
    x = RANDOM.normal(2, 3, shape).astype("float32")
    vectors = RANDOM.standard_normal((shape[0], 4)).astype("float32")
    layer.build([x.shape, vectors.shape])
    kernels = [
        (one.layer if spectral else one).kernel for one in (layer.scale, layer.offset)
    ]
    assert (numpy(kernels[0]) != numpy(kernels[1])).all()
    for kernel in kernels:
        kernel.assign(RANDOM.standard_normal(kernel.shape))
    for _ in range(60 if spectral else 1):
        found = numpy(layer([x, vectors], training=True))
    scale, offset = (numpy(kernel).astype("float64") for kernel in kernels)
    if spectral:
        scale, offset = (w / np.linalg.norm(w, ord=2) for w in (scale, offset))
    axes = tuple(range(len(shape) - 1))
    plain = (x - x.mean(axes)) / np.sqrt(x.var(axes) + 0.1)
    places = (shape[0], *(1 for _ in axes[1:]), shape[-1])
    wanted = plain * (1 + (vectors @ scale).reshape(places))
    wanted = wanted + (vectors @ offset).reshape(places)
    np.testing.assert_allclose(found, wanted, rtol=1e-4, atol=1e-5)
    assert layer.compute_output_shape([x.shape, vectors.shape]) == shape


@pytest.mark.parametrize("shape", [(5, 3), (3, 3, 2, 4)])
def test_the_orthogonal_regularizer_is_its_formula(shape):
    kernel = RANDOM.standard_normal(shape).astype("float32")
    filters = kernel.reshape(-1, shape[-1]).astype("float64").T
    wanted = 0.0
    for i, one in enumerate(filters):
        wanted += sum(np.dot(one, other) ** 2 for other in np.delete(filters, i, axis=0))
    regularizer = kgan.regularizers.OrthogonalRegularizer(0.3)
    np.testing.assert_allclose(numpy(regularizer(kernel)), 0.3 * wanted, rtol=1e-5)
    # Lengths are free.
    assert numpy(regularizer(np.diag([1.0, 2.0, 3.0]).astype("float32"))) == 0
    with pytest.raises(ValueError, match="Received: factor=-1"):
        kgan.regularizers.OrthogonalRegularizer(-1)


def test_the_regularizer_reaches_the_generator_alone():
    """All kernels but the embedding; the loss of the generator has the sum."""
    regularizer = kgan.regularizers.OrthogonalRegularizer(0.1)
    generator = kgan.networks.biggan_generator(
        (8, 8, 1), 4, 2, num_classes=2, attention=8, kernel_regularizer=regularizer
    )
    kernels = [w for w in generator.trainable_weights if w.name == "kernel"]
    # Dense, three convolutions, four matrices, four of attention, the last convolution.
    assert len(kernels) == 13
    found = [w for w in generator.trainable_weights if w.regularizer is not None]
    assert {id(w) for w in found} == {id(w) for w in kernels}
    discriminator = kgan.networks.biggan_discriminator((8, 8, 1), 2, num_classes=2)
    gan = kgan.GAN(generator, discriminator, seed=0)
    gan.compile(optimizer=keras.optimizers.SGD(0.0), loss="hinge")
    for kernel in kernels:
        kernel.assign(RANDOM.standard_normal(kernel.shape))
    inputs = [np.ones((2, 4), "float32"), np.array([0, 1])]
    total, values = gan.generator_loss(gan.recipe, None, inputs)
    added = float(numpy(total)) - float(numpy(values["g_loss"]))
    wanted = sum(float(numpy(regularizer(numpy(kernel)))) for kernel in kernels)
    np.testing.assert_allclose(added, wanted, rtol=1e-4)


@pytest.mark.slow
@pytest.mark.parametrize("num_classes", [None, 3])
def test_each_part_of_the_latents_and_the_label_change_the_image(num_classes):
    """Two blocks: the first part of seven latents has three numbers, the others two."""
    generator = kgan.networks.biggan_generator((16, 16, 1), 7, 2, num_classes)
    assert generator.count_params() > 0
    z = RANDOM.standard_normal((1, 7)).astype("float32")
    changed = z + np.eye(7, dtype="float32")
    labels = np.zeros(7, "int32")

    def draw(z, labels):
        return numpy(generator([z, labels] if num_classes else z))

    images = draw(changed, labels)
    start = draw(np.repeat(z, 7, axis=0), labels)
    assert (np.abs(images - start).max(axis=(1, 2, 3)) > 1e-6).all()
    # The matrices of the second block, without the embedding.
    last = [x for x in generator.layers if "modulated" in x.name][2:]
    for layer in last:
        for matrix in (layer.scale, layer.offset):
            matrix.layer.kernel.assign(0 * matrix.layer.kernel)
    images, start = draw(changed, labels), draw(np.repeat(z, 7, axis=0), labels)
    moved = np.abs(images - start).max(axis=(1, 2, 3)) > 1e-6
    assert moved.tolist() == [True] * 5 + [False] * 2
    if num_classes:
        other = draw(np.repeat(z, 7, axis=0), labels + 1)
        assert np.abs(other - start).max() > 1e-6


@pytest.mark.slow
def test_biggan_trains_with_labels_and_is_saved(tmp_path):
    shape = (9, 8, 3)
    gan = kgan.GAN(
        kgan.networks.biggan_generator(
            shape, 5, 2, 3, attention=8, kernel_regularizer="l2"
        ),
        kgan.networks.biggan_discriminator(shape, 2, 3),
        seed=0,
    )
    gan.compile(loss="hinge", penalties=["r1"])
    before = [numpy(w) for w in gan.generator.trainable_weights]
    x = RANDOM.uniform(-1, 1, (8, *shape)).astype("float32")
    history = gan.fit(x, np.arange(8) % 3, batch_size=4, epochs=2, verbose=0).history
    assert np.isfinite(history["loss"]).all()
    after = [numpy(w) for w in gan.generator.trainable_weights]
    assert all((a != b).any() for a, b in zip(after, before, strict=True))
    gan.save(tmp_path / "gan.keras")
    loaded = keras.models.load_model(tmp_path / "gan.keras")
    samples = [model.sample(labels=[0, 1, 2], seed=1) for model in (gan, loaded)]
    np.testing.assert_allclose(*samples, rtol=1e-5, atol=1e-6)
    logits = [numpy(model.discriminator([x, np.zeros(8)])) for model in (gan, loaded)]
    np.testing.assert_allclose(*logits, rtol=1e-5, atol=1e-6)


def test_too_few_latents_are_refused():
    with pytest.raises(ValueError, match=r"int of at least 4.*Received: latent_dim=3"):
        kgan.networks.biggan_generator((32, 32, 3), 3, 2)


def trained(model):
    return sum(int(np.prod(w.shape)) for w in model.trainable_weights)


def convolved(kernel, inside, outside):
    return kernel * kernel * inside * outside + outside


def attended(c):
    return 2 * c * (c // 8) + 2 * c * (c // 2) + 1


def generator_parameters(z, shared, classes, inside, outside, attention):
    """The generator of the authors' code, layer by layer."""
    chunk = z // (len(inside) + 1)
    condition = shared + chunk
    total = classes * shared + (chunk + 1) * 16 * inside[0]
    for a, b in zip(inside, outside, strict=True):
        total += convolved(3, a, b) + convolved(3, b, b) + convolved(1, a, b)
        total += 2 * condition * (a + b)
    return total + attended(attention) + 2 * outside[-1] + convolved(3, outside[-1], 3)


def discriminator_parameters(classes, inside, outside, attention):
    """The discriminator of the authors' code: its last block keeps its channels."""
    total = (classes + 1) * outside[-1] + 1
    for a, b in zip(inside, outside, strict=True):
        total += convolved(3, a, b) + convolved(3, b, b)
        total += convolved(1, a, b) if a != b else 0
    return total + attended(attention)


def multiplied(width, multiples):
    return [width * multiple for multiple in multiples]


@pytest.mark.slow
@pytest.mark.parametrize(
    "size, out, judge",
    [
        pytest.param(
            64, (16, 8, 4, 2), (1, 2, 4, 8, 16), id="64"
        ),
        pytest.param(
            128, (16, 8, 4, 2, 1), (1, 2, 4, 8, 16, 16), marks=pytest.mark.slow
        ),
    ],
)  # fmt: skip
def test_parameters_of_biggan(size, out, judge):
    """Width 16 and ten classes; attention has half the size of the image."""
    width, classes = 16, 10
    inside = multiplied(width, (16, *out[:-1]))
    outside = multiplied(width, out)
    options = {"width": width, "num_classes": classes, "attention": size // 2}
    z = 20 * (len(out) + 1)
    generator = kgan.networks.biggan_generator((size, size, 3), z, **options)
    assert trained(generator) == generator_parameters(
        z, 128, classes, inside, outside, outside[-2]
    )
    outside = multiplied(width, judge)
    discriminator = kgan.networks.biggan_discriminator((size, size, 3), **options)
    assert trained(discriminator) == discriminator_parameters(
        classes, [3, *outside[:-1]], outside, outside[0]
    )


def test_biggan_for_cifar_10():
    """All blocks have four times the width; the discriminator ends with 8 pixels."""
    generator = kgan.networks.biggan_generator((32, 32, 3), 128, 16, 10)
    widths = {x.output.shape[1:] for x in generator.layers if "add" in x.name}
    assert widths == {(8, 8, 64), (16, 16, 64), (32, 32, 64)}
    discriminator = kgan.networks.biggan_discriminator((32, 32, 3), 16, 10)
    outputs = [x.output.shape[1:] for x in discriminator.layers if "add" in x.name]
    assert outputs == [(16, 16, 64), *[(8, 8, 64)] * 3]
