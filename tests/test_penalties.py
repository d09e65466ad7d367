import keras
import numpy as np
import pytest
from helpers import numpy
from keras import ops

import kgan
from kgan import backend
from kgan.critic import Critic, Judgement

RANDOM = np.random.default_rng(0)
REALS = RANDOM.standard_normal((6, 3)).astype("float32")
FAKES = RANDOM.standard_normal((4, 3)).astype("float32")


def quadratic():
    """A discriminator with logit sum(a x²), whose gradient is 2 a x."""
    x = keras.Input((3,))
    layer = keras.layers.Dense(1, use_bias=False)
    model = keras.Model(x, layer(keras.layers.Lambda(ops.square)(x)))
    layer.set_weights([np.array([[0.5], [-1.0], [2.0]])])
    return model


def slopes(x):
    return 2 * x * np.array([0.5, -1.0, 2.0])


def value(penalty, reals=REALS, fakes=FAKES, **arguments):
    critic = Critic(quadratic(), keras.random.SeedGenerator(0))
    real, fake = (critic.judge(ops.convert_to_tensor(x)) for x in (reals, fakes))
    return numpy(penalty(real, fake, critic, **arguments))


def test_r1_and_r2_are_half_the_mean_squared_norm():
    expected = (slopes(REALS) ** 2).sum(axis=1).mean() / 2
    np.testing.assert_allclose(value(kgan.penalties.R1()), expected, rtol=1e-6)
    expected = (slopes(FAKES) ** 2).sum(axis=1).mean() / 2
    np.testing.assert_allclose(value(kgan.penalties.R2()), expected, rtol=1e-6)


def test_gradient_penalty_between_equal_points_needs_no_alpha():
    norms = np.linalg.norm(slopes(FAKES), axis=1)
    actual = value(kgan.penalties.GradientPenalty(), FAKES, FAKES)
    np.testing.assert_allclose(actual, ((norms - 1) ** 2).mean(), rtol=1e-6)


def test_gradient_penalty_mixes_each_pair_with_one_alpha():
    reals, fakes = np.ones((100, 2, 3), "float32"), np.zeros((100, 2, 3), "float32")
    reals, fakes = ops.convert_to_tensor(reals), ops.convert_to_tensor(fakes)
    points = numpy(kgan.penalties.gradient_penalty.mix(reals, fakes, 3))
    alphas = points[:, 0, 0]
    np.testing.assert_array_equal(
        points, np.broadcast_to(alphas[:, None, None], (100, 2, 3))
    )
    assert 0 <= alphas.min() < 0.1 and 0.9 < alphas.max() <= 1
    assert len(np.unique(alphas)) > 90


def test_gradient_penalty_is_finite_where_the_gradient_is_zero(tiny):
    gan = tiny()
    gan.compile(penalties=["gradient_penalty"])
    gan.discriminator.set_weights([0 * w for w in gan.discriminator.get_weights()])
    logs = gan.train_on_batch(np.ones((4, 2), "float32"), return_dict=True)
    np.testing.assert_allclose(logs["gradient_penalty"], 1.0, atol=1e-5)
    assert all(np.isfinite(weight).all() for weight in gan.get_weights())


@pytest.mark.parametrize("center", [0.5, 2])
def test_gradient_penalty_pulls_the_norm_to_its_center(center):
    norms = np.linalg.norm(slopes(FAKES), axis=1)
    actual = value(kgan.penalties.GradientPenalty(center=center), FAKES, FAKES)
    np.testing.assert_allclose(actual, ((norms - center) ** 2).mean(), rtol=1e-6)


def test_zero_centered_gradient_penalty_is_the_mean_squared_norm():
    penalty = kgan.penalties.get("zero_centered_gradient_penalty")
    assert penalty == kgan.penalties.GradientPenalty(10.0, center=0.0)
    wanted = (slopes(FAKES) ** 2).sum(axis=1).mean()
    np.testing.assert_allclose(value(penalty, FAKES, FAKES), wanted, rtol=1e-6)
    # Without a root, and so without what keeps that finite.
    assert value(penalty, 0 * FAKES, 0 * FAKES) == 0


def test_a_center_may_follow_a_schedule():
    schedule = kgan.schedules.Linear(0.0, 2.0, images=10)
    penalty = kgan.penalties.GradientPenalty(center=schedule)
    norms = np.linalg.norm(slopes(FAKES), axis=1)
    for seen, center in ((0, 0), (5, 1), (10, 2)):
        actual = value(kgan.schedules.at(penalty, seen), FAKES, FAKES)
        np.testing.assert_allclose(actual, ((norms - center) ** 2).mean(), rtol=1e-6)


def test_dragan_perturbs_each_real_within_half_a_deviation():
    reals = RANDOM.normal(3, 2, (200, 4, 5)).astype("float32")
    near = kgan.penalties.dragan.perturbed
    points = numpy(near(ops.convert_to_tensor(reals), keras.random.SeedGenerator(0)))
    steps = (points - reals) / (reals.std() / 2)
    assert steps.min() > -1e-4 and 0.9 < steps.max() < 1
    # The longest step of a sample tells its `a`, uniform in [0, 1).
    longest = steps.max(axis=(1, 2))
    assert longest.min() < 0.05 and abs(longest.mean() - 0.5 * 20 / 21) < 0.05
    shares = steps / longest[:, None, None]
    assert abs(shares.mean() - 0.5 * 21 / 20) < 0.03


def test_dragan_is_the_gradient_penalty_there(monkeypatch):
    monkeypatch.setattr(kgan.penalties.dragan, "perturbed", lambda x, seed: x + 1)
    norms = np.linalg.norm(slopes(REALS + 1), axis=1)
    wanted = ((norms - 1) ** 2).mean()
    actual = value(kgan.penalties.DRAGAN())
    np.testing.assert_allclose(actual, wanted, rtol=1e-6)
    monkeypatch.undo()
    assert value(kgan.penalties.DRAGAN()) != actual


def judgement(outputs):
    """A judgement of unknown samples."""
    outputs = ops.convert_to_tensor(outputs)
    return Judgement(None, None, outputs, None, lambda: None, 0)


def of_logits(penalty, s, t, step=0):
    critic = Critic(quadratic(), keras.random.SeedGenerator(0))
    step = ops.convert_to_tensor(step)
    return float(numpy(penalty(judgement(s), judgement(t), critic, step)))


LOGITS = [(RANDOM.normal(1, 1, (6, 1)), RANDOM.normal(-1, 1, (4, 1))) for _ in range(3)]
LOGITS = [(s.astype("float32"), t.astype("float32")) for s, t in LOGITS]


@pytest.mark.parametrize("every", [1, 2])
def test_lecam_by_hand_over_three_steps(every):
    penalty = kgan.penalties.LeCam(decay=0.75, every=every)
    penalty.build()
    penalty.build()  # Which keeps what is there.
    real, fake = 0.0, 0.0
    for step, (s, t) in enumerate(LOGITS):
        wanted = ((s - fake) ** 2).mean() + ((t - real) ** 2).mean()
        wanted *= every * (step % every == 0)
        np.testing.assert_allclose(of_logits(penalty, s, t, step), wanted, rtol=1e-5)
        real, fake = 0.75 * real + 0.25 * s.mean(), 0.75 * fake + 0.25 * t.mean()
        kept = [numpy(variable) for variable in penalty.variables]
        np.testing.assert_allclose(kept, [real, fake], rtol=1e-5)
        penalty.build()
    assert all(not variable.trainable for variable in penalty.variables)


def test_the_averages_of_lecam_are_constants():
    penalty = kgan.penalties.LeCam(decay=0.5)
    penalty.build()
    s, t = (keras.Variable(x) for x in LOGITS[0])
    # As if they held what follows from the logits, which they then would differentiate.
    penalty.variables[0].assign(2.0), penalty.variables[1].assign(-3.0)

    def loss():
        return penalty(judgement(s), judgement(t), None), ()

    gradients = backend.value_and_grad(loss, [s, t])[1]
    for found, logits, average in zip(gradients, LOGITS[0], (-3.0, 2.0), strict=True):
        wanted = 2 * (logits - average) / len(logits)
        np.testing.assert_allclose(numpy(found), wanted, rtol=1e-5)


def test_a_schedule_leaves_the_averages_shared():
    schedule = kgan.schedules.Linear(0.0, 1.0, images=10)
    penalty = kgan.penalties.LeCam(schedule, decay=0.5)
    penalty.build()
    of_logits(kgan.schedules.at(penalty, 5), *LOGITS[0])
    found = numpy(penalty.variables[0])
    np.testing.assert_allclose(found, LOGITS[0][0].mean() / 2, rtol=1e-5)


@keras.saving.register_keras_serializable("tests")
class Plus(kgan.augment.Augmentation):
    """Adds a number to all elements."""

    def __init__(self, number=1.0, probability=1.0):
        super().__init__(probability)
        self.number = kgan.schedules.number(number=number)

    def transform(self, x, seed=None):
        return x + self.number


def logits(x):
    return x**2 @ np.array([0.5, -1.0, 2.0])


@pytest.mark.parametrize("fakes", [0.0, 1.0, 3.0])
def test_consistency_by_hand(fakes):
    penalty = kgan.penalties.Consistency(7.0, Plus(0.5), fakes)
    apart = [((logits(x) - logits(x + 0.5)) ** 2).mean() for x in (REALS, FAKES)]
    wanted = apart[0] + fakes * apart[1]
    np.testing.assert_allclose(value(penalty), wanted, rtol=1e-5)
    assert not penalty.takes_gradient


def test_both_logits_of_consistency_move():
    critic = Critic(quadratic(), keras.random.SeedGenerator(0))
    penalty = kgan.penalties.Consistency(augment=Plus(0.5), fakes=0.0)
    (kernel,) = critic.discriminator.trainable_variables

    def loss():
        real, fake = (critic.judge(ops.convert_to_tensor(x)) for x in (REALS, FAKES))
        return penalty(real, fake, critic), ()

    (gradient,) = backend.value_and_grad(loss, [kernel])[1]
    # The difference of the logits is linear in the kernel.
    features = REALS**2 - (REALS + 0.5) ** 2
    apart = logits(REALS) - logits(REALS + 0.5)
    wanted = 2 * (apart[:, None] * features).mean(axis=0)
    np.testing.assert_allclose(numpy(gradient)[:, 0], wanted, rtol=1e-4)


def test_consistency_changes_packed_samples_in_the_range_of_augmentations():
    # Samples of 0 to 1 become -1 to 1, and get 1/2 more; then they are 1/4 higher.
    range_01 = kgan.data.SampleRange(0.0, 1.0)
    critic = Critic(
        quadratic(), keras.random.SeedGenerator(0), pack=3, sample_range=range_01
    )
    real, fake = (critic.judge(ops.convert_to_tensor(x)) for x in (REALS, FAKES))
    found = numpy(
        kgan.penalties.Consistency(augment=Plus(0.5), fakes=0.0)(real, fake, critic)
    )
    wanted = ((logits(REALS) - logits(REALS + 0.25)) ** 2).mean()
    np.testing.assert_allclose(found, wanted, rtol=1e-4)


def test_consistency_follows_schedules(tiny):
    number = kgan.schedules.Linear(0.0, 1.0, images=8)
    gan = tiny()
    gan.compile(penalties=[kgan.penalties.Consistency(1.0, Plus(number))])
    x = RANDOM.standard_normal((4, 2)).astype("float32")
    first, second = (gan.train_on_batch(x, return_dict=True) for _ in range(2))
    # Nothing is changed before the first image.
    assert first["consistency"] == 0 < second["consistency"]


def test_consistency_refuses_what_it_can_not_change(tiny):
    with pytest.raises(ValueError, match=r"does not adapt.*Received: augment='ada'"):
        kgan.penalties.Consistency(augment="ada")
    with pytest.raises(ValueError, match="Translation needs images"):
        tiny().compile(penalties=["consistency"])


def test_penalties_on_gradients_have_nothing_to_keep():
    penalty = kgan.penalties.R1()
    penalty.build()
    assert list(penalty.variables) == []


@pytest.mark.parametrize(
    "shape, batch_size, wanted",
    [((256, 256, 3), 32, 0.4096), ((512, 256, 3), 16, 1.6384), ((28, 28, 1), 32, 0.1)],
)
def test_suggested_weight(shape, batch_size, wanted):
    for penalty in (kgan.penalties.R1, kgan.penalties.R2):
        np.testing.assert_allclose(penalty.suggest(shape, batch_size), wanted, rtol=1e-9)


@pytest.mark.parametrize(
    "shape, size, name",
    [
        ((28, 28), 32, "image_shape"),
        ((28.0, 28, 1), 32, "image_shape"),
        ((0, 28, 1), 32, "image_shape"),
        ((28, 28, 1), 0, "batch_size"),
        ((28, 28, 1), 2.5, "batch_size"),
    ],
)
def test_suggest_refuses(shape, size, name):
    with pytest.raises(ValueError, match=f"`{name}` must.*Received: {name}="):
        kgan.penalties.R1.suggest(shape, size)


@pytest.mark.parametrize("name", kgan.penalties.names())
def test_names_give_penalties_that_are_saved(name):
    penalty = kgan.penalties.get(name)
    penalty.build()
    config = keras.saving.serialize_keras_object(penalty)
    assert keras.saving.deserialize_keras_object(config) == penalty
    assert repr(penalty).startswith(f"{type(penalty).__name__}(weight=")


def test_lazy_penalty_is_due_every_kth_step_and_rescaled():
    plain, lazy = kgan.penalties.R1(), kgan.penalties.R1(every=3)
    due = [value(lazy, step=ops.convert_to_tensor(step)) for step in range(6)]
    np.testing.assert_allclose(due, [3 * value(plain), 0, 0] * 2, rtol=1e-6)


def test_lazy_penalty_trains_in_a_graph(tiny):
    gan = tiny()
    gan.compile(penalties=[kgan.penalties.R1(1.0, every=2)])
    data = np.random.default_rng(0).standard_normal((8, 2)).astype("float32")

    def step():
        gan.reset_metrics()  # Older releases of Keras do not by themselves.
        return gan.train_on_batch(data, return_dict=True)["r1"]

    logs = [step() for _ in range(4)]
    assert logs[0] > 0 and logs[2] > 0
    assert logs[1] == logs[3] == 0


@keras.saving.register_keras_serializable("tests")
class Drawn(kgan.penalties.Penalty):
    """The first number that it draws, less what the gradient would be."""

    name = "drawn"

    def value(self, real, fake, critic):
        seed = critic.seed_generator
        mixed = kgan.penalties.gradient_penalty.mix(real.samples, fake.samples, seed)
        gradient = critic.judge(mixed, frozen=True).gradient()
        return ops.sum(keras.random.uniform((1,), seed=seed)) + 0 * ops.sum(gradient)


def test_lazy_penalty_draws_anew_each_time():
    x = keras.Input((2,))
    hidden = keras.layers.Dropout(0.5)(keras.layers.Dense(4)(x))
    gan = kgan.GAN(
        kgan.networks.mlp_generator((2,), 3, activation=None),
        keras.Model(x, keras.layers.Dense(1)(hidden)),
        seed=0,
    )
    gan.compile(penalties=[Drawn(every=2)])
    data, values = np.ones((8, 2), "float32"), []
    for _ in range(6):
        gan.reset_metrics()
        values.append(float(gan.train_on_batch(data, return_dict=True)["drawn"]))
    assert values[1::2] == [0, 0, 0]
    assert len(set(values[::2])) == 3 and 0 < min(values[::2]) < max(values[::2]) < 2


def test_of_two_outputs_the_difference_is_differentiated():
    x = keras.Input((3,))
    layer = keras.layers.Dense(2, use_bias=False)
    model = keras.Model(x, layer(x))
    layer.set_weights([np.array([[1.0, 4.0], [2.0, 2.0], [3.0, 1.0]])])
    critic = Critic(model, keras.random.SeedGenerator(0))
    gradient = critic.judge(ops.convert_to_tensor(REALS)).gradient()
    np.testing.assert_allclose(numpy(gradient), np.tile([3.0, 0.0, -2.0], (6, 1)))


@pytest.mark.backends("tensorflow", reason="the others are exact")
def test_stock_norm_under_a_penalty_is_named(tiny):
    judge = keras.Sequential(
        [
            keras.Input((2,)),
            keras.layers.LayerNormalization(name="ln"),
            keras.layers.Dense(1),
        ]
    )
    gan = kgan.GAN(tiny().generator, judge)
    # Warnings are errors: a penalty without a gradient is not named.
    gan.compile(penalties=["lecam"])
    with pytest.warns(UserWarning, match=r"second derivatives through ln .* of r1"):
        gan.compile(penalties=["lecam", "r1"])


@pytest.mark.parametrize("arguments", [{"weight": -1}, {"every": 0}, {"every": 1.5}])
def test_bad_arguments_are_named(arguments):
    (name,) = arguments
    with pytest.raises(ValueError, match=f"`{name}`.*Received: {name}="):
        kgan.penalties.R1(**arguments)


def test_bad_arguments_of_others_are_named():
    with pytest.raises(ValueError, match=r"`center`.*Received: center=-1"):
        kgan.penalties.GradientPenalty(center=-1)
    with pytest.raises(ValueError, match=r"`decay`.*Received: decay=1.5"):
        kgan.penalties.LeCam(decay=1.5)
    with pytest.raises(ValueError, match=r"dragan, gradient_penalty, lecam.*'r3'"):
        kgan.penalties.get("r3")


def attention(x):
    return keras.layers.MultiHeadAttention(2, 4)(x, x)


SECOND_DERIVATIVES = {
    "attention": attention,
    "brightness": keras.layers.RandomBrightness(0.0, value_range=(-9, 9)),
    "convolution": keras.layers.Conv1DTranspose(2, 3),
    "lstm": keras.layers.LSTM(3),
    "pooling": keras.layers.AveragePooling1D(2),
}


@pytest.mark.parametrize("name", SECOND_DERIVATIVES)
def test_gradients_of_a_penalty_through_a_layer_are_its_differences(name):
    x = keras.Input((6, 4))
    y = keras.layers.Flatten()(SECOND_DERIVATIVES[name](x))
    y = keras.layers.Dense(4, activation="tanh")(y)
    model = keras.Model(x, keras.layers.Dense(1)(y))
    critic = Critic(model, keras.random.SeedGenerator(0))
    reals = ops.convert_to_tensor(RANDOM.standard_normal((5, 6, 4)).astype("float32"))
    penalty, variable = kgan.penalties.R1(), model.trainable_variables[0]

    def loss():
        real = critic.judge(reals)
        return penalty.value(real, real, critic), {}

    (_, _), (gradient,) = backend.value_and_grad(loss, [variable])
    gradient = numpy(gradient)
    step = 1e-2 * gradient / np.linalg.norm(gradient)
    ends, before = [], numpy(variable)
    for sign in (1, -1):
        variable.assign(before + sign * step)
        ends.append(float(numpy(loss()[0])))
    found = (ends[0] - ends[1]) / 2e-2
    np.testing.assert_allclose(found, np.linalg.norm(gradient), rtol=0.02)


@pytest.mark.backends("torch", reason="the others differentiate it twice")
def test_a_layer_without_second_derivatives_is_named(tiny):
    gan = tiny()
    gan.discriminator.layers[2].activation = keras.activations.hard_sigmoid
    gan.compile(penalties=["r1"])
    with pytest.raises(ValueError, match=r"derivative of hardsigmoid.*lecam"):
        gan.fit(np.zeros((8, 2), "float32"), verbose=0)


def test_penalties_of_one_name_have_keys_of_their_own(tiny):
    gan = tiny()
    third = kgan.penalties.R1(0.25, every=2)
    gan.compile(
        optimizer=keras.optimizers.SGD(0.0),
        penalties=[kgan.penalties.R1(0.5), "r1", "r2", third],
    )
    x, y = ops.convert_to_tensor(RANDOM.standard_normal((2, 8, 2)).astype("float32"))
    loss, values = gan.discriminator_loss(gan.recipe, x, y)
    logs = {key: float(numpy(value)) for key, value in values.items()}
    assert logs["r1"] > 0 and logs["r1_1"] == pytest.approx(logs["r1"], rel=1e-5)
    # In the first update, a lazy penalty counts twice.
    assert logs["r1_2"] == pytest.approx(2 * logs["r1"], rel=1e-5)
    penalties = 0.5 * logs["r1"] + logs["r1_1"] + logs["r2"] + 0.25 * logs["r1_2"]
    assert float(numpy(loss)) == pytest.approx(logs["d_loss"] + penalties, rel=1e-5)
    assert {"r1", "r1_1", "r1_2"} < set(gan.train_on_batch(numpy(x), return_dict=True))


@keras.saving.register_keras_serializable("tests")
class NamedLoss(kgan.penalties.Penalty):
    name = "d_loss"

    def value(self, real, fake, critic):
        return ops.mean(ops.square(real.logits)) + 100


def test_a_penalty_does_not_replace_another_number_of_the_logs(tiny):
    gan = tiny()
    gan.compile(penalties=[NamedLoss(0.0)])
    logs = gan.train_on_batch(np.zeros((8, 2), "float32"), return_dict=True)
    assert logs["d_loss"] < 50 < logs["d_loss_1"]


@pytest.mark.parametrize("same", [True, False])
def test_penalties_with_state_may_be_given_twice(tiny, tmp_path, same):
    penalties = [kgan.penalties.LeCam(0.1) for _ in range(2)]
    gan = tiny()
    gan.compile(penalties=penalties[:1] * 2 if same else penalties)
    assert len({id(variable) for variable in gan.optimizer.option_variables}) == 4
    x = RANDOM.standard_normal((8, 2)).astype("float32")
    gan.fit(x, batch_size=4, verbose=0)
    gan.save(tmp_path / "gan.keras")
    loaded = keras.models.load_model(tmp_path / "gan.keras")
    for one, other in zip(loaded.penalties, gan.penalties, strict=True):
        for a, b in zip(one.variables, other.variables, strict=True):
            np.testing.assert_array_equal(numpy(a), numpy(b))
