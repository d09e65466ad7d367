import keras
import numpy as np
import pytest
from helpers import numpy
from keras import ops

import kgan
from kgan.models.critic import Critic

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
    reals, fakes = ops.convert_to_tensor(reals), ops.convert_to_tensor(fakes)
    critic(reals), critic(fakes)
    seed = keras.random.SeedGenerator(0)
    return numpy(penalty(critic.gradient, reals, fakes, seed, **arguments))


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


def test_of_two_outputs_the_difference_is_differentiated():
    x = keras.Input((3,))
    layer = keras.layers.Dense(2, use_bias=False)
    model = keras.Model(x, layer(x))
    layer.set_weights([np.array([[1.0, 4.0], [2.0, 2.0], [3.0, 1.0]])])
    critic = Critic(model, keras.random.SeedGenerator(0))
    gradient = critic.gradient(ops.convert_to_tensor(REALS))
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
    gan.compile()
    with pytest.warns(UserWarning, match=r"second derivatives through ln .* of r1"):
        gan.compile(penalties=["r1"])


@pytest.mark.parametrize("arguments", [{"weight": -1}, {"every": 0}, {"every": 1.5}])
def test_bad_arguments_are_named(arguments):
    (name,) = arguments
    with pytest.raises(ValueError, match=f"`{name}`.*Received: {name}="):
        kgan.penalties.R1(**arguments)
