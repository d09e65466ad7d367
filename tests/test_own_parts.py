"""Losses, penalties and other parts that a user writes: numbers, configs, errors."""

import keras
import numpy as np
import pytest
from helpers import on_pytorch
from keras import ops

import kgan

POINTS = np.random.default_rng(0).normal(size=(8, 2)).astype("float32")
OWN = pytest.mark.filterwarnings("ignore:A file of this GAN does not load by itself")


class Terms(kgan.losses.Loss):
    """Least squares, with the errors of each sample or with their mean."""

    def __init__(self, mean):
        self.reduced = ops.mean if mean else ops.copy

    def discriminator_loss(self, real_logits, fake_logits):
        return self.reduced(ops.square(real_logits - 1) + ops.square(fake_logits))

    def generator_loss(self, real_logits, fake_logits):
        return self.reduced(ops.square(fake_logits - 1))

    def get_config(self):
        return {"mean": self.reduced is ops.mean}


class Large(kgan.penalties.Penalty):
    name = "large"

    def value(self, real, fake, critic):
        return ops.square(real.logits)


class Far(kgan.generator_losses.GeneratorLoss):
    name = "far"

    def value(self, generated):
        return ops.square(generated.fakes)


@OWN
@pytest.mark.parametrize(
    "options, name",
    [
        ({"loss": Terms(mean=False)}, "d_loss"),
        on_pytorch({"penalties": [Large()]}, "large"),
        on_pytorch({"generator_losses": [Far()]}, "far"),
    ],
)
def test_a_loss_of_many_numbers_is_refused(tiny, options, name):
    gan = tiny()
    gan.compile(**options)
    with pytest.raises(ValueError, match=rf"`{name}` must be a scalar.*shape=\(8, \d\)"):
        gan.train_on_batch(POINTS)


@OWN
def test_an_own_loss_of_one_number_trains(tiny):
    gan = tiny()
    gan.compile(loss=Terms(mean=True))
    assert np.isfinite(gan.train_on_batch(POINTS)).all()


@keras.saving.register_keras_serializable("test_own_parts")
class Nothing(kgan.penalties.Penalty):
    """A penalty that is a number of Python."""

    name = "nothing"

    def value(self, real, fake, critic):
        return 0.0


def test_a_penalty_may_be_a_number_of_python(tiny):
    gan = tiny()
    gan.compile(penalties=[Nothing()])
    assert gan.train_on_batch(POINTS, return_dict=True)["nothing"] == 0


@keras.saving.register_keras_serializable("test_own_parts")
class AddsErrors(keras.layers.Layer):
    """Adds the squares of its inputs to the loss, as one number or as many."""

    def __init__(self, many, **kwargs):
        super().__init__(**kwargs)
        self.many = many

    def call(self, x):
        squares = ops.square(x)
        self.add_loss(squares if self.many else ops.sum(squares))
        return x


@pytest.mark.parametrize("network", ["generator", "discriminator"])
def test_the_numbers_that_a_layer_adds_count_as_their_sum(network):
    def weights(many):
        keras.utils.set_random_seed(0)

        def layer(name):
            return [AddsErrors(many)] if name == network else []

        generator = keras.Sequential(
            [keras.Input((3,)), keras.layers.Dense(2), *layer("generator")]
        )
        discriminator = keras.Sequential(
            [keras.Input((2,)), *layer("discriminator"), keras.layers.Dense(1)]
        )
        gan = kgan.GAN(generator, discriminator, seed=0)
        gan.compile(optimizer=keras.optimizers.SGD(0.01))
        gan.train_on_batch(POINTS)
        return getattr(gan, network).get_weights()[0]

    np.testing.assert_allclose(weights(many=True), weights(many=False), atol=1e-6)


class Scaled(kgan.losses.Loss):
    def __init__(self, factor=1.0):
        self.factor = factor


class Bounded(kgan.penalties.Penalty):
    def __init__(self, bound, **kwargs):
        super().__init__(**kwargs)
        self.bound = bound


class Fixed(kgan.penalties.Penalty):
    """Has no argument for the weight."""

    def __init__(self, bound):
        super().__init__(0.5)
        self.bound = bound


class Shifted(kgan.noise.Normal):
    def __init__(self, shift=0.0):
        super().__init__()
        self.shift = shift


class Doubled(kgan.augment.Augmentation):
    def __init__(self, factor=2.0, probability=1.0):
        super().__init__(probability)
        self.factor = factor


class Renamed(kgan.losses.Loss):
    """Keeps its argument under another name, and names it in `get_config`."""

    def __init__(self, factor=1.0):
        self._factor = factor

    def get_config(self):
        return {**super().get_config(), "factor": self._factor}


@pytest.mark.parametrize(
    "part, config",
    [
        (Scaled(3.0), {"factor": 3.0}),
        (Bounded(2.0, every=4), {"bound": 2.0, "weight": 1.0, "every": 4}),
        (Fixed(2.0), {"bound": 2.0}),
        (Shifted(0.5), {"shift": 0.5}),
        (Doubled(4.0, 0.5), {"factor": 4.0, "probability": 0.5}),
        (Renamed(3.0), {"factor": 3.0}),
    ],
    ids=lambda value: type(value).__name__,
)
def test_the_arguments_of_an_own_part_are_its_config(part, config):
    assert part.get_config() == config
    again = type(part).from_config(part.get_config())
    assert vars(again) == vars(part) and again == part


class Forgets(kgan.noise.Normal):
    def __init__(self, shift):
        super().__init__()


@keras.saving.register_keras_serializable("test_own_parts")
class ForgetsToo(keras.losses.Loss):
    def __init__(self, gamma):
        super().__init__()

    def call(self, y_true, y_pred):
        return ops.square(y_true - y_pred)


@OWN
def test_an_argument_that_a_file_would_lose_is_named(tiny):
    with pytest.warns(UserWarning, match="loses `shift` of Forgets: implement"):
        gan = tiny(noise=Forgets(1.0))
    with pytest.warns(UserWarning, match="loses `gamma` of ForgetsToo"):
        gan.compile(loss=ForgetsToo(3.0))


@keras.saving.register_keras_serializable("test_own_parts")
class Hubert(keras.losses.Huber):
    """A class with the arguments of a loss of Keras."""


def test_an_argument_of_keras_is_not_lost(tiny):
    gan = tiny()
    gan.compile(loss=Hubert(2.0))
    gan.compile(optimizer=keras.optimizers.LossScaleOptimizer(keras.optimizers.Adam()))


@keras.saving.register_keras_serializable("test_own_parts")
class Opaque(keras.layers.Layer):
    """A layer with an argument that Keras can't save."""

    def __init__(self, what, **kwargs):
        super().__init__(**kwargs)
        self.what = what

    def call(self, x):
        return x

    def get_config(self):
        return {**super().get_config(), "what": self.what}


def test_a_gan_that_can_not_be_saved_still_trains():
    x = keras.Input((2,))
    discriminator = keras.Model(x, keras.layers.Dense(1)(Opaque(object())(x)))
    generator = kgan.networks.mlp_generator((2,), 3, hidden=(4,))
    with pytest.warns(UserWarning, match="can't be saved"):
        gan = kgan.GAN(generator, discriminator)
    gan.compile()
    assert np.isfinite(gan.train_on_batch(np.tanh(POINTS))).all()


@keras.saving.register_keras_serializable("test_own_parts")
class Remembers(kgan.penalties.Penalty):
    """A penalty with a variable, and with an argument that no config has."""

    name = "remembers"

    def __init__(self, start):
        super().__init__(1.0)
        self._start, self.last = start, None

    def build(self):
        if self.last is None:
            self.last = keras.Variable(self._start, trainable=False)

    @property
    def variables(self):
        return [] if self.last is None else [self.last]

    def value(self, real, fake, critic):
        return ops.convert_to_tensor(self.last)


def test_an_option_that_can_not_be_copied_serves_one_gan(tiny):
    penalty = Remembers(3.0)
    with pytest.warns(UserWarning, match="loses `start` of Remembers"):
        tiny().compile(penalties=[penalty])
    with (
        pytest.warns(UserWarning, match="loses `start` of Remembers"),
        pytest.raises(ValueError, match="Another GAN has the numbers of Remembers"),
    ):
        tiny().compile(penalties=[penalty])


@keras.saving.register_keras_serializable("test_own_parts")
class Plain(keras.Model):
    """A network as in many tutorials, which Keras saves and can't load."""

    def __init__(self):
        super().__init__()
        self.dense = keras.layers.Dense(1)

    def build(self, input_shape):
        self.dense.build(input_shape)

    def call(self, x):
        return self.dense(x)


@keras.saving.register_keras_serializable("test_own_parts")
class PlainLayer(keras.layers.Layer):
    def __init__(self, units):
        super().__init__()
        self.dense = Plain()

    def call(self, x):
        return self.dense(x)


@pytest.mark.parametrize("make", [Plain, lambda: PlainLayer(1)], ids=["model", "layer"])
def test_a_network_that_keras_can_not_build_again_is_named(make, tmp_path):
    part = make()
    if isinstance(part, PlainLayer):
        part = keras.Sequential([keras.Input((2,)), part])
    generator = kgan.networks.mlp_generator((2,), 3, hidden=(5,))
    with pytest.warns(UserWarning, match=r"can't be loaded, since Plain\w* can't take"):
        gan = kgan.GAN(generator, part)
    gan.save(tmp_path / "gan.keras")
    with pytest.raises(TypeError, match="unexpected keyword argument"):
        keras.models.load_model(tmp_path / "gan.keras")


def test_a_generator_that_can_not_be_copied_says_why():
    critic = kgan.networks.mlp_discriminator((1,), (5,))
    message = r"could not be built \(Plain can't take all values .*`\*\*kwargs`"
    with (
        pytest.warns(UserWarning, match="can't be loaded"),
        pytest.raises(ValueError, match=message),
    ):
        kgan.GAN(Plain(), critic, latent_dim=3)


class Pickled(kgan.GAN):
    """Keeps all arguments of its own."""

    def __init__(self, *args, strength=1.0, **kwargs):
        super().__init__(*args, **kwargs)
        self.strength = strength

    def compile(self, margin=0.0, **kwargs):
        self.margin = margin
        super().compile(**kwargs)

    def get_config(self):
        return {**super().get_config(), "strength": self.strength}

    def get_compile_config(self):
        return {**super().get_compile_config(), "margin": self.margin}


class Careless(Pickled):
    get_config = kgan.GAN.get_config
    get_compile_config = kgan.GAN.get_compile_config


class Closed(kgan.GAN):
    def __init__(self, generator, discriminator):
        super().__init__(generator, discriminator)


@OWN
def test_a_subclass_of_gan_that_would_lose_arguments_is_warned():
    networks = [
        kgan.networks.mlp_generator((2,), 3, hidden=(5,)),
        kgan.networks.mlp_discriminator((2,), (5,)),
    ]
    Pickled(*networks, strength=2.0).compile(margin=3.0)
    careless = Careless(*networks, strength=2.0)
    with pytest.warns(UserWarning, match="`strength` of Careless, `margin` of Careless"):
        careless.compile(margin=3.0)
    closed = Closed(*networks)
    with pytest.warns(UserWarning, match="since Closed can't take all values"):
        closed.compile()


class Logged(kgan.GAN):
    def generator_loss(self, *inputs):
        loss, values = super().generator_loss(*inputs)
        return loss, values | {"twice": 2 * loss}


@OWN
def test_a_new_key_of_the_logs_is_named():
    gan = Logged(
        kgan.networks.mlp_generator((2,), 3, hidden=(5,)),
        kgan.networks.mlp_discriminator((2,), (5,)),
    )
    gan.compile()
    with pytest.raises(ValueError, match=r"keys of the logs.*Received: new=\['twice'\]"):
        gan.train_on_batch(ops.tanh(POINTS))


@pytest.mark.parametrize(
    "loss",
    [keras.losses.Huber(0.5), keras.losses.CosineSimilarity(axis=0)],
    ids=lambda loss: loss.name,
)
def test_the_options_of_a_loss_of_keras_are_saved(loss):
    parts = kgan.losses.KerasLoss(loss), kgan.generator_losses.Reconstruction(loss)
    real, fake = POINTS[:, :1], POINTS[:, 1:]
    for part in parts:
        config = keras.saving.serialize_keras_object(part)
        again = keras.saving.deserialize_keras_object(config)
        assert float(again.loss(real, fake)) == float(loss(real, fake))
        assert float(again.loss(real, fake)) != float(type(loss)()(real, fake))
        assert again == part and part != type(part)(type(loss)())


@pytest.mark.parametrize(
    "call, message",
    [
        (lambda: Scaled().real_term(0.0), "Scaled must implement `real_term`"),
        (lambda: Fixed(1.0).value(0, 0, 0), "Fixed must implement `value`"),
        (lambda: Doubled().transform(0.0), "Doubled must implement `transform`"),
        (lambda: kgan.noise.Noise()((2, 3)), "Noise must implement `__call__`"),
        (
            lambda: kgan.schedules.Schedule(0, 1, 10).shape(0.5),
            "Schedule must implement `shape`",
        ),
    ],
)
def test_a_method_that_is_missing_is_named(call, message):
    with pytest.raises(NotImplementedError, match=message):
        call()


class Stubborn(keras.optimizers.SGD):
    def __init__(self, strength, **kwargs):
        super().__init__(**kwargs)
        self.strength = strength


@OWN
def test_an_optimizer_whose_config_loses_an_argument_is_not_made_twice(tiny):
    gan = tiny()
    with pytest.raises(ValueError, match="loses `strength` of Stubborn: pass `g_opt"):
        gan.compile(optimizer=Stubborn(5.0))
    with pytest.raises(ValueError, match="loses `strength` of Stubborn: pass `g_opt"):
        gan.compile(optimizer=keras.optimizers.LossScaleOptimizer(Stubborn(5.0)))
    with pytest.warns(UserWarning, match="A file of this GAN loses `strength` of Stub"):
        gan.compile(Stubborn(5.0), Stubborn(6.0))
    assert [o.strength for o in (gan.g_optimizer, gan.d_optimizer)] == [5.0, 6.0]


def test_both_optimizers_have_the_loss_scale_that_was_given(tiny):
    adam = keras.optimizers.Adam(0.25)
    gan = tiny()
    gan.compile(optimizer=keras.optimizers.LossScaleOptimizer(adam, 128.0, 7))
    for name in ("g", "d"):
        scaled = getattr(gan, f"{name}_optimizer")
        assert (scaled.initial_scale, scaled.dynamic_growth_steps) == (128.0, 7)
        assert scaled.inner_optimizer.name == f"{name}_adam"
        assert float(scaled.inner_optimizer.learning_rate) == 0.25
