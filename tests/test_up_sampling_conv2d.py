import keras
import numpy as np
import pytest
from helpers import numpy
from keras import ops

import kgan
from kgan import backend
from kgan.layers import UpSamplingConv2D

RANDOM = np.random.default_rng(0)


def doubled_and_convolved(x, kernel, bias):
    """Doubles images and convolves them, one output pixel after the other."""
    x = x.repeat(2, axis=1).repeat(2, axis=2)
    edge = len(kernel) // 2
    padded = np.pad(x, [(0, 0), (edge, edge), (edge, edge), (0, 0)])
    y = np.zeros((*x.shape[:3], kernel.shape[-1]))
    for row, column in np.ndindex(x.shape[1:3]):
        seen = padded[:, row : row + len(kernel), column : column + len(kernel)]
        y[:, row, column] = np.tensordot(seen, kernel, 3) + bias
    return y


@pytest.mark.parametrize("fast", [True, False])
@pytest.mark.parametrize("kernel_size", [1, 3, 5])
@pytest.mark.parametrize("size", [(1, 1), (5, 4), (6, 7)])
def test_doubles_and_convolves(size, kernel_size, fast, monkeypatch):
    monkeypatch.setattr(backend, "FAST_TRANSPOSED_CONVOLUTIONS", fast)
    layer = UpSamplingConv2D(4, kernel_size)
    x = RANDOM.normal(size=(2, *size, 3)).astype("float32")
    assert layer.compute_output_shape(x.shape) == tuple(layer(x).shape)
    weights = [RANDOM.normal(size=w.shape) for w in layer.weights]
    layer.set_weights(weights)
    np.testing.assert_allclose(
        numpy(layer(x)), doubled_and_convolved(x, *weights), rtol=1e-4, atol=1e-4
    )


def test_an_activation_follows_the_bias():
    layer = UpSamplingConv2D(2, activation="relu", bias_initializer="ones")
    x = RANDOM.normal(size=(1, 5, 4, 3)).astype("float32")
    outputs = numpy(layer(x))
    expected = np.maximum(doubled_and_convolved(x, *map(numpy, layer.weights)), 0)
    np.testing.assert_allclose(outputs, expected, rtol=1e-4, atol=1e-4)
    assert expected.min() == 0 < expected.max()


def test_few_pixels_are_convolved_after_the_doubling(monkeypatch):
    monkeypatch.setattr(backend, "FAST_TRANSPOSED_CONVOLUTIONS", True)
    layer = UpSamplingConv2D(4)
    shapes = [(None, 4, 4, 3), (None, 4, 5, 3), (None, None, None, 3), (None, 1, None, 3)]
    assert [layer.is_transposed(shape) for shape in shapes] == [False, True, True, True]


def test_images_may_have_any_size():
    x = keras.Input((None, None, 3))
    model = keras.Model(x, UpSamplingConv2D(2)(x))
    assert model.output_shape == (None, None, None, 2)
    assert tuple(model(np.zeros((1, 6, 5, 3), "float32")).shape) == (1, 12, 10, 2)


def test_a_layer_is_made_anew_from_its_config():
    layer = UpSamplingConv2D(
        4,
        5,
        "tanh",
        use_bias=False,
        kernel_initializer="he_normal",
        kernel_regularizer=keras.regularizers.L2(0.5),
        kernel_constraint="non_neg",
    )
    copy = keras.saving.deserialize_keras_object(
        keras.saving.serialize_keras_object(layer)
    )
    assert copy.get_config() == layer.get_config()
    copy(np.zeros((1, 2, 2, 3), "float32"))
    copy.kernel.assign(np.full((5, 5, 3, 4), 2.0))
    # Half of the sum of the squares of 300 twos.
    assert float(numpy(copy.losses[0])) == pytest.approx(600)
    assert [w.name for w in copy.weights] == ["kernel"]


@pytest.mark.parametrize(
    "arguments, message",
    [
        ({"filters": 0}, "`filters`.*Received: filters=0"),
        ({"filters": 2, "kernel_size": 4}, "must be odd.*Received: kernel_size=4"),
        ({"filters": 2, "use_bias": 1}, "`use_bias`.*Received: use_bias=1"),
        ({"filters": 2, "kernel_initializer": "x"}, "kernel_initializer='x'"),
    ],
)
def test_arguments_are_checked(arguments, message):
    with pytest.raises(ValueError, match=message):
        UpSamplingConv2D(**arguments)


def test_inputs_that_are_no_images_are_refused():
    with pytest.raises(ValueError, match=r"Received: input_shape=\(2, 3\)"):
        UpSamplingConv2D(2)(np.zeros((2, 3), "float32"))


def test_the_kernel_is_added_up_in_its_own_precision(monkeypatch):
    monkeypatch.setattr(backend, "FAST_TRANSPOSED_CONVOLUTIONS", True)
    layer = UpSamplingConv2D(1, use_bias=False, dtype="mixed_bfloat16")
    x = np.zeros((1, 5, 4, 1), "float32")
    x[0, 2, 2] = 1
    layer(x)
    kernel = np.zeros((3, 3, 1, 1))
    kernel[:, 1, 0, 0] = 1.003, 256.9, 0
    layer.set_weights([kernel])
    # In bfloat16, 257.9 is 258. The addends are 1 and 256, and their sum is 256 again.
    found = ops.convert_to_numpy(ops.cast(layer(x), "float32"))
    assert found[0, 3:7, 4, 0].tolist() == [0, 256, 258, 1]


def test_inputs_of_another_number_of_channels_are_refused():
    layer = UpSamplingConv2D(2)
    layer(np.zeros((1, 2, 2, 3), "float32"))
    with pytest.raises(ValueError, match="expected axis -1"):
        layer(np.zeros((1, 2, 2, 4), "float32"))


@pytest.mark.parametrize("fast, products", [(True, 16), (False, 36)])
def test_the_multiplications_are_counted(fast, products, monkeypatch):
    monkeypatch.setattr(backend, "FAST_TRANSPOSED_CONVOLUTIONS", fast)
    model = keras.Sequential([keras.Input((5, 6, 3)), UpSamplingConv2D(4)])
    # For each of 30 input pixels and 3 * 4 pairs of channels; an addition counts too.
    assert kgan.presets.cost.flops(model) == 2 * products * 30 * 3 * 4
