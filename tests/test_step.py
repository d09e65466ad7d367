"""The training step against the step worked out with plain gradient tapes."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from helpers import numpy

import kgan

RATE = 0.1


@keras.saving.register_keras_serializable("tests")
class Fixed(kgan.noise.Noise):
    """Latents by number, so that the reference can draw the very same ones."""

    def __init__(self, latents):
        self.latents = latents
        self.drawn = 0

    def __call__(self, shape, seed=None):
        z = self.latents[self.drawn][: int(shape[0])]
        self.drawn += 1
        return keras.ops.convert_to_tensor(z)


def sp(x):
    return tf.math.softplus(x)


def mean(x):
    return tf.reduce_mean(x)


LOSSES = {
    "minimax": (lambda s, t: mean(sp(-s)) + mean(sp(t)), lambda s, t: -mean(sp(t))),
    "non_saturating": (
        lambda s, t: mean(sp(-s)) + mean(sp(t)),
        lambda s, t: mean(sp(-t)),
    ),
    "least_squares": (
        lambda s, t: mean((s - 1) ** 2) / 2 + mean(t**2) / 2,
        lambda s, t: mean((t - 1) ** 2) / 2,
    ),
    "hinge": (
        lambda s, t: mean(tf.nn.relu(1 - s)) + mean(tf.nn.relu(1 + t)),
        lambda s, t: -mean(t),
    ),
    "wasserstein": (lambda s, t: mean(t) - mean(s), lambda s, t: -mean(t)),
    "relativistic": (lambda s, t: mean(sp(t - s)), lambda s, t: mean(sp(s - t))),
    "mse": (
        lambda s, t: mean((s - onehot(1, s)) ** 2) + mean((t - onehot(0, t)) ** 2),
        lambda s, t: mean((t - onehot(1, t)) ** 2),
    ),
}


def onehot(label, outputs):
    labels = tf.fill((outputs.shape[0], 1), float(label))
    return labels if outputs.shape[1] == 1 else tf.concat([1 - labels, labels], axis=1)


def reference(gan, reals, latents, loss, d_steps, g_steps, noise, r1=0.0):
    """One step with tapes and SGD by hand; returns the weights after it."""
    d_loss, g_loss = LOSSES[loss]
    generator, discriminator = gan.generator, gan.discriminator
    before = gan.get_weights()
    size, drawn = len(reals) // d_steps, iter(latents)
    for i in range(d_steps):
        part = tf.constant(reals[i * size : (i + 1) * size])
        fakes = generator(next(drawn)[: noise or size])
        with tf.GradientTape() as tape:
            with tf.GradientTape() as inner:
                inner.watch(part)
                logits = discriminator(part)
            slope = inner.gradient(logits, part)
            value = d_loss(logits, discriminator(fakes))
            value += r1 * mean(tf.reduce_sum(slope**2, axis=1)) / 2
        descend(tape, value, discriminator)
    for _ in range(g_steps):
        with tf.GradientTape() as tape:
            fakes = generator(next(drawn)[: noise or size])
            value = g_loss(discriminator(part), discriminator(fakes))
        descend(tape, value, generator)
    after = generator.get_weights(), discriminator.get_weights()
    gan.set_weights(before)
    return after


def descend(tape, value, network):
    variables = [v.value for v in network.trainable_variables]
    for variable, gradient in zip(
        variables, tape.gradient(value, variables), strict=True
    ):
        variable.assign_sub(RATE * gradient)


def compiled(tiny, loss, outputs=1, latents=None, **arguments):
    gan = tiny(outputs=outputs, ema_half_life=None, noise=Fixed(latents))
    gan.compile(
        keras.optimizers.SGD(RATE), keras.optimizers.SGD(RATE), loss, run_eagerly=True,
        **arguments,
    )  # fmt: skip
    return gan


CASES = [
    (loss, outputs, d_steps, g_steps, noise)
    for loss in LOSSES
    for outputs in ((1, 2) if loss == "mse" else (1,))
    for d_steps, g_steps, noise in ((1, 1, None), (3, 1, None), (1, 2, 5), (3, 2, 5))
    if not (loss == "relativistic" and noise)
]


@pytest.mark.backends("tensorflow", reason="compares with its tapes")
@pytest.mark.parametrize("loss, outputs, d_steps, g_steps, noise", CASES)
def test_one_sgd_step_equals_plain_tapes(tiny, loss, outputs, d_steps, g_steps, noise):
    random = np.random.default_rng(0)
    reals = random.standard_normal((12, 2)).astype("float32")
    latents = random.standard_normal((d_steps + g_steps, 12, 3)).astype("float32")
    gan = compiled(
        tiny, loss, outputs, latents, d_steps=d_steps, g_steps=g_steps,
        noise_batch_size=noise,
    )  # fmt: skip
    start = gan.get_weights()
    expected = reference(gan, reals, latents, loss, d_steps, g_steps, noise)
    gan.train_on_batch(reals)
    for network, weights in zip(
        (gan.generator, gan.discriminator), expected, strict=True
    ):
        for actual, wanted in zip(network.get_weights(), weights, strict=True):
            np.testing.assert_allclose(actual, wanted, atol=1e-6)
    moved = [np.abs(a - b).max() for a, b in zip(start, gan.get_weights(), strict=True)]
    assert max(moved) > 1e-3
    assert gan.noise.drawn == d_steps + g_steps


@pytest.mark.backends("tensorflow", reason="compares with its tapes")
def test_r1_is_part_of_the_step(tiny):
    random = np.random.default_rng(0)
    reals = random.standard_normal((8, 2)).astype("float32")
    latents = random.standard_normal((2, 8, 3)).astype("float32")
    penalties = [kgan.penalties.R1(3.0)]
    gan = compiled(tiny, "non_saturating", 1, latents, penalties=penalties)
    expected = reference(gan, reals, latents, "non_saturating", 1, 1, None, r1=3.0)
    gan.train_on_batch(reals)
    for actual, wanted in zip(gan.discriminator.get_weights(), expected[1], strict=True):
        np.testing.assert_allclose(actual, wanted, atol=1e-6)


def test_graph_and_eager_take_the_same_step(tiny):
    reals = np.random.default_rng(0).standard_normal((8, 2)).astype("float32")
    weights = []
    for eager in (True, False):
        keras.utils.set_random_seed(3)
        gan = tiny()
        gan.compile(penalties=["r1", "gradient_penalty"], run_eagerly=eager)
        gan.train_on_batch(reals)
        weights.append(gan.get_weights())
    for a, b in zip(*weights, strict=True):
        np.testing.assert_allclose(a, b, atol=1e-6)


def test_logs_are_those_of_the_contract(tiny):
    gan = tiny()
    gan.compile(penalties=["r1", "r2"])
    logs = gan.train_on_batch(np.zeros((8, 2), "float32"), return_dict=True)
    assert set(logs) == {"loss", "d_loss", "g_loss", "d_real", "d_fake", "r1", "r2"}
    np.testing.assert_allclose(logs["loss"], logs["d_loss"] + logs["g_loss"], rtol=1e-6)


@pytest.mark.backends("tensorflow", "torch", reason="JAX traces its eager steps too")
def test_uint8_is_scaled_in_the_graph():
    seen = []

    @keras.saving.register_keras_serializable("tests")
    class Look(keras.layers.Layer):
        def call(self, x):
            seen.append(x)
            return x

    images = np.array([0, 255, 128], "uint8").reshape(3, 1, 1, 1)
    samples = keras.Input((1, 1, 1))
    x = keras.layers.Flatten()(Look()(samples))
    gan = kgan.GAN(
        kgan.networks.mlp_generator((1, 1, 1), 2, hidden=(2,)),
        keras.Model(samples, keras.layers.Dense(1)(x)),
    )
    gan.compile(run_eagerly=True)
    seen.clear()
    gan.train_on_batch(images)
    np.testing.assert_allclose(
        np.ravel(numpy(seen[0])), [-1.0, 1.0, 128 / 127.5 - 1], atol=1e-6
    )


def test_regularizers_are_part_of_the_loss():
    def weights(strength):
        keras.utils.set_random_seed(0)
        gan = kgan.GAN(
            kgan.networks.mlp_generator((2,), 2, hidden=(4,), activation=None),
            keras.Sequential(
                [
                    keras.Input((2,)),
                    keras.layers.Dense(
                        1, kernel_regularizer=keras.regularizers.L2(strength)
                    ),
                ]
            ),
            seed=0,
        )
        gan.compile(keras.optimizers.SGD(RATE), keras.optimizers.SGD(RATE))
        start = gan.discriminator.get_weights()[0]
        gan.train_on_batch(np.ones((4, 2), "float32"))
        return start, gan.discriminator.get_weights()[0]

    start, plain = weights(0.0)
    _, regularized = weights(0.5)
    # The gradient of 0.5 * w² is w.
    np.testing.assert_allclose(plain - regularized, RATE * start, atol=1e-6)


@pytest.mark.slow
@pytest.mark.parametrize("wrapped", [False, True], ids=["plain", "spectral"])
@pytest.mark.parametrize("network", ["generator", "discriminator"])
def test_activity_regularizers_are_part_of_the_loss(network, wrapped):
    def weights(strength):
        keras.utils.set_random_seed(0)

        def layer(name):
            penalty = keras.regularizers.L2(strength) if name == network else None
            layer = keras.layers.Dense(4, "tanh", activity_regularizer=penalty)
            return kgan.layers.SpectralNormalization(layer) if wrapped else layer

        gan = kgan.GAN(
            keras.Sequential(
                [keras.Input((3,)), layer("generator"), keras.layers.Dense(2)]
            ),
            keras.Sequential(
                [keras.Input((2,)), layer("discriminator"), keras.layers.Dense(1)]
            ),
            seed=0,
        )
        gan.compile(optimizer=keras.optimizers.SGD(0.1))
        gan.train_on_batch(np.ones((8, 2), "float32"))
        return numpy(getattr(gan, network).trainable_variables[0])

    assert np.abs(weights(1.0) - weights(0.0)).max() > 1e-3


@pytest.mark.backends("tensorflow", reason="counts operations of its graph")
def test_what_is_not_used_costs_nothing():
    generator = kgan.networks.dcgan_generator((32, 32, 1), 8, width=4)
    discriminator = kgan.networks.dcgan_discriminator((32, 32, 1), width=4)
    gan = kgan.GAN(generator, discriminator, ema_half_life=None)
    gan.compile()
    batch = tf.TensorSpec((4, 32, 32, 1), "uint8")
    graph = tf.function(gan.training_step).get_concrete_function(batch).graph
    kinds = [operation.type for operation in graph.get_operations()]
    # Two convolutions and two transposed convolutions in the generator, three
    # convolutions in the discriminator: fakes are drawn in both phases, reals judged in
    # one, fakes in both. The gradient of a transposed convolution by its inputs is a
    # convolution.
    assert kinds.count("Conv2D") == 2 * 2 + 3 * 3 + 2
    # By weights: of both passes in the first phase; in the second TensorFlow makes those
    # of the discriminator too, and drops them when it optimizes the graph.
    assert kinds.count("Conv2DBackpropFilter") == 2 * 3 + 3 + 4
    assert kinds.count("StatelessRandomNormalV2") == 2
