"""Options with schedules, in training."""

import keras
import numpy as np
import pytest
from helpers import assert_same_state, numpy
from keras import ops

import kgan
from kgan.models import averaging
from kgan.schedules import Cosine, Linear

POINTS = np.random.default_rng(0).standard_normal((12, 2)).astype("float32")


def trained(tiny, epochs=1, **arguments):
    gan = tiny()
    gan.compile(**arguments)
    gan.fit(POINTS, batch_size=4, epochs=epochs, shuffle=False, verbose=0)
    return gan


def rate(optimizer):
    return float(numpy(optimizer.learning_rate))


def test_learning_rates_follow_the_images_seen(tiny):
    gan = trained(
        tiny,
        g_optimizer=keras.optimizers.SGD(0.5),
        d_optimizer="sgd",
        schedules={"g_learning_rate": Linear(0.3, 0.1, 16)},
    )
    # The last of three updates begins at 8 images of 16.
    assert rate(gan.g_optimizer) == pytest.approx(0.2)
    assert rate(gan.d_optimizer) == pytest.approx(0.01)


def test_a_scheduled_update_is_that_of_its_learning_rate(tiny):
    scheduled, plain = tiny(), tiny()
    plain.set_weights(scheduled.get_weights())
    scheduled.compile(
        optimizer=keras.optimizers.SGD(123.0),
        schedules={"learning_rate": Linear(0.2, 0.0, 8)},
    )
    plain.compile(optimizer=keras.optimizers.SGD(0.2))
    for at in (0.2, 0.1):
        plain.optimizer.learning_rate = at
        for gan in (scheduled, plain):
            gan.train_on_batch(POINTS[:4])
    for one, other in zip(scheduled.get_weights(), plain.get_weights(), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-6, atol=1e-7)


def test_betas_follow_their_schedules(tiny):
    """Adam by hand on the discriminator's bias: `m` and `v` with each update's betas."""
    gan = tiny()
    gan.compile(
        g_optimizer=keras.optimizers.SGD(0.0),
        d_optimizer=keras.optimizers.Adam(0.1, beta_1=0.0, beta_2=0.5),
        loss=Pull(),
        schedules={"d_beta_1": Linear(0.2, 0.6, 8), "d_beta_2": Linear(0.5, 0.9, 8)},
    )
    bias = gan.discriminator.trainable_variables[-1]
    value, m, v = float(numpy(bias)[0]), 0.0, 0.0
    for step, (one, two) in enumerate([(0.2, 0.5), (0.4, 0.7)], start=1):
        m, v = one * m + (1 - one) * 1.0, two * v + (1 - two) * 1.0
        scale = 0.1 * np.sqrt(1 - two**step) / (1 - one**step)
        value -= scale * m / (np.sqrt(v) + 1e-7)
        gan.train_on_batch(POINTS[:4])
        np.testing.assert_allclose(numpy(bias)[0], value, rtol=1e-5)
    assert gan.d_optimizer.beta_1 == 0.0 and gan.d_optimizer.beta_2 == 0.5


@keras.saving.register_keras_serializable("tests")
class Pull(kgan.losses.Loss):
    """Has a gradient of 1 with respect to the last bias."""

    def real_term(self, s):
        return s / 2

    def fake_term(self, t):
        return t / 2

    def generator_term(self, t):
        return t


def test_weights_of_penalties_follow_their_schedules(tiny):
    gan = tiny()
    gan.compile(penalties=[kgan.penalties.R1(Linear(4.0, 0.0, 100))])
    gan.images_seen.assign(25)
    x = ops.convert_to_tensor(POINTS)
    recipe = gan.recipe.at(gan.images_seen)
    loss, values = gan.discriminator_loss(recipe, x, x + 1.0)
    expected = numpy(values["d_loss"]) + 3.0 * numpy(values["r1"])
    np.testing.assert_allclose(numpy(loss), expected, rtol=1e-6)


def test_options_inside_options_follow_their_schedules(tiny):
    gan = tiny()
    noise = kgan.augment.InstanceNoise(Linear(1.0, 0.0, 100))
    gan.compile(augment=[noise, noise])
    gan.images_seen.assign(100)
    x = ops.convert_to_tensor(POINTS)
    logits = gan.critic.judge(x).logits
    plain = numpy(gan.discriminator(x))
    np.testing.assert_allclose(numpy(logits), plain, rtol=1e-5)
    gan.images_seen.assign(50)
    assert np.abs(numpy(gan.critic.judge(x).logits) - plain).max() > 0.01


def test_half_life_of_the_average_follows_its_schedule():
    half_life = Linear(0.0, 100.0, 200)
    kept = [float(numpy(averaging.decay(10, seen, half_life))) for seen in (0, 100, 200)]
    np.testing.assert_allclose(kept, [0, 0.5 ** (10 / 50), 0.5 ** (10 / 100)], rtol=1e-6)


@pytest.mark.slow
def test_scheduled_training_resumes_exactly(tiny, tmp_path):
    arguments = {
        "optimizer": "adam",
        "schedules": {
            "learning_rate": Cosine(0.1, 0.0, 24),
            "beta_2": Linear(0.9, 1, 99),
        },
        "penalties": [kgan.penalties.R1(Cosine(1.0, 0.1, 24), every=2)],
        "loss": kgan.losses.TopK("non_saturating", Linear(1.0, 0.5, 24)),
    }
    keras.utils.set_random_seed(1)
    once = trained(tiny, epochs=2, **arguments)
    keras.utils.set_random_seed(1)
    twice = trained(tiny, **arguments)
    twice.save(tmp_path / "gan.keras")
    loaded = keras.models.load_model(tmp_path / "gan.keras")
    loaded.fit(POINTS, batch_size=4, epochs=2, initial_epoch=1, shuffle=False, verbose=0)
    assert_same_state(once, loaded)


@pytest.mark.parametrize(
    ("schedules", "message"),
    [
        ({"learning_rate": 0.1}, "must have schedules as values"),
        ({"beta_3": Linear(0, 1, 1)}, "Received: 'beta_3' for"),
        ({"g_momentum": Linear(0, 1, 1)}, "Received: 'momentum' for g_adam"),
        ({"clipnorm": Linear(1, 2, 1)}, "can't follow a schedule. Received: 'clipnorm'"),
        ({"use_ema": Linear(1, 2, 1)}, "can't follow a schedule. Received: 'use_ema'"),
    ],
)
def test_schedules_that_no_optimizer_follows_are_refused(tiny, schedules, message):
    with pytest.raises(ValueError, match=message):
        tiny().compile(optimizer="adam", schedules=schedules)


def test_two_schedules_of_a_learning_rate_are_refused(tiny):
    decay = keras.optimizers.schedules.CosineDecay(0.1, 10)
    with pytest.raises(ValueError, match="follows one schedule"):
        tiny().compile(
            optimizer=keras.optimizers.Adam(decay),
            schedules={"learning_rate": Linear(0.1, 0.0, 9)},
        )


@pytest.mark.parametrize(
    "callback",
    [
        keras.callbacks.LearningRateScheduler(lambda epoch, rate: rate / 2),
        keras.callbacks.ReduceLROnPlateau("g_loss", mode="min"),
    ],
    ids=lambda callback: type(callback).__name__,
)
def test_a_learning_rate_with_a_schedule_is_set_by_nothing_else(tiny, callback):
    gan = tiny()
    gan.compile(schedules={"g_learning_rate": Linear(0.1, 0.0, 9)})
    with pytest.raises(ValueError, match=f"leave {type(callback).__name__} out"):
        gan.fit(POINTS, callbacks=[callback], verbose=0)
    with pytest.raises(ValueError, match=r"Received: learning_rate=0\.1"):
        gan.optimizer.learning_rate = 0.1
    assert int(numpy(gan.images_seen)) == 0


@pytest.mark.since_keras("3.15.0", reason="callbacks see both optimizers")
def test_learning_rates_have_the_same_keys_in_each_training(tiny):
    halve = keras.callbacks.LearningRateScheduler(lambda epoch, rate: rate / 2)
    for _ in range(2):
        gan = tiny()
        gan.compile()
        history = gan.fit(POINTS, callbacks=[halve], verbose=0).history
        rates = {k: v for k, v in history.items() if k.startswith("learning_rate")}
        assert rates == {
            "learning_rate_g_adam": [pytest.approx(1e-4)],
            "learning_rate_d_adam": [pytest.approx(1e-4)],
        }
