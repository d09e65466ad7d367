"""Frozen means: nothing trained, nothing written, the same forward pass."""

import contextlib

import keras
import numpy as np
import pytest
from helpers import numpy, on_pytorch
from keras import layers

import kgan
from kgan import backend

# A penalty through a stock norm: here only what is written counts, not its value.
pytestmark = pytest.mark.filterwarnings("ignore:On this backend, second derivatives")


@keras.saving.register_keras_serializable("tests")
class CountCalls(layers.Layer):
    """Counts its calls in a variable, as spectral normalisation writes its u."""

    def build(self, shape):
        self.calls = self.add_weight(shape=(), initializer="zeros", trainable=False)

    def call(self, x):
        self.calls.assign_add(1.0)
        return x


def noisy(inputs, outputs, activation=None):
    x = start = keras.Input((inputs,))
    x = kgan.layers.SpectralNormalization(layers.Dense(6))(x)
    x = layers.BatchNormalization()(x)
    x = layers.Dropout(0.3)(x)
    x = CountCalls()(x)
    x = layers.LeakyReLU()(x)
    return keras.Model(start, layers.Dense(outputs, activation=activation)(x))


def build(seed=0, **compile_arguments):
    keras.utils.set_random_seed(seed)
    gan = kgan.GAN(noisy(3, 2), noisy(2, 1), seed=seed)
    gan.compile(**{"penalties": [kgan.penalties.R1(0.1)], **compile_arguments})
    return gan


def state(model):
    return [keras.ops.convert_to_numpy(variable) for variable in model.variables]


REALS = np.random.default_rng(0).standard_normal((16, 2)).astype("float32")


GRAPH = pytest.param(
    False,
    marks=pytest.mark.backends(
        "tensorflow",
        "torch",
        reason="XLA, which does not optimize here, rounds otherwise in another program",
    ),
)


@pytest.mark.parametrize("eager", [True, GRAPH])
@pytest.mark.parametrize("loss", ["non_saturating", on_pytorch("relativistic")])
def test_generator_updates_leave_the_discriminator_bit_for_bit(eager, loss):
    states = []
    for g_steps in (1, 3):
        gan = build(g_steps=g_steps, run_eagerly=eager, loss=loss)
        gan.train_on_batch(REALS)
        states.append((state(gan.discriminator), state(gan.d_optimizer)))
        assert int(gan.g_optimizer.iterations) == g_steps
    for one, three in zip(*states, strict=True):
        for a, b in zip(one, three, strict=True):
            np.testing.assert_array_equal(a, b)


def test_discriminator_updates_leave_the_generator_bit_for_bit():
    gan = build(run_eagerly=True)
    before = state(gan.generator)
    gan.update_discriminator(gan.recipe, keras.ops.convert_to_tensor(REALS))
    for a, b in zip(before, state(gan.generator), strict=True):
        np.testing.assert_array_equal(a, b)


def test_generator_statistics_move_once_per_update():
    gan = build(g_steps=3, d_steps=2, run_eagerly=True)
    gan.train_on_batch(REALS)
    calls = [layer.calls for layer in gan.generator.layers if hasattr(layer, "calls")]
    assert [float(count) for count in calls] == [3.0]
    calls = [layer.calls for layer in gan.discriminator.layers if hasattr(layer, "calls")]
    assert [float(count) for count in calls] == [4.0]  # Reals and fakes, twice.


def test_batch_norm_of_the_discriminator_is_in_batch_mode_in_both_phases():
    keras.utils.set_random_seed(0)
    judge = keras.Sequential(
        [keras.Input((2,)), layers.BatchNormalization(), layers.Dense(1)]
    )
    generator = kgan.networks.mlp_generator((2,), 3, activation=None)
    gan = kgan.GAN(generator, judge, seed=0)
    z = np.random.default_rng(0).standard_normal((16, 3)).astype("float32")
    frozen = numpy(gan.combined(z))
    moving = numpy(judge(generator(z), training=False))
    normal = numpy(judge(generator(z), training=True))
    np.testing.assert_array_equal(frozen, normal)
    assert np.abs(frozen - moving).max() > 1e-2


def test_dropout_masks_of_the_frozen_pass_are_fresh():
    gan = build()
    z = np.random.default_rng(0).standard_normal((8, 3)).astype("float32")
    assert np.abs(numpy(gan.combined(z)) - numpy(gan.combined(z))).max() > 1e-3


@pytest.mark.parametrize("within", [False, True], ids=["alone", "in a scope"])
def test_frozen_passes_have_the_next_states_of_the_seed(within):
    """JAX trains within a scope, in which the variables have other values."""
    network = keras.Sequential(
        [keras.Input((3,)), layers.Dropout(0.5), layers.Dropout(0.5)]
    )
    seeds = keras.random.SeedGenerator(7)
    states = [layer.seed_generator.state for layer in network.layers]
    found = []
    with backend.Scope() if within else contextlib.nullcontext():
        for _ in range(2):
            with backend.frozen(network, seeds):
                found += [numpy(state.value) for state in (*states, seeds.state)]
        found.append(numpy(seeds.next()))
    wanted = [[7, 0], [7, 1], [7, 2], [7, 2], [7, 3], [7, 4], [7, 4]]
    np.testing.assert_array_equal(found, wanted)


def test_combined_trains_exactly_the_generator():
    gan = build()
    ours = {id(v) for v in gan.combined.trainable_variables}
    assert ours == {id(v) for v in gan.generator.trainable_variables}
    rest = {id(v) for v in gan.combined.non_trainable_variables}
    assert rest >= {id(v) for v in gan.discriminator.variables}
    assert not ours & rest
    assert ours | rest == {id(v) for v in gan.combined.variables} - {
        id(gan.seed_generator.state)
    }
    assert gan.discriminator.trainable


def test_a_users_own_frozen_layers_stay_frozen():
    gan = build()
    for network in (gan.generator, gan.discriminator):
        network.layers[1].trainable = False
    gan.compile()
    before = [
        network.layers[1].get_weights() for network in (gan.generator, gan.discriminator)
    ]
    gan.train_on_batch(REALS)
    after = [
        network.layers[1].get_weights() for network in (gan.generator, gan.discriminator)
    ]
    for a, b in zip([*before[0], *before[1]], [*after[0], *after[1]], strict=True):
        np.testing.assert_array_equal(a, b)
    assert np.abs(gan.generator.layers[-1].get_weights()[0]).max() > 0


def test_layers_inside_of_layers_stay_frozen_in_a_loaded_model():
    inputs = [keras.Input((4, 4, 2)), keras.Input((3,))]
    modulated = kgan.layers.ModulatedBatchNormalization()
    inner = keras.Model(inputs, modulated(inputs))
    frozen = kgan.layers.Frozen(inner)
    config = keras.saving.serialize_keras_object(frozen)
    loaded = keras.saving.deserialize_keras_object(config)
    for model in (frozen, loaded):
        model(inputs)
        assert len(model.variables) == 4
        assert not any(variable.trainable for variable in model.variables)
