"""What a GAN is given: vectors, pictures, several conditions, and no latents."""

import keras
import numpy as np
import pytest
from helpers import assert_same_state, numpy
from keras import layers, ops
from PIL import Image

import kgan

pytestmark = pytest.mark.slow

RNG = np.random.default_rng(0)
VECTORS = RNG.standard_normal((12, 4)).astype("float32")
POINTS = np.concatenate([VECTORS[:, :2], RNG.standard_normal((12, 1))], 1).astype(
    "float32"
)
LABELS = np.arange(12) % 3


def dense(inputs, units, name):
    """A model of one dense layer on all inputs together."""
    parts = [layers.CategoryEncoding(3)(x) if x.dtype == "int32" else x for x in inputs]
    joined = layers.Concatenate()(parts) if len(parts) > 1 else parts[0]
    return keras.Model(inputs, layers.Dense(units)(joined), name=name)


def vector_gan(judges=True, labels=False, latent_dim=2, **arguments):
    def conditions():
        given = [keras.Input((4,))]
        return given + [keras.Input((1,), dtype="int32")] * labels

    latents = [keras.Input((latent_dim,))] if latent_dim else []
    generator = dense([*latents, *conditions()], 3, "generator")
    inputs = [keras.Input((3,)), *(conditions() if judges else [])]
    discriminator = dense(inputs, 1, "discriminator")
    arguments = {"latent_dim": latent_dim, "seed": 0, **arguments}
    if labels:
        arguments["num_classes"] = 3
    return kgan.GAN(generator, discriminator, **arguments)


def compiled(gan, **options):
    gan.compile(optimizer=keras.optimizers.SGD(0.1), **options)
    return gan


def by_hand(gan, x, c, z):
    """The losses of a least squares GAN, with numpy."""
    (a, b), (v, w) = gan.generator.get_weights(), gan.discriminator.get_weights()
    fakes = np.concatenate([z, c], 1) @ a + b
    real, fake = (np.concatenate([s, c], 1) @ v + w for s in (x, fakes))
    return fakes, real, fake


def test_both_networks_see_the_vectors():
    gan = compiled(vector_gan(), loss="least_squares")
    z = RNG.standard_normal((12, 2)).astype("float32")
    fakes, real, fake = by_hand(gan, POINTS, VECTORS, z)
    given = ops.convert_to_tensor(VECTORS)
    x, drawn = (ops.convert_to_tensor(a.astype("float32")) for a in (POINTS, fakes))
    loss, _ = gan.discriminator_loss(gan.recipe, x, drawn, given, given)
    expected = ((real - 1) ** 2).mean() / 2 + (fake**2).mean() / 2
    np.testing.assert_allclose(numpy(loss), expected, rtol=1e-5)
    inputs = [ops.convert_to_tensor(z), given]
    loss, _ = gan.generator_loss(gan.recipe, x, inputs, given)
    np.testing.assert_allclose(numpy(loss), ((fake - 1) ** 2).mean() / 2, rtol=1e-5)


@pytest.mark.parametrize("judges", [True, False], ids=["both", "generator"])
def test_fit_takes_vectors_in_every_form(judges):
    batches = kgan.data.Batches(POINTS, 4, labels=VECTORS)
    generator = ((POINTS[i : i + 4], VECTORS[i : i + 4]) for i in (0, 4, 8))
    forms = (POINTS, VECTORS.astype("float64")), ((POINTS, VECTORS), None)
    for x, y in (*forms, (batches, None), (generator, None)):
        gan = compiled(vector_gan(judges))
        size = 4 if isinstance(x, np.ndarray | tuple) else None
        gan.fit(x, y, batch_size=size, verbose=0)
        assert int(gan.images_seen) == 12


def test_generator_draws_the_condition_asked_for():
    gan = vector_gan()
    z = RNG.standard_normal((3, 2)).astype("float32")
    kernel, bias = gan.ema_generator.get_weights()
    expected = np.concatenate([z, VECTORS[:3]], 1) @ kernel + bias
    found = gan.sample(z=z, conditions=VECTORS[:3])
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-6)
    one = gan.sample(3, seed=1, conditions=VECTORS[0])
    same = gan.sample(seed=1, conditions=np.repeat(VECTORS[:1], 3, 0))
    np.testing.assert_array_equal(one, same)
    np.testing.assert_array_equal(gan.sample(z=z, conditions=(VECTORS[:3],)), found)


def test_conditions_that_are_not_given_come_from_the_data():
    gan = compiled(vector_gan(ema_half_life=None))
    with pytest.raises(ValueError, match=r"pass `conditions`. Received: conditions=None"):
        gan.sample(2)
    gan.fit(POINTS, VECTORS, batch_size=4, verbose=0)
    # A generator that returns the first three numbers of its vector.
    kernel = np.zeros((6, 3))
    kernel[2:5] = np.eye(3)
    gan.generator.set_weights([kernel, np.zeros(3)])
    drawn = gan.sample(200, seed=0)
    nearest = np.abs(drawn[:, None] - VECTORS[None, :, :3]).max(-1)
    assert nearest.min(axis=1).max() < 1e-6
    assert len(np.unique(nearest.argmin(axis=1))) == 12


@pytest.mark.parametrize("labels", [False, True], ids=["vectors", "vectors and labels"])
def test_a_saved_gan_has_its_conditions(labels, tmp_path):
    gan = compiled(vector_gan(labels=labels))
    y = (VECTORS, LABELS) if labels else VECTORS
    gan.fit(POINTS, y, batch_size=4, verbose=0)
    gan.save(tmp_path / "gan.keras")
    loaded = keras.models.load_model(tmp_path / "gan.keras")
    assert_same_state(loaded, gan)
    assert loaded.conditions == gan.conditions
    np.testing.assert_array_equal(loaded.sample(5, seed=2), gan.sample(5, seed=2))
    for model in (gan, loaded):
        model.fit(POINTS, y, batch_size=4, verbose=0, epochs=2, initial_epoch=1)
    assert_same_state(loaded, gan)


def test_several_conditions_reach_the_networks_in_their_order():
    gan = compiled(vector_gan(labels=True))
    assert gan.conditions.names == ["condition", "labels"]
    batch = POINTS, (VECTORS, LABELS)
    rows = kgan.data.unpack_batch(batch, gan.sample_range, gan.conditions)
    np.testing.assert_array_equal(numpy(rows[1][1]), LABELS)
    z = np.zeros((3, 2), "float32")
    kernel, bias = gan.ema_generator.get_weights()
    one_hot = np.eye(3)[[2, 0, 1]]
    expected = np.concatenate([z, VECTORS[:3], one_hot], 1) @ kernel + bias
    found = gan.sample(z=z, conditions=(VECTORS[:3], [2, 0, 1]))
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-6)
    gan.fit((POINTS, (VECTORS, LABELS)), batch_size=6, validation_split=0.5, verbose=0)
    gan.evaluate(POINTS, (VECTORS, LABELS), verbose=0)


def test_a_generator_without_latents_is_a_function_of_its_condition():
    gan = compiled(vector_gan(latent_dim=0))
    gan.fit(POINTS, VECTORS, batch_size=4, verbose=0)
    kernel, bias = gan.ema_generator.get_weights()
    found = gan.sample(conditions=VECTORS)
    np.testing.assert_allclose(found, VECTORS @ kernel + bias, rtol=1e-5, atol=1e-6)
    np.testing.assert_array_equal(found, gan.predict(VECTORS, verbose=0))
    with pytest.raises(ValueError, match="it takes no `z`"):
        gan.sample(z=np.zeros((1, 2)))


def test_an_update_of_the_generator_leaves_the_discriminator_as_it_is():
    gan = compiled(vector_gan(latent_dim=0))
    before = [numpy(v) for v in gan.discriminator.variables]
    x, c = ops.convert_to_tensor(POINTS), ops.convert_to_tensor(VECTORS)
    kernel = numpy(gan.generator.variables[0])
    gan.update_generator(gan.recipe, x, c)
    for old, new in zip(before, gan.discriminator.variables, strict=True):
        np.testing.assert_array_equal(old, numpy(new))
    assert (numpy(gan.generator.variables[0]) != kernel).any()


def picture_gan():
    def conditions():
        return keras.Input((4, 4, 3))

    source = conditions()
    generator = keras.Model(
        source, layers.Conv2D(1, 3, padding="same", activation="tanh")(source)
    )
    pictures, source = keras.Input((4, 4, 1)), conditions()
    patches = layers.Conv2D(1, 2, strides=2)(layers.Concatenate()([pictures, source]))
    return kgan.GAN(generator, keras.Model([pictures, source], patches), 0, seed=0)


def test_pictures_are_conditions_scaled_like_samples(tmp_path):
    gan = compiled(picture_gan())
    source = RNG.integers(0, 256, (6, 4, 4, 3)).astype("uint8")
    target = RNG.integers(0, 256, (6, 4, 4, 1)).astype("uint8")
    grid = kgan.callbacks.SampleGrid(tmp_path, rows=2, columns=2, scale=1)
    gan.fit(target, source, batch_size=3, verbose=0, callbacks=[grid])
    found = gan.sample(conditions=source)
    floats = source.astype("float32") / 127.5 - 1
    np.testing.assert_allclose(found, gan.sample(conditions=floats), atol=1e-6)
    np.testing.assert_allclose(found, numpy(gan.ema_generator(floats)), atol=1e-5)
    picture = np.asarray(Image.open(tmp_path / "samples-000000006.png"))
    assert len(np.unique(picture)) > 4


ERRORS = {
    "no conditions": (
        lambda g: g.fit(POINTS),
        r"needs its conditions: condition \('n', 4\)\. .* Received: x of type NoneType",
    ),
    "another length": (
        lambda g: g.fit(POINTS, VECTORS[:, :3]),
        r"`condition of x` must be floats .* \('n', 4\)\. Received: .* shape \(12, 3\)",
    ),
    "fewer rows": (
        lambda g: g.fit(POINTS, VECTORS[:5]),
        "one condition for each sample. Received: 12 samples and 5 rows",
    ),
    "not finite": (
        lambda g: g.fit(POINTS, VECTORS * np.nan),
        "`condition of x` has NaN or infinite values. Received: .* 48 of them among 48",
    ),
    "strings": (
        lambda g: g.fit(POINTS, np.full((12, 4), "a")),
        "must be floats or uint8 pixels",
    ),
    "labels": (
        lambda g: g.sample(labels=[1]),
        "`labels` are for a GAN whose only condition is a label",
    ),
    "rows asked for": (
        lambda g: g.sample(3, conditions=VECTORS[:2]),
        r"one row of conditions for each of the 3 samples. Received: .* \(2, 4\)",
    ),
    "packs": (
        lambda g: kgan.GAN(g.generator, g.discriminator, pack=2),
        "a conditional GAN must have `pack=1`",
    ),
    "unlike networks": (
        lambda g: kgan.GAN(g.generator, vector_gan(labels=True).discriminator),
        r"conditions of the generator, in the same order: \('batch', 4\). Received: "
        r"discriminator with \('batch', 4\), labels",
    ),
    "no inputs left": (
        lambda g: kgan.GAN(
            keras.Sequential([keras.layers.Dense(3)]),
            vector_gan(judges=False).discriminator,
            latent_dim=0,
        ),
        "With `latent_dim=0`, all inputs of the generator are conditions",
    ),
    "project": (
        lambda g: g.project(POINTS),
        "is for a GAN without conditions, or with labels alone. Received: .* condition",
    ),
}


@pytest.mark.parametrize("case", ERRORS)
def test_errors_say_what_is_wrong(case):
    act, message = ERRORS[case]
    gan = compiled(vector_gan())
    with pytest.raises(ValueError, match=message):
        act(gan)
    assert int(gan.images_seen) == 0


@pytest.mark.backends("tensorflow", reason="TensorFlow alone writes these signatures")
def test_an_exported_generator_takes_vectors(tmp_path):
    import tensorflow as tf

    gan = compiled(vector_gan())
    gan.fit(POINTS, VECTORS, batch_size=4, verbose=0)
    gan.export(tmp_path / "model", verbose=False)
    model = tf.saved_model.load(tmp_path / "model")
    z = RNG.standard_normal((3, 2)).astype("float32")
    expected = gan.sample(z=z, conditions=VECTORS[:3])
    np.testing.assert_allclose(model.serve([z, VECTORS[:3]]), expected, atol=1e-6)
