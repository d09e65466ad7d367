"""`TrainedModel` stands alone: a second kind of model trains, saves and resumes on it."""

import keras
import numpy as np
import pytest
from helpers import Interrupt, Interrupted, assert_same_state, numpy
from keras import ops

from kgan import backend
from kgan.models.model import TrainedModel
from kgan.models.progress import Logs
from kgan.models.saving import is_finite

POINTS = np.random.default_rng(0).standard_normal((24, 2)).astype("float32")


@keras.saving.register_keras_serializable("tests")
class Denoiser(TrainedModel):
    """Learns to remove noise: no discriminator, one optimizer, one loss."""

    def __init__(self, seed=None, **kwargs):
        super().__init__(**kwargs)
        self.network = keras.Sequential([keras.Input((2,)), keras.layers.Dense(2)])
        self.create_state(seed, sample_shape=(2,))
        self.logs = Logs(("loss",))
        self.build((None, 2))

    def compile(self, **arguments):
        super().compile(**arguments)
        # An optimizer without state would load none.
        self.optimizer.build(self.network.trainable_variables)

    def call(self, x, training=None):
        return self.network(x, training=training)

    def build(self, input_shape):
        """Does nothing: the network is built already."""

    def training_step(self, batch):
        (x,) = batch
        variables = self.network.trainable_variables
        (loss, _), gradients = backend.value_and_grad(self.loss_of, variables, x)
        backend.apply(self.optimizer, gradients, variables)
        self._count_step(ops.shape(x)[0])
        self.logs.update({"loss": loss}, ops.shape(x)[0])
        return self.logs.results()

    def loss_of(self, x, seed=None):
        noise = keras.random.normal(ops.shape(x), seed=seed or self.seed_generator)
        return ops.mean(ops.square(self.network(x + noise) - x)), ()

    def validation_step(self, batch):
        (x,) = batch
        loss, _ = self.loss_of(x, self.test_seed_generator)
        self.logs.update({"loss": loss}, ops.shape(x)[0])
        return self.logs.results()

    def get_config(self):
        return {**super().get_config(), "seed": self.seed}


def build():
    keras.utils.set_random_seed(0)
    model = Denoiser(seed=1)
    model.compile(optimizer=keras.optimizers.Adam(0.05))
    return model


def test_another_model_learns():
    model = build()
    before = model.evaluate(POINTS, verbose=0)
    history = model.fit(POINTS, batch_size=8, epochs=20, verbose=0).history["loss"]
    assert history[-1] < history[0] and model.evaluate(POINTS, verbose=0) < before
    assert int(numpy(model.images_seen)) == 20 * 24


def test_another_model_resumes_exactly_in_the_middle_of_an_epoch(tmp_path):
    once = build()
    once.fit(POINTS, batch_size=8, epochs=3, verbose=0)
    model = build()
    with pytest.raises(Interrupted):
        model.fit(
            POINTS,
            batch_size=8,
            epochs=3,
            verbose=0,
            callbacks=[SaveFirst(model, tmp_path)],
        )
    loaded = keras.models.load_model(tmp_path / "model.keras")
    assert (loaded.epoch, loaded.progress.batch) == (1, 2)
    loaded.fit(POINTS, batch_size=8, epochs=3, initial_epoch=1, verbose=0)
    assert_same_state(once, loaded)


class SaveFirst(Interrupt):
    """Saves the model after a batch, and fails."""

    def __init__(self, model, folder):
        super().__init__(epoch=1, batch=1)
        self.path = folder / "model.keras"

    def act(self):
        self.model.save(self.path)
        super().act()


@pytest.mark.parametrize("on_gpu", [False, True])
@pytest.mark.parametrize(
    "weights, finite",
    [
        ([1.0, -1.0], True),
        # The sum of these is no float32, and the sum of the last ones is NaN.
        ([3e38, 3e38], True),
        ([1.0, np.inf], False),
        ([np.inf, -np.inf], False),
        ([np.nan, 1.0], False),
    ],
)
def test_weights_are_finite_one_by_one(weights, finite, on_gpu, monkeypatch):
    monkeypatch.setattr(backend, "has_gpu", lambda: on_gpu)
    network = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1, use_bias=False)])
    network.set_weights([np.array(weights, "float32")[:, None]])
    assert is_finite(network) is finite


@pytest.mark.parametrize("dtype", ["float32", "float16", "bfloat16"])
def test_arrays_are_the_values_of_variables(dtype):
    values = np.array([[1, 2, 250]])
    variable = keras.Variable(values, dtype=dtype)
    scalar = keras.Variable(3.0)
    found = list(backend.arrays([variable, scalar]))
    np.testing.assert_array_equal(found[0].astype("float32"), values)
    assert found[1] == 3 and found[1].shape == ()


@pytest.mark.backends("tensorflow", reason="the others have no strategies")
def test_arrays_of_a_strategy():
    import tensorflow as tf

    with tf.distribute.MirroredStrategy(["/cpu:0"]).scope():
        variable = keras.Variable([1.0, 2.0])
    assert isinstance(variable.value, tf.distribute.DistributedValues)
    np.testing.assert_array_equal(next(backend.arrays([variable])), [1, 2])
