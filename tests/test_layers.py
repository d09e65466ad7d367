"""Second derivatives against finite differences; values against Keras and numpy."""

import contextlib
import re

import keras
import numpy as np
import pytest
from helpers import numpy, on_pytorch
from keras import ops

import kgan
from kgan import backend
from kgan.backend.keras_private import is_seed_state
from kgan.critic import Critic, Judgement

BACKEND = keras.backend.backend()
RANDOM = np.random.default_rng(0)


def mean(x, axis=None, keepdims=False):
    total = ops.sum(x, axis=axis, keepdims=keepdims)
    return total * (np.prod(total.shape) / np.prod(x.shape))


def dense(layer, x):
    y = x @ ops.convert_to_tensor(layer.kernel)
    return y if layer.bias is None else y + ops.convert_to_tensor(layer.bias)


def bend(x):
    return x + x * x * x / 3


@contextlib.contextmanager
def float64(monkeypatch):
    # On JAX and PyTorch Keras takes means, and tanh, in float32 at most; on PyTorch
    # products of matrices too.
    monkeypatch.setattr(ops, "mean", mean)
    monkeypatch.setattr(keras.layers.Dense, "call", dense)
    keras.config.set_floatx("float64")
    try:
        if BACKEND == "jax":
            import jax

            with jax.enable_x64(True):
                yield
        else:
            yield
    finally:
        keras.config.set_floatx("float32")


@keras.saving.register_keras_serializable("tests")
class Resize(keras.layers.Layer):
    def call(self, x):
        return ops.image.resize(x, (7, 5), interpolation="bilinear")

    def compute_output_shape(self, shape):
        return (shape[0], 7, 5, shape[3])


LABELS = np.array([2, 0, 2], "int32")


@keras.saving.register_keras_serializable("tests")
class Labelled(keras.layers.Layer):
    """Gives a layer the labels of a batch of three."""

    def __init__(self, layer):
        super().__init__()
        self.layer = layer

    def build(self, shape):
        self.layer.build([shape, (3,)])

    def call(self, x):
        # On JAX Keras infers shapes with batches of other sizes.
        labels = ops.convert_to_tensor(np.resize(LABELS, x.shape[0] or 3))
        return self.layer([x, labels], training=True)

    def compute_output_shape(self, shape):
        return self.layer.compute_output_shape([shape, (3,)])


@keras.saving.register_keras_serializable("tests")
class Styled(keras.layers.Layer):
    """Gives a modulated convolution a style that depends on the images."""

    def __init__(self, layer):
        super().__init__()
        self.layer = layer

    def build(self, shape):
        self.layer.build([shape, (shape[0], shape[-1])])

    def call(self, x):
        return self.layer([x, bend(ops.sum(x, axis=(1, 2)))])

    def compute_output_shape(self, shape):
        return self.layer.compute_output_shape([shape, (shape[0], shape[-1])])


@keras.saving.register_keras_serializable("tests")
class Added(Labelled):
    """Adds the outputs of a layer whose inputs have no gradient."""

    def build(self, shape):
        self.layer.build((3,))

    def call(self, x):
        return x + self.layer(np.resize(LABELS, x.shape[0] or 3))

    def compute_output_shape(self, shape):
        return shape[:1] + self.layer.compute_output_shape((3,))[1:]


@keras.saving.register_keras_serializable("tests")
class Pair(keras.layers.Layer):
    """Returns its inputs and a function of them."""

    def call(self, x):
        return [x, bend(x)]

    def compute_output_shape(self, shape):
        return [shape, shape]


@keras.saving.register_keras_serializable("tests")
class Paired(keras.layers.Layer):
    """Gives a layer of two inputs twice the same input, or the input and its means."""

    def __init__(self, layer, means=False):
        super().__init__()
        self.layer, self.means = layer, means

    def build(self, shape):
        self.layer.build([shape, (shape[0], shape[-1]) if self.means else shape])

    def call(self, x):
        other = ops.mean(x, axis=(1, 2)) if self.means else x
        return self.layer([x, other], training=True)

    def compute_output_shape(self, shape):
        return shape


@keras.saving.register_keras_serializable("tests")
class Tokens(keras.layers.Layer):
    """Gives attention the pixels as tokens, with three functions of them."""

    def __init__(self, layer):
        super().__init__()
        self.layer = layer

    def call(self, x):
        tokens = ops.reshape(x, (-1, x.shape[1] * x.shape[2], x.shape[3]))
        # With large scores the softmax is too steep for finite differences.
        tokens = tokens / 8
        mixed = self.layer([tokens, bend(tokens), 2 * tokens])
        return ops.reshape(mixed, (-1, *x.shape[1:]))

    def compute_output_shape(self, shape):
        return shape


@keras.saving.register_keras_serializable("tests")
class Functions(Paired):
    """Gives a layer of two vectors its input and a function of it."""

    def build(self, shape):
        self.layer.build([shape, shape])

    def call(self, x):
        # Keras' own dense layer, as in the other layers, computes in float64 here.
        return self.layer([x, bend(x) / 4], training=True)

    def compute_output_shape(self, shape):
        return (shape[0], 1)


def projection(spectral):
    layer = kgan.layers.ProjectionLogit(3, spectral_normalization=spectral)
    return [keras.layers.Flatten(), Labelled(layer)]


def attention():
    # `judge` draws all weights anew, so that `gamma` is not 0.
    return kgan.layers.SelfAttention2D()


def converged(layer):
    # As constants, `u` and `v` are right where they are the singular vectors.
    return kgan.layers.SpectralNormalization(layer, power_iterations=100)


CONV = keras.layers.Conv2D
BEFORE = {
    "attention": lambda: [attention()],
    "attention of odd sizes": lambda: [CONV(4, 2), attention()],
    "conv": lambda: [],
    "transposed": lambda: [keras.layers.Conv2DTranspose(3, 4, 2, padding="same")],
    "upsampling": lambda: [keras.layers.UpSampling2D(2, interpolation="nearest")],
    "resize": lambda: [Resize()],
    "spectral": lambda: [converged(CONV(4, 3, padding="same"))],
    "spectral transposed": lambda: [converged(keras.layers.Conv2DTranspose(3, 4, 2))],
    "batch": lambda: [kgan.layers.BatchNormalization()],
    "layer": lambda: [kgan.layers.LayerNormalization()],
    "layer of all": lambda: [kgan.layers.LayerNormalization(axis=(1, 2, 3))],
    "group": lambda: [kgan.layers.GroupNormalization(groups=2)],
    "instance": lambda: [kgan.layers.InstanceNormalization()],
    "reflection": lambda: [kgan.layers.ReflectionPadding2D(1)],
    "minibatch": lambda: [kgan.layers.MinibatchStdDev(group_size=2, features=2)],
    "pixel": lambda: [kgan.layers.PixelNormalization(epsilon=0.1)],
    "conditional": lambda: [Labelled(kgan.layers.ConditionalBatchNormalization(3))],
    "smooth up": lambda: [kgan.layers.SmoothUpSampling2D()],
    # Of more than 16 pixels, which the layer doubles by a transposed convolution.
    "up convolution": lambda: [
        kgan.layers.SmoothUpSampling2D(),
        kgan.layers.UpSamplingConv2D(2),
    ],
    "spectral up convolution": lambda: [
        kgan.layers.SmoothUpSampling2D(),
        converged(kgan.layers.UpSamplingConv2D(2)),
    ],
    "smooth down": lambda: [CONV(4, 1), kgan.layers.SmoothDownSampling2D()],
    "equalized": lambda: [kgan.layers.EqualizedConv2D(4, 3)],
    "equalized down": lambda: [kgan.layers.EqualizedConv2D(4, 3, down=True)],
    "modulated": lambda: [Styled(kgan.layers.ModulatedConv2D(3, 3))],
    "modulated up": lambda: [Styled(kgan.layers.ModulatedConv2D(3, 3, up=True))],
    "colors": lambda: [Styled(kgan.layers.ModulatedConv2D(3, 1, demodulate=False))],
    "noise": lambda: [kgan.layers.NoiseInjection(), CONV(3, 1, activation=bend)],
    "excitation": lambda: [Paired(kgan.layers.SkipLayerExcitation())],
    "modulated batch": lambda: [
        Paired(kgan.layers.ModulatedBatchNormalization(), means=True)
    ],
    "grouped": lambda: [CONV(4, 3, padding="same", groups=2)],
    "frozen": lambda: [kgan.layers.Frozen(CONV(4, 2, activation=bend))],
    "dot product": lambda: [Tokens(kgan.layers.ScaledDotProductAttention(2))],
    # The activations of transformers.
    "gelu": lambda: [keras.layers.Activation("gelu")],
    "silu": lambda: [keras.layers.Activation("silu")],
}
AFTER = {
    "projection": lambda: projection(False),
    "vector projection": lambda: [
        keras.layers.Flatten(),
        Functions(kgan.layers.ProjectionLogit()),
    ],
    "bases": lambda: [
        keras.layers.Dense(3),
        kgan.layers.GenerativeBasis((2, 3)),
        kgan.layers.DiscriminativeBasis(),
        keras.layers.Dense(1),
    ],
    "styles": lambda: [
        kgan.layers.EqualizedDense(3, learning_rate=0.5),
        kgan.layers.ScaledLeakyReLU(),
        kgan.layers.PairSwap(),
        kgan.layers.StyleTruncation(),
        Pair(),
        kgan.layers.StyleMixing(4),
        keras.layers.Flatten(),
        kgan.layers.EqualizedDense(1),
    ],
    "constant": lambda: [
        # Keras' own dense layer computes in float32 here.
        kgan.layers.EqualizedDense(3, gain=0.1),
        keras.layers.Reshape((1, 1, 3)),
        Added(kgan.layers.LearnedConstant((2, 2, 3))),
        keras.layers.Activation(bend),
        keras.layers.Flatten(),
        kgan.layers.EqualizedDense(1),
    ],
    "embedded": lambda: [
        kgan.layers.EqualizedDense(3, gain=0.1),
        Added(kgan.layers.EqualizedEmbedding(3, 3)),
        keras.layers.Activation(bend),
        kgan.layers.EqualizedDense(1),
    ],
}


def judge(kind):
    layers = [
        keras.Input((5, 6, 1)),
        CONV(4, 3, strides=2, activation=bend, name="first"),
        *BEFORE.get(kind, list)(),
        CONV(2, 2, padding="same"),
        keras.layers.LeakyReLU(0.2),
        keras.layers.Flatten(),
        *AFTER.get(kind, lambda: [keras.layers.Dense(1)])(),
    ]
    if "spectral" in kind:
        layers[-1] = converged(layers[-1])
    model = keras.Sequential(layers)
    for weight in model.trainable_variables:
        weight.assign(RANDOM.standard_normal(weight.shape) / 2)
    return model


PENALTIES = [kgan.penalties.R1(), kgan.penalties.R2(), kgan.penalties.GradientPenalty(1)]


def _marks(kind, penalty):
    """Returns the marks of a pair, of which PyTorch runs all.

    Second derivatives of some layers are wrong on TensorFlow, which tries each layer and
    each penalty, not each with each. JAX derives its own derivatives, so one layer tests
    the parts that are of kgan.
    """
    if kind == "conv":
        return []
    reason = "JAX derives its own derivatives"
    marks = [pytest.mark.backends("tensorflow", "torch", reason=reason)]
    return marks if penalty.name == "r1" else [*marks, pytest.mark.slow]


PAIRS = [
    pytest.param(
        kind,
        penalty,
        id=f"{kind}-{penalty.name}",
        marks=_marks(kind, penalty),
    )
    for kind in [*BEFORE, *AFTER]
    for penalty in PENALTIES
]


@pytest.mark.parametrize("kind, penalty", PAIRS)
def test_second_order_gradients_agree_with_finite_differences(kind, penalty, monkeypatch):
    with float64(monkeypatch):
        model = judge(kind)
        shape = (3, 5, 6, 1)
        reals, fakes = (ops.convert_to_tensor(RANDOM.normal(size=shape)) for _ in "rf")
        seed = keras.random.SeedGenerator(0)
        seeds = [seed.state, *filter(is_seed_state, model.non_trainable_variables)]

        def loss():
            for state in seeds:
                state.assign([0, 0])
            critic = Float64Critic(model, seed)
            return penalty(critic.judge(reals), critic.judge(fakes), critic), ()

        variable = model.get_layer("first").kernel
        ((exact,), start) = backend.value_and_grad(loss, [variable])[1], numpy(variable)
        direction = RANDOM.standard_normal(start.shape)
        sides = []
        for step in (1e-5, -1e-5):
            variable.assign(start + step * direction)
            sides.append(float(numpy(loss()[0])))
        wanted = (sides[0] - sides[1]) / 2e-5
        np.testing.assert_allclose(np.sum(numpy(exact) * direction), wanted, rtol=1e-6)


class Float64Critic(Critic):
    """A critic without the cast of gradients to float32."""

    def judge(self, samples, labels=None, frozen=False):
        (_, rest), gradient = backend.pullback(self.forward, samples, labels)
        outputs, class_logits, added_loss = rest
        return Judgement(samples, labels, outputs, class_logits, gradient, added_loss)


@pytest.mark.parametrize(
    "name, arguments",
    [
        ("BatchNormalization", {}),
        ("BatchNormalization", {"axis": 1, "momentum": 0.5, "scale": False}),
        ("LayerNormalization", {}),
        ("LayerNormalization", {"axis": (1, 3), "center": False}),
        ("GroupNormalization", {"groups": 2}),
        ("GroupNormalization", {"groups": -1, "axis": -1}),
        ("GroupNormalization", {"groups": 3, "axis": 1}),
    ],
)
def test_normalisations_equal_keras(name, arguments):
    x = RANDOM.normal(2, 3, (4, 6, 5, 8)).astype("float32")
    ours = getattr(kgan.layers, name)(**arguments)
    theirs = getattr(keras.layers, name)(**arguments)
    ours.build(x.shape)
    theirs.build(x.shape)
    weights = [RANDOM.uniform(0.5, 1.5, w.shape) for w in theirs.weights]
    ours.set_weights(weights)
    theirs.set_weights(weights)
    options = {"training": True} if name == "BatchNormalization" else {}
    for _ in range(2):
        found, wanted = numpy(ours(x, **options)), numpy(theirs(x, **options))
        np.testing.assert_allclose(found, wanted, rtol=1e-4, atol=1e-5)
    for found, wanted in zip(ours.get_weights(), theirs.get_weights(), strict=True):
        np.testing.assert_allclose(found, wanted, rtol=1e-5)
    np.testing.assert_allclose(numpy(ours(x)), numpy(theirs(x)), rtol=1e-4, atol=1e-5)
    assert ours.get_config() == theirs.get_config() | {"name": ours.name}


@pytest.mark.parametrize(
    "layer, shape, matrix",
    [
        (lambda: keras.layers.Dense(5), (4, 3), lambda k: k),
        (lambda: CONV(4, 3), (2, 6, 6, 2), lambda k: k.reshape(-1, 4)),
        (
            lambda: keras.layers.Conv2DTranspose(4, 3),
            (2, 6, 6, 2),
            lambda k: np.moveaxis(k, -2, -1).reshape(-1, 4),
        ),
    ],
    ids=["dense", "conv", "transposed"],
)
def test_the_largest_singular_value_becomes_one(layer, shape, matrix):
    spectral = kgan.layers.SpectralNormalization(layer(), power_iterations=100)
    x = RANDOM.standard_normal(shape).astype("float32")
    outputs = numpy(spectral(x, training=True))
    kernel = numpy(spectral.layer.kernel)
    sigma = np.linalg.svd(matrix(kernel), compute_uv=False)[0]
    plain = layer()
    plain.build(shape)
    plain.set_weights([kernel / sigma, 0 * plain.get_weights()[1]])
    np.testing.assert_allclose(outputs, numpy(plain(x)), rtol=1e-4, atol=1e-5)


def test_spectral_normalization_writes_u_alone_and_in_training_alone():
    layer = kgan.layers.SpectralNormalization(keras.layers.Dense(4))
    x = RANDOM.standard_normal((2, 3)).astype("float32")
    layer(x)
    kernel, u = numpy(layer.layer.kernel), numpy(layer.u)
    # One step of power iteration, in numpy.
    v = u @ kernel.T / np.linalg.norm(u @ kernel.T)
    sigma = np.linalg.norm(v @ kernel)
    np.testing.assert_allclose(numpy(layer(x)), x @ kernel / sigma, rtol=1e-5)
    np.testing.assert_array_equal(numpy(layer.u), u)
    np.testing.assert_allclose(numpy(layer(x, training=True)), x @ kernel / sigma, 1e-5)
    np.testing.assert_allclose(numpy(layer.u), v @ kernel / sigma, rtol=1e-5)
    np.testing.assert_array_equal(numpy(layer.layer.kernel), kernel)
    assert [v.name for v in layer.trainable_variables] == ["kernel", "bias"]


def test_spectral_normalization_is_float32_under_mixed_precision():
    layer = kgan.layers.SpectralNormalization(
        keras.layers.Dense(4, dtype="mixed_bfloat16"), dtype="mixed_bfloat16"
    )
    assert keras.backend.standardize_dtype(layer(np.ones((2, 3))).dtype) == "bfloat16"
    kernel, u = numpy(layer.layer.kernel), numpy(layer.u)
    sigma = np.linalg.norm(u @ kernel.T @ kernel) / np.linalg.norm(u @ kernel.T)
    found = numpy(layer.normalized_kernel()[0])
    np.testing.assert_allclose(found, kernel / sigma, rtol=1e-5)


def test_zero_kernels_stay_zero():
    layer = kgan.layers.SpectralNormalization(
        keras.layers.Dense(4, kernel_initializer="zeros")
    )
    np.testing.assert_array_equal(numpy(layer(np.ones((2, 3)), training=True)), 0)


def test_spectral_normalization_refuses():
    with pytest.raises(ValueError, match=r"`kernel` or `embeddings`.*Received: layer="):
        kgan.layers.SpectralNormalization(keras.layers.LeakyReLU()).build((2, 3))
    with pytest.raises(ValueError, match="Received: power_iterations=0"):
        kgan.layers.SpectralNormalization(keras.layers.Dense(1), power_iterations=0)
    with pytest.raises(ValueError, match="Received: normalization='weight'"):
        kgan.networks.dcgan_discriminator((8, 8, 1), normalization="weight", depth=1)


@pytest.mark.slow
@pytest.mark.parametrize(
    "normalization", ["batch", "layer", "group", "instance", "spectral"]
)
def test_discriminators_with_norms_train_under_a_penalty(normalization, tmp_path):
    gan = kgan.GAN(
        kgan.networks.dcgan_generator((8, 8, 1), 3, width=4, depth=2),
        kgan.networks.dcgan_discriminator(
            (8, 8, 1), width=4, depth=2, normalization=normalization
        ),
        seed=0,
    )
    gan.compile(penalties=["r1"])  # Without a warning.
    x = RANDOM.uniform(-1, 1, (16, 8, 8, 1)).astype("float32")
    history = gan.fit(x, batch_size=8, verbose=0).history
    assert np.isfinite(history["loss"]).all() and history["r1"][0] > 0
    gan.save(tmp_path / "gan.keras")
    loaded = keras.models.load_model(tmp_path / "gan.keras")
    np.testing.assert_allclose(
        numpy(loaded.discriminator(x)), numpy(gan.discriminator(x)), rtol=1e-5, atol=1e-7
    )


def deviations(x, group, features=1):
    """The formula of `MinibatchStdDev`, sample by sample."""
    rows = []
    for i in range(len(x)):
        start = i // min(group, len(x)) * min(group, len(x))
        members = x[[(start + j) % len(x) for j in range(min(group, len(x)))]]
        parts = np.split(members.std(axis=0), features, axis=-1)
        rows.append([part.mean() for part in parts])
    return np.array(rows)


@pytest.mark.parametrize("features", [1, 3])
@pytest.mark.parametrize("shape", [(4, 6), (8, 5, 6), (7, 2, 3, 6), (3, 6), (1, 6)])
def test_minibatch_std_dev_is_the_mean_deviation_of_a_group(shape, features):
    x = RANDOM.normal(size=shape).astype("float32")
    layer = kgan.layers.MinibatchStdDev(group_size=4, features=features)
    outputs = numpy(layer(x))
    assert (
        outputs.shape == layer.compute_output_shape(shape) == (*shape[:-1], 6 + features)
    )
    np.testing.assert_array_equal(outputs[..., :6], x)
    wanted = deviations(x, 4, features).reshape(-1, *(1 for _ in shape[1:-1]), features)
    wanted = np.broadcast_to(wanted, (*shape[:-1], features))
    np.testing.assert_allclose(outputs[..., 6:], wanted, rtol=1e-5, atol=2e-4)


def test_minibatch_std_dev_takes_batches_of_any_size():
    x = keras.Input((None, None, 4))
    model = keras.Model(x, kgan.layers.MinibatchStdDev(3)(x))
    assert model.output_shape == (None, None, None, 5)
    for size in (2, 5):
        batch = RANDOM.normal(size=(size, 3, 2, 4)).astype("float32")
        found = model.predict(batch, verbose=0)[:, 0, 0, 4]
        wanted = deviations(batch, 3)[:, 0]
        np.testing.assert_allclose(found, wanted, rtol=1e-5, atol=1e-6)


def test_minibatch_std_dev_of_equal_samples_has_finite_second_derivatives():
    layer = kgan.layers.MinibatchStdDev()
    weight = keras.Variable(2.0)

    def loss():
        x = ops.ones((4, 3))
        _, gradient = backend.pullback(lambda x: (layer(x * weight), ()), x)
        return ops.sum(gradient() ** 2), ()

    (gradient,) = backend.value_and_grad(loss, [weight])[1]
    assert np.isfinite(numpy(gradient))


def test_pixel_normalization_is_its_formula():
    x = RANDOM.normal(size=(2, 3, 4)).astype("float32")
    wanted = x / np.sqrt((x**2).mean(axis=-1, keepdims=True) + 0.5)
    found = numpy(kgan.layers.PixelNormalization(0.5)(x))
    np.testing.assert_allclose(found, wanted, rtol=1e-5)


@pytest.mark.parametrize("column", [False, True])
def test_conditional_batch_normalization_scales_by_class(column):
    x = RANDOM.normal(2, 3, (3, 2, 4, 5)).astype("float32")
    labels = LABELS[:, None] if column else LABELS
    layer = kgan.layers.ConditionalBatchNormalization(3, momentum=0.5, epsilon=0.1)
    layer.build([x.shape, labels.shape])
    plain = (x - x.mean((0, 1, 2))) / np.sqrt(x.var((0, 1, 2)) + 0.1)
    fresh = numpy(layer([x, labels], training=True))
    np.testing.assert_allclose(fresh, plain, rtol=1e-4, atol=1e-5)
    gamma, beta = RANDOM.normal(size=(2, 3, 5)).astype("float32")
    layer.gamma.assign(gamma), layer.beta.assign(beta)
    wanted = plain * gamma[LABELS][:, None, None] + beta[LABELS][:, None, None]
    found = numpy(layer([x, labels], training=True))
    np.testing.assert_allclose(found, wanted, rtol=1e-4, atol=1e-5)
    # Twice halfway from 0 and 1 to the batch's moments.
    mean, variance = 0.75 * x.mean((0, 1, 2)), 0.25 + 0.75 * x.var((0, 1, 2))
    wanted = (x - mean) / np.sqrt(variance + 0.1) * gamma[LABELS][:, None, None]
    found = numpy(layer([x, labels]))
    wanted = wanted + beta[LABELS][:, None, None]
    np.testing.assert_allclose(found, wanted, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("shape", [(3,), (3, 1)])
def test_label_embedding_is_a_row_of_its_table(shape):
    layer = kgan.layers.LabelEmbedding(4, 2)
    found = numpy(layer(LABELS.reshape(shape)))
    assert found.shape == (3, 2)
    np.testing.assert_array_equal(found, numpy(layer.embeddings)[LABELS])


def test_a_label_out_of_range_has_a_vector_of_zeros():
    layer = kgan.layers.LabelEmbedding(4, 2)
    found = numpy(layer(np.array([-1, 3, 4], "int32")))
    np.testing.assert_array_equal(found != 0, [[False] * 2, [True] * 2, [False] * 2])


@pytest.mark.backends("torch", reason="only PyTorch has these programs")
@pytest.mark.filterwarnings("ignore:.*LeafSpec:FutureWarning")
def test_no_label_is_checked_in_a_program_of_pytorch():
    import torch

    layer = kgan.layers.LabelEmbedding(4, 2)
    layer.build((None,))
    labels = torch.tensor(LABELS)
    program = torch.export.export(layer, (labels,), strict=False).run_decompositions()
    # No exporter to LiteRT can write a check.
    assert "_assert_async" not in str(program.graph)


@pytest.mark.parametrize("spectral", [False, True])
def test_projection_logit_is_its_formula(spectral):
    x = RANDOM.normal(size=(3, 5)).astype("float32")
    layer = kgan.layers.ProjectionLogit(4, spectral_normalization=spectral)
    for _ in range(50 if spectral else 1):
        found = numpy(layer([x, LABELS], training=True))
    dense = layer.logit.layer if spectral else layer.logit
    embedding = layer.embedding.layer if spectral else layer.embedding
    kernel, table = numpy(dense.kernel), numpy(embedding.embeddings)
    if spectral:
        kernel, table = (w / np.linalg.norm(w, ord=2) for w in (kernel, table))
    wanted = x @ kernel + (table[LABELS] * x).sum(axis=1, keepdims=True)
    np.testing.assert_allclose(found, wanted, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("spectral", [False, True])
def test_projection_logit_of_vectors_is_its_formula(spectral):
    x, c = (RANDOM.normal(size=(3, n)).astype("float32") for n in (5, 2))
    layer = kgan.layers.ProjectionLogit(spectral_normalization=spectral)
    layer.build([x.shape, c.shape])
    dense, embedding = layer.logit, layer.embedding
    if spectral:
        dense, embedding = dense.layer, embedding.layer
    # Power iteration is quick where one singular value is far above the other.
    embedding.kernel.assign(RANDOM.normal(size=(2, 5)) * [[3.0], [0.3]])
    for _ in range(20 if spectral else 1):
        found = numpy(layer([x, c], training=True))
    kernel, matrix = numpy(dense.kernel), numpy(embedding.kernel)
    assert len(layer.trainable_weights) == 3
    if spectral:
        kernel, matrix = (w / np.linalg.norm(w, ord=2) for w in (kernel, matrix))
    wanted = x @ kernel + (c @ matrix * x).sum(axis=1, keepdims=True)
    np.testing.assert_allclose(found, wanted, rtol=1e-3, atol=1e-4)


def test_the_match_of_vectors_starts_as_large_as_a_feature():
    x, c = (RANDOM.normal(size=(500, n)).astype("float32") for n in (300, 200))
    layer = kgan.layers.ProjectionLogit()
    layer.build([x.shape, c.shape])
    layer.logit.kernel.assign(numpy(layer.logit.kernel) * 0)
    assert 0.8 < np.std(numpy(layer([x, c]))) < 1.25


@pytest.mark.parametrize("axis", [-1, 1])
@pytest.mark.parametrize("learned", [False, True])
def test_instance_normalization_is_its_formula(learned, axis, tmp_path):
    x = RANDOM.normal(2, 3, (3, 4, 5, 6)).astype("float32")
    layer = kgan.layers.InstanceNormalization(
        axis, epsilon=0.1, center=learned, scale=learned
    )
    model = keras.Sequential([keras.Input(x.shape[1:]), layer])
    places = (2, 3) if axis == 1 else (1, 2)
    wanted = (x - x.mean(places, keepdims=True)) / np.sqrt(
        x.var(places, keepdims=True) + 0.1
    )
    if learned:
        gamma, beta = RANDOM.normal(size=(2, x.shape[axis])).astype("float32")
        layer.gamma.assign(gamma), layer.beta.assign(beta)
        shape = [n if i == axis % 4 else 1 for i, n in enumerate(x.shape)]
        wanted = wanted * gamma.reshape(shape) + beta.reshape(shape)
    np.testing.assert_allclose(numpy(model(x)), wanted, rtol=1e-4, atol=1e-5)
    assert "groups" not in layer.get_config()
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(numpy(loaded(x)), numpy(model(x)))


def test_instance_normalization_is_float32_under_mixed_precision():
    """A mean of 1,000 with a deviation of 1 is lost in bfloat16 statistics."""
    layer = kgan.layers.InstanceNormalization(dtype="mixed_bfloat16", center=False)
    x = ops.cast(RANDOM.choice([992.0, 1000.0], (2, 8, 8, 3)), "bfloat16")
    outputs = layer(x)
    assert keras.backend.standardize_dtype(outputs.dtype) == "bfloat16"
    x = numpy(ops.cast(x, "float32"))
    wanted = x - x.mean((1, 2), keepdims=True)
    wanted = wanted / np.sqrt(x.var((1, 2), keepdims=True) + 1e-3)
    found = numpy(ops.cast(outputs, "float32"))
    np.testing.assert_allclose(found, wanted, rtol=1e-2, atol=1e-2)


def test_reflection_padding_mirrors_at_the_edge():
    x = RANDOM.normal(size=(2, 4, 5, 3)).astype("float32")
    layer = kgan.layers.ReflectionPadding2D(3)
    border = ((0, 0), (3, 3), (3, 3), (0, 0))
    found = numpy(layer(x))
    np.testing.assert_array_equal(found, np.pad(x, border, mode="reflect"))
    assert layer.compute_output_shape((None, None, 5, 3)) == (None, None, 11, 3)


def conditional_model():
    x, labels = keras.Input((4, 4, 3)), keras.Input((), dtype="int32")
    y = kgan.layers.ConditionalBatchNormalization(5, momentum=0.8)([x, labels])
    y = kgan.layers.PixelNormalization(1e-4)(y)
    y = kgan.layers.MinibatchStdDev(2, features=1)(y)
    y = keras.layers.Flatten()(y)
    y = keras.layers.Concatenate()([y, kgan.layers.LabelEmbedding(5, 2)(labels)])
    outputs = [
        kgan.layers.ProjectionLogit(5, spectral_normalization=spectral)([y, labels])
        for spectral in (False, True)
    ]
    return keras.Model([x, labels], outputs)


@pytest.mark.parametrize("policy", ["float32", on_pytorch("mixed_bfloat16")])
def test_layers_with_labels_train_and_are_saved(policy, tmp_path):
    keras.config.set_dtype_policy(policy)
    try:
        model = conditional_model()
    finally:
        keras.config.set_dtype_policy("float32")
    x = RANDOM.normal(size=(6, 4, 4, 3)).astype("float32")
    labels = np.array([0, 1, 2, 3, 4, 0], "int32")
    model.compile("sgd", "mse")
    before = model.get_weights()
    model.fit([x, labels], [np.ones((6, 1))] * 2, verbose=0)
    trained = zip(model.get_weights(), before, strict=True)
    assert all((new != old).any() for new, old in trained)
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    wanted, found = (m.predict([x, labels], verbose=0) for m in (model, loaded))
    for one, other in zip(wanted, found, strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize(
    "build, received",
    [
        (lambda: kgan.layers.MinibatchStdDev(0), "group_size=0"),
        (lambda: kgan.layers.MinibatchStdDev(np.float32(2)), "group_size="),
        (lambda: kgan.layers.GenerativeBasis((4,)), "size=(4,)"),
        (lambda: kgan.layers.GenerativeBasis((4, 0)), "size=(4, 0)"),
        (
            lambda: kgan.layers.DiscriminativeBasis().build((None, None, 4, 8)),
            "input_shape=(None, 4, 8)",
        ),
        (lambda: kgan.layers.GroupNormalization(0), "groups=0"),
        (lambda: kgan.layers.GroupNormalization(True), "groups=True"),
        (lambda: kgan.layers.PhaseShuffle(seed=-1), "seed=-1"),
        (lambda: kgan.layers.PixelNormalization(float("nan")), "epsilon=nan"),
        (
            lambda: kgan.layers.ConditionalBatchNormalization(3, momentum=1.5),
            "momentum=1.5",
        ),
        (
            lambda: kgan.layers.ConditionalBatchNormalization(3, epsilon="x"),
            "epsilon='x'",
        ),
        (
            lambda: kgan.layers.SpectralNormalization(keras.layers.Dense(1), 1.0),
            "power_iterations=1.0",
        ),
        (
            lambda: kgan.layers.normalized(keras.layers.Dense(1), "weight"),
            "normalization='weight'",
        ),
        (lambda: kgan.layers.MinibatchStdDev(features=1.5), "features=1.5"),
        (lambda: kgan.layers.ScaledDotProductAttention(0), "num_heads=0"),
        (
            lambda: kgan.layers.ScaledDotProductAttention(2).build([(2, 4, 5)] * 3),
            "num_heads=2",
        ),
        (lambda: kgan.layers.Frozen(1), "layer=1"),
        (lambda: kgan.layers.EqualizedDense(0), "units=0"),
        (lambda: kgan.layers.EqualizedDense(2).build((2, 3, 4)), "input_shape=(3, 4)"),
        (lambda: kgan.layers.EqualizedDense(2, learning_rate=0), "learning_rate=0"),
        (lambda: kgan.layers.EqualizedEmbedding(0, 2), "num_classes=0"),
        (lambda: kgan.layers.EqualizedConv2D(2, 4), "kernel_size=4"),
        (lambda: kgan.layers.EqualizedConv2D(2, 3, down=2), "down=2"),
        (lambda: kgan.layers.ModulatedConv2D(2, 7), "kernel_size=7"),
        (
            lambda: kgan.layers.ModulatedConv2D(2, 3).build([(2, None, 4, 3), (2, 3)]),
            "input_shape=(None, 4, 3)",
        ),
        (lambda: kgan.layers.LearnedConstant((4, 4)), "shape=(4, 4)"),
        (lambda: kgan.layers.NoiseInjection(seed=-1), "seed=-1"),
        (lambda: kgan.layers.ScaledLeakyReLU(2.0), "negative_slope=2.0"),
        (lambda: kgan.layers.StyleMixing(1), "count=1"),
        (lambda: kgan.layers.StyleMixing(2, 1.5), "probability=1.5"),
        (lambda: kgan.layers.StyleTruncation(-0.1), "psi=-0.1"),
        (lambda: kgan.layers.MinibatchStdDev(features=3).build((2, 4)), "features=3"),
        (lambda: kgan.layers.PixelNormalization(0), "epsilon=0"),
        (lambda: kgan.layers.ConditionalBatchNormalization(0), "num_classes=0"),
        (lambda: kgan.layers.LabelEmbedding(3, -1), "dim=-1"),
        (lambda: kgan.layers.ProjectionLogit(True), "num_classes=True"),
        (
            lambda: kgan.layers.ProjectionLogit().build([(2, 4), (2,)]),
            "conditions of shape (2,)",
        ),
        (
            lambda: kgan.layers.InstanceNormalization().build((2, 4)),
            "input_shape=(2, 4)",
        ),
        (lambda: kgan.layers.InstanceNormalization(epsilon=-1), "epsilon=-1"),
        (lambda: kgan.layers.ReflectionPadding2D(0), "padding=0"),
        (
            lambda: kgan.layers.ReflectionPadding2D(3).build((2, 3, 8, 1)),
            "padding=3, input_shape=(2, 3, 8, 1)",
        ),
        (
            lambda: kgan.layers.ProjectionLogit(3).build([(2, 4, 4), (2,)]),
            "features of shape (2, 4, 4)",
        ),
    ],
)
def test_arguments_of_layers_are_checked(build, received):
    with pytest.raises(ValueError, match=f"Received: {re.escape(received)}"):
        build()


@pytest.mark.parametrize(
    "build, names",
    [
        (lambda n: kgan.layers.MinibatchStdDev(n(2), n(3)), ("group_size", "features")),
        (lambda n: kgan.layers.LabelEmbedding(n(2), n(3)), ("num_classes", "dim")),
        (lambda n: kgan.layers.ConditionalBatchNormalization(n(2)), ("num_classes",)),
        (lambda n: kgan.layers.ProjectionLogit(n(2)), ("num_classes",)),
        (lambda n: kgan.layers.PhaseShuffle(n(2), n(3)), ("steps", "seed")),
        (lambda n: kgan.layers.EqualizedDense(n(2)), ("units",)),
        (
            lambda n: kgan.layers.EqualizedEmbedding(n(2), n(3)),
            ("num_classes", "units"),
        ),
        (
            lambda n: kgan.layers.EqualizedConv2D(n(2), n(3)),
            ("filters", "kernel_size"),
        ),
        (
            lambda n: kgan.layers.ModulatedConv2D(n(2), n(3)),
            ("filters", "kernel_size"),
        ),
        (lambda n: kgan.layers.ScaledDotProductAttention(n(2)), ("num_heads",)),
        (lambda n: kgan.layers.LearnedConstant((n(2), n(3), n(4))), ("shape",)),
        (lambda n: kgan.layers.NoiseInjection(n(3)), ("seed",)),
        (lambda n: kgan.layers.StyleMixing(n(2), 0.5, n(3)), ("count", "seed")),
        (lambda n: kgan.layers.GenerativeBasis((n(2), n(3))), ("size",)),
        (lambda n: kgan.layers.GroupNormalization(n(2)), ("groups",)),
        (
            lambda n: kgan.layers.SpectralNormalization(keras.layers.Dense(1), n(2)),
            ("power_iterations",),
        ),
    ],
)
def test_layers_keep_ints_of_numpy_as_ints(build, names):
    found, wanted = build(np.int64).get_config(), build(int).get_config()
    for name in names:
        assert repr(found[name]) == repr(wanted[name])
