"""Labels: through the data, the step, sampling, files and grids."""

import keras
import numpy as np
import pytest
from helpers import assert_same_state, numpy
from keras import layers, ops
from PIL import Image

import kgan
from kgan.callbacks.grid_layout import Layout

CLASSES = 3
LABELS = np.array([2, 0, 1, 2, 1, 0, 2, 2])
# The first coordinate of each sample tells its label.
POINTS = np.stack([LABELS, np.arange(8)], axis=1).astype("float32")

CONDITIONS = kgan.data.Conditions.of_labels(CLASSES)


def build(conditioning="projection", seed=1, **arguments):
    return kgan.GAN(
        kgan.networks.mlp_generator(
            (2,), 3, hidden=(5,), activation=None, num_classes=CLASSES
        ),
        kgan.networks.mlp_discriminator(
            (2,), (5,), num_classes=CLASSES, conditioning=conditioning
        ),
        seed=seed,
        **arguments,
    )


def telltale():
    """A GAN of which both networks see the label only.

    The generator draws it, one-hot; the discriminator's logit is 10, 20 or 30.
    """
    latents, labels = keras.Input((4,)), keras.Input((), dtype="int32")
    one_hot = layers.CategoryEncoding(CLASSES, output_mode="one_hot")
    zeros = layers.Dense(CLASSES, kernel_initializer="zeros")(latents)
    generator = keras.Model([latents, labels], layers.Add()([zeros, one_hot(labels)]))
    samples, labels = keras.Input((CLASSES,)), keras.Input((), dtype="int32")
    logit = layers.Dense(1, use_bias=False)
    zero = layers.Dense(1, kernel_initializer="zeros")(samples)
    judged = layers.Add()([zero, logit(one_hot(labels))])
    discriminator = keras.Model([samples, labels], judged)
    logit.set_weights([np.array([[10.0], [20.0], [30.0]])])
    return kgan.GAN(generator, discriminator, num_classes=CLASSES, seed=0)


def test_fakes_have_the_labels_of_the_reals():
    gan = telltale()
    gan.compile(optimizer=keras.optimizers.SGD(0.0), loss="wasserstein")
    reals = np.zeros((8, CLASSES), "float32")
    logs = gan.train_on_batch(reals, LABELS, return_dict=True)
    expected = np.array([10, 20, 30])[LABELS].mean()
    np.testing.assert_allclose(logs["d_real"], expected, rtol=1e-6)
    np.testing.assert_allclose(logs["d_fake"], expected, rtol=1e-6)
    np.testing.assert_allclose(logs["g_loss"], -expected, rtol=1e-6)


def test_other_numbers_of_fakes_draw_labels_from_the_batch():
    gan = telltale()
    gan.compile(
        optimizer=keras.optimizers.SGD(0.0), loss="wasserstein", noise_batch_size=400
    )
    reals = np.zeros((2, CLASSES), "float32")
    labels = ops.convert_to_tensor([2, 0])
    _, drawn = gan._draw_inputs(gan.recipe, ops.convert_to_tensor(reals), labels)
    counts = np.bincount(numpy(drawn), minlength=CLASSES)
    assert counts[1] == 0 and min(counts[0], counts[2]) > 150 and sum(counts) == 400


def test_each_update_trains_on_its_own_part_of_the_labels():
    batch = kgan.data.unpack_batch((POINTS, LABELS), kgan.data.SampleRange(), CONDITIONS)
    parts = kgan.data.divide_batch(2, *batch)
    for i, (reals, labels) in enumerate(parts):
        rows = slice(4 * i, 4 * i + 4)
        np.testing.assert_array_equal(numpy(reals), POINTS[rows])
        np.testing.assert_array_equal(numpy(labels), LABELS[rows])
    assert i == 1


def test_auxiliary_head_trains_on_cross_entropy():
    gan = build("auxiliary")
    gan.compile(optimizer=keras.optimizers.SGD(0.0), class_loss_weight=0.5)
    x, y = ops.convert_to_tensor(POINTS), ops.convert_to_tensor(LABELS)
    fakes = x + 1.0
    loss, values = gan.discriminator_loss(gan.recipe, x, fakes, y, y)
    expected = 0.0
    for samples in (POINTS, POINTS + 1):
        logits = numpy(gan.discriminator(samples)[1]).astype("float64")
        logits -= logits.max(axis=1, keepdims=True)
        chances = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
        expected -= np.log(chances[np.arange(8), LABELS]).mean()
    np.testing.assert_allclose(numpy(values["d_class"]), expected, rtol=1e-5)
    np.testing.assert_allclose(
        numpy(loss), numpy(values["d_loss"]) + 0.5 * expected, rtol=1e-5
    )


def test_auxiliary_head_trains_the_generator_too():
    gan = build("auxiliary")
    gan.compile(optimizer=keras.optimizers.SGD(0.0), class_loss_weight=0.5)
    inputs = gan._draw_inputs(gan.recipe, ops.convert_to_tensor(POINTS), LABELS)
    loss, values = gan.generator_loss(gan.recipe, None, inputs, LABELS)
    _, logits = gan.combined(inputs)
    logits = numpy(logits).astype("float64")
    chances = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    expected = -np.log(chances[np.arange(8), LABELS]).mean()
    np.testing.assert_allclose(numpy(values["g_class"]), expected, rtol=1e-5)
    total = numpy(values["g_loss"]) + 0.5 * expected
    np.testing.assert_allclose(numpy(loss), total, rtol=1e-5)


@pytest.mark.parametrize("conditioning", ["projection", "auxiliary"])
def test_sample_draws_the_labels_asked_for(conditioning):
    gan = build(conditioning)
    z = np.random.default_rng(0).standard_normal((2, 3)).astype("float32")
    expected = numpy(gan.ema_generator([z, np.array([2, 0])]))
    np.testing.assert_allclose(gan.sample(z=z, labels=[2, 0]), expected, rtol=1e-6)
    one = gan.sample(4, seed=3, labels=1)
    np.testing.assert_array_equal(one, gan.sample(seed=3, labels=[1] * 4))
    np.testing.assert_allclose(gan.predict([z, np.array([2, 0])], verbose=0), expected)


def test_labels_that_are_not_given_are_drawn_uniformly():
    gan = telltale()
    samples = gan.sample(600, seed=1)
    np.testing.assert_array_equal(samples.sum(axis=1), 1)
    assert samples.sum(axis=0).min() > 150
    np.testing.assert_array_equal(samples, gan.sample(600, seed=1))
    assert (samples != gan.sample(600, seed=2)).any()


@keras.saving.register_keras_serializable("tests")
class Seen(kgan.GAN):
    """Notes whether the labels are those of the samples."""

    def training_step(self, batch):
        reals, labels = kgan.data.unpack_batch(batch, self.sample_range, self.conditions)
        unlike = ops.mean(ops.abs(reals[:, 0] - ops.cast(labels, "float32")))
        logs = super().training_step(batch)
        return {**logs, "unlike": unlike}


def pairs():
    yield "y", (POINTS, LABELS[:, None])
    yield "pair", ((POINTS, LABELS), None)
    batches = kgan.data.Batches(POINTS, 3, labels=LABELS)
    yield "Batches", (batches, None)
    yield "generator", (((POINTS[i : i + 4], LABELS[i : i + 4]) for i in (0, 4)), None)


@pytest.mark.slow
@pytest.mark.parametrize("kind", [name for name, _ in pairs()])
def test_fit_takes_labels_with_their_samples(kind):
    x, y = dict(pairs())[kind]
    gan = Seen(**{k: getattr(build(), k) for k in ("generator", "discriminator")})
    gan.compile()
    arrays = {"batch_size": 3} if kind in ("y", "pair") else {}
    history = gan.fit(x, y, epochs=1, verbose=0, **arrays).history
    assert history["unlike"] == [0.0] and np.isfinite(history["loss"]).all()


@pytest.mark.slow
def test_validation_data_has_labels_too():
    gan = build()
    gan.compile()
    history = gan.fit(
        POINTS, LABELS, validation_split=0.25, epochs=1, batch_size=2, verbose=0
    ).history
    again = gan.evaluate(POINTS[6:], LABELS[6:], batch_size=2, verbose=0)
    assert np.isfinite(history["val_loss"][0]) and np.isfinite(again).all()


@pytest.mark.slow
@pytest.mark.parametrize("conditioning", ["projection", "auxiliary"])
def test_saved_in_mid_epoch_it_goes_on_exactly(tmp_path, conditioning):
    def fit(gan, **arguments):
        return gan.fit(POINTS, LABELS, batch_size=2, verbose=0, shuffle=True, **arguments)

    once, twice = build(conditioning), build(conditioning)
    twice.set_weights(once.get_weights())
    for gan in (once, twice):
        gan.compile()
    fit(once, epochs=2)
    fit(twice, epochs=1)
    twice.save(tmp_path / "gan.keras")
    loaded = keras.models.load_model(tmp_path / "gan.keras")
    assert loaded.num_classes == CLASSES
    fit(loaded, epochs=2, initial_epoch=loaded.epoch)
    assert_same_state(once, loaded)


@pytest.mark.backends("tensorflow", reason="it loads a SavedModel")
def test_exported_it_takes_labels(tmp_path):
    import tensorflow as tf

    gan = build()
    gan.export(tmp_path / "saved", verbose=False)
    z = np.ones((2, 3), "float32")
    labels = np.array([2, 0], "int32")
    model = tf.saved_model.load(str(tmp_path / "saved"))
    samples = model.serve([z, labels])
    np.testing.assert_allclose(samples, gan.sample(z=z, labels=labels), rtol=1e-6)


def test_grids_have_a_row_for_each_class(tmp_path):
    latents, labels = keras.Input((2,)), keras.Input((), dtype="int32")
    shade = layers.Embedding(CLASSES, 4)
    image = layers.Reshape((2, 2, 1))(shade(labels))
    black = layers.Dense(4, kernel_initializer="zeros")(latents)
    image = layers.Add()([image, layers.Reshape((2, 2, 1))(black)])
    generator = keras.Model([latents, labels], image)
    shade.set_weights([np.repeat([[-1.0], [0.0], [1.0]], 4, axis=1)])
    discriminator = kgan.networks.dcgan_discriminator(
        (2, 2, 1), width=2, num_classes=CLASSES
    )
    gan = kgan.GAN(generator, discriminator)
    gan.compile(optimizer=keras.optimizers.SGD(0.0))
    reals = np.broadcast_to(
        (LABELS * 100).astype("uint8")[:, None, None, None], (8, 2, 2, 1)
    )
    grid = kgan.callbacks.SampleGrid(tmp_path, columns=2, scale=1)
    gan.fit(reals, LABELS, epochs=1, verbose=0, callbacks=[grid])
    picture = np.asarray(Image.open(tmp_path / "samples-000000000.png"))
    # A gap of one pixel surrounds images of two.
    np.testing.assert_array_equal(picture[1::3, 1::3], [[0, 0], [128, 128], [255, 255]])
    picture = np.asarray(Image.open(tmp_path / "reals.png"))
    np.testing.assert_array_equal(picture[1::3, 1::3], [[0, 0], [100, 100], [200, 200]])


def test_cells_without_a_real_are_white():
    gan = telltale()
    gan.sample_range = kgan.data.SampleRange(0.0, 255.0)
    gan.real_samples = np.array([10, 20, 30], "uint8").reshape(3, 1, 1, 1)
    gan.real_conditions = np.array([1, 1, 0])
    cells = Layout(gan, 3, 2, seed=0).reals()
    assert cells.ravel().tolist() == [30, 255, 10, 20, 255, 255]
    # A class that has two rows goes on in its second.
    layout = Layout(gan, 4, 1, seed=0)
    layout.conditions = np.array([0, 1, 0, 1])
    assert layout.reals().ravel().tolist() == [30, 10, 255, 20]


@keras.saving.register_keras_serializable("tests")
class Subclassed(keras.Model):
    """A discriminator of the user's own, which takes labels."""

    num_classes = CLASSES

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.embed = layers.Embedding(CLASSES, 2)
        self.dense = layers.Dense(1)

    def call(self, inputs):
        x, labels = inputs
        return self.dense(ops.concatenate([x, self.embed(labels)], axis=-1))


def test_networks_of_ones_own_take_labels():
    discriminator = Subclassed()
    generator = build().generator
    gan = kgan.GAN(generator, discriminator)
    gan.compile(penalties=["r1"])
    history = gan.fit(POINTS, LABELS, epochs=1, batch_size=4, verbose=0).history
    assert np.isfinite(history["loss"]).all()


@pytest.mark.slow
@pytest.mark.parametrize("clipnorm", [None, 0.1])
def test_keras_embeddings_train_as_a_product_with_one_hot_labels(clipnorm):
    def trained(embedding):
        keras.utils.set_random_seed(0)
        latents, labels = keras.Input((2,)), keras.Input((), dtype="int32")
        generator = keras.Model(
            [latents, labels], latents + embedding(CLASSES, 2)(labels)
        )
        samples, labels = keras.Input((2,)), keras.Input((), dtype="int32")
        match = layers.Dot(1)([samples, embedding(CLASSES, 2)(labels)])
        discriminator = keras.Model([samples, labels], match)
        gan = kgan.GAN(generator, discriminator, num_classes=CLASSES, seed=0)
        gan.compile(optimizer=keras.optimizers.Adam(0.1, 0.5, clipnorm=clipnorm))
        gan.fit(POINTS, LABELS, batch_size=4, epochs=2, verbose=0)
        return [numpy(w) for w in generator.weights + discriminator.weights]

    found, expected = trained(layers.Embedding), trained(kgan.layers.LabelEmbedding)
    for x, y in zip(found, expected, strict=True):
        np.testing.assert_allclose(x, y, atol=1e-5)


@keras.saving.register_keras_serializable("tests")
class Headed(keras.Model):
    """A discriminator of samples alone, with a head of classes."""

    num_classes, takes_labels = CLASSES, False

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.dense, self.head = layers.Dense(1), layers.Dense(CLASSES)

    def build(self, input_shape):
        self.dense.build(input_shape)
        self.head.build(input_shape)

    def call(self, x):
        return self.dense(x), self.head(x)


@pytest.mark.parametrize("kind", [Subclassed, Headed])
def test_health_judges_networks_of_ones_own(kind):
    gan = kgan.GAN(build().generator, kind())
    gan.compile()
    health = kgan.callbacks.Health(samples=4, warmup=10**6)
    logs = gan.fit(
        POINTS, LABELS, epochs=1, batch_size=4, verbose=0, callbacks=[health]
    ).history
    assert np.isfinite(logs["diversity"]).all()
    assert ("d_gap" in logs) == (kind is Headed)


def unconditional():
    return kgan.networks.mlp_generator((2,), 3, activation=None)


ERRORS = {
    "no labels": (lambda g: g.fit(POINTS, verbose=0), "trains on samples with labels"),
    "no labels in batches": (
        lambda g: g.fit(kgan.data.Batches(POINTS, 4), verbose=0),
        "trains on samples with labels",
    ),
    "labels out of range": (
        lambda g: g.fit(POINTS, LABELS + 1, verbose=0),
        r"of 0 to 2. Received: labels of x from 1 to 3",
    ),
    "float labels": (
        lambda g: g.fit(POINTS, LABELS / 2, verbose=0),
        r"must be ints of shape \(n,\). Received: labels of x of dtype float64",
    ),
    "one-hot labels": (
        lambda g: g.fit(POINTS, np.eye(3, dtype=int)[LABELS], verbose=0),
        r"Received: labels of x of dtype int64 and shape \(8, 3\)",
    ),
    "too few labels": (
        lambda g: g.fit(POINTS, LABELS[:5], verbose=0),
        "Received: 8 samples and 5 labels",
    ),
    "labels of samples out of range": (
        lambda g: g.sample(labels=3),
        r"`labels` must be of 0 to 2. Received: labels from 3 to 3",
    ),
    "as many labels as samples": (
        lambda g: g.sample(4, labels=[1, 2]),
        r"one row of labels for each of the 4 samples. Received: labels of shape \(2,\)",
    ),
    "only the discriminator": (
        lambda g: kgan.GAN(unconditional(), g.discriminator),
        "the generator must take the same conditions",
    ),
    "num_classes without labels": (
        lambda g: kgan.GAN(
            unconditional(), kgan.networks.mlp_discriminator((2,)), num_classes=2
        ),
        r"must take `\[latents, labels\]`; a subclass .* Received: num_classes=2",
    ),
    "packs": (
        lambda g: kgan.GAN(g.generator, g.discriminator, pack=2),
        "a conditional GAN must have `pack=1`. Received: pack=2",
    ),
    "unlike classes": (
        lambda g: kgan.GAN(
            g.generator,
            kgan.networks.mlp_discriminator(
                (2,), num_classes=4, conditioning="auxiliary"
            ),
        ),
        r"output shapes \[\(None, 1\), \(None, 4\)\], num_classes=3",
    ),
    "fewer classes": (
        lambda g: kgan.GAN(
            g.generator, kgan.networks.mlp_discriminator((2,), num_classes=2)
        ),
        "must know all classes. Received: num_classes=3, a discriminator of 2",
    ),
    "conditioning": (
        lambda g: kgan.networks.mlp_discriminator((2,), num_classes=2, conditioning="x"),
        "must be one of 'projection', 'auxiliary'. Received: conditioning='x'",
    ),
    "two outputs": (
        lambda g: kgan.networks.mlp_discriminator((2,), num_classes=2, outputs=2),
        "Received: outputs=2, conditioning='projection'",
    ),
}


@pytest.mark.slow
@pytest.mark.parametrize("case", ERRORS)
def test_errors_say_what_is_wrong(case):
    act, message = ERRORS[case]
    gan = build()
    gan.compile()
    with pytest.raises(ValueError, match=message):
        act(gan)


def test_gans_without_conditions_refuse_labels(tiny):
    with pytest.raises(ValueError, match="is not conditional"):
        tiny().sample(2, labels=[0, 1])


def test_number_of_classes_that_no_layer_tells_is_asked_for():
    latents, labels = keras.Input((2,)), keras.Input((), dtype="int32")
    asked = layers.Reshape((1,))(layers.Rescaling(1.0)(labels))
    generator = keras.Model(
        [latents, labels], layers.Dense(2)(layers.Concatenate()([latents, asked]))
    )
    discriminator = kgan.networks.mlp_discriminator((2,), num_classes=2)
    with pytest.raises(ValueError, match=r"pass `num_classes`. Received: layers of no"):
        kgan.GAN(generator, discriminator)
    assert kgan.GAN(generator, discriminator, num_classes=2).num_classes == 2
