"""Translators and CycleGANs hold what GANs do: resume, precision, callbacks, exports."""

import subprocess
import sys

import keras
import numpy as np
import pytest
from helpers import Interrupt, Interrupted, assert_same_history, assert_same_state
from keras import layers

import kgan

RNG = np.random.default_rng(0)
A = RNG.integers(0, 256, (12, 6, 6, 1)).astype("uint8")
B = 255 - A
KINDS = ["translator", "cyclegan"]
both = pytest.mark.parametrize("kind", KINDS)


def network(*channels, activation=None, dropout=0.0, name=None):
    """Returns a network of pictures, which are joined, with all that has state."""
    inputs = [keras.Input((6, 6, number)) for number in channels]
    given = inputs if len(inputs) > 1 else inputs[0]
    x = layers.Concatenate()(inputs) if len(inputs) > 1 else given
    x = layers.Dropout(dropout)(kgan.layers.BatchNormalization()(x))
    options = {"padding": "same", "data_format": "channels_last"}
    x = layers.Conv2D(1, 3, activation=activation, **options)(x)
    return keras.Model(given, x, name=name)


def build(kind, optimizer=None, dropout=0.0, **options):
    keras.utils.set_random_seed(0)
    generator = {"activation": "tanh", "dropout": dropout, "name": "generator"}
    if kind == "cyclegan":
        generators = [network(1, **generator) for _ in range(2)]
        critics = [network(1, dropout=dropout) for _ in range(2)]
        model = kgan.CycleGAN(*generators, *critics, seed=0)
        options = {"history": 2, **options}
    else:
        judge = network(1, 1, dropout=dropout)
        model = kgan.Translator(network(1, **generator), judge, seed=0)
    model.compile(optimizer=optimizer or keras.optimizers.Adam(0.01), **options)
    return model


def everything():
    """Returns options that keep state, or draw random numbers."""
    linear = kgan.schedules.Linear
    return {
        "penalties": [kgan.penalties.LeCam(linear(0.1, 0.5, 16))],
        "augment": "diffaugment",
        "dropout": 0.3,
        "run_eagerly": True,
        "schedules": {"learning_rate": linear(0.01, 0.0, 8, begin=8)},
    }


@pytest.mark.slow
@both
def test_interrupted_and_resumed_it_is_the_training_that_never_was(kind, tmp_path):
    path = tmp_path / "model.keras"

    def fit(model, folder, *callbacks):
        history = kgan.callbacks.HistoryCSV(tmp_path / folder / "history.csv")
        model.fit(
            A[:8], B[:8], batch_size=4, epochs=2, initial_epoch=model.epoch, verbose=0,
            callbacks=[history, *callbacks],
        )  # fmt: skip

    for folder in ("whole", "broken"):
        (tmp_path / folder).mkdir()
    whole = build(kind, **everything())
    fit(whole, "whole")
    broken = build(kind, **everything())
    checkpoint = kgan.callbacks.Checkpoint(path, share=1e9)
    with pytest.raises(Interrupted):
        fit(broken, "broken", checkpoint, Interrupt(1, 0))
    loaded = keras.models.load_model(path)
    assert type(loaded) is type(broken)
    assert loaded.recipe == broken.recipe
    assert_same_state(loaded, broken)
    assert (loaded.epoch, loaded.progress.batch) == (1, 1)
    if kind == "cyclegan":
        assert int(loaded.recipe.histories[0].variables[1].numpy()) == 2
    fit(loaded, "broken")
    assert_same_state(loaded, whole)
    assert_same_history(tmp_path / "whole", tmp_path / "broken")
    np.testing.assert_array_equal(loaded.translate(A), whole.translate(A))


@pytest.mark.backends("tensorflow", "jax", reason="16 bits need a CPU of its own")
@pytest.mark.parametrize("name", ["mixed_bfloat16", "mixed_float16"])
@both
def test_16_bits_train_about_as_32_do(kind, name, policy, tmp_path):
    def logs():
        model = build(kind, run_eagerly=True, penalties=[kgan.penalties.R1(0.1)])
        return model, model.train_on_batch(A[:4], B[:4], return_dict=True)

    _, wanted = logs()
    policy(name)
    model, found = logs()
    assert found.keys() == wanted.keys()
    for key, value in wanted.items():
        np.testing.assert_allclose(found[key], value, rtol=0.03, atol=0.03, err_msg=key)
    assert {w.dtype for w in model.trainable_variables} == {"float32"}
    assert model.translate(A).dtype == np.float32
    scaled = isinstance(model.g_optimizer, keras.optimizers.LossScaleOptimizer)
    assert scaled == (name == "mixed_float16")
    model.save(tmp_path / "model.keras")
    policy("float32")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    for one in (model, loaded):
        one.train_on_batch(A[4:8], B[4:8])
    assert_same_state(loaded, model)


@pytest.mark.slow
@both
def test_accumulated_gradients_are_their_mean(kind):
    def trained(batches, **options):
        sgd = keras.optimizers.SGD(0.1, **options)
        # Earlier fakes would draw random numbers.
        fresh = {"history": 0} if kind == "cyclegan" else {}
        model = build(kind, sgd, run_eagerly=True, **fresh)
        networks = model.generator, model.discriminator
        start = [x.get_weights() for x in networks]
        trained = [[v.path for v in x.trainable_variables] for x in networks]
        for rows in batches:
            model.train_on_batch(A[rows], B[rows])
        moved = []
        for x, old, paths in zip(networks, start, trained, strict=True):
            pairs = zip(x.weights, old, strict=True)
            moved.append([w.numpy() - o for w, o in pairs if w.path in paths])
        return moved

    first, second = slice(0, 4), slice(4, 8)
    for deltas in trained([first], gradient_accumulation_steps=2):
        assert not any(delta.any() for delta in deltas)
    generator, judge = trained([first, second], gradient_accumulation_steps=2)
    assert any(d.any() for d in generator)
    # The generator's second gradient comes after the update of the discriminator.
    alone = [trained([rows])[1] for rows in (first, second)]
    for found, *deltas in zip(judge, *alone, strict=True):
        np.testing.assert_allclose(found, np.mean(deltas, axis=0), atol=1e-6)


@pytest.mark.backends("tensorflow", reason="JAX always compiles, and PyTorch can't")
def test_xla_computes_the_same_step():
    models = [build("translator", jit_compile=flag) for flag in (True, False)]
    logs = [m.train_on_batch(A[:4], B[:4], return_dict=True) for m in models]
    for key, value in logs[1].items():
        np.testing.assert_allclose(logs[0][key], value, rtol=1e-4, err_msg=key)


@pytest.mark.slow
@both
def test_callbacks_draw_and_measure(kind, tmp_path):
    pytest.importorskip("tensorboard")
    model = build(kind, run_eagerly=True)
    callbacks = [
        kgan.callbacks.Health(warmup=10**6),
        kgan.callbacks.Evaluate(B, "kd8"),
        kgan.callbacks.SampleGrid(tmp_path / "grids", rows=1, columns=6, gif=True),
        kgan.callbacks.TensorBoard(tmp_path / "board", rows=1, columns=6),
    ]
    history = model.fit(
        A[:8], B[:8], batch_size=4, verbose=0, callbacks=callbacks
    ).history
    # The discriminator of a translator needs a source for each sample.
    assert ("d_accuracy" in history) == (kind == "cyclegan")
    assert "diversity" in history and any("val_kd8" in key for key in history)
    names = {path.name for path in (tmp_path / "grids").iterdir()}
    assert names == {"samples-000000000.png", "samples-000000008.png", "samples.gif"}
    assert len(list((tmp_path / "board").rglob("events*"))) >= 1


LOAD = """
import sys
import numpy as np
import tensorflow as tf
x = np.load("x.npy")
for name in sys.argv[1:]:
    model = tf.saved_model.load(name)
    # No seed gives the pictures that a sample is drawn from.
    assert not hasattr(model, "sample")
    np.savez(name + ".npz", model.serve(x).numpy(), model.serve_uint8(x).numpy())
assert "kgan" not in sys.modules
"""


@pytest.mark.backends("tensorflow", reason="TensorFlow alone writes these signatures")
def test_saved_models_translate_without_kgan(tmp_path):
    translator, cyclegan = map(build, KINDS)
    translator.export(tmp_path / "translator", verbose=False)
    cyclegan.export(tmp_path / "cyclegan", to="a", verbose=False)
    np.save(tmp_path / "x.npy", kgan.data.to_float(A))
    found = {
        "translator": translator.translate(A),
        "cyclegan": cyclegan.translate(A, to="a"),
    }
    command = [sys.executable, "-c", LOAD, *found]
    subprocess.run(command, check=True, capture_output=True, cwd=tmp_path)
    for name, wanted in found.items():
        floats, pixels = np.load(tmp_path / f"{name}.npz").values()
        np.testing.assert_allclose(floats, wanted, atol=1e-6)
        # A value between two pixels may be rounded to either.
        differences = pixels.astype(int) - kgan.data.to_uint8(wanted)
        assert np.abs(differences).max() <= 1
    assert not np.allclose(found["cyclegan"], cyclegan.translate(A))
