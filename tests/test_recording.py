"""On PyTorch, a recorded step changes the variables as the step itself."""

import linecache

import keras
import numpy as np
import pytest

import kgan
from kgan import backend, trainers

pytestmark = pytest.mark.backends("torch", reason="of its operations")
POINTS = np.random.default_rng(0).uniform(-1, 1, (24, 2)).astype("float32")
PIXELS = np.random.default_rng(0).integers(0, 256, (24, 8, 8, 1), "uint8")
NEVER = 10**9
LABELS = np.arange(24, dtype="int32") % 3


@keras.saving.register_keras_serializable("test_recording")
class Doubled(keras.layers.Layer):
    """A layer of a user, whose Python counts the calls."""

    calls = 0

    def call(self, x):
        Doubled.calls += 1
        return 2 * x


@pytest.fixture
def recorders(monkeypatch):
    """Returns a list to which each train function adds its recorder."""
    made = []
    recorder = trainers.torch.Recorder

    def make(*args):
        made.append(recorder(*args))
        return made[-1]

    monkeypatch.setattr(trainers.torch, "Recorder", make)
    return made


def dense(*judging, noise="normal", conditions=(), **options):
    """Returns a GAN of points, whose discriminator may begin with given layers."""
    keras.utils.set_random_seed(1)
    labels = dict(conditions)
    networks = kgan.networks
    generator = networks.mlp_generator((2,), latent_dim=4, hidden=(4,), **labels)
    discriminator = networks.mlp_discriminator((2,), hidden=(4,), **labels)
    if judging:
        layers = [keras.Input((2,)), *judging, keras.layers.Dense(1)]
        discriminator = keras.Sequential(layers)
    gan = kgan.GAN(generator, discriminator, noise=noise, seed=0)
    gan.compile(**options)
    return gan


def pixels(**options):
    """Returns a GAN of pictures with normalisation, dropout and losses of layers."""
    keras.utils.set_random_seed(1)
    regularized = {"activity_regularizer": "l2", "kernel_regularizer": "l2"}
    discriminator = keras.Sequential(
        [
            keras.Input((8, 8, 1)),
            keras.layers.Conv2D(4, 3, strides=2, **regularized),
            keras.layers.Dropout(0.5),
            keras.layers.Flatten(),
            kgan.layers.SpectralNormalization(keras.layers.Dense(1)),
        ]
    )
    generator = kgan.networks.dcgan_generator((8, 8, 1), latent_dim=4, width=4)
    gan = kgan.GAN(generator, discriminator, seed=0)
    gan.compile(**options)
    return gan


def state(gan):
    """Returns all numbers that a step changes, by name or number."""
    variables = [*gan.variables, *gan.optimizer.variables]
    numbers = {str(i): v.numpy() for i, v in enumerate(variables)}
    return {**numbers, "random": backend.random_state()}


def trained(gan, plain_steps, monkeypatch, x=POINTS, batch_size=12, **options):
    monkeypatch.setattr(backend.recording, "PLAIN_STEPS", plain_steps)
    history = gan.fit(x, batch_size=batch_size, epochs=3, verbose=0, **options)
    return {**state(gan), **history.history}


def check_equal(found, wanted):
    assert found.keys() == wanted.keys()
    for name, value in wanted.items():
        np.testing.assert_array_equal(found[name], value, err_msg=name)


def number_of_recordings(recorder):
    return sum(map(len, recorder.recordings.values()))


LAZY = {
    "penalties": [
        kgan.penalties.R1(1.0, every=3),
        kgan.penalties.GradientPenalty(1.0, every=4),
    ],
    "d_steps": 2,
}
CASES = {
    "updates": ({"penalties": ["gradient_penalty"], "d_steps": 2}, 1),
    "reused": ({"reuse_fakes": True, "penalties": ["r1"]}, 1),
    "noise": ({"noise": "truncated_normal", "noise_batch_size": 6}, 1),
    "clipped": ({"optimizer": keras.optimizers.RMSprop(clipnorm=1.0)}, 1),
    # Six steps of two updates: R1 is due in the updates 0, 3, 6 and 9, the other penalty
    # in 0, 4 and 8. No two steps take the same branches.
    "lazy": (LAZY, 6),
}


@pytest.mark.parametrize("name", CASES)
def test_trains_what_the_step_trains(name, recorders, monkeypatch):
    options, recordings = CASES[name]
    wanted = trained(dense(**options), NEVER, monkeypatch)
    found = trained(dense(**options), 0, monkeypatch)
    check_equal(found, wanted)
    plain, recorded = recorders
    assert number_of_recordings(plain) == 0 and recorded.can_record
    assert number_of_recordings(recorded) == recordings


@pytest.mark.since_keras("3.15", reason="is known to record all of these layers")
def test_normalisation_dropout_and_losses_of_layers(recorders, monkeypatch):
    options = {"x": PIXELS, "validation_data": PIXELS}
    recipe = {"penalties": ["r1"], "augment": "ada"}
    wanted = trained(pixels(**recipe), NEVER, monkeypatch, **options)
    check_equal(trained(pixels(**recipe), 0, monkeypatch, **options), wanted)
    assert number_of_recordings(recorders[1]) == 1


def test_labels_and_a_smaller_batch(recorders, monkeypatch):
    options = {"y": LABELS, "batch_size": 10}
    conditions = {"num_classes": 3}
    wanted = trained(dense(conditions=conditions), NEVER, monkeypatch, **options)
    check_equal(trained(dense(conditions=conditions), 0, monkeypatch, **options), wanted)
    assert number_of_recordings(recorders[1]) == 2


def test_reads_variables_anew(recorders, monkeypatch):
    def run(plain_steps):
        gan = dense()
        trained(gan, plain_steps, monkeypatch)
        gan.generator.set_weights([w / 2 for w in gan.generator.get_weights()])
        gan.d_optimizer.learning_rate = 0.1
        return trained(gan, plain_steps, monkeypatch)

    check_equal(run(0), run(NEVER))
    assert number_of_recordings(recorders[0]) == 1


def test_a_change_of_trainable_is_another_step(recorders, monkeypatch):
    def run(plain_steps):
        # Has nothing to train, but normalises by other numbers if it does not train.
        gan = dense(keras.layers.BatchNormalization(center=False, scale=False))
        trained(gan, plain_steps, monkeypatch)
        # No variable trains less, so `compile` need not be called again.
        gan.discriminator.layers[0].trainable = False
        return trained(gan, plain_steps, monkeypatch)

    check_equal(run(0), run(NEVER))


def test_begins_after_some_steps_of_the_same_shapes(recorders, monkeypatch):
    trained(dense(), 5, monkeypatch, batch_size=10)
    # Six steps have 10 samples, three steps have 4.
    assert number_of_recordings(recorders[0]) == 1


def test_calls_the_compiled_functions_of_pytorch(recorders, monkeypatch):
    trained(dense(), 0, monkeypatch)
    ((recording,),) = recorders[0].recordings.values()
    names = recording._run.func.__globals__
    found = {name: type(x).__name__ for name, x in names.items() if "aten_" in name}
    # PyTorch has no public name for the function behind its `OpOverload`.
    assert set(found.values()) == {"builtin_function_or_method"}, found


def test_pytorch_keeps_no_code_of_a_recording(recorders, monkeypatch):
    from torch.fx import graph_module

    # Both are of the whole process, and exports of other tests keep code there too.
    monkeypatch.setattr(graph_module._loader, "eval_cache", {})
    monkeypatch.setattr(linecache, "cache", {})
    trained(dense(), 0, monkeypatch)
    assert number_of_recordings(recorders[0]) == 1
    assert graph_module._loader.eval_cache == {}
    assert not [name for name in linecache.cache if name.startswith("<eval_with_key>")]


def test_layers_of_users_stay_in_python(recorders, monkeypatch):
    gan = dense(Doubled())
    Doubled.calls = 0
    trained(gan, 0, monkeypatch)
    assert not recorders
    # Reals, fakes, and fakes of the generator in each of 6 steps.
    assert Doubled.calls == 18


@pytest.mark.parametrize("layer", ["Lambda", "activation"])
def test_functions_of_users_stay_in_python(layer, recorders, monkeypatch):
    def function(x):
        return 2 * x

    made = {
        "Lambda": keras.layers.Lambda(function),
        "activation": keras.layers.Dense(2, activation=function),
    }
    with pytest.warns(UserWarning, match=r"does not load|can't be loaded"):
        gan = dense(made[layer])
        gan.compile()
    trained(gan, 0, monkeypatch)
    assert not recorders


def test_subclasses_and_eager_steps_stay_in_python(recorders, monkeypatch):
    trained(dense(run_eagerly=True), 0, monkeypatch)

    class Mine(kgan.GAN):
        pass

    gan = dense()
    gan.__class__ = Mine
    trained(gan, 0, monkeypatch)
    assert not recorders


def test_python_that_reads_values_stays(recorders, monkeypatch):
    """A seeded dropout makes its generator from a number."""

    def make():
        keras.utils.set_random_seed(1)
        return dense(keras.layers.Dropout(0.5, seed=3))

    wanted = trained(make(), NEVER, monkeypatch)
    check_equal(trained(make(), 0, monkeypatch), wanted)
    assert not recorders[1].can_record


def test_a_recording_that_computes_something_else_is_not_kept(recorders, monkeypatch):
    call = backend.recording._Recording.__call__

    def wrong(self, values, inputs):
        logs = call(self, values, inputs)
        values[-1].add_(1)
        return logs

    monkeypatch.setattr(backend.recording._Recording, "__call__", wrong)
    found = trained(dense(), 0, monkeypatch)
    assert not recorders[0].can_record
    check_equal(found, trained(dense(), NEVER, monkeypatch))


@pytest.mark.parametrize("function", ["normal", "truncated_normal", "uniform", "randint"])
def test_draws_of_keras(function):
    """An operation of a recording draws the numbers of `keras.random`."""
    seed = keras.random.SeedGenerator(2**31 - 2)
    seed.next()
    numbers = (2, 9) if function == "randint" else (0.5, 2.0)
    dtype = "int32" if function == "randint" else "float32"
    drawn = backend.recording._draw(
        seed.state.value.detach(), function, [3, 2], *numbers, dtype
    )
    wanted = getattr(keras.random, function)((3, 2), *numbers, dtype=dtype, seed=seed)
    np.testing.assert_array_equal(*map(keras.ops.convert_to_numpy, (drawn, wanted)))
