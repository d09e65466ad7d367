"""Every callback of Keras does to a GAN what its page says: see docs/keras.md."""

import csv
import http.server
import json
import pathlib
import re
import threading

import keras
import numpy as np
import pytest

import kgan

POINTS = np.random.default_rng(0).uniform(-1, 1, (24, 2)).astype("float32")
KEYS = {"loss", "d_loss", "g_loss", "d_real", "d_fake"}
VALIDATION_KEYS = {f"val_{key}" for key in KEYS}
TWO_OPTIMIZERS = pytest.mark.since_keras("3.15.0", reason="knows several optimizers")


@pytest.fixture
def gan(tiny):
    gan = tiny()
    gan.compile(keras.optimizers.Adam(1e-2), keras.optimizers.RMSprop(3e-3))
    return gan


def test_the_table_in_the_docs_has_them_all():
    page = pathlib.Path(__file__).parents[1] / "docs" / "keras.md"
    table = [line for line in page.read_text("utf-8").splitlines() if line[:3] == "| `"]
    names = {name for name in dir(keras.callbacks) if name[0].isupper()}
    assert names <= set(
        re.findall(r"`(\w+)`", "".join(row.split("|")[1] for row in table))
    )


class Remember(keras.callbacks.Callback):
    """Copies weights and logs at the end of each epoch."""

    def on_train_begin(self, logs=None):
        self.weights, self.logs = [], []

    def on_epoch_end(self, epoch, logs=None):
        self.weights.append(self.model.get_weights())
        self.logs.append(dict(logs))


def fit(gan, *callbacks, epochs=4, **options):
    remember = Remember()
    history = gan.fit(
        POINTS[:16], batch_size=8, epochs=epochs, verbose=0,
        validation_data=POINTS[16:], callbacks=[remember, *callbacks], **options,
    )  # fmt: skip
    return history, remember


def assert_equal(weights, wanted):
    for a, b in zip(weights, wanted, strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("key", ["val_g_loss", "d_real"])
def test_model_checkpoint_keeps_the_best(gan, tmp_path, key):
    path = tmp_path / "best.keras"
    save = keras.callbacks.ModelCheckpoint(
        path, monitor=key, mode="max", save_best_only=True
    )
    history, remember = fit(gan, save)
    best = int(np.argmax(history.history[key]))
    loaded = keras.models.load_model(path)
    assert_equal(loaded.get_weights(), remember.weights[best])
    assert loaded.epoch == best + 1


def test_model_checkpoint_of_weights(gan, tiny, tmp_path):
    path = tmp_path / "{epoch}.weights.h5"
    save = keras.callbacks.ModelCheckpoint(path, save_weights_only=True)
    _, remember = fit(gan, save)
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        f"{epoch}.weights.h5" for epoch in (1, 2, 3, 4)
    ]
    other = tiny()
    other.compile("adam", "rmsprop")
    other.load_weights(tmp_path / "2.weights.h5")
    assert_equal(other.get_weights(), remember.weights[1])
    assert int(other.g_optimizer.iterations) == 4


def test_early_stopping_and_best_weights(gan):
    stop = keras.callbacks.EarlyStopping(
        "d_loss", mode="min", min_delta=1e9, patience=2, restore_best_weights=True
    )
    history, remember = fit(gan, stop)
    assert len(history.epoch) == 3  # Nothing is better than the first by a billion.
    assert_equal(gan.get_weights(), remember.weights[0])


@TWO_OPTIMIZERS
def test_reduce_lr_on_plateau_reduces_both(gan):
    reduce = keras.callbacks.ReduceLROnPlateau(
        "g_loss", mode="min", factor=0.1, patience=1, min_delta=1e9
    )
    history, _ = fit(gan, reduce, epochs=3)
    assert float(gan.g_optimizer.learning_rate) == pytest.approx(1e-4)
    assert float(gan.d_optimizer.learning_rate) == pytest.approx(3e-5)
    for optimizer, rate in ((gan.g_optimizer, 1e-2), (gan.d_optimizer, 3e-3)):
        rates = history.history[f"learning_rate_{optimizer.name}"]
        np.testing.assert_allclose(rates, [rate, rate, rate / 10], rtol=1e-5)


@TWO_OPTIMIZERS
def test_learning_rate_scheduler_sets_both(gan):
    schedule = keras.callbacks.LearningRateScheduler(lambda epoch, rate: rate / 2)
    history, _ = fit(gan, schedule, epochs=2)
    for optimizer, rate in ((gan.g_optimizer, 1e-2), (gan.d_optimizer, 3e-3)):
        assert float(optimizer.learning_rate) == pytest.approx(rate / 4)
        rates = history.history[f"learning_rate_{optimizer.name}"]
        np.testing.assert_allclose(rates, [rate / 2, rate / 4], rtol=1e-5)


def test_csv_logger_and_history(gan, tmp_path):
    history, remember = fit(gan, keras.callbacks.CSVLogger(tmp_path / "log.csv"))
    assert set(history.history) == KEYS | VALIDATION_KEYS
    with open(tmp_path / "log.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 4
    for key, values in history.history.items():
        np.testing.assert_allclose([float(row[key]) for row in rows], values)
        np.testing.assert_array_equal([logs[key] for logs in remember.logs], values)


@keras.saving.register_keras_serializable("tests")
class NaN(kgan.losses.NonSaturating):
    def generator_term(self, t):
        return t * np.nan


def test_terminate_on_nan(gan):
    gan.compile(loss=NaN())
    gan.fit(POINTS, batch_size=8, verbose=0, callbacks=[keras.callbacks.TerminateOnNaN()])
    assert int(gan.g_optimizer.iterations) == 1


def test_lambda_callback_sees_every_batch_and_epoch(gan):
    seen = []
    fit(
        gan,
        keras.callbacks.LambdaCallback(
            on_epoch_begin=lambda epoch, logs: seen.append(epoch),
            on_train_batch_end=lambda batch, logs: seen.append((batch, set(logs))),
            on_epoch_end=lambda epoch, logs: seen.append(set(logs)),
        ),
        epochs=1,
    )
    assert seen == [0, (0, KEYS), (1, KEYS), KEYS | VALIDATION_KEYS]


def test_progress_bar_shows_the_means(gan, capsys):
    history = gan.fit(POINTS, batch_size=8, verbose=2)
    line = capsys.readouterr().out
    assert "3/3" in line and f"d_loss: {history.history['d_loss'][0]:.4f}" in line


def test_remote_monitor_posts_the_logs(gan):
    posted = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            posted.append(
                json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            )
            self.send_response(200)
            self.end_headers()

        def log_message(self, *args):
            pass

    with http.server.HTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        root = f"http://127.0.0.1:{server.server_port}"
        monitor = keras.callbacks.RemoteMonitor(root, send_as_json=True)
        history, _ = fit(gan, monitor, epochs=2)
        server.shutdown()
    assert [post["epoch"] for post in posted] == [0, 1]
    for key, values in history.history.items():
        np.testing.assert_allclose([post[key] for post in posted], values, rtol=1e-6)


@TWO_OPTIMIZERS
def test_swap_ema_weights(tiny):
    gan = tiny()
    gan.compile(
        keras.optimizers.SGD(0.5, use_ema=True, ema_momentum=0.5),
        keras.optimizers.SGD(0.5),
    )
    wanted, seen = [], []

    class Watch(keras.callbacks.Callback):
        """Averages by hand what the optimizer averages, weights after each update."""

        def on_train_begin(self, logs=None):
            self.average = [np.zeros_like(w) for w in self.model.generator.get_weights()]

        def on_train_batch_end(self, batch, logs=None):
            weights = self.model.generator.get_weights()
            steps = int(self.model.g_optimizer.iterations)
            kept = 0.0 if steps == 1 else 0.5
            self.average = [
                kept * a + (1 - kept) * w
                for a, w in zip(self.average, weights, strict=True)
            ]
            self.weights = weights

        def on_test_batch_end(self, batch, logs=None):
            seen.append(self.model.generator.get_weights())
            wanted.append(self.average)

    watch = Watch()
    fit(gan, watch, keras.callbacks.SwapEMAWeights(), epochs=2)
    assert len(seen) == 2
    for weights, average in zip(seen, wanted, strict=True):
        for a, b in zip(weights, average, strict=True):
            np.testing.assert_allclose(a, b, atol=1e-6)
    # As with any Keras model, the average replaces the weights when `fit` ends.
    for a, b in zip(gan.generator.get_weights(), watch.average, strict=True):
        np.testing.assert_allclose(a, b, atol=1e-6)


def test_swap_ema_weights_needs_an_average(gan):
    with pytest.raises(ValueError, match="use_ema=True"):
        fit(gan, keras.callbacks.SwapEMAWeights(), epochs=1)


def events(folder):
    accumulators = pytest.importorskip(
        "tensorboard.backend.event_processing.event_accumulator"
    )
    accumulator = accumulators.EventAccumulator(str(folder))
    accumulator.Reload()
    return accumulator


@TWO_OPTIMIZERS
def test_tensorboard_logs_scalars_histograms_and_samples(digits, tmp_path):
    gan = kgan.GAN(
        kgan.networks.dcgan_generator((8, 8, 1), 4, width=4),
        kgan.networks.dcgan_discriminator((8, 8, 1), width=4),
        seed=0,
    )
    gan.compile(keras.optimizers.Adam(1e-2), keras.optimizers.RMSprop(3e-3))
    board = kgan.callbacks.TensorBoard(
        tmp_path, rows=2, columns=3, histogram_freq=1, update_freq=1
    )
    history = gan.fit(
        digits[:32], batch_size=16, epochs=2, verbose=0,
        validation_data=digits[32:40], callbacks=[board],
    )  # fmt: skip
    from tensorboard.util.tensor_util import make_ndarray

    train, validation = events(tmp_path / "train"), events(tmp_path / "validation")
    for key in KEYS:
        for accumulator, name in ((train, key), (validation, f"val_{key}")):
            logged = accumulator.Tensors(f"epoch_{key}")
            values = [make_ndarray(event.tensor_proto) for event in logged]
            np.testing.assert_allclose(values, history.history[name], rtol=1e-6)
    tags = train.Tags()["tensors"]
    for optimizer in gan.optimizer.optimizers:
        assert f"epoch_learning_rate_{optimizer.name}" in tags
    histograms = [tag for tag in tags if tag.endswith("/histogram")]
    weights = (
        gan.generator.weights + gan.discriminator.weights + gan.ema_generator.weights
    )
    assert len(histograms) == len(weights)
    assert len([tag for tag in tags if tag == "batch_d_loss"]) == 1
    pictures = events(tmp_path / "samples").Tensors("samples")
    assert [event.step for event in pictures] == [0, 1]
    png = pictures[-1].tensor_proto.string_val[2]
    wanted = kgan.data.grid(gan.sample(6, seed=0), 2, 3)
    import io

    from PIL import Image

    np.testing.assert_array_equal(np.asarray(Image.open(io.BytesIO(png))), wanted)


@pytest.mark.parametrize("frequency, steps", [("epoch", []), ("batch", [1, 2]), (2, [2])])
def test_tensorboard_is_given_only_the_numbers_that_it_writes(
    tiny, tmp_path, monkeypatch, frequency, steps
):
    given, gan = [], tiny()
    gan.compile()
    board = kgan.callbacks.TensorBoard(tmp_path, update_freq=frequency)
    monkeypatch.setattr(
        board.summary, "scalar", lambda name, value, step: given.append((name, step))
    )
    points = np.zeros((32, 2), "float32")
    gan.fit(points, batch_size=16, verbose=0, callbacks=[board])
    assert [step for name, step in given if name == "batch_d_loss"] == steps


def test_tensorboard_that_is_missing_names_the_extra(monkeypatch, tmp_path):
    import importlib.util

    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(ImportError, match=r"kgan\[tensorboard\]"):
        kgan.callbacks.TensorBoard(tmp_path)
