import keras
import numpy as np
import pytest
from helpers import numpy
from keras import ops

import kgan

S = np.array([[2.0], [-0.5], [0.3]], "float32")
T = np.array([[-1.0], [0.7], [0.2]], "float32")


def sp(x):
    return np.log1p(np.exp(x))


# The formulas of the papers, on the numbers above.
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
}


@pytest.mark.parametrize("name", kgan.losses.names())
def test_loss_equals_its_formula(name):
    loss = kgan.losses.get(name)
    d_loss, g_loss = EXPECTED[name]
    real, fake = ops.convert_to_tensor(S), ops.convert_to_tensor(T)
    np.testing.assert_allclose(loss.discriminator_loss(real, fake), d_loss, rtol=1e-6)
    np.testing.assert_allclose(loss.generator_loss(real, fake), g_loss, rtol=1e-6)


def test_least_squares_by_hand():
    loss = kgan.losses.LeastSquares()
    real, fake = ops.convert_to_tensor([[3.0]]), ops.convert_to_tensor([[2.0], [0.0]])
    assert float(loss.discriminator_loss(real, fake)) == 3.0  # 4 / 2 + (4 + 0) / 2 / 2
    assert float(loss.generator_loss(None, fake)) == 0.5


@pytest.mark.parametrize("name", ["non_saturating", "minimax", "relativistic"])
def test_large_logits_stay_finite(name):
    loss = kgan.losses.get(name)
    far = ops.convert_to_tensor([[1e4], [-1e4]])
    assert np.isfinite(numpy(loss.discriminator_loss(far, -far)))
    assert np.isfinite(numpy(loss.generator_loss(far, -far)))


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
    class Absolute(kgan.losses.Loss):
        def real_term(self, s):
            return ops.abs(s - 1)

        def fake_term(self, t):
            return ops.abs(t)

        def generator_term(self, t):
            return ops.abs(t - 1)

    value = Absolute().discriminator_loss(S, T)
    np.testing.assert_allclose(value, np.abs(S - 1).mean() + np.abs(T).mean(), rtol=1e-6)
