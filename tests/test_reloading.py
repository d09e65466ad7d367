"""Each GAN that trains loads again, or says before it trains how it can be loaded."""

import warnings

import keras
import numpy as np
import pytest
from helpers import on_pytorch

import kgan

layers = keras.layers
SAMPLES = np.random.default_rng(0).normal(size=(8, 3)).astype("float32")


class Doubled(layers.Layer):
    def call(self, x):
        return 2 * x


class Square(kgan.losses.LeastSquares):
    pass


class Drift(kgan.penalties.R1):
    pass


class Noise(kgan.noise.Normal):
    pass


class Ramp(kgan.schedules.Linear):
    pass


class Blur(kgan.augment.InstanceNoise):
    pass


class Optimizer(keras.optimizers.Adam):
    pass


class Rate(keras.optimizers.schedules.ExponentialDecay):
    pass


class Network(keras.Model):
    def __init__(self, **arguments):
        super().__init__(**arguments)
        self.dense = layers.Dense(3)

    def build(self, input_shape):
        self.dense.build(input_shape)

    def call(self, latents):
        return self.dense(latents)


def own_loss(labels, outputs):
    return keras.ops.mean(keras.ops.square(labels - outputs))


def doubled(x):
    return 2 * x


def networks(in_generator=None, in_discriminator=None):
    """Returns networks with a layer of one's own; both may be the same layer."""
    z, x = keras.Input((2,)), keras.Input((3,))
    samples, features = layers.Dense(3)(z), x
    if in_generator is not None:
        samples = in_generator(samples)
    if in_discriminator is not None:
        features = in_discriminator(features)
    return keras.Model(z, samples), keras.Model(x, layers.Dense(1)(features))


# The networks, the arguments of the GAN, the arguments of `compile`, and the word that
# the warning must have; None if the GAN loads by itself.
CASES = {
    "plain": (networks, {}, {}, None),
    "shared without weights": (
        lambda: networks(*[layers.LeakyReLU()] * 2),
        {},
        {},
        None,
    ),
    "keras' loss": (networks, {}, {"loss": keras.losses.MeanSquaredError()}, None),
    "keras' function": (networks, {}, {"loss": "mse"}, None),
    "layer": (lambda: networks(None, Doubled()), {}, {}, "Doubled"),
    "layer of the average": (lambda: networks(Doubled()), {}, {}, "Doubled"),
    "model": (lambda: (Network(), networks()[1]), {"latent_dim": 2}, {}, "Network"),
    "lambda": (lambda: networks(layers.Lambda(lambda x: 2 * x)), {}, {}, "safe_mode"),
    "function": (lambda: networks(layers.Lambda(doubled)), {}, {}, "doubled"),
    "activation": (lambda: networks(layers.Activation(doubled)), {}, {}, "doubled"),
    "inside": (
        lambda: networks(keras.Sequential([Doubled(), layers.Lambda(doubled)])),
        {},
        {},
        "Doubled, doubled",
    ),
    "loss": (networks, {}, {"loss": Square()}, "Square"),
    "loss in a loss": (networks, {}, {"loss": kgan.losses.TopK(Square())}, "Square"),
    "loss function": (networks, {}, {"loss": own_loss}, "own_loss"),
    "penalty": (networks, {}, {"penalties": [Drift()]}, "Drift"),
    "schedule": (networks, {}, {"penalties": [kgan.penalties.R1(Ramp(0, 1, 9))]}, "Ramp"),
    "noise": (networks, {"noise": Noise()}, {}, "Noise"),
    "half-life": (networks, {"ema_half_life": Ramp(1, 2, 9)}, {}, "Ramp"),
    "augmentation": (networks, {}, {"augment": [Blur()]}, "Blur"),
    "optimizer": (networks, {}, {"g_optimizer": Optimizer()}, "Optimizer"),
    "rate": (networks, {}, {"optimizer": keras.optimizers.Adam(Rate(1, 2, 1))}, "Rate"),
}
OWN = {
    part.__name__: part
    for part in (Doubled, Square, Drift, Noise, Ramp, Blur, Optimizer, Rate, Network)
} | {"own_loss": own_loss, "doubled": doubled}


def made(name):
    build, arguments, options, _ = CASES[name]
    gan = kgan.GAN(*build(), seed=0, **arguments)
    gan.compile(**options)
    return gan


@pytest.mark.parametrize(
    "name",
    [name if name in ("layer", "loss", "rate") else on_pytorch(name) for name in CASES],
)
def test_a_gan_loads_by_itself_or_warns_how(name, tmp_path):
    word = CASES[name][-1]
    if word is None:
        gan, loading = made(name), {}
    else:
        with pytest.warns(UserWarning, match="A file of this GAN") as found:
            gan = made(name)
        (message,) = (str(w.message) for w in found if w.category is UserWarning)
        assert word in message
        loading = {"custom_objects": OWN}
        if word == "safe_mode":
            loading = {"safe_mode": False}
    gan.fit(SAMPLES, batch_size=4, verbose=0)
    gan.save(tmp_path / "gan.keras")
    # By the advice of the warning, the file loads without a warning.
    loaded = keras.models.load_model(tmp_path / "gan.keras", **loading)
    for model in (gan, loaded):
        model.fit(SAMPLES, batch_size=4, verbose=0)
    np.testing.assert_array_equal(loaded.sample(4, seed=1), gan.sample(4, seed=1))
    if word is not None:
        keras.utils.clear_session(free_memory=False)
        with pytest.raises((TypeError, ValueError)):
            keras.models.load_model(tmp_path / "gan.keras")


@pytest.mark.parametrize(
    "layer",
    [
        lambda: layers.Activation(lambda x: 2 * x),
        lambda: layers.Dense(3, kernel_initializer=lambda shape, dtype: np.ones(shape)),
    ],
)
def test_a_lambda_that_keras_does_not_save_is_named(layer):
    with pytest.warns(UserWarning, match="can't be loaded.*lambda"):
        kgan.GAN(*networks(None, layer()))


def test_a_network_without_a_config_is_named():
    class Closed(Network):
        def get_config(self):
            raise NotImplementedError("no config")

    with pytest.warns(UserWarning, match="Closed can't be saved.*NotImplementedError"):
        kgan.GAN(Closed(), networks()[1], latent_dim=2, ema_half_life=None)


def nested():
    generator, _ = networks()
    x = keras.Input((3,))
    return generator, keras.Model(x, layers.Dense(1)(generator(layers.Dense(2)(x))))


@pytest.mark.parametrize(
    "build",
    [
        lambda: networks(*[layers.Dense(3)] * 2),
        # A state of random numbers is shared too.
        lambda: networks(*[layers.Dropout(0.5)] * 2),
        lambda: networks(*[keras.Sequential([layers.Dense(3)])] * 2),
        nested,
    ],
)
def test_networks_that_share_variables_are_refused(build):
    with pytest.raises(ValueError, match=r"must not share a layer.*Received: .*share"):
        kgan.GAN(*build())


def test_a_lambda_of_the_average_keeps_its_globals():
    # Keras would make a lambda again without the names of this module.
    generator, discriminator = networks(layers.Lambda(lambda x: doubled(x)))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        gan = kgan.GAN(generator, discriminator)
    z = np.ones((4, 2), "float32")
    for network in (gan.generator, gan.ema_generator):
        np.testing.assert_allclose(
            keras.ops.convert_to_numpy(network(z)),
            2 * z @ generator.layers[1].get_weights()[0],
            rtol=1e-5,
        )


def test_names_that_two_functions_share_are_not_mixed_up():
    def other():
        def doubled(x):
            return 3 * x

        return doubled

    generator = keras.Sequential(
        [
            keras.Input((2,)),
            layers.Activation(doubled),
            layers.Activation(other()),
        ]
    )
    with (
        pytest.warns(UserWarning, match="doubled"),
        pytest.raises(ValueError, match="second copy of the generator"),
    ):
        kgan.GAN(generator, keras.Sequential([keras.Input((2,)), layers.Dense(1)]))


def test_a_subclass_of_gan_that_is_not_registered_says_so(tiny, tmp_path):
    class Own(kgan.GAN):
        pass

    gan = tiny()
    own = Own(gan.generator, gan.discriminator, seed=0)
    with pytest.warns(UserWarning, match="does not know Own: register"):
        own.compile()
    own.save(tmp_path / "own.keras")
    with pytest.raises(TypeError, match="Own"):
        keras.models.load_model(tmp_path / "own.keras")
    loaded = keras.models.load_model(tmp_path / "own.keras", custom_objects={"Own": Own})
    assert isinstance(loaded, Own)
