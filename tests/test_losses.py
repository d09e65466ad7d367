import functools
import inspect

import keras
import numpy as np
import pytest
from helpers import numpy
from keras import ops

import kgan
from kgan import backend

S = np.array([[2.0], [-0.5], [0.3]], "float32")
T = np.array([[-1.0], [0.7], [0.2]], "float32")


def sp(x):
    return np.log1p(np.exp(x))


def contrast(high, low):
    first = np.log(1 + np.exp(low - high.T).sum(axis=0)).mean()
    return first + np.log(1 + np.exp(low - high.T).sum(axis=1)).mean()


# The formulas of the papers, on the numbers above: the losses of discriminator and
# generator. A loss without an entry has the tests of `test_every_loss_...` only.
EXPECTED = {
    "minimax": (sp(-S).mean() + sp(T).mean(), -sp(T).mean()),
    "non_saturating": (sp(-S).mean() + sp(T).mean(), sp(-T).mean()),
    "least_squares": (
        ((S - 1) ** 2).mean() / 2 + (T**2).mean() / 2,
        ((T - 1) ** 2).mean() / 2,
    ),
    "hinge": (np.maximum(1 - S, 0).mean() + np.maximum(1 + T, 0).mean(), -T.mean()),
    "wasserstein": (T.mean() - S.mean(), -T.mean()),
    "relativistic": (sp(-(S - T)).mean(), sp(-(T - S)).mean()),
    "relativistic_average": (
        sp(-(S - T.mean())).mean() + sp(T - S.mean()).mean(),
        sp(-(T - S.mean())).mean() + sp(S - T.mean()).mean(),
    ),
    "relativistic_average_hinge": (
        np.maximum(1 - (S - T.mean()), 0).mean()
        + np.maximum(1 + (T - S.mean()), 0).mean(),
        np.maximum(1 - (T - S.mean()), 0).mean()
        + np.maximum(1 + (S - T.mean()), 0).mean(),
    ),
    "relativistic_average_least_squares": (
        ((S - T.mean() - 1) ** 2).mean() + ((T - S.mean() + 1) ** 2).mean(),
        ((T - S.mean() - 1) ** 2).mean() + ((S - T.mean() + 1) ** 2).mean(),
    ),
    "dual_contrastive": (contrast(S, T), contrast(T, S)),
}


@pytest.mark.parametrize("name", EXPECTED)
def test_loss_equals_its_formula(name):
    loss = kgan.losses.get(name)
    d_loss, g_loss = EXPECTED[name]
    real, fake = ops.convert_to_tensor(S), ops.convert_to_tensor(T)
    np.testing.assert_allclose(loss.discriminator_loss(real, fake), d_loss, rtol=1e-6)
    np.testing.assert_allclose(loss.generator_loss(real, fake), g_loss, rtol=1e-6)


every_loss = pytest.mark.parametrize("name", kgan.losses.names())


@every_loss
def test_every_loss_has_its_name_in_its_class(name):
    loss = kgan.losses.get(name)
    assert vars(type(loss))["name"] == loss.name == name
    assert getattr(kgan.losses, type(loss).__name__) is type(loss)


@every_loss
def test_every_loss_is_rebuilt_from_its_config_and_its_repr(name):
    loss = kgan.losses.get(name)
    assert set(loss.get_config()) == set(inspect.signature(type(loss)).parameters)
    config = keras.saving.serialize_keras_object(loss)
    assert config["registered_name"] == f"kgan>{type(loss).__name__}"
    restored = keras.saving.deserialize_keras_object(config)
    assert restored == loss == type(loss).from_config(loss.get_config())
    assert kgan.losses.get(config) == kgan.losses.get(loss) == loss
    assert eval(repr(loss), vars(kgan.losses)) == loss


@every_loss
def test_every_loss_is_a_finite_scalar(name):
    loss = kgan.losses.get(name)
    real, fake = ops.convert_to_tensor(S), ops.convert_to_tensor(T)
    reals = real if loss.needs_reals else None
    for value in (loss.discriminator_loss(real, fake), loss.generator_loss(reals, fake)):
        assert numpy(value).shape == () and numpy(value).dtype == "float32"
        assert np.isfinite(numpy(value))


@every_loss
def test_every_loss_per_sample_has_one_value_for_each_fake(name):
    loss = kgan.losses.get(name)
    real, fake = ops.convert_to_tensor(S), ops.convert_to_tensor(T)
    if loss.per_sample:
        values = loss.generator_values(real, fake)
        assert values.shape[0] == len(T)
        found = loss.reduce(values), loss.generator_loss(real, fake)
        np.testing.assert_array_equal(*map(numpy, found))
    else:
        with pytest.raises(ValueError, match="one value for each fake"):
            kgan.losses.TopK(loss)


@every_loss
def test_every_loss_separates_reals_from_fakes_and_the_generator_closes_the_gap(name):
    loss = kgan.losses.get(name)
    boundary = ops.full((4, 1), loss.decision_boundary)
    above, below = boundary + 0.5, boundary - 0.5
    separated = loss.discriminator_loss(above, below)
    assert float(separated) < float(loss.discriminator_loss(boundary, boundary))
    assert float(separated) < float(loss.discriminator_loss(below, above))
    values = [float(loss.generator_loss(boundary, t)) for t in (above, boundary, below)]
    assert values == sorted(values) and values[0] < values[2]


@every_loss
def test_every_loss_has_finite_gradients(name):
    loss = kgan.losses.get(name)
    real, fake = keras.Variable(S), keras.Variable(T)

    def value_of(method):
        tensors = ops.convert_to_tensor(real), ops.convert_to_tensor(fake)
        return getattr(loss, method)(*tensors), ()

    for method in ("discriminator_loss", "generator_loss"):
        variables = [real, fake]
        if method == "generator_loss" and not loss.needs_reals:
            variables = [fake]
        _, gradients = backend.value_and_grad(
            functools.partial(value_of, method), variables
        )
        for gradient in map(numpy, gradients):
            assert gradient.shape == (3, 1) and np.isfinite(gradient).all()
        assert np.abs(numpy(gradients[-1])).max() > 0


@pytest.mark.slow
@every_loss
def test_every_loss_trains_a_gan(name, tiny):
    gan = tiny()
    gan.compile(optimizer=keras.optimizers.SGD(0.1), loss=name)
    before = gan.get_weights()
    points = np.random.default_rng(0).standard_normal((8, 2)).astype("float32")
    logs = gan.fit(points, batch_size=8, verbose=0).history
    assert np.isfinite([logs["d_loss"], logs["g_loss"]]).all()
    for network in (gan.generator, gan.discriminator):
        assert all(np.isfinite(weight).all() for weight in network.get_weights())
    assert any(np.any(a != b) for a, b in zip(before, gan.get_weights(), strict=True))
    assert gan.get_compile_config()["loss"]["config"] == gan.loss.get_config()


def test_least_squares_by_hand():
    loss = kgan.losses.LeastSquares()
    real, fake = ops.convert_to_tensor([[3.0]]), ops.convert_to_tensor([[2.0], [0.0]])
    assert float(loss.discriminator_loss(real, fake)) == 3.0  # 4 / 2 + (4 + 0) / 2 / 2
    assert float(loss.generator_loss(None, fake)) == 0.5
    loss = kgan.losses.LeastSquares(0.5, 2.5, -1.0, 0.5)
    # 1 / 2 + (9 + 1) / 2 / 2, and (2.25 + 0.25) / 2 / 2.
    assert float(loss.discriminator_loss(real, fake)) == 3.0
    assert float(loss.generator_loss(None, fake)) == 0.625
    assert loss.decision_boundary == 0.75
    assert kgan.losses.get(keras.saving.serialize_keras_object(loss)) == loss


def test_labels_out_of_bounds_are_refused():
    with pytest.raises(ValueError, match=r"`fake_label` .* below 1.*: fake_label=1"):
        kgan.losses.LeastSquares(fake_label=1)
    with pytest.raises(ValueError, match=r"below -0\.25.*Received: fake_label=0\.0"):
        kgan.losses.LeastSquares(0.75, real_label=0.5)
    with pytest.raises(ValueError, match="Received: generator_label='1'"):
        kgan.losses.LeastSquares(generator_label="1")
    with pytest.raises(ValueError, match=r"above 0\.0.*Received: generator_label=-1"):
        kgan.losses.LeastSquares(generator_label=-1)


def test_a_subclass_keeps_its_boundary():
    class Sub(kgan.losses.LeastSquares):
        decision_boundary = 0.25

    assert Sub().decision_boundary == 0.25
    assert kgan.losses.LeastSquares.decision_boundary == 0.5


STABLE = ["non_saturating", "minimax", "dual_contrastive"]


@pytest.mark.parametrize("name", [n for n in EXPECTED if n in STABLE or "relat" in n])
def test_large_logits_stay_finite(name):
    loss = kgan.losses.get(name)
    far = ops.convert_to_tensor([[1e4], [-1e4]])
    assert np.isfinite(numpy(loss.discriminator_loss(far, -far)))
    assert np.isfinite(numpy(loss.generator_loss(far, -far)))


@pytest.mark.parametrize("name", ["relativistic_average", "dual_contrastive"])
def test_reals_and_fakes_may_differ_in_number(name):
    loss, more = kgan.losses.get(name), np.concatenate([S, S[:1] - 1])
    real, fake = ops.convert_to_tensor(more), ops.convert_to_tensor(T)
    if name == "dual_contrastive":
        wanted = contrast(more, T), contrast(T, more)
    else:
        d_loss = sp(-(more - T.mean())).mean() + sp(T - more.mean()).mean()
        wanted = d_loss, sp(-(T - more.mean())).mean() + sp(more - T.mean()).mean()
    found = loss.discriminator_loss(real, fake), loss.generator_loss(real, fake)
    np.testing.assert_allclose(list(map(numpy, found)), wanted, rtol=1e-6)


@pytest.mark.parametrize(
    "loss, wanted",
    [
        (kgan.losses.Minimax, (0.7 * sp(-S) + 0.3 * sp(S)).mean() + sp(T).mean()),
        (kgan.losses.NonSaturating, (0.7 * sp(-S) + 0.3 * sp(S)).mean() + sp(T).mean()),
        (kgan.losses.LeastSquares, ((S - 0.7) ** 2).mean() / 2 + (T**2).mean() / 2),
        (
            functools.partial(kgan.losses.KerasLoss, "mse"),
            ((S - 0.7) ** 2).mean() + (T**2).mean(),
        ),
    ],
    ids=["minimax", "non_saturating", "least_squares", "keras"],
)
def test_smoothing_moves_the_label_of_reals_alone(loss, wanted):
    smoothed = loss(label_smoothing=0.3)
    real, fake = ops.convert_to_tensor(S), ops.convert_to_tensor(T)
    found = smoothed.discriminator_loss(real, fake)
    np.testing.assert_allclose(numpy(found), wanted, rtol=1e-6)
    found, plain = (x.generator_loss(None, fake) for x in (smoothed, loss()))
    np.testing.assert_array_equal(numpy(found), numpy(plain))
    assert smoothed.get_config()["label_smoothing"] == 0.3
    assert type(smoothed).from_config(smoothed.get_config()) == smoothed


def test_smoothing_of_two_outputs_is_one_hot_too():
    loss = kgan.losses.KerasLoss("mse", label_smoothing=0.3)
    outputs = np.array([[0.2, 0.9]], "float32")
    wanted = (0.1**2 + 0.2**2) / 2 + (0.8**2 + 0.9**2) / 2
    np.testing.assert_allclose(loss.discriminator_loss(outputs, outputs), wanted, 1e-6)


@pytest.mark.parametrize("value", [1, -0.1, float("nan"), "0.1", None, False])
def test_smoothing_out_of_bounds_is_refused(value):
    with pytest.raises(ValueError, match=r"`label_smoothing` .*Received: label_sm"):
        kgan.losses.LeastSquares(value)


MANY = np.array([[0.3], [-2.0], [1.5], [0.3], [0.9]], "float32")
OTHERS = np.array([[0.1], [0.4], [-0.7], [2.0], [-1.0]], "float32")
BINARY = keras.losses.BinaryCrossentropy(from_logits=True)


@pytest.mark.parametrize(
    "loss, each",
    [
        ("minimax", -sp(MANY)),
        ("hinge", -MANY),
        ("relativistic", sp(OTHERS - MANY)),
        (BINARY, sp(-MANY)),
        # Summed, it stays of the size of a sum over all.
        (keras.losses.MeanSquaredError(reduction="sum"), 5 * (MANY - 1) ** 2),
    ],
    ids=["minimax", "hinge", "relativistic", "keras", "summed"],
)
@pytest.mark.parametrize(
    "fraction, top", [(0.4, [2, 4]), (0.0, [2]), (0.55, [2, 4, 0]), (1.0, range(5))]
)
def test_top_k_is_the_mean_over_the_highest(loss, each, fraction, top):
    chosen = kgan.losses.TopK(loss, fraction)
    real, fake = ops.convert_to_tensor(OTHERS), ops.convert_to_tensor(MANY)
    found = numpy(chosen.generator_loss(real, fake))
    # If two logits are equal, one of the samples counts.
    np.testing.assert_allclose(found, each[list(top)].mean(), rtol=1e-6)
    plain = kgan.losses.get(loss)
    assert [chosen.needs_reals, chosen.outputs, chosen.decision_boundary] == [
        plain.needs_reals,
        plain.outputs,
        plain.decision_boundary,
    ]
    np.testing.assert_array_equal(
        numpy(chosen.discriminator_loss(real, fake)),
        numpy(plain.discriminator_loss(real, fake)),
    )


def test_top_k_of_two_outputs_ranks_their_difference():
    outputs = ops.convert_to_tensor([[0.9, 1.0], [0.1, 0.8], [3.0, 2.0]])
    found = kgan.losses.TopK("mse", 0.4).generator_loss(None, outputs)
    np.testing.assert_allclose(found, (0.1**2 + 0.2**2) / 2, rtol=1e-6)


@pytest.mark.parametrize("fraction", [0.4, kgan.schedules.Linear(1.0, 0.4, images=100)])
def test_top_k_gives_the_others_no_gradient(fraction):
    loss = kgan.losses.TopK("non_saturating", fraction)
    variable = keras.Variable(MANY)

    def of(seen):
        at = kgan.schedules.at(loss, seen)
        return lambda: (at.generator_loss(None, ops.convert_to_tensor(variable)), ())

    ((gradient,), all_of_them) = (
        backend.value_and_grad(of(seen), [variable])[1] for seen in (100, 0)
    )
    slopes = -1 / (1 + np.exp(MANY))
    wanted = slopes / 2
    wanted[[0, 1, 3]] = 0
    np.testing.assert_allclose(numpy(gradient), wanted, rtol=1e-5)
    if not isinstance(fraction, float):
        np.testing.assert_allclose(numpy(all_of_them[0]), slopes / 5, rtol=1e-5)


@pytest.mark.backends("tensorflow", reason="batches of unknown size are its own")
def test_top_k_in_a_graph_of_unknown_size():
    import tensorflow as tf

    loss = kgan.losses.TopK("relativistic", 0.4)
    graph = tf.function(
        loss.generator_loss, input_signature=2 * [tf.TensorSpec((None, 1), "float32")]
    )
    for size in (5, 4):
        found, wanted = graph(OTHERS[:size], MANY[:size]), sp(OTHERS - MANY)
        np.testing.assert_allclose(found, wanted[[2, 4] if size == 5 else [2, 0]].mean())


@pytest.mark.backends("jax", reason="compiles")
def test_top_k_compiles_with_a_changing_fraction():
    import jax

    loss = kgan.losses.TopK("hinge", kgan.schedules.Linear(1.0, 0.4, images=100))
    compiled = jax.jit(lambda n: kgan.schedules.at(loss, n).generator_loss(None, MANY))
    np.testing.assert_allclose(compiled(0), -MANY.mean(), rtol=1e-6)
    np.testing.assert_allclose(compiled(100), -1.2, rtol=1e-6)


def test_top_k_refuses_and_is_saved():
    with pytest.raises(ValueError, match=r"`loss` .* fake.*Received: loss=Relativ"):
        kgan.losses.TopK("relativistic_average")
    with pytest.raises(ValueError, match=r"Received: fraction=1.5"):
        kgan.losses.TopK("hinge", 1.5)
    schedule = kgan.schedules.Linear(1.0, 0.5, images=10)
    loss = kgan.losses.TopK(kgan.losses.LeastSquares(0.1), schedule)
    config = keras.saving.serialize_keras_object(loss)
    assert keras.saving.deserialize_keras_object(config) == loss
    assert loss.loss == kgan.losses.LeastSquares(0.1)


# These losses look at all samples of a batch together, of which a device has its share.
WHOLE_BATCH = [name for name in kgan.losses.names() if "average" in name]
WHOLE_BATCH += ["dual_contrastive"]


@every_loss
def test_devices_that_share_a_batch_have_the_loss_of_the_whole(name):
    loss = kgan.losses.get(name)
    logits = np.random.default_rng(0).standard_normal((2, 8, 1)).astype("float32")

    def both(real, fake):
        real, fake = ops.convert_to_tensor(real), ops.convert_to_tensor(fake)
        losses = loss.discriminator_loss(real, fake), loss.generator_loss(real, fake)
        return np.array([float(value) for value in losses])

    whole = both(*logits)
    shares = (both(*logits[:, :4]) + both(*logits[:, 4:])) / 2
    assert np.allclose(shares, whole, atol=1e-6) == (name not in WHOLE_BATCH)


def test_relativistic_refuses_unequal_numbers():
    loss = kgan.losses.get("relativistic")
    with pytest.raises(ValueError, match=r"Received: 3 reals and 2 fakes"):
        loss.discriminator_loss(ops.zeros((3, 1)), ops.zeros((2, 1)))


def test_keras_loss_labels_reals_one_and_fakes_zero():
    loss = kgan.losses.get(keras.losses.MeanSquaredError())
    expected = ((S - 1) ** 2).mean() + (T**2).mean()
    np.testing.assert_allclose(loss.discriminator_loss(S, T), expected, rtol=1e-6)
    np.testing.assert_allclose(loss.generator_loss(S, T), ((T - 1) ** 2).mean(), 1e-6)


def test_keras_loss_on_two_outputs_is_one_hot_with_real_last():
    loss = kgan.losses.get(keras.losses.MeanSquaredError())
    real = np.array([[0.2, 0.9]], "float32")
    fake = np.array([[0.6, 0.1]], "float32")
    expected = (0.2**2 + 0.1**2) / 2 + (0.4**2 + 0.1**2) / 2
    np.testing.assert_allclose(loss.discriminator_loss(real, fake), expected, rtol=1e-6)
    np.testing.assert_allclose(
        loss.generator_loss(real, fake), (0.6**2 + 0.9**2) / 2, rtol=1e-6
    )


def test_label_smoothing_works_through_the_keras_loss():
    loss = kgan.losses.get(
        keras.losses.BinaryCrossentropy(from_logits=True, label_smoothing=0.2)
    )
    # Labels 0.9 and 0.1: cross-entropy y * sp(-x) + (1 - y) * sp(x).
    expected = (0.9 * sp(-S) + 0.1 * sp(S)).mean() + (0.1 * sp(-T) + 0.9 * sp(T)).mean()
    np.testing.assert_allclose(loss.discriminator_loss(S, T), expected, rtol=1e-6)


def test_keras_loss_keeps_its_sum_reduction():
    loss = kgan.losses.get(keras.losses.MeanSquaredError(reduction="sum"))
    np.testing.assert_allclose(loss.generator_loss(S, T), ((T - 1) ** 2).sum(), rtol=1e-6)


def test_names_of_keras_are_understood_and_ours_come_first():
    assert isinstance(kgan.losses.get("mse"), kgan.losses.KerasLoss)
    assert isinstance(kgan.losses.get("hinge"), kgan.losses.Hinge)


def test_unknown_name_lists_the_known():
    with pytest.raises(ValueError, match=r"non_saturating.*Received: loss='wgan'"):
        kgan.losses.get("wgan")


def test_custom_loss_is_three_terms():
    @keras.saving.register_keras_serializable("tests")
    class Absolute(kgan.losses.Loss):
        def real_term(self, s):
            return ops.abs(s - 1)

        def fake_term(self, t):
            return ops.abs(t)

        def generator_term(self, t):
            return ops.abs(t - 1)

    value = Absolute().discriminator_loss(S, T)
    np.testing.assert_allclose(value, np.abs(S - 1).mean() + np.abs(T).mean(), rtol=1e-6)
