"""Options of `compile` and `fit`, against a run without them or numbers by hand."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from helpers import numpy, on_pytorch

import kgan

POINTS = np.random.default_rng(0).uniform(-1, 1, (24, 2)).astype("float32")


@keras.saving.register_keras_serializable("tests")
class Sine(kgan.noise.Noise):
    """Draws the same numbers with and without XLA; TensorFlow's own noise does not."""

    def __call__(self, shape, seed=None):
        start = keras.ops.cast(seed.next()[1], "float32")
        numbers = keras.ops.reshape(keras.ops.arange(24, dtype="float32"), (8, 3))
        return keras.ops.sin(start + 7 * numbers)


def trained(tiny, optimizer=None, epochs=1, compile_options=None, **options):
    keras.utils.set_random_seed(0)
    gan = tiny(noise=Sine())
    gan.compile(
        optimizer=optimizer or keras.optimizers.SGD(0.1),
        penalties=[kgan.penalties.R1(0.2)],
        **(compile_options or {}),
    )
    history = gan.fit(POINTS, batch_size=8, epochs=epochs, verbose=0, **options)
    return gan, history.history


def assert_close(a, b, atol=1e-6):
    for one, other in zip(a.get_weights(), b.get_weights(), strict=True):
        np.testing.assert_allclose(one, other, atol=atol)


@pytest.mark.parametrize(
    "options",
    [{"run_eagerly": True}, {"jit_compile": True}, {"steps_per_execution": 2}],
    ids=str,
)
def test_other_ways_to_run_train_the_same(tiny, options):
    if keras.backend.backend() == "torch" and "run_eagerly" not in options:
        (name,) = options
        with pytest.raises(ValueError, match=f"PyTorch backend.*Received: {name}="):
            trained(tiny, compile_options=options)
        return
    gan, logs = trained(tiny)
    other, other_logs = trained(tiny, compile_options=options)
    assert_close(gan, other)
    for key, values in logs.items():
        np.testing.assert_allclose(values, other_logs[key], rtol=1e-4)


def test_validation_freq_and_steps(tiny):
    _, logs = trained(
        tiny,
        epochs=4,
        validation_data=POINTS,
        validation_freq=2,
        validation_steps=1,
        validation_batch_size=8,
    )
    assert len(logs["val_loss"]) == 2 and len(logs["loss"]) == 4


def test_validation_steps_are_the_first_batches(tiny):
    gan, logs = trained(
        tiny, validation_data=POINTS, validation_steps=2, validation_batch_size=8
    )
    wanted = numpy(gan.discriminator(POINTS[:16])).mean()
    assert logs["val_d_real"][0] == pytest.approx(wanted, rel=1e-4)


def manual(tiny, transform, steps=3, batch=8, rate=0.1):
    """SGD by hand, on the gradients of each network as `transform` changes them."""
    keras.utils.set_random_seed(0)
    gan = tiny(noise=Sine())
    gan.compile(optimizer=keras.optimizers.SGD(rate), penalties=[kgan.penalties.R1(0.2)])
    given = []

    def capture(gradients, variables):
        # A new list at each call, since the two optimizers take turns.
        given.append([numpy(g) for g in gradients])
        changed = transform(given, [numpy(g) for g in gradients])
        for variable, gradient in zip(variables, changed, strict=True):
            variable.assign(variable - rate * gradient)

    gan.g_optimizer.apply = capture
    gan.d_optimizer.apply = capture
    gan.run_eagerly = True
    gan.fit(POINTS, batch_size=batch, verbose=0)
    return gan


def by_norm(given, gradients):
    return [g * min(1, 0.05 / np.linalg.norm(g)) for g in gradients]


def by_global_norm(given, gradients):
    norm = np.sqrt(sum((g**2).sum() for g in gradients))
    return [g * min(1, 0.05 / norm) for g in gradients]


def by_value(given, gradients):
    return [np.clip(g, -0.01, 0.01) for g in gradients]


@pytest.mark.backends("tensorflow", "torch", reason="JAX has no eager steps")
@pytest.mark.parametrize(
    "option, value, transform",
    [
        ("clipnorm", 0.05, by_norm),
        on_pytorch("global_clipnorm", 0.05, by_global_norm),
        on_pytorch("clipvalue", 0.01, by_value),
    ],
)
def test_clipping_clips_each_network(tiny, option, value, transform):
    gan, _ = trained(tiny, keras.optimizers.SGD(0.1, **{option: value}))
    assert_close(gan, manual(tiny, transform))
    unclipped, _ = trained(tiny)
    for network in ("generator", "discriminator"):
        a, b = (getattr(g, network).get_weights()[0] for g in (gan, unclipped))
        assert np.abs(a - b).max() > 1e-4


def accumulated(given, gradients):
    # `given` alternates between discriminator and generator. Every second gradient of
    # each network updates the weights.
    if len(given) % 4 in (1, 2):
        return [np.zeros_like(g) for g in gradients]
    return [(a + b) / 2 for a, b in zip(given[-3], gradients, strict=True)]


@pytest.mark.backends("tensorflow", "torch", reason="JAX has no eager steps")
def test_gradient_accumulation_accumulates_in_both(tiny):
    optimizer = keras.optimizers.SGD(0.1, gradient_accumulation_steps=2)
    gan, _ = trained(tiny, optimizer)
    assert_close(gan, manual(tiny, accumulated))
    assert int(gan.g_optimizer.iterations) == int(gan.d_optimizer.iterations) == 1


@pytest.mark.slow
def test_weight_decay_and_schedules_act_on_both(tiny):
    schedule = keras.optimizers.schedules.PiecewiseConstantDecay([2], [0.1, 0.0])
    gan, _ = trained(tiny, keras.optimizers.SGD(schedule))
    short, _ = trained(tiny, keras.optimizers.SGD(0.1), steps_per_epoch=3)
    # The rate is 0 from the third update on, so more epochs change nothing.
    longer, _ = trained(tiny, keras.optimizers.SGD(schedule), epochs=2)
    for network in ("generator", "discriminator"):
        for a, b in zip(
            getattr(gan, network).get_weights(),
            getattr(longer, network).get_weights(),
            strict=True,
        ):
            np.testing.assert_array_equal(a, b)
    assert_close(gan, short, atol=1e-6)
    decayed, _ = trained(tiny, keras.optimizers.SGD(1e-3, weight_decay=100.0))
    plain, _ = trained(tiny, keras.optimizers.SGD(1e-3))
    for network in ("generator", "discriminator"):
        kernels = [getattr(g, network).get_weights()[0] for g in (decayed, plain)]
        ratio = np.linalg.norm(kernels[0]) / np.linalg.norm(kernels[1])
        assert ratio == pytest.approx((1 - 1e-3 * 100) ** 3, abs=0.02)


@pytest.mark.parametrize("name", ["class_weight", "sample_weight"])
def test_weights_are_refused(tiny, name):
    gan = tiny()
    gan.compile()
    with pytest.raises(ValueError, match=f"`{name}` can't be used"):
        gan.fit(POINTS, **{name: np.ones(24)})


def test_weights_in_a_dataset_are_refused(tiny):
    gan = tiny()
    gan.compile()
    triples = (POINTS, np.zeros(24), np.ones(24))
    dataset = tf.data.Dataset.from_tensor_slices(triples).batch(8)
    for data in (dataset, triples):
        with pytest.raises(ValueError, match="weights"):
            gan.fit(data)


@pytest.mark.parametrize("role", ["generator", "discriminator"])
def test_a_network_with_nothing_to_train_is_refused(tiny, role):
    gan = tiny()
    getattr(gan, role).trainable = False
    with pytest.raises(ValueError, match=f"The {role} has nothing to train.*none of"):
        gan.compile()
    getattr(gan, role).trainable = True
    for layer in getattr(gan, role).layers:
        layer.trainable = False
    with pytest.raises(ValueError, match=f"The {role} has nothing to train"):
        gan.compile()


@pytest.mark.parametrize("role", ["generator", "discriminator"])
def test_trainable_that_changes_after_compile_needs_another_compile(tiny, role):
    gan = tiny()
    gan.compile()
    layers = [layer for layer in getattr(gan, role).layers if layer.weights]
    layers[0].trainable = False
    before = gan.generator.get_weights()
    with pytest.raises(ValueError, match="Call `compile` again after a change"):
        gan.fit(POINTS, verbose=0)
    for a, b in zip(gan.generator.get_weights(), before, strict=True):
        np.testing.assert_array_equal(a, b)
    gan.compile()
    gan.fit(POINTS, verbose=0)


@pytest.mark.slow
def test_each_gan_has_its_own_numbers_of_an_option(tiny):
    """The average of LeCam, with one object in two GANs and in two `compile`s."""
    penalty = kgan.penalties.LeCam(0.1)
    first, second, alone = tiny(), tiny(), tiny()
    for gan in (first, second):
        gan.compile(penalties=[penalty])
    alone.compile(penalties=[kgan.penalties.LeCam(0.1)])
    for gan in (second, alone):
        gan.set_weights(first.get_weights())

    def numbers(gan):
        return [numpy(variable) for variable in gan.recipe.penalties[0].variables]

    for gan in (first, first, second, alone):
        gan.train_on_batch(POINTS[:8])
    np.testing.assert_allclose(numbers(second), numbers(alone), rtol=1e-6)
    before = numbers(first)
    assert first.recipe.penalties[0] is penalty and not np.allclose(before, 0)
    first.compile(penalties=[penalty])
    assert first.recipe.penalties[0] is penalty
    np.testing.assert_array_equal(numbers(first), before)
    third = tiny()
    third.compile(penalties=[penalty])
    np.testing.assert_array_equal(numbers(third), 0)
