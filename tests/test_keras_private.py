"""Private Keras API that kgan uses: one test for each function of `keras_private`.

Each test says what Keras changed. Stock Keras objects stand in for kgan's own, so that a
failure here points at Keras and not at kgan.
"""

import contextlib
import inspect
import itertools
import random
import sys
import types

import keras
import numpy as np
import pytest
from keras import ops

from kgan.backend import keras_private

SOURCE = inspect.getsource(keras_private)
X, Y = np.ones((8, 3), "float32"), np.zeros((8, 1), "float32")
tensorflow_only = pytest.mark.backends("tensorflow", reason="TensorFlow's alone")
torch_only = pytest.mark.backends("torch", reason="PyTorch's alone")
jax_only = pytest.mark.backends("jax", reason="JAX's alone")


@contextlib.contextmanager
def keras_still(does):
    """Fails with one sentence if the block raises anything."""
    try:
        yield
    except (Exception, pytest.fail.Exception) as error:
        pytest.fail(
            f"Keras {keras.__version__} has changed. kgan needs this: {does}. "
            f"Found: {type(error).__name__}: {error}",
            pytrace=False,
        )


def compiled(model=None, **arguments):
    model = model or keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])
    model.compile("sgd", "mse", **arguments)
    return model


def test_each_function_has_a_test():
    functions = {
        name
        for name, value in vars(keras_private).items()
        if not name.startswith("_")
        and (inspect.isfunction(value) or inspect.isclass(value))
        and (value.__module__ == keras_private.__name__ or f"{name} as {name}" in SOURCE)
    }
    tests = {name.removeprefix("test_") for name in globals()}
    assert {camel_to_snake(name) for name in functions} <= tests


def camel_to_snake(name):
    return "".join(f"_{c.lower()}" if c.isupper() else c for c in name).lstrip("_")


# Silent ones first: with these, kgan would train on and train something else.


def test_is_seed_state():
    dropout = keras.layers.Dropout(0.5)
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2), dropout])
    compiled(model)
    with keras_still("the state of a seed generator is the variable whose name says so"):
        states = [v for v in model.variables if keras_private.is_seed_state(v)]
        assert states == [dropout.seed_generator.state]
        assert keras_private.is_seed_state(keras.random.SeedGenerator(1).state)
        others = [*model.trainable_variables, *model.optimizer.variables]
        assert not any(map(keras_private.is_seed_state, others))


@pytest.mark.parametrize("epoch, epochs", [(2, [2, 3]), (None, [0, 1, 2, 3])])
def test_set_initial_epoch(epoch, epochs):
    model, seen = compiled(), []
    begin = keras.callbacks.LambdaCallback(
        lambda epoch, logs: seen.append(epoch),
        on_train_begin=lambda logs: keras_private.set_initial_epoch(model, epoch),
    )
    with keras_still("a callback's on_train_begin sets the epoch in which fit begins"):
        model.fit(X, Y, epochs=4, verbose=0, callbacks=[begin])
        assert seen == epochs


def test_set_initial_epoch_is_that_of_keras_own_callback(tmp_path):
    model = compiled()
    for epochs in (2, 3):
        backup = keras.callbacks.BackupAndRestore(tmp_path, delete_checkpoint=False)
        seen = model.fit(X, Y, epochs=epochs, verbose=0, callbacks=[backup]).epoch
    with keras_still("BackupAndRestore leaves its epoch, which None takes away again"):
        assert seen == [2]
        assert model.fit(X, Y, epochs=3, verbose=0).epoch == [2]
        keras_private.set_initial_epoch(model, None)
        assert model.fit(X, Y, epochs=3, verbose=0).epoch == [0, 1, 2]


@tensorflow_only
def test_never_builds_symbolically():
    import tensorflow as tf

    def train(decorate):
        class Model(keras.Model):
            def __init__(self):
                super().__init__()
                self.dense = keras.layers.Dense(1)

            def call(self, x):
                called.append(type(x).__name__)
                return self.dense(x)

            def train_step(self, data):
                return {"loss": ops.sum(data[0])}

        called = []
        with tf.distribute.OneDeviceStrategy("/cpu:0").scope():
            compiled(decorate(Model)()).fit(X, Y, verbose=0)
        return called

    with keras_still("without _maybe_symbolic_build a class is not called to be built"):
        assert train(keras_private.never_builds_symbolically) == []
        assert "SymbolicTensor" in train(lambda model: model)


def test_is_called_by_fit():
    class Model(keras.Sequential):
        def evaluate(self, x=None, y=None, **kwargs):
            found.append(keras_private.is_called_by_fit(kwargs))
            return super().evaluate(x, y, **kwargs)

    found, model = [], compiled(Model([keras.Input((3,)), keras.layers.Dense(1)]))
    with keras_still("fit tells evaluate, by an argument of its own, that it calls"):
        model.fit(X, Y, validation_data=(X, Y), verbose=0)
        assert found == [True]
        model.evaluate(X, Y, verbose=0)
        assert found == [True, False]


def test_without_autocast():
    class Dtypes(keras.layers.Layer):
        def build(self, shape):
            self.weight = self.add_weight(shape=())

        def call(self, x):
            dtypes.append(keras.backend.standardize_dtype((self.weight + 0).dtype))
            with keras_private.without_autocast():
                dtypes.append(keras.backend.standardize_dtype((self.weight + 0).dtype))
            return x

    dtypes = []
    with keras_still("an AutocastScope of None ends the casts of mixed precision"):
        Dtypes(dtype="mixed_bfloat16")(X)
        assert dtypes == ["bfloat16", "float32"]


def test_is_torch_optimizer():
    config = keras.optimizers.serialize(keras.optimizers.Adam())
    on_torch = keras.backend.backend() == "torch"
    with keras_still("PyTorch's optimizers are in keras.src.backend.torch.optimizers"):
        assert keras_private.is_torch_optimizer(config) == on_torch
        assert not keras_private.is_torch_optimizer({"module": "keras.optimizers"})
        assert not keras_private.is_torch_optimizer({"class_name": "Adam"})


def test_all_layers():
    inner = keras.layers.Dense(2)
    middle = keras.Sequential([keras.Input((3,)), inner])
    wrapped = keras.layers.TimeDistributed(middle)
    model = keras.Sequential([keras.Input((4, 3)), wrapped])
    with keras_still("_flatten_layers gives the model and all layers, at any depth"):
        layers = list(keras_private.all_layers(model))
        assert layers[0] is model
        assert all(any(x is y for y in layers) for x in (wrapped, middle, inner))


def test_calls_in():
    inputs = keras.Input((3,))
    first, last = keras.layers.Dense(3), keras.layers.Dense(1)
    model = keras.Model(inputs, last(first(first(inputs) + 1)))
    sequential = keras.Sequential([keras.Input((3,)), first, last])
    with keras_still("a model knows the calls of its operations, in order"):
        _, *calls = keras_private.calls_in(model)
        operations = [operation for operation, _, _ in calls]
        assert operations[::2] == [first, first] and operations[3] is last
        assert calls[0][1][0] is model.inputs[0]
        for (_, _, outputs), (_, given, _) in itertools.pairwise(calls):
            assert given[0] is outputs[0]
        assert [x for x, _, _ in keras_private.calls_in(sequential)][1:] == [first, last]


@pytest.mark.since_keras("3.15.0", reason="divides activity losses by the batch size")
def test_activity_losses():
    x = keras.Input((3,))
    decay = keras.regularizers.L2(0.5)
    dense = keras.layers.Dense(1, activity_regularizer=decay, kernel_regularizer=decay)
    inner = keras.Sequential([dense])
    model = keras.Model(x, inner(x))
    dense.set_weights([np.array([[1.0], [2.0], [-1.0]]), np.zeros(1)])
    with keras_still("layers keep the losses of the last pass, without those of weights"):
        for size in (8, 4):
            model(X[:size])
            (loss,) = keras_private.activity_losses(model)
            # Half the square of the output 1 + 2 - 1, a mean over the batch.
            np.testing.assert_allclose(ops.convert_to_numpy(loss), 0.5 * 4, rtol=1e-6)


def test_unsaved_options():
    with keras_still("losses keep their options"):
        loss = keras.losses.Huber(0.5)
        config = loss.get_config() | keras_private.unsaved_options(loss)
        assert config["delta"] == 0.5
        assert keras_private.unsaved_options(keras.losses.MeanSquaredError()) == {}


def test_unsafe():
    layer = keras.layers.Lambda(lambda x: 2 * x)
    with keras_still("lambdas are made from their configs in this scope alone"):
        with keras_private.unsafe():
            copy = keras.layers.Lambda.from_config(layer.get_config())
            assert copy.function(3) == 6 and keras_private.is_unsafe()
        assert not keras_private.is_unsafe()


def test_is_unsafe(tmp_path):
    found = []

    @keras.saving.register_keras_serializable("test_is_unsafe")
    class Look(keras.layers.Layer):
        def __init__(self, **arguments):
            super().__init__(**arguments)
            found.append(keras_private.is_unsafe())

    model = keras.Sequential([keras.Input((3,)), Look()])
    model.save(tmp_path / "model.keras")
    with keras_still("a layer sees the `safe_mode` with which it is loaded"):
        for safe in (True, False):
            keras.models.load_model(tmp_path / "model.keras", safe_mode=safe)
        assert found == [False, False, True]


def test_copy_of_lambda():
    layer = keras.layers.Lambda(
        lambda x, by: by * x, output_shape=(3,), arguments={"by": 2}, name="times"
    )
    with keras_still("a `Lambda` keeps its function, shape and arguments"):
        copy = keras_private.copy_of_lambda(layer)
        assert copy is not layer and copy.function is layer.function
        assert copy.name == "times"
        assert copy.compute_output_shape((None, 2)) == (None, 3)
        np.testing.assert_array_equal(copy(np.ones((2, 3))), 2 * np.ones((2, 3)))


def test_own_weights():
    class Outer(keras.layers.Layer):
        def build(self, shape):
            self.inner = keras.layers.Dense(2)
            self.inner.build(shape)
            self.weight = self.add_weight(shape=(1,))
            self.frozen = self.add_weight(shape=(1,), trainable=False)

        def call(self, x):
            return self.inner(x)

    outer = Outer()
    outer(X)
    with keras_still("_trainable_variables has a layer's own weights, not those inside"):
        (weight,) = keras_private.own_weights(outer)
        assert weight is outer.weight
        assert len(keras_private.own_weights(outer.inner)) == 2


@jax_only
def test_has_value():
    class Raise(keras.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            # `self.model` would give the variables their values back.
            found.append(keras_private.has_value(kernel))
            raise KeyboardInterrupt

    found, model = [], compiled()
    kernel = model.layers[0].kernel
    with keras_still("a variable that was taken away has no value, or a deleted one"):
        assert keras_private.has_value(kernel)
        with contextlib.suppress(KeyboardInterrupt):
            model.fit(X, Y, verbose=0, callbacks=[Raise()])
        assert found == [False]
        kernel.assign(np.ones((3, 1)))
        assert keras_private.has_value(kernel)
        kernel.value.delete()
        assert not keras_private.has_value(kernel)


def test_optimized():
    optimizer = keras.optimizers.Adam()
    variables = [keras.Variable(1.0), keras.Variable([1.0, 2.0])]
    optimizer.build(variables)
    with keras_still("_trainable_variables has those that the optimizer was built for"):
        found = keras_private.optimized(optimizer)
        assert len(found) == 2
        assert all(a is b for a, b in zip(found, variables, strict=True))


@tensorflow_only
def test_strategy_of():
    import tensorflow as tf

    strategy = tf.distribute.OneDeviceStrategy("/cpu:0")
    with strategy.scope():
        optimizer = keras.optimizers.Adam()
    with keras_still("an optimizer keeps the strategy that it was made under"):
        assert keras_private.strategy_of(optimizer) is strategy
        default = keras_private.strategy_of(keras.optimizers.Adam())
        assert default is tf.distribute.get_strategy()


def test_rate_schedule():
    schedule = keras.optimizers.schedules.ExponentialDecay(0.1, 1, 0.5)
    with keras_still("_learning_rate is the schedule, or the variable of the rate"):
        assert keras_private.rate_schedule(keras.optimizers.SGD(schedule)) is schedule
        assert keras_private.rate_schedule(keras.optimizers.SGD(0.1)) is None


def test_assign_rate():
    optimizer, weight = keras.optimizers.SGD(0.1), keras.Variable(1.0)
    with keras_still("the next update is by the rate assigned to _learning_rate"):
        keras_private.assign_rate(optimizer, ops.convert_to_tensor(0.5))
        assert float(ops.convert_to_numpy(optimizer.learning_rate)) == 0.5
        optimizer.apply([ops.convert_to_tensor(1.0)], [weight])
        assert float(ops.convert_to_numpy(weight.value)) == 0.5


def test_assert_compiled():
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])
    with keras_still("_assert_compile_called raises before compile, and not after"):
        with pytest.raises(ValueError, match=r"compile\(\)"):
            keras_private.assert_compiled(model, "fit")
        keras_private.assert_compiled(compiled(model), "fit")


def test_get_stateless_scope():
    with keras_still("get_stateless_scope returns the innermost scope, None outside"):
        assert keras_private.get_stateless_scope() is None
        with keras.StatelessScope(), keras.StatelessScope() as scope:
            assert keras_private.get_stateless_scope() is scope
        assert keras_private.get_stateless_scope() is None


@tensorflow_only
def test_data_adapter():
    import tensorflow as tf

    class Two(keras_private.DataAdapter, tf.distribute.DistributedDataset):
        num_batches = 2
        batch_size = has_partial_batch = partial_batch_size = None

        def __init__(self):
            pass

        def get_tf_dataset(self):
            return self

        def __iter__(self):
            read.append("begins")
            yield from [(tf.constant(X), tf.constant(Y))] * 2

    read = []
    count = keras.callbacks.LambdaCallback(
        on_train_batch_end=lambda batch, logs: read.append(batch)
    )
    with keras_still("fit reads a DataAdapter that is a DistributedDataset as it is"):
        compiled().fit(Two(), epochs=2, verbose=0, callbacks=[count])
        assert read == ["begins", 0, 1, "begins", 0, 1]


def test_may_write(tmp_path, monkeypatch):
    path = tmp_path / "model.keras"
    with keras_still("Keras asks, in a function of its own, before it replaces a file"):
        assert keras_private.may_write(path)
        path.touch()
        for answer in ("y", "n"):
            monkeypatch.setattr("builtins.input", lambda question, said=answer: said)
            assert keras_private.may_write(path) == (answer == "y")


def test_serialize_without_tensorflow(monkeypatch):
    class Shape:
        _dims = (2,)

        def as_list(self):
            return [2]

    fake = types.SimpleNamespace(available=True, TensorShape=Shape)
    with keras_still("writes shapes of TensorFlow where `tf.available` is true"):
        monkeypatch.setattr(keras_private.serialization_lib, "tf", fake)
        keras_private.serialize_without_tensorflow()
        monkeypatch.setitem(sys.modules, "tensorflow", fake)
        assert keras.saving.serialize_keras_object(Shape()) == [2]
        # Without TensorFlow, the class is any class.
        for module in ({}, {"tensorflow": None}):
            monkeypatch.delitem(sys.modules, "tensorflow")
            sys.modules.update(module)
            with pytest.raises(TypeError, match="Cannot serialize object"):
                keras.saving.serialize_keras_object(Shape())
            monkeypatch.setitem(sys.modules, "tensorflow", fake)


def test_rematerialize_by(monkeypatch):
    called = []

    def rematerialize(function):
        called.append(function)
        return function

    with keras_still("rematerialises the `call` of a layer by `remat.remat`"):
        monkeypatch.setattr(keras_private.remat, "remat", lambda function: function)
        with keras.RematScope(mode="full"):
            layer, other = keras.layers.Dense(2), keras.layers.Dense(2)
        outside = keras.layers.Dense(2)
        for each in (layer, outside):
            keras_private.rematerialize_by(rematerialize, each)
        for each in (layer, other, outside):
            each(X)
        assert called == [layer.call]
        assert keras_private.remat.remat is not rematerialize


class Noted(keras.layers.Layer):
    """Keeps what Keras knows about its calls."""

    def __init__(self):
        super().__init__()
        self.calls = []

    def call(self, x, training=None):
        self.calls.append((training, keras_private.call_state()))
        return x


def test_call_state(policy):
    policy("mixed_bfloat16")
    with keras_still("knows the dtype and the arguments of a call by these names"):
        layer = Noted()
        layer(X, training=True)
        ((_, state),) = layer.calls
        assert state["autocast_scope"].dtype == "bfloat16"
        assert set(keras_private.call_state().values()) == {None}


def test_called_in():
    with keras_still("reads the arguments of the outer call by these names"):
        layer = Noted()
        layer(X, training=True)
        with keras_private.called_in(layer.calls[0][1]):
            # The call around this call said `training=True`.
            layer(X)
        layer(X)
        assert [training for training, _ in layer.calls] == [True, True, None]


def test_set_random_seed(monkeypatch):
    seeded = []
    generator = types.SimpleNamespace(set_seed=seeded.append)
    fake = types.SimpleNamespace(available=True, random=generator)

    def draws():
        # Keras makes seeds of layers with Python's generator.
        return np.random.rand(), random.random()

    with keras_still("sets all seeds, and TensorFlow's by a name of its module"):
        monkeypatch.setattr(keras_private.rng_utils, "tf", fake)
        keras.utils.set_random_seed(3)
        expected = draws()
        monkeypatch.delitem(sys.modules, "tensorflow", raising=False)
        keras_private.set_random_seed(3)
        assert draws() == expected
        assert seeded == [3]
        assert keras_private.rng_utils.tf is fake
        # Where TensorFlow is imported already, its seed is set too.
        monkeypatch.setitem(sys.modules, "tensorflow", fake)
        keras_private.set_random_seed(4)
        assert seeded == [3, 4]


def test_get_data_adapter():
    class Data(keras.utils.PyDataset):
        def __len__(self):
            return 2

        def __getitem__(self, index):
            return (X,)

    with keras_still("makes an adapter of data, whose iterators yield tuples"):
        adapter = keras_private.get_data_adapter(Data())
        assert isinstance(adapter, keras_private.DataAdapter)
        batches = list(adapter.get_numpy_iterator())
        assert len(batches) == adapter.num_batches == 2
        assert all(len(batch) == 1 for batch in batches)
        # An adapter is taken as it is, so `fit` can be given one.
        assert keras_private.get_data_adapter(adapter) is adapter


def test_remember_optimizer_attributes(tmp_path, monkeypatch):
    made = []
    build = keras.optimizers.Optimizer.__init__

    def counted(self, *args, **kwargs):
        made.append(self)
        build(self, *args, **kwargs)

    model = compiled()
    model.optimizer.build(model.trainable_variables)
    keras_private.remember_optimizer_attributes()
    monkeypatch.setattr(keras.optimizers.Optimizer, "__init__", counted)
    with keras_still("looks up the attributes to skip under the key of this version"):
        model.save(tmp_path / "model.keras")
        assert made == []
        assert keras.models.load_model(tmp_path / "model.keras").optimizer.built


@tensorflow_only
def test_without_all_reduce(monkeypatch):
    import tensorflow as tf

    weight = keras.Variable(1.0)
    monkeypatch.setattr(tf.distribute.ReplicaContext, "all_reduce", None)
    does = "optimizers sum gradients in _all_reduce_sum_gradients only"
    with keras_still(does), keras_private.without_all_reduce():
        keras.optimizers.SGD(0.5).apply([tf.constant(1.0)], [weight])
        assert float(weight.numpy()) == 0.5


@torch_only
def test_tensors_on_torch():
    variable = keras.Variable([1.0, 2.0])
    with keras_still("the tensor of a variable on PyTorch is in `_value`"):
        (tensor,) = keras_private.tensors_on_torch([variable])
        assert tensor is variable.value


@torch_only
def test_values_on_torch():
    variable = keras.Variable([1.0, 2.0])
    with keras_still("a variable on PyTorch reads and assigns the tensor in `_value`"):
        before = variable.value
        other = ops.convert_to_tensor([3.0, 4.0])
        with keras_private.values_on_torch([variable], [other]):
            np.testing.assert_array_equal(variable.numpy(), [3, 4])
            variable.assign([5.0, 6.0])
        assert variable.value is before
        np.testing.assert_array_equal(variable.numpy(), [1, 2])
        np.testing.assert_array_equal(other, [5, 6])


@torch_only
def test_random_numbers_on_torch():
    calls = []
    with keras_still("`keras.random` draws by the functions of `backend.torch.random`"):
        with keras_private.random_numbers_on_torch(lambda *args: calls.append(args)):
            keras.random.normal((2, 3), stddev=2.0, dtype="float32", seed=1)
            keras.random.truncated_normal((2,), 1.0, dtype="float64", seed=2)
            keras.random.uniform((), minval=-1.0, dtype="float32", seed=3)
            keras.random.randint((4,), 0, 9, seed=4)
        assert calls == [
            ("normal", (2, 3), 0.0, 2.0, "float32", 1),
            ("truncated_normal", (2,), 1.0, 1.0, "float64", 2),
            ("uniform", (), -1.0, 1.0, "float32", 3),
            ("randint", (4,), 0, 9, "int32", 4),
        ]
        assert keras.random.normal((2, 3), seed=1).shape == (2, 3)


def test_draw_seed():
    generator = keras.random.SeedGenerator(7)
    with keras_still("a draw takes the state of a generator, and counts it up"):
        found = [keras_private.draw_seed(generator) for _ in range(2)]
        np.testing.assert_array_equal(ops.stack(found), [[7, 0], [7, 1]])


@torch_only
def test_channels_last_on_torch():
    from keras.src.backend.torch import nn

    x = ops.convert_to_tensor(np.random.default_rng(0).normal(size=(2, 6, 6, 3)))
    kernel = ops.convert_to_tensor(np.random.default_rng(1).normal(size=(3, 3, 3, 4)))
    calls = [lambda: ops.conv(x, kernel), lambda: ops.max_pool(x, 2)]
    wanted = [call() for call in calls]
    with keras_still("`conv` and `max_pool` call `nn._transpose_spatial_inputs`"):
        before = nn._transpose_spatial_inputs
        with keras_private.channels_last_on_torch():
            assert nn._transpose_spatial_inputs(x).data_ptr() == x.data_ptr()
            found = [call() for call in calls]
        assert nn._transpose_spatial_inputs is before
        for one, other in zip(found, wanted, strict=True):
            np.testing.assert_allclose(one, other, atol=1e-12)
