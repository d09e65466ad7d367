"""Translators: pairs of pictures, one step by hand, files, grids, exports."""

import keras
import numpy as np
import pytest
from helpers import numpy
from keras import layers, ops
from PIL import Image

import kgan

RNG = np.random.default_rng(0)
SOURCES = RNG.integers(0, 256, (12, 8, 8, 1)).astype("uint8")
# The target is the negative of the source.
TARGETS = 255 - SOURCES


def build(normalization=None, seed=0, sample_shape=(8, 8, 1), **arguments):
    keras.utils.set_random_seed(seed)
    return kgan.Translator(
        kgan.networks.unet_generator(
            sample_shape, (8, 8, 1), width=3, dropout=0.0, normalization=normalization
        ),
        kgan.networks.patch_discriminator(
            sample_shape, (8, 8, 1), width=3, depth=1, normalization=normalization
        ),
        seed=seed,
        **arguments,
    )


def compiled(*args, **kwargs):
    translator = build(*args, **kwargs)
    translator.compile(optimizer=keras.optimizers.SGD(0.01))
    return translator


@pytest.mark.backends("tensorflow", reason="the tapes are TensorFlow's")
def test_a_step_is_the_step_of_pix2pix():
    import tensorflow as tf

    translator = compiled()
    generator, discriminator = translator.generator, translator.discriminator
    x, y = (tf.constant(a / 127.5 - 1, tf.float32) for a in (SOURCES, TARGETS))
    expected = {}
    for name, network in (("g", generator), ("d", discriminator)):
        expected[name] = [v.numpy() for v in network.trainable_variables]

    def moved(name, network, gradients):
        pairs = zip(expected[name], gradients, strict=True)
        expected[name] = [w - 0.01 * g.numpy() for w, g in pairs]
        for v, value in zip(network.trainable_variables, expected[name], strict=True):
            v.assign(value)

    before = [v.numpy() for v in (*generator.weights, *discriminator.weights)]
    weights = [v.value for v in discriminator.trainable_variables]
    with tf.GradientTape() as tape:
        fake = generator(x, training=True)
        real_logits = discriminator([y, x], training=True)
        fake_logits = discriminator([fake, x], training=True)
        d_loss = tf.reduce_mean((real_logits - 1) ** 2) + tf.reduce_mean(fake_logits**2)
        d_loss /= 2
    moved("d", discriminator, tape.gradient(d_loss, weights))
    weights = [v.value for v in generator.trainable_variables]
    with tf.GradientTape() as tape:
        fake = generator(x, training=True)
        logits = discriminator([fake, x], training=True)
        l1 = tf.reduce_mean(abs(y - fake))
        g_loss = tf.reduce_mean((logits - 1) ** 2) / 2
        total = g_loss + 100 * l1
    moved("g", generator, tape.gradient(total, weights))
    for variable, value in zip(
        (*generator.weights, *discriminator.weights), before, strict=True
    ):
        variable.assign(value)
    logs = translator.train_on_batch(SOURCES, TARGETS, return_dict=True)
    np.testing.assert_allclose(logs["d_loss"], d_loss, rtol=1e-5)
    np.testing.assert_allclose(logs["g_loss"], g_loss, rtol=1e-5)
    np.testing.assert_allclose(logs["reconstruction"], l1, rtol=1e-5)
    for name, network in (("g", generator), ("d", discriminator)):
        for variable, value in zip(
            network.trainable_variables, expected[name], strict=True
        ):
            np.testing.assert_allclose(variable.numpy(), value, atol=1e-6)


@keras.saving.register_keras_serializable("tests")
class SeenPairs(kgan.Translator):
    """Notes whether the target comes first, and is the negative of the source."""

    def training_step(self, batch):
        target, source = (ops.cast(x, "float32") for x in batch[:2])
        first = ops.max(ops.abs(target[..., :1] + source - 255))
        return {**super().training_step(batch), "unlike": first}


class Pairs(keras.utils.PyDataset):
    def __len__(self):
        return 3

    def __getitem__(self, index):
        rows = slice(4 * index, 4 * index + 4)
        return SOURCES[rows], TARGETS[rows]


def forms():
    yield "x and y", (SOURCES, TARGETS), {"batch_size": 4}
    yield "pair", ((SOURCES, TARGETS),), {"batch_size": 4}
    batches = kgan.data.PairBatches(SOURCES, TARGETS, batch_size=4)
    yield "PairBatches", (batches,), {}
    yield "PyDataset", (Pairs(),), {}
    pairs = Pairs()
    yield "generator", ((pairs[i] for i in range(3)),), {}


FORMS = {name: form for name, *form in forms()}


@pytest.mark.slow
@pytest.mark.parametrize("form", FORMS)
def test_fit_takes_sources_and_targets_in_every_form(form):
    data, options = FORMS[form]
    translator = SeenPairs(build().generator, build().discriminator, seed=0)
    translator.compile()
    history = translator.fit(*data, verbose=0, **options).history
    assert int(translator.images_seen) == 12 and history["unlike"][-1] == 0


@pytest.mark.backends("tensorflow", reason="`tf.data` trains on TensorFlow here")
def test_a_dataset_yields_sources_first():
    import tensorflow as tf

    dataset = tf.data.Dataset.from_tensor_slices((SOURCES, TARGETS)).batch(4)
    translator = compiled()
    translator.fit(dataset, validation_data=dataset, verbose=0)
    np.testing.assert_array_equal(translator.real_samples, TARGETS[:4])
    np.testing.assert_array_equal(translator.real_conditions, SOURCES[:4])


@pytest.mark.backends("torch", reason="needs PyTorch")
def test_a_data_loader_yields_sources_first():
    import torch
    from torch.utils.data import DataLoader, TensorDataset

    dataset = TensorDataset(torch.tensor(SOURCES), torch.tensor(TARGETS))
    loader = DataLoader(dataset, batch_size=4)
    translator = SeenPairs(build().generator, build().discriminator, seed=0)
    translator.compile()
    history = translator.fit(loader, validation_data=loader, verbose=0).history
    assert int(translator.images_seen) == 12 and history["unlike"][-1] == 0
    # Workers that persist have the order of the loader that they were started for.
    loader = DataLoader(dataset, 4, num_workers=1, persistent_workers=True)
    next(iter(loader))
    translator.fit(loader, verbose=0)
    assert translator.history.history["unlike"][-1] == 0
    # The loader of the user stays as it was.
    np.testing.assert_array_equal(next(iter(loader))[0], SOURCES[:4])


@pytest.mark.slow
def test_validation_and_evaluation_compare_the_pairs():
    translator = compiled()
    pairs = SOURCES[:6], TARGETS[:6]
    history = translator.fit(SOURCES, TARGETS, validation_data=pairs, verbose=0).history
    losses = translator.evaluate(*pairs, verbose=0, return_dict=True)
    np.testing.assert_allclose(history["val_d_loss"][-1], losses["d_loss"], rtol=1e-5)
    found = translator.evaluate(
        SOURCES, TARGETS, metrics="kd12", return_dict=True, verbose=0
    )
    assert any("kd" in name for name in found)


@pytest.mark.slow
def test_translations_follow_the_sources():
    translator = compiled(ema_half_life=None)
    translator.compile(optimizer=keras.optimizers.Adam(0.01))
    translator.fit(SOURCES, TARGETS, batch_size=4, epochs=40, verbose=0)
    drawn = translator.translate(SOURCES, as_uint8=True).astype("int64")
    copied = np.abs(SOURCES.astype("int64") - TARGETS).mean()
    assert np.abs(drawn - TARGETS).mean() < 0.5 * copied
    floats = SOURCES / np.float32(127.5) - 1
    expected = numpy(translator.generator(floats))
    np.testing.assert_allclose(translator.translate(floats), expected, atol=1e-5)
    predicted = translator.predict(SOURCES, verbose=0)
    np.testing.assert_allclose(predicted, expected, atol=1e-5)


@pytest.mark.parametrize("dtype", ["float32", "int64"])
def test_pixels_of_another_dtype_are_warned_of(dtype):
    translator, pixels = compiled(), SOURCES.astype(dtype)
    with pytest.warns(UserWarning, match="`conditions` has values from 0 to 255, which"):
        translator.translate(pixels)
    with pytest.warns(UserWarning, match="of x` has values from 0 to 255"):
        translator.check_data(pixels, y=TARGETS)
    # A map of two regions, and pictures in the range of the samples.
    for sources in (SOURCES // 128, SOURCES / 127.5 - 1):
        translator.translate(sources.astype(dtype))


@pytest.mark.slow
def test_a_translator_without_a_size_takes_any():
    generator = kgan.networks.resnet_translator((None, None, 1), width=2, blocks=1)
    judge = kgan.networks.patch_discriminator((8, 8, 1), (8, 8, 1), width=2, depth=1)
    translator = kgan.Translator(generator, judge, seed=0)
    translator.compile()
    translator.fit(SOURCES, TARGETS, batch_size=4, verbose=0)
    wide = RNG.integers(0, 256, (2, 12, 20, 1)).astype("uint8")
    assert translator.translate(wide).shape == (2, 12, 20, 1)
    assert translator.predict(wide, verbose=0).shape == (2, 12, 20, 1)


@pytest.mark.slow
def test_grids_show_source_translation_and_target(tmp_path):
    translator = compiled(sample_shape=(8, 8, 3))
    targets = np.repeat(TARGETS, 3, axis=-1)
    grid = kgan.callbacks.SampleGrid(tmp_path, rows=2, columns=7, scale=1)
    translator.fit(SOURCES, targets, batch_size=12, verbose=0, callbacks=[grid])
    assert not (tmp_path / "reals.png").exists()
    picture = np.asarray(Image.open(tmp_path / "samples-000000012.png"))
    assert picture.shape == (2 * 9 + 1, 6 * 9 + 1, 3)
    sources, shown = translator.real_conditions, translator.real_samples
    drawn = translator.translate(sources, as_uint8=True)
    for number, place in enumerate(((0, 0), (0, 3), (1, 0), (1, 3))):
        top, left = 1 + 9 * place[0], 1 + 9 * place[1]
        cells = [
            picture[top : top + 8, left + 9 * i : left + 9 * i + 8] for i in range(3)
        ]
        np.testing.assert_array_equal(cells[0], np.repeat(sources[number], 3, axis=-1))
        np.testing.assert_array_equal(cells[1], drawn[number])
        np.testing.assert_array_equal(cells[2], shown[number])


ERRORS = {
    "no targets": (lambda t: t.fit(SOURCES), r"trains on pairs: .* Received: x of shape"),
    # A batch of two pictures is no pair.
    "a generator of pictures": (
        lambda t: t.fit(SOURCES[i : i + 2] for i in range(4)),
        r"must yield pairs, \(sources, targets\)\. Received: x that yields ndarray",
    ),
    "a generator of triples": (
        lambda t: t.fit((SOURCES, TARGETS, TARGETS) for _ in range(4)),
        r"pairs, \(sources, targets\)\. Received: x that yields tuple with 3 parts",
    ),
    "fewer targets": (
        lambda t: t.fit(SOURCES, TARGETS[:3]),
        "one condition for each sample. Received: 3 samples and 12 rows",
    ),
    "another size": (
        lambda t: t.fit(SOURCES[:, :4], TARGETS),
        r"`condition of x` must be .*8, 8, 1\)\. Received: .* shape \(12, 4, 8, 1\)",
    ),
    "no data": (lambda t: t.fit(), "`x` is missing"),
    "side by side": (lambda t: t.side_by_side(3), "a model that was not given data"),
    "vectors": (
        lambda t: kgan.Translator(
            keras.Sequential([keras.Input((3,)), layers.Dense(2)]),
            kgan.networks.mlp_discriminator((2,)),
        ),
        r"takes one picture.* Received: generator with conditions of shapes \[\(3,\)\]",
    ),
}


@pytest.mark.parametrize("case", ERRORS)
def test_errors_say_what_is_wrong(case):
    act, message = ERRORS[case]
    translator = compiled()
    with pytest.raises(ValueError, match=message):
        act(translator)
    assert int(translator.images_seen) == 0
