"""Losses of the generator beside the adversarial loss, and matching-aware training."""

import keras
import numpy as np
import pytest
from helpers import assert_same_state, numpy
from keras import layers, ops

import kgan
from kgan import generator_losses as further

RNG = np.random.default_rng(0)
TARGETS, SOURCES = RNG.uniform(-1, 1, (2, 6, 4, 4, 1)).astype("float32")


def discriminator():
    pictures, source = keras.Input((4, 4, 1)), keras.Input((4, 4, 1))
    x = layers.Concatenate()([pictures, source])
    x = layers.ReLU(name="first")(layers.Conv2D(3, 2, strides=2)(x))
    x = layers.ReLU(name="second")(layers.Conv2D(2, 1)(x))
    return keras.Model([pictures, source], layers.Conv2D(1, 1)(x))


def paired_gan():
    source = keras.Input((4, 4, 1))
    generator = keras.Model(source, layers.Conv2D(1, 3, padding="same")(source))
    return kgan.GAN(generator, discriminator(), latent_dim=0, seed=0)


def vector_gan(labels=False):
    latents, given = keras.Input((2,)), keras.Input((2,))
    generator = keras.Model([latents, given], layers.Dense(2)(latents + given))
    samples, given = keras.Input((2,)), keras.Input((2,))
    logit = layers.Dense(1)(layers.Concatenate(name="joined")([samples, given]))
    return kgan.GAN(generator, keras.Model([samples, given], logit), seed=0)


def step(gan, *further_losses, **options):
    """The generator's loss and its logs, for the pairs."""
    options = {"loss": "least_squares", "generator_losses": further_losses, **options}
    gan.compile(optimizer=keras.optimizers.SGD(0.1), **options)
    x, c = ops.convert_to_tensor(TARGETS), ops.convert_to_tensor(SOURCES)
    return gan.generator_loss(gan.recipe, x, c, c)


@pytest.mark.parametrize(
    "loss, distance",
    [("mae", np.abs), ("mse", np.square), (keras.losses.MeanSquaredError(), np.square)],
)
def test_reconstruction_compares_each_fake_with_its_real(loss, distance):
    gan = paired_gan()
    total, values = step(gan, further.Reconstruction(loss, weight=3.0))
    fakes = numpy(gan.generator(SOURCES))
    expected = distance(TARGETS - fakes).mean()
    np.testing.assert_allclose(numpy(values["reconstruction"]), expected, rtol=1e-5)
    adversarial = ((numpy(gan.discriminator([fakes, SOURCES])) - 1) ** 2).mean() / 2
    np.testing.assert_allclose(numpy(total), adversarial + 3 * expected, rtol=1e-5)


@pytest.mark.parametrize("over_batch", [False, True])
@pytest.mark.parametrize("names", [None, ["second"]])
def test_feature_matching_compares_the_inputs_of_convolutions(names, over_batch):
    gan = paired_gan()
    loss = further.FeatureMatching(2.0, names, over_batch)
    _, values = step(gan, loss)
    model, distances = gan.discriminator, []
    for name in names or ["first", "second"]:
        features = keras.Model(model.inputs, model.get_layer(name).output)
        fakes = numpy(gan.generator(SOURCES))
        real, fake = (numpy(features([x, SOURCES])) for x in (TARGETS, fakes))
        if over_batch:
            distances.append(((real.mean(0) - fake.mean(0)) ** 2).mean())
        else:
            distances.append(np.abs(real - fake).mean())
    expected = np.mean(distances)
    np.testing.assert_allclose(numpy(values["feature_matching"]), expected, rtol=1e-5)


def test_features_are_neither_samples_nor_conditions():
    pictures, source = keras.Input((4, 4, 1)), keras.Input((4, 4, 1))
    x = layers.Concatenate()([pictures, source])
    side = layers.Conv2D(2, 4)(layers.ReLU()(layers.Conv2D(2, 1)(source)))
    scales = []
    for name in ("whole", "half"):
        y = layers.ReLU(name=name)(layers.Conv2D(3, 2)(x))
        logit = layers.Conv2D(1, 1)(y)
        scales.append(layers.Add()([logit, layers.Dense(1)(side)]))
        x = layers.AveragePooling2D(2)(x)
    model = keras.Model([pictures, source], scales)
    gan = kgan.GAN(paired_gan().generator, model, latent_dim=0, seed=0)
    _, values = step(gan, further.FeatureMatching())
    fakes = numpy(gan.generator(SOURCES))
    outputs = [model.get_layer(name).output for name in ("whole", "half")]
    features = keras.Model(model.inputs, outputs)
    pairs = zip(features([TARGETS, SOURCES]), features([fakes, SOURCES]), strict=True)
    distances = [np.abs(numpy(x) - numpy(y)).mean() for x, y in pairs]
    np.testing.assert_allclose(
        numpy(values["feature_matching"]), np.mean(distances), rtol=1e-5
    )


def test_features_of_reals_have_the_conditions_of_the_reals():
    gan = vector_gan()
    gan.compile(
        noise_batch_size=4,
        generator_losses=[further.FeatureMatching(layers=["joined"], over_batch=True)],
    )
    latents, given, samples, own = (
        RNG.normal(size=(n, 2)).astype("float32") for n in (4, 4, 6, 6)
    )
    inputs = [ops.convert_to_tensor(x) for x in (latents, given)]
    reals, conditions = ops.convert_to_tensor(samples), ops.convert_to_tensor(own)
    _, values = gan.generator_loss(gan.recipe, reals, inputs, conditions)
    fakes = numpy(gan.generator(inputs))
    joined = (
        np.concatenate(pair, 1).mean(0) for pair in ((samples, own), (fakes, given))
    )
    expected = np.square(np.subtract(*joined)).mean()
    np.testing.assert_allclose(numpy(values["feature_matching"]), expected, rtol=1e-5)


def test_the_features_of_a_normalised_discriminator_write_nothing():
    pictures, source = keras.Input((4, 4, 1)), keras.Input((4, 4, 1))
    x = layers.Conv2D(2, 2)(layers.Concatenate()([pictures, source]))
    x = layers.Dropout(0.5)(layers.BatchNormalization()(x))
    model = keras.Model([pictures, source], layers.Conv2D(1, 3)(x))
    gan = kgan.GAN(paired_gan().generator, model, latent_dim=0, seed=0)
    gan.compile(generator_losses=["feature_matching"])
    before = [numpy(v) for v in model.variables]
    x, c = ops.convert_to_tensor(TARGETS), ops.convert_to_tensor(SOURCES)
    gan.update_generator(gan.recipe, x, c)
    for old, variable in zip(before, model.variables, strict=True):
        np.testing.assert_array_equal(old, numpy(variable))


def features(size=4):
    image = keras.Input((size, size, 1))
    first = layers.Conv2D(3, 2, activation="relu")(image)
    normalised = layers.BatchNormalization()(first)
    return keras.Model(image, [first, layers.Conv2D(2, 2)(normalised)])


@pytest.mark.slow
def test_perceptual_compares_features_of_a_network_that_stays_as_it_is(tmp_path):
    gan, network = paired_gan(), features()
    before = [numpy(v) for v in network.variables]
    _, values = step(gan, further.Perceptual(network, 0.5))
    fakes = numpy(gan.generator(SOURCES))
    pairs = zip(network(TARGETS), network(fakes), strict=True)
    expected = np.mean([np.abs(numpy(a) - numpy(b)).mean() for a, b in pairs])
    np.testing.assert_allclose(numpy(values["perceptual"]), expected, rtol=1e-4)
    gan.fit(TARGETS, SOURCES, batch_size=3, verbose=0)
    for old, variable in zip(before, network.variables, strict=True):
        np.testing.assert_array_equal(old, numpy(variable))
    gan.save(tmp_path / "gan.keras")
    loaded = keras.models.load_model(tmp_path / "gan.keras")
    (loss,) = loaded.recipe.generator_losses
    for old, variable in zip(before, loss.network.variables, strict=True):
        np.testing.assert_array_equal(old, numpy(variable))


def test_losses_of_one_name_have_keys_of_their_own():
    gan = paired_gan()
    both = [further.Reconstruction("mae", 2.0), further.Reconstruction("mse", 3.0)]
    gan.compile(optimizer=keras.optimizers.SGD(0.0), generator_losses=both)
    logs = gan.train_on_batch(TARGETS, SOURCES, return_dict=True)
    differences = numpy(gan.generator(SOURCES, training=True)) - TARGETS
    wanted = np.abs(differences).mean(), np.square(differences).mean()
    found = logs["reconstruction"], logs["reconstruction_1"]
    np.testing.assert_allclose(found, wanted, rtol=1e-4)


@pytest.mark.slow
def test_further_losses_train_the_generator_and_resume(tmp_path):
    weight = kgan.schedules.Linear(10.0, 0.0, images=24)
    options = {
        "optimizer": keras.optimizers.SGD(0.01),
        "generator_losses": [
            further.Reconstruction("mae", weight),
            further.FeatureMatching(1.0),
        ],
    }
    gan = paired_gan()
    gan.compile(**options)
    logs = gan.fit(TARGETS, SOURCES, batch_size=3, epochs=2, verbose=0).history
    assert {"reconstruction", "feature_matching"} < set(logs)
    assert logs["reconstruction"][1] < logs["reconstruction"][0]
    gan.save(tmp_path / "gan.keras")
    loaded = keras.models.load_model(tmp_path / "gan.keras")
    assert loaded.recipe.generator_losses == gan.recipe.generator_losses
    for model in (gan, loaded):
        model.fit(TARGETS, SOURCES, batch_size=3, epochs=3, initial_epoch=2, verbose=0)
    assert_same_state(loaded, gan)


X, C = RNG.standard_normal((2, 6, 2)).astype("float32")


def test_mismatched_pairs_are_fakes():
    gan = vector_gan()
    gan.compile(loss="hinge", optimizer=keras.optimizers.SGD(0.0), mismatch=0.25)
    z = RNG.standard_normal((6, 2)).astype("float32")
    fakes = numpy(gan.generator([z, C]))
    tensors = [ops.convert_to_tensor(a) for a in (X, fakes, C, C)]
    loss, values = gan.discriminator_loss(gan.recipe, *tensors)
    wrong = C[[5, 0, 1, 2, 3, 4]]
    real, fake, mismatched = (
        numpy(gan.discriminator([a, c])) for a, c in ((X, C), (fakes, C), (X, wrong))
    )
    expected = np.maximum(1 - real, 0).mean() + 0.75 * np.maximum(1 + fake, 0).mean()
    expected += 0.25 * np.maximum(1 + mismatched, 0).mean()
    np.testing.assert_allclose(numpy(loss), expected, rtol=1e-5)
    np.testing.assert_allclose(numpy(values["d_mismatch"]), mismatched.mean(), rtol=1e-5)
    logs = gan.fit(X, C, batch_size=3, verbose=0).history
    assert "d_mismatch" in logs


@pytest.mark.parametrize("power", [2.0, 6.0])
def test_matching_aware_penalty_takes_the_slope_at_samples_and_conditions(power):
    gan = vector_gan()
    penalty = kgan.penalties.MatchingAware(2.0, power)
    gan.compile(optimizer=keras.optimizers.SGD(0.0), penalties=[penalty])
    logs = gan.train_on_batch(X, C, return_dict=True)
    kernel = gan.discriminator.get_weights()[0]
    expected = (kernel**2).sum() ** (power / 2)
    np.testing.assert_allclose(logs["matching_aware"], expected, rtol=1e-4)


ERRORS = {
    "no conditions": (
        lambda: kgan.GAN(
            kgan.networks.mlp_generator((2,), 3), kgan.networks.mlp_discriminator((2,))
        ).compile(generator_losses=["reconstruction"]),
        "so the GAN must have conditions, .* a GAN with no conditions",
    ),
    "other numbers": (
        lambda: paired_gan().compile(
            generator_losses=["reconstruction"], noise_batch_size=4
        ),
        "Received: noise_batch_size=4",
    ),
    "unknown layer": (
        lambda: paired_gan().compile(
            generator_losses=[further.FeatureMatching(layers=["third"])]
        ),
        r"must have all `layers`: it has .*first.* Received: layers=\['third'\]",
    ),
    "another shape": (
        lambda: paired_gan().compile(generator_losses=[further.Perceptual(features(8))]),
        r"\(None, 4, 4, 1\)\. Received: network with input shape \(None, 8, 8, 1\)",
    ),
    "no list": (
        lambda: paired_gan().compile(generator_losses="reconstruction"),
        "`generator_losses` must be a list of losses",
    ),
    "unknown name": (
        lambda: paired_gan().compile(generator_losses=["l1"]),
        "Expected one of feature_matching, reconstruction, or an object of the class "
        "`GeneratorLoss`",
    ),
    "mismatch without conditions": (
        lambda: kgan.GAN(
            kgan.networks.mlp_generator((2,), 3), kgan.networks.mlp_discriminator((2,))
        ).compile(mismatch=0.5),
        "`mismatch` needs a discriminator that takes conditions. Received: mismatch=0.5",
    ),
}


@pytest.mark.parametrize("case", ERRORS)
def test_errors_say_what_is_wrong(case):
    act, message = ERRORS[case]
    with pytest.raises(ValueError, match=message):
        act()
