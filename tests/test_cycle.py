"""CycleGANs: two sets without pairs, one step by hand, files, grids, exports."""

import keras
import numpy as np
import pytest
from helpers import numpy
from keras import layers, ops
from PIL import Image

import kgan

RNG = np.random.default_rng(0)
A = RNG.integers(0, 256, (12, 8, 8, 1)).astype("uint8")
B = RNG.integers(0, 256, (8, 8, 8, 1)).astype("uint8")


def network(name, shape, output, activation="tanh"):
    options = {"padding": "same", "data_format": "channels_last"}
    inputs = keras.Input(shape)
    x = layers.Conv2D(output, 3, activation=activation, **options)(inputs)
    return keras.Model(inputs, x, name=name)


def networks(shape_a=(8, 8, 1), shape_b=(8, 8, 1)):
    return {
        "generator_ab": network("generator", shape_a, shape_b[-1]),
        "generator_ba": network("generator", shape_b, shape_a[-1]),
        "discriminator_a": network("discriminator", shape_a, 1, activation=None),
        "discriminator_b": network("discriminator", shape_b, 1, activation=None),
    }


def build(seed=0, ema_half_life=10_000, **shapes):
    keras.utils.set_random_seed(seed)
    return kgan.CycleGAN(**networks(**shapes), seed=seed, ema_half_life=ema_half_life)


def compiled(history=5, ema_half_life=10_000, **options):
    shapes = {k: options.pop(k) for k in ("shape_a", "shape_b") if k in options}
    cyclegan = build(ema_half_life=ema_half_life, **shapes)
    optimizer = keras.optimizers.SGD(0.01)
    cyclegan.compile(optimizer=optimizer, history=history, **options)
    return cyclegan


@pytest.mark.backends("tensorflow", reason="the tapes are TensorFlow's")
@pytest.mark.parametrize("identity, gamma", [(0.5, 0.0), (0.0, 3.0)])
def test_a_step_is_the_step_of_cyclegan(identity, gamma):
    import tensorflow as tf

    penalties = [kgan.penalties.R1(gamma)]
    cyclegan = compiled(history=0, identity_weight=identity, penalties=penalties)
    ab, ba = cyclegan.generator.first, cyclegan.generator.second
    judge_a, judge_b = cyclegan.discriminator.first, cyclegan.discriminator.second
    a, b = (tf.constant(x[:8] / 127.5 - 1, tf.float32) for x in (A, B))
    before = [numpy(v) for v in cyclegan.variables]
    expected = []

    def move(networks, function):
        weights = [v for n in networks for v in n.trainable_variables]
        with tf.GradientTape() as tape:
            loss, logs = function()
        gradients = tape.gradient(loss, [v.value for v in weights])
        for v, g in zip(weights, gradients, strict=True):
            expected.append((v, v.numpy() - 0.01 * g.numpy()))
            v.assign(expected[-1][1])
        return logs

    def r1(judge, real):
        with tf.GradientTape() as tape:
            tape.watch(real)
            # The logit of a picture is the mean over its patches.
            logits = tf.reduce_sum(tf.reduce_mean(judge(real), axis=(1, 2)))
        return tf.reduce_mean(tf.reduce_sum(tape.gradient(logits, real) ** 2, (1, 2, 3)))

    def judged():
        losses = []
        for judge, real, fake in ((judge_a, a, fakes[0]), (judge_b, b, fakes[1])):
            losses.append(tf.reduce_mean((judge(real) - 1) ** 2) / 2)
            losses.append(tf.reduce_mean(judge(fake) ** 2) / 2)
        penalty = (r1(judge_a, a) + r1(judge_b, b)) / 2
        return sum(losses) + gamma * penalty, (sum(losses) / 2, penalty / 2)

    def drawn():
        fake_a, fake_b = ba(b), ab(a)
        fooled = [
            tf.reduce_mean((judge(fake) - 1) ** 2) / 2
            for judge, fake in ((judge_a, fake_a), (judge_b, fake_b))
        ]
        cycle = tf.reduce_mean(abs(ba(fake_b) - a)) + tf.reduce_mean(abs(ab(fake_a) - b))
        same = tf.reduce_mean(abs(ba(a) - a)) + tf.reduce_mean(abs(ab(b) - b))
        total = sum(fooled) + 10 * cycle + 10 * identity * same
        return total, (sum(fooled) / 2, cycle / 2, same / 2)

    fakes = ba(b), ab(a)
    d_loss, penalty = move((judge_a, judge_b), judged)
    g_loss, cycle, same = move((ab, ba), drawn)
    for variable, value in zip(cyclegan.variables, before, strict=True):
        variable.assign(value)
    logs = cyclegan.train_on_batch(A[:8], B, return_dict=True)
    wanted = {"d_loss": d_loss, "r1": penalty, "g_loss": g_loss, "cycle": cycle}
    wanted["identity"] = same
    assert ("identity" in logs) == (identity > 0)
    for name, value in wanted.items():
        if name in logs:
            np.testing.assert_allclose(logs[name], value, rtol=1e-5)
    for variable, value in expected:
        np.testing.assert_allclose(variable.numpy(), value, atol=1e-6)


def test_a_history_fills_and_then_exchanges_each_second_fake():
    # A batch of one, which the history of the authors takes too.
    from kgan.models.fake_history import FakeHistory

    history, seeds = FakeHistory(4, (1,), "x"), keras.random.SeedGenerator(0)
    shown, kept = [], []
    for number in range(100):
        given = numpy(history.exchange(ops.full((1, 1), float(number)), seeds))
        before, kept = kept, numpy(history.variables[0])[:, 0].tolist()
        shown.append(int(given[0, 0]))
        if number < 4:
            assert shown[-1] == number and kept[number] == number
        elif shown[-1] != number:
            assert shown[-1] in before
            assert sorted(kept) == sorted({*before, number} - {shown[-1]})
        else:
            assert kept == before
    early = np.mean(np.array(shown[4:]) != np.arange(4, 100))
    # 96 coins: four standard deviations.
    assert abs(early - 0.5) < 4 * 0.5 / np.sqrt(96)
    # The mean age of an earlier fake: 2 updates for each of 4 places.
    ages = (np.arange(100) - shown)[4:]
    assert abs(ages[ages > 0].mean() - 8) < 4
    # No fake is shown again, but for the first ones.
    assert len(set(shown[4:])) == 96


@pytest.mark.parametrize("batch", [3, 6])
def test_a_history_exchanges_batches_without_loss(batch):
    from kgan.models.fake_history import FakeHistory

    history, seeds = FakeHistory(4, (2,), "x"), keras.random.SeedGenerator(1)
    seen = []
    for number in range(30):
        fakes = (number * batch + np.arange(batch, dtype="float32"))[:, None]
        given = numpy(history.exchange(ops.convert_to_tensor(fakes * [1, -1]), seeds))
        np.testing.assert_array_equal(given[:, 0], -given[:, 1])
        if number < 1:
            np.testing.assert_array_equal(given[:, 0], fakes[:, 0])
        seen += given[:, 0].tolist()
    kept = numpy(history.variables[0])[:, 0]
    assert (np.diff(np.sort(kept)) > 0).all() and int(history.variables[1].numpy()) == 4
    later = set(seen[2 * batch :])
    # The first fakes that filled the history are shown twice at most.
    assert len(later) >= 28 * batch - 4
    assert len(later - set(range(27 * batch, 30 * batch))) < 28 * batch


class Sets(keras.utils.PyDataset):
    def __len__(self):
        return 2

    def __getitem__(self, index):
        rows = slice(4 * index, 4 * index + 4)
        return A[rows], B[rows]


def forms():
    yield "x and y", (A, B), {"batch_size": 4}, 12
    yield "pair", ((A, B),), {"batch_size": 4}, 12
    yield "UnpairedBatches", (kgan.data.UnpairedBatches(A, B, batch_size=4),), {}, 12
    yield "PyDataset", (Sets(),), {}, 8
    sets = Sets()
    yield "generator", ((sets[i] for i in range(2)),), {}, 8


FORMS = {name: form for name, *form in forms()}


@pytest.mark.slow
@pytest.mark.parametrize("form", FORMS)
def test_fit_takes_two_sets_in_every_form(form):
    data, options, count = FORMS[form]
    cyclegan = compiled()
    cyclegan.fit(*data, verbose=0, **options)
    assert int(cyclegan.images_seen.numpy()) == count
    assert all(any((x == a).all() for a in A) for x in cyclegan.real_conditions)
    assert all(any((x == b).all() for b in B) for x in cyclegan.real_samples)


@pytest.mark.backends("tensorflow", reason="`tf.data` trains on TensorFlow here")
def test_a_dataset_yields_a_first():
    import tensorflow as tf

    dataset = tf.data.Dataset.from_tensor_slices((A[:8], B)).batch(4)
    cyclegan = compiled()
    cyclegan.fit(dataset, validation_data=dataset, verbose=0)
    np.testing.assert_array_equal(cyclegan.real_samples, B[:4])
    np.testing.assert_array_equal(cyclegan.real_conditions, A[:4])


@pytest.mark.slow
def test_validation_and_evaluation_take_both_sets():
    cyclegan = compiled()
    history = cyclegan.fit(A, B, validation_data=(A, B), verbose=0).history
    losses = cyclegan.evaluate(A, B, verbose=0, return_dict=True)
    np.testing.assert_allclose(history["val_d_loss"][-1], losses["d_loss"], rtol=1e-5)
    found = cyclegan.evaluate(A, B, metrics="kd8", return_dict=True, verbose=0)
    assert any("kd" in name for name in found)


@pytest.mark.slow
def test_both_directions_are_learned_without_pairs():
    # A has dark pictures, and B has bright ones.
    dark, bright = A // 4, 255 - B // 4
    cyclegan = build(ema_half_life=None)
    cyclegan.compile(optimizer=keras.optimizers.Adam(0.02), identity_weight=0)
    cyclegan.fit(dark, bright, batch_size=4, epochs=40, verbose=0)
    assert cyclegan.translate(dark, as_uint8=True).mean() > 140
    assert cyclegan.translate(bright, to="a", as_uint8=True).mean() < 115
    floats = dark / np.float32(127.5) - 1
    expected = numpy(cyclegan.generator.first(floats))
    np.testing.assert_allclose(cyclegan.translate(dark), expected, atol=1e-5)
    predicted = cyclegan.predict(dark, verbose=0)
    np.testing.assert_allclose(predicted, expected, atol=1e-5)
    back = numpy(cyclegan.generator.second(floats))
    np.testing.assert_allclose(cyclegan.translate(floats, to="a"), back, atol=1e-5)


@pytest.mark.slow
def test_each_discriminator_has_options_of_its_own():
    options = {
        "penalties": [kgan.penalties.LeCam(0.1)],
        "augment": kgan.augment.ADA(pipeline="b"),
    }
    cyclegan = compiled(**options, run_eagerly=True)
    cyclegan.fit(A[:2] // 8, B[:2], batch_size=2, verbose=0)
    recipe = cyclegan.recipe
    of_a, of_b = recipe.twin.penalties[0].variables, recipe.penalties[0].variables
    assert float(of_a[0].numpy()) != float(of_b[0].numpy())
    assert cyclegan.critics[0].augment is recipe.twin.augment
    assert cyclegan.critics[1].augment is recipe.augment
    assert recipe.augment is not recipe.twin.augment
    saved = {id(v) for v in cyclegan.optimizer.variables}
    assert {id(v) for v in recipe.twin.augment.variables} < saved
    # Another model that is given the same objects begins anew.
    other = compiled(**options).recipe
    for one in (other, other.twin):
        assert [float(v.numpy()) for v in one.penalties[0].variables] == [0, 0]
        assert one.augment.variables[0] is not recipe.augment.variables[0]


def test_averages_follow_both_generators():
    cyclegan = compiled(ema_half_life=1e9)
    average, generator = cyclegan.ema_generator, cyclegan.generator
    before = [numpy(v) for v in average.variables]
    cyclegan.fit(A, B, batch_size=4, verbose=0)
    for old, new, last in zip(
        before, average.variables, generator.variables, strict=True
    ):
        assert (numpy(new) != old).any() and (numpy(new) != numpy(last)).any()
    floats = A / np.float32(127.5) - 1
    for to, network in (("b", average.first), ("a", average.second)):
        expected = numpy(network(floats))
        np.testing.assert_allclose(cyclegan.translate(A, to), expected, atol=1e-5)


def test_grids_show_there_and_back(tmp_path):
    cyclegan = compiled(shape_b=(8, 8, 3))
    colours = np.repeat(B, 3, axis=-1)
    grid = kgan.callbacks.SampleGrid(tmp_path, rows=2, columns=8, scale=1)
    health = kgan.callbacks.Health(warmup=10**6)
    logs = cyclegan.fit(
        A, colours, batch_size=12, verbose=0, callbacks=[health, grid]
    ).history
    assert "d_accuracy" in logs and not (tmp_path / "reals.png").exists()
    picture = np.asarray(Image.open(tmp_path / "samples-000000012.png"))
    assert picture.shape == (2 * 9 + 1, 6 * 9 + 1, 3)
    a, b = cyclegan.real_conditions[:2], cyclegan.real_samples[:2]
    to_b, to_a = cyclegan.translate(a), cyclegan.translate(b, to="a")
    columns = [a, to_b, cyclegan.translate(to_b, to="a"), b, to_a]
    columns.append(cyclegan.translate(to_a, to="b"))
    for number, column in enumerate(columns):
        pixels = cyclegan.sample_range.to_uint8(column)
        for row in range(2):
            top, left = 1 + 9 * row, 1 + 9 * number
            cell = picture[top : top + 8, left : left + 8]
            wanted = np.broadcast_to(pixels[row], (8, 8, 3))
            np.testing.assert_array_equal(cell, wanted)


def test_networks_without_a_size_translate_any():
    given = networks()
    for name in ("generator_ab", "generator_ba"):
        given[name] = network(name, (None, None, 1), 1)
    cyclegan = kgan.CycleGAN(**given, seed=0)
    cyclegan.compile(history=3)
    cyclegan.fit(A, B, batch_size=4, verbose=0)
    wide = RNG.integers(0, 256, (2, 12, 20, 1)).astype("uint8")
    assert cyclegan.translate(wide, to="a").shape == (2, 12, 20, 1)
    assert cyclegan.predict(wide, verbose=0).shape == (2, 12, 20, 1)


def made(**changes):
    return kgan.CycleGAN(**{**networks(), **changes})


def sigmoid():
    return network("generator", (8, 8, 1), 1, activation="sigmoid")


ERRORS = {
    "no b": (lambda c: c.fit(A), r"two sets of pictures.* Received: b=None"),
    "no a": (lambda c: c.fit(None, B), r"two sets of pictures.* Received: a=None"),
    "nothing": (lambda c: c.fit(), "`x` is missing"),
    "another a": (lambda c: c.fit(A[:, :4], B), r"`a` must be .*8, 8, 1\)\. Received: a"),
    "another b": (lambda c: c.fit(A, B[:, :4]), r"`b` must be .*8, 8, 1\)\. Received: b"),
    "empty b": (lambda c: c.fit(A, B[:0]), r"`b` is empty"),
    "split": (lambda c: c.fit(A, B, validation_split=0.5), "divides pairs"),
    "no data": (lambda c: c.side_by_side(3), "a model that was not given data"),
    "to": (lambda c: c.translate(A, to="c"), "`to` must be one of 'a', 'b'"),
    "size": (lambda c: c.translate(A[:, :4]), r"`pictures` must be .* shape \(12, 4"),
    "weight": (lambda c: c.compile(cycle_weight=-1), "`cycle_weight` must be a number"),
    "history": (lambda c: c.compile(history=-1), "`history` must be an int"),
    "one network": (
        lambda c: made(generator_ba=(g := sigmoid()), generator_ab=g),
        "four networks",
    ),
    "shapes": (
        lambda c: made(discriminator_b=network("d", (9, 9, 1), 1)),
        "must fit the input of the discriminator",
    ),
    "another input": (
        lambda c: made(generator_ba=network("g", (8, 8, 3), 1)),
        r"the other generator draws.* Received: generator_ba with input .*8, 8, 3\)",
    ),
    "conditions": (
        lambda c: made(
            discriminator_a=kgan.networks.patch_discriminator(
                (8, 8, 1), (8, 8, 1), width=2, depth=1
            )
        ),
        "take pictures alone. Received: discriminator_a",
    ),
    "ranges": (lambda c: made(generator_ba=sigmoid()), "in one range"),
    "vectors": (
        lambda c: made(
            generator_ab=keras.Sequential([keras.Input((3,)), layers.Dense(2)])
        ),
        r"take one picture.* Received: generator_ab with inputs of shapes \[\(3,\)\]",
    ),
    "identity": (
        lambda c: build(shape_b=(8, 8, 3)).compile(identity_weight=0.5),
        r"one shape on both sides.* Received: a=\(8, 8, 1\), b=\(8, 8, 3\)",
    ),
}


@pytest.mark.slow
@pytest.mark.parametrize("case", ERRORS)
def test_errors_say_what_is_wrong(case):
    act, message = ERRORS[case]
    cyclegan = compiled()
    with pytest.raises(ValueError, match=message):
        act(cyclegan)
    assert int(cyclegan.images_seen.numpy()) == 0


def test_an_unknown_option_has_a_hint():
    message = "`CycleGAN.compile` has no argument `cycle_weigth`. Did you mean `cycle_we"
    with pytest.raises(TypeError, match=message):
        compiled(cycle_weigth=1.0)
