"""The path length: by hand, by finite differences, and as a part of training."""

import keras
import numpy as np
import pytest
from helpers import assert_same_state, numpy
from keras import ops
from test_layers import float64

import kgan
from kgan import backend
from kgan.backend.keras_private import is_seed_state
from kgan.penalties import PathLength, path_length

RANDOM = np.random.default_rng(0)
IMAGES = RANDOM.integers(0, 256, (16, 8, 8, 1), "uint8")


def linear():
    """Styles are `z @ B`, twice; images are the first style @ A + 2 * the second @ A."""
    z = keras.Input((3,))
    layers = keras.layers
    w = layers.RepeatVector(2)(layers.Dense(4, use_bias=False)(z))
    mapping = keras.Model(z, w, name="mapping")
    first, second = ops.unstack(w, axis=1)
    x = layers.Dense(5 * 2 * 3, use_bias=False)(layers.Add()([first, 2 * second]))
    synthesis = keras.Model(w, layers.Reshape((5, 2, 3))(x), name="synthesis")
    return keras.Model(z, synthesis(mapping(z)))


def test_path_length_is_its_definition(monkeypatch):
    noise = RANDOM.standard_normal((3, 5, 2, 3)).astype("float32")
    shapes = []

    def drawn(size, shape, seed):
        shapes.append((size, *shape))
        return noise / 10**0.5

    monkeypatch.setattr(path_length, "_noise", drawn)
    generator, penalty = linear(), PathLength(decay=0.1, every=1)
    penalty.build()
    kernel = numpy(generator.get_layer("synthesis").layers[-2].kernel)
    slope = noise.reshape(3, -1) / 10**0.5 @ kernel.T
    # The second style has twice the slope of the first.
    lengths = np.sqrt((slope**2).sum(axis=1) * (1 + 4) / 2)
    z, mean = RANDOM.standard_normal((7, 3)).astype("float32"), 0.0
    for _ in range(2):
        found = penalty(generator, z, keras.random.SeedGenerator(0))
        mean = 0.9 * mean + 0.1 * lengths.mean()
        wanted = ((lengths - mean) ** 2).mean()
        np.testing.assert_allclose(numpy(found), wanted, rtol=1e-5)
        np.testing.assert_allclose(numpy(penalty.variables[0]), mean, rtol=1e-5)
    assert set(shapes) == {(3, 5, 2, 3)}


def test_noise_has_the_variance_of_one_over_the_pixels():
    noise = path_length._noise(50, (8, 4, 3), keras.random.SeedGenerator(0))
    noise = numpy(noise) * 32**0.5
    # 4,800 standard normal numbers; six deviations.
    assert noise.shape == (50, 8, 4, 3)
    assert abs(noise.mean()) < 0.09 and abs(noise.std() - 1) < 0.07


def test_each_update_has_noise_of_its_own():
    # Without a random layer, the noise alone tells the two updates apart.
    generator, penalty = linear(), PathLength(decay=0.0, every=1)
    penalty.build()
    z = np.ones((6, 3), "float32")
    seed = keras.random.SeedGenerator(0)
    first, second = (float(numpy(penalty(generator, z, seed)).max()) for _ in range(2))
    assert first != second


def small(**options):
    return kgan.networks.stylegan2_generator(
        (8, 8, 1), 4, width=3, mapping_layers=1, **options
    )


@pytest.mark.parametrize("num_classes", [None, 2])
def test_gradients_agree_with_finite_differences(num_classes, monkeypatch):
    with float64(monkeypatch):
        generator = small(num_classes=num_classes)
        variables = generator.trainable_variables
        for variable in variables:
            noise = RANDOM.standard_normal(variable.shape) / 3
            variable.assign(variable + noise)
        z = ops.convert_to_tensor(RANDOM.standard_normal((6, 4)))
        labels = ops.convert_to_tensor(np.arange(6) % 2)
        inputs = z if num_classes is None else [z, labels]
        penalty, seed = PathLength(every=1, decay=0.3), keras.random.SeedGenerator(0)
        penalty.variables = [keras.Variable(0.0, dtype="float64")]

        def loss():
            seed.state.assign([0, 0])
            measures = penalty.measure(generator, penalty.choose(inputs), seed)
            return penalty.value(measures)[0], ()

        gradients = backend.value_and_grad(loss, variables)[1]
        directions = [RANDOM.standard_normal(v.shape) for v in variables]
        starts = [numpy(v) for v in variables]
        sides = []
        for step in (1e-5, -1e-5):
            for v, start, direction in zip(variables, starts, directions, strict=True):
                v.assign(start + step * direction)
            sides.append(float(numpy(loss()[0])))
        # A bias of the last layers has no effect on the slope.
        found = sum(
            np.sum(numpy(gradient) * direction)
            for gradient, direction in zip(gradients, directions, strict=True)
            if gradient is not None
        )
        np.testing.assert_allclose(found, (sides[0] - sides[1]) / 2e-5, rtol=1e-5)
        mapping = generator.get_layer("mapping").trainable_variables
        known = {id(v): g for v, g in zip(variables, gradients, strict=True)}
        assert all(np.abs(numpy(known[id(v)])).max() > 0 for v in mapping)


def test_the_penalty_leaves_the_generator_as_it_is():
    generator, penalty = small(), PathLength(every=1)
    penalty.build()
    before = [numpy(variable) for variable in generator.variables]
    z = RANDOM.standard_normal((6, 4)).astype("float32")
    seed = keras.random.SeedGenerator(0)
    values = [float(numpy(penalty(generator, z, seed)).max()) for _ in range(2)]
    assert values[0] != values[1]
    for old, variable in zip(before, generator.variables, strict=True):
        np.testing.assert_array_equal(numpy(variable), old, variable.path)
    assert any(is_seed_state(variable) for variable in generator.variables)


def pair(**options):
    gan = kgan.GAN(
        small(),
        kgan.networks.stylegan2_discriminator((8, 8, 1), width=3),
        seed=0,
    )
    gan.compile(generator_penalties=[PathLength(every=2)], **options)
    return gan


@pytest.mark.slow
def test_the_mean_is_saved_and_training_resumes(tmp_path):
    keras.utils.set_random_seed(0)
    whole = pair()
    whole.fit(IMAGES[:8], batch_size=4, epochs=2, verbose=0)
    keras.utils.set_random_seed(0)
    gan = pair()
    history = gan.fit(IMAGES[:8], batch_size=4, epochs=1, verbose=0).history
    (mean,) = gan.recipe.generator_penalties[0].variables
    # Of two updates the first alone computes the penalty; the logs have its half.
    assert history["path_length"][0] > 0
    assert np.isclose(mean.numpy() ** 2 * 99**2, history["path_length"][0], rtol=0.5)
    gan.save(tmp_path / "gan.keras")
    loaded = keras.models.load_model(tmp_path / "gan.keras")
    assert loaded.recipe.generator_penalties == (PathLength(every=2),)
    (variable,) = loaded.recipe.generator_penalties[0].variables
    np.testing.assert_array_equal(variable.numpy(), mean.numpy())
    loaded.fit(IMAGES[:8], batch_size=4, epochs=2, initial_epoch=1, verbose=0)
    assert_same_state(loaded, whole)


def test_it_enters_the_loss_of_the_generator_alone():
    keras.utils.set_random_seed(0)
    gan = pair(optimizer=keras.optimizers.SGD(0.0))
    recipe, inputs = gan.recipe, ops.convert_to_tensor(RANDOM.standard_normal((4, 4)))
    inputs = ops.cast(inputs, "float32")

    def computed():
        loss, values = gan.generator_loss(recipe, inputs, inputs)
        return [float(numpy(x)) for x in (loss, values["g_loss"], values["path_length"])]

    loss, plain, value = computed()
    assert value > 0
    np.testing.assert_allclose(loss, plain + 2 * value, rtol=1e-5)
    gan.g_optimizer.iterations.assign(1)
    loss, plain, value = computed()
    assert value == 0
    np.testing.assert_allclose(loss, plain, rtol=1e-6)


@pytest.mark.parametrize("every", [1, 2])
def test_losses_of_layers_are_those_of_the_samples(every):
    regularizer = keras.regularizers.L2(0.3)
    z, w = keras.Input((2,)), keras.Input((2,))
    mapping = keras.Model(z, keras.layers.Dense(2)(z), name="mapping")
    x = keras.layers.Dense(4, activity_regularizer=regularizer)(w)
    synthesis = keras.Model(w, keras.layers.Reshape((2, 2, 1))(x), name="synthesis")
    generator = keras.Model(z, synthesis(mapping(z)))
    images = keras.Input((2, 2, 1))
    logit = keras.layers.Dense(1)(keras.layers.Flatten()(images))
    gan = kgan.GAN(generator, keras.Model(images, logit), seed=0)
    gan.compile(generator_penalties=[PathLength(0.0, every=every)])
    gan.g_optimizer.iterations.assign(every - 1)
    latents = ops.convert_to_tensor(RANDOM.standard_normal((6, 2)).astype("float32"))
    loss, values = gan.generator_loss(gan.recipe, latents, latents)
    # Keras takes the mean of the regularizer over the samples.
    added = 0.3 * np.square(numpy(generator(latents))).sum() / 6
    np.testing.assert_allclose(numpy(loss), numpy(values["g_loss"]) + added, rtol=1e-5)


def test_its_cost_is_counted():
    from kgan.presets import cost

    gan = pair()
    with_it = cost.flops_per_image(gan, 8)
    gan.compile()
    plain = cost.flops_per_image(gan, 8)
    np.testing.assert_allclose(with_it - plain, cost.flops(gan.generator))
    gan.compile(generator_penalties=[PathLength(every=1, shrink=4)])
    quarter = cost.flops_per_image(gan, 8)
    np.testing.assert_allclose(quarter - plain, cost.flops(gan.generator))
    w = 3
    mapping, first, second = 4 * 4, 16 * (9 * w * w + w), 64 * (9 * w * w + w)
    # The transposed convolution has the operations of its small input.
    by_hand = 2 * (mapping + first + 16 * 9 * w * w + second)
    assert cost.flops(gan.generator) == by_hand


@pytest.mark.parametrize(
    "options, message",
    [
        ({"generator_penalties": ["path_length"]}, r"two parts.*Received: gen.* layers"),
        ({"generator_penalties": ["r1"]}, r"path_length.*Received: generator_penalties="),
        (
            {"generator_penalties": "path_length"},
            r"must be a list of.*Received",
        ),
        ({"penalties": ["path_length"]}, r"Unknown `penalties`.*Received: penalties="),
    ],
)
def test_bad_penalties_are_refused(tiny, options, message):
    with pytest.raises(ValueError, match=message):
        tiny().compile(**options)


@pytest.mark.parametrize("argument", ["decay", "shrink", "every", "weight"])
def test_arguments_are_checked(argument):
    with pytest.raises(ValueError, match=f"`{argument}`.*Received: {argument}=-1"):
        PathLength(**{argument: -1})
