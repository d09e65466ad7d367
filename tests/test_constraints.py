import keras
import numpy as np
import pytest
from helpers import numpy

import kgan
from kgan.constraints import WeightClipping, constrain

RANDOM = np.random.default_rng(0)


def critic():
    return keras.Sequential(
        [
            keras.Input((6, 6, 2)),
            kgan.layers.SpectralNormalization(keras.layers.Conv2D(3, 3)),
            kgan.layers.BatchNormalization(),
            keras.layers.DepthwiseConv2D(2),
            kgan.layers.LayerNormalization(),
            keras.layers.PReLU(),
            # A model within the model.
            keras.Sequential(
                [keras.Input((3, 3, 3)), keras.layers.SeparableConv2D(4, 2)]
            ),
            kgan.layers.GroupNormalization(groups=2),
            keras.layers.Flatten(),
            keras.layers.Dense(1),
        ]
    )


def largest(model):
    return max(abs(numpy(weight)).max() for weight in model.trainable_variables)


def train(model):
    model.compile(keras.optimizers.SGD(1.0), "mse")
    x = RANDOM.normal(size=(8, 6, 6, 2)).astype("float32")
    model.fit(x, np.full((8, 1), 5.0), verbose=0)


def test_weights_are_clipped_after_each_update():
    clip = WeightClipping(0.5)
    weights = np.array([-2.0, -0.5, 0.1, 0.7], "float32")
    np.testing.assert_allclose(numpy(clip(weights)), [-0.5, -0.5, 0.1, 0.5])


@pytest.mark.slow
def test_all_trainable_weights_are_constrained_and_stay_so_when_loaded(tmp_path):
    model = critic()
    assert len(model.trainable_variables) == 16
    constrain(model, WeightClipping(0.01))
    model.save(tmp_path / "fresh.keras")
    assert largest(model) > 0.5  # Not at once.
    train(model)
    assert largest(model) == np.float32(0.01)
    for _ in range(2):
        loaded = keras.models.load_model(tmp_path / "fresh.keras", compile=False)
        assert largest(loaded) > 0.5
        constraints = [weight.constraint for weight in loaded.trainable_variables]
        assert [(type(c), c.limit) for c in constraints] == [(WeightClipping, 0.01)] * 16
        train(loaded)
        assert largest(loaded) == np.float32(0.01)
        critic_again = critic()
        constrain(critic_again, WeightClipping(0.01))
        critic_again.save(tmp_path / "fresh.keras")


def test_a_later_constraint_takes_the_place_of_an_earlier():
    model = critic()
    constrain(model, WeightClipping(0.01))
    constrain(model, "non_neg")
    train(model)
    assert all((numpy(weight) >= 0).all() for weight in model.trainable_variables)
    assert largest(model) > 0.01


@pytest.mark.slow
def test_a_wgan_keeps_its_critic_within_the_limit(tiny, tmp_path):
    gan = tiny()
    constrain(gan.discriminator, WeightClipping(0.05))
    rates = (keras.optimizers.RMSprop(0.01) for _ in "gd")
    gan.compile(*rates, loss="wasserstein", d_steps=2)
    data = RANDOM.normal(size=(8, 2)).astype("float32")
    gan.train_on_batch(data)
    assert largest(gan.discriminator) == np.float32(0.05) < largest(gan.generator)
    gan.save(tmp_path / "gan.keras")
    loaded = keras.models.load_model(tmp_path / "gan.keras")
    loaded.discriminator.set_weights([w + 1 for w in loaded.discriminator.get_weights()])
    loaded.train_on_batch(data)
    assert largest(loaded.discriminator) == np.float32(0.05)


class Custom(keras.layers.Layer):
    def build(self, shape):
        self.slope = self.add_weight((), name="slope")

    def call(self, x):
        return x * self.slope


@pytest.mark.parametrize(
    "layer, path",
    [
        (lambda: Custom(name="mine"), "mine/slope"),
        # It saves none of the arguments of the layers within it.
        (lambda: kgan.layers.ProjectionLogit(3, name="end"), "end/embedding/embeddings"),
    ],
    ids=["custom", "composite"],
)
def test_weights_that_would_lose_it_are_refused(layer, path):
    x, labels = keras.Input((3,)), keras.Input((), dtype="int32")
    y = keras.layers.Dense(3, name="first")(x)
    layer = layer()
    if hasattr(layer, "num_classes"):
        model = keras.Model([x, labels], layer([y, labels]), name="judge")
    else:
        model = keras.Model(x, layer(y), name="judge")
    with pytest.raises(ValueError, match=f"Received: model=judge with .*{path}"):
        constrain(model, WeightClipping())
    assert all(weight.constraint is None for weight in model.trainable_variables)


def test_arguments_are_checked():
    for limit in (0, -0.1, float("nan"), True, "x"):
        with pytest.raises(ValueError, match=f"Received: limit={limit!r}"):
            WeightClipping(limit)
    with pytest.raises(ValueError, match=r"must be built.*Received: model=later"):
        constrain(keras.Sequential([keras.layers.Dense(1)], name="later"), "non_neg")
    with pytest.raises(ValueError, match=r"`model` must be a built .*: model='critic'"):
        constrain("critic", "non_neg")
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    with pytest.raises(ValueError, match=r"`constraint` must be .*: constraint='small'"):
        constrain(model, "small")
