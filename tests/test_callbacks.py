import csv
import os
import signal
import threading

import keras
import numpy as np
import pytest
from helpers import (
    Interrupt,
    Interrupted,
    Spoil,
    Stop,
    assert_same_history,
    on_pytorch,
    spoil,
)
from PIL import Image

import kgan
from kgan.callbacks.interval import Interval


@pytest.fixture
def gan():
    gan = kgan.GAN(
        kgan.networks.dcgan_generator((8, 8, 1), 4, width=4),
        kgan.networks.dcgan_discriminator((8, 8, 1), width=4),
        seed=0,
    )
    gan.compile()
    return gan


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_sample_grid_saves_at_step_0_and_after_every_epoch(gan, digits, tmp_path):
    grid = kgan.callbacks.SampleGrid(tmp_path, rows=2, columns=3, scale=2)
    gan.fit(digits[:40], batch_size=10, epochs=2, verbose=0, callbacks=[grid])
    assert names(tmp_path) == [
        "reals.png", *(f"samples-{i:09d}.png" for i in (0, 40, 80)),
    ]  # fmt: skip
    latents = gan.noise.sample((6, 4), seed=0)
    wanted = kgan.data.grid(gan.sample(z=latents), 2, 3, 2)
    saved = Image.open(tmp_path / "samples-000000080.png")
    np.testing.assert_array_equal(np.asarray(saved), np.asarray(wanted))
    order = np.random.default_rng((0, 0)).permutation(40)
    reals = kgan.data.grid(digits[np.sort(order)[:6]], 2, 3, 2)
    np.testing.assert_array_equal(
        np.asarray(Image.open(tmp_path / "reals.png")), np.asarray(reals)
    )


@pytest.mark.backends("tensorflow", "jax", reason="Keras' torch takes single steps")
def test_sample_grid_saves_every_n_batches(gan, digits, tmp_path):
    gan.compile(steps_per_execution=2)
    grid = kgan.callbacks.SampleGrid(tmp_path / "deep" / "er", save_freq=4, reals=False)
    gan.fit(digits[:60], batch_size=10, epochs=2, verbose=0, callbacks=[grid])
    assert names(tmp_path / "deep" / "er") == [
        f"samples-{images:09d}.png" for images in (0, 40, 80, 120)
    ]


@pytest.mark.slow
@pytest.mark.parametrize("stop", [None, (1, 0), (1, 1), (2, 2)])
def test_grids_every_few_samples_are_those_of_a_training_without_a_stop(
    gan, digits, tmp_path, stop
):
    def fit(gan, *others):
        grid = kgan.callbacks.SampleGrid(tmp_path / "grids", reals=False, every=25)
        options = {"epochs": 3, "initial_epoch": gan.epoch, "verbose": 0}
        gan.fit(digits[:30], batch_size=10, callbacks=[*others, grid], **options)

    if stop is not None:
        fit(gan, Stop(*stop))
        gan.save(tmp_path / "gan.keras")
        gan = keras.models.load_model(tmp_path / "gan.keras")
    fit(gan)
    # 25 samples are complete after 30, 50, 80 and so on; 90 is the end.
    assert names(tmp_path / "grids") == [
        f"samples-{images:09d}.png" for images in (0, 30, 50, 80, 90)
    ]


def test_a_grid_is_drawn_once_at_the_end(gan, digits, tmp_path, monkeypatch):
    drawn, sample = [], kgan.GAN.sample
    monkeypatch.setattr(
        kgan.GAN, "sample", lambda *a, **k: drawn.append(1) or sample(*a, **k)
    )
    grid = kgan.callbacks.SampleGrid(tmp_path, reals=False, every=20)
    gan.fit(digits[:40], batch_size=10, verbose=0, callbacks=[grid])
    assert names(tmp_path) == [f"samples-{i:09d}.png" for i in (0, 20, 40)]
    assert len(drawn) == 3


@pytest.mark.parametrize(
    "every, steps",
    [
        (100, [32] * 13 + [5]),
        (10, [32, 32, 7]),
        # The batches that a resumed training skips count nothing.
        (64, [0, 0, 16, 16, 16, 16, 16]),
        (3, [1] * 10),
    ],
)
def test_an_interval_ends_with_the_step_that_completes_it(every, steps):
    shown, passed, wanted = [0], [], []
    interval = Interval(every, lambda: shown[0])
    for _ in range(3):
        interval.begin()
        for step in steps:
            before = shown[0] // every
            shown[0] += step
            passed.append(interval.has_passed())
            wanted.append(shown[0] // every > before)
    assert passed == wanted


def test_an_interval_reads_the_count_only_when_it_may_be_done():
    shown, reads = [0], []

    def count():
        reads.append(shown[0])
        return shown[0]

    interval = Interval(100, count)
    interval.begin()
    for _ in range(13):
        shown[0] += 32
        interval.has_passed()
    # After the first step, each interval of 100 ends with the third or the fourth step.
    assert reads == [0, 32, 128, 224, 320, 416]


def test_checkpoint_saves_every_few_samples(gan, digits, tmp_path, monkeypatch):
    saved = []
    monkeypatch.setattr(
        kgan.GAN, "save", lambda gan, *given, **_: saved.append(int(gan.images_seen))
    )
    checkpoint = kgan.callbacks.Checkpoint(tmp_path / "gan.keras", every=25)
    options = {"batch_size": 10, "verbose": 0, "callbacks": [checkpoint]}
    gan.fit(digits[:30], epochs=3, **options)
    assert saved == [30, 50, 80, 90]


@pytest.mark.parametrize("callback", ["SampleGrid", "Checkpoint", "Evaluate"])
@pytest.mark.parametrize("every", [0, -1, 2.0, True, "epoch"])
def test_every_is_a_number_of_samples(digits, callback, every):
    first = digits if callback == "Evaluate" else "gan.keras"
    with pytest.raises(ValueError, match=f"`every` must be .* every={every!r}"):
        getattr(kgan.callbacks, callback)(first, every=every)


def test_a_grid_has_one_interval(tmp_path):
    with pytest.raises(ValueError, match=r"give one\. Received: every=5, save_freq=3"):
        kgan.callbacks.SampleGrid(tmp_path, every=5, save_freq=3)


@pytest.mark.slow
def test_sample_grid_does_not_disturb_training(digits, tmp_path):
    runs = []
    for callbacks in ([], [kgan.callbacks.SampleGrid(tmp_path, save_freq=1)]):
        keras.utils.set_random_seed(0)
        gan = kgan.GAN(
            kgan.networks.dcgan_generator((8, 8, 1), 4, width=4),
            kgan.networks.dcgan_discriminator((8, 8, 1), width=4),
            seed=0,
        )
        gan.compile()
        gan.fit(digits[:40], batch_size=10, verbose=0, callbacks=callbacks)
        runs.append(gan.get_weights())
    for a, b in zip(*runs, strict=True):
        np.testing.assert_array_equal(a, b)


def test_animation_has_a_frame_for_each_grid(gan, digits, tmp_path):
    gif = tmp_path / "all.gif"
    grid = kgan.callbacks.SampleGrid(tmp_path / "grids", 2, 2, gif=gif, save_freq=1)
    gan.fit(digits[:30], batch_size=10, verbose=0, callbacks=[grid])
    with Image.open(gif) as animation:
        assert animation.n_frames >= 3  # Equal neighbours are merged into one.
        assert animation.info["loop"] == 0


def test_sample_grid_checks_its_arguments(gan, tiny, tmp_path):
    for name in ("rows", "columns", "scale", "save_freq"):
        for bad in (0, True, 2.0, "batch"):
            with pytest.raises(ValueError, match=f"`{name}`.*Received: {name}={bad!r}"):
                kgan.callbacks.SampleGrid(tmp_path, **{name: bad})
    options = {"rows": np.int64(2), "columns": np.int32(3), "save_freq": np.int64(4)}
    grid = kgan.callbacks.SampleGrid(tmp_path, **options)
    assert (grid.rows, grid.columns, grid.save_freq) == (2, 3, 4)
    with pytest.raises(ValueError, match="Received: gif=3"):
        kgan.callbacks.SampleGrid(tmp_path, gif=3)
    points = tiny()
    points.compile()
    with pytest.raises(ValueError, match=r"Received: samples of shape \(2,\)"):
        points.fit(
            np.zeros((4, 2), "float32"),
            verbose=0,
            callbacks=[kgan.callbacks.SampleGrid(tmp_path)],
        )


def test_failed_picture_leaves_no_file(gan, digits, tmp_path, monkeypatch):
    def full(image, path, **options):
        path.write_bytes(b"half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Image.Image, "save", full)
    with pytest.raises(OSError, match="No space left"):
        gan.fit(digits[:10], verbose=0, callbacks=[kgan.callbacks.SampleGrid(tmp_path)])
    assert names(tmp_path) == []


def test_history_csv_is_the_history(gan, digits, tmp_path):
    path = tmp_path / "history.csv"
    callbacks = [kgan.callbacks.HistoryCSV(path)]
    history = gan.fit(digits[:40], epochs=3, verbose=0, callbacks=callbacks)
    with open(path, newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [row["epoch"] for row in rows] == ["1", "2", "3"]
    assert [row["images"] for row in rows] == ["40", "80", "120"]
    for key, values in history.history.items():
        np.testing.assert_allclose([float(row[key]) for row in rows], values)


class Send(keras.callbacks.Callback):
    """Sends signals to this process, one after each batch from the second batch on."""

    def __init__(self, *numbers):
        super().__init__()
        self.numbers = numbers

    def on_train_batch_end(self, batch, logs=None):
        if 0 < batch <= len(self.numbers):
            os.kill(os.getpid(), self.numbers[batch - 1])


@pytest.mark.parametrize("name", ["SIGINT", *map(on_pytorch, ["SIGTERM", "SIGHUP"])])
def test_a_signal_ends_training_after_the_batch(gan, digits, name):
    stop, number = kgan.callbacks.StopOnInterrupt(), getattr(signal, name)
    before = signal.getsignal(number)
    data = {"x": digits[:100], "batch_size": 10, "epochs": 5, "verbose": 0}
    gan.fit(**data, callbacks=[stop, Send(number)])
    assert stop.interrupted and stop.signal == number
    assert int(gan.g_optimizer.iterations) == 2
    assert signal.getsignal(number) is before
    gan.fit(**data | {"epochs": 1}, callbacks=[stop])
    assert not stop.interrupted


def test_a_signal_is_told_at_once(gan, digits):
    told = []

    class Told(kgan.callbacks.StopOnInterrupt):
        def on_signal(self):
            told.append(self.signal)

    class Both(Send):
        def on_train_batch_end(self, batch, logs=None):
            os.kill(os.getpid(), signal.SIGTERM)
            assert told == [signal.SIGTERM]

    gan.fit(digits[:20], verbose=0, callbacks=[Told(), Both()])
    assert told == [signal.SIGTERM]


@pytest.mark.slow
def test_a_second_ctrl_c_ends_training_at_once(gan, digits):
    class Twice(Send):
        def on_train_batch_end(self, batch, logs=None):
            os.kill(os.getpid(), signal.SIGTERM)
            os.kill(os.getpid(), signal.SIGINT)

    before = signal.getsignal(signal.SIGINT)
    with pytest.raises(KeyboardInterrupt):
        gan.fit(
            digits[:20], verbose=0, callbacks=[kgan.callbacks.StopOnInterrupt(), Twice()]
        )
    assert signal.getsignal(signal.SIGINT) is before


@pytest.mark.slow
def test_a_signal_that_is_ignored_stays_ignored(gan, digits):
    """As SIGHUP under `nohup`."""
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        stop = kgan.callbacks.StopOnInterrupt()
        callbacks = [stop, Send(signal.SIGHUP)]
        gan.fit(digits[:40], batch_size=10, verbose=0, callbacks=callbacks)
        assert not stop.interrupted and int(gan.g_optimizer.iterations) == 4
        assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGHUP, before)


@pytest.mark.slow
def test_interrupts_in_another_thread_are_left_alone(gan, digits):
    before, ended = signal.getsignal(signal.SIGINT), []
    stop = kgan.callbacks.StopOnInterrupt()

    def train():
        gan.fit(digits[:20], batch_size=10, verbose=0, callbacks=[stop])
        ended.append(signal.getsignal(signal.SIGINT) is before)

    thread = threading.Thread(target=train)
    thread.start()
    thread.join()
    assert ended == [True] and not stop.interrupted


class RaiseAtTheBeginning(keras.callbacks.Callback):
    def on_train_begin(self, logs=None):
        raise Interrupted


@pytest.mark.slow
@pytest.mark.parametrize(
    "error", [Interrupt(0, 1), RaiseAtTheBeginning()], ids=["batch", "beginning"]
)
def test_the_handler_of_interrupts_is_put_back_after_an_error(gan, digits, error):
    before = signal.getsignal(signal.SIGINT)
    stop = kgan.callbacks.StopOnInterrupt()
    with pytest.raises(Interrupted):
        gan.fit(digits[:30], batch_size=10, verbose=0, callbacks=[stop, error])
    assert signal.getsignal(signal.SIGINT) is before


def callbacks(folder, save_freq):
    grid = kgan.callbacks.SampleGrid(
        folder / "samples", 2, 2, save_freq=save_freq, gif=True
    )
    return [
        kgan.callbacks.HistoryCSV(folder / "history.csv"),
        grid,
        kgan.callbacks.Checkpoint(folder / "gan.keras"),
    ]


@pytest.mark.slow
@pytest.mark.parametrize("save_freq", ["epoch", 3], ids=str)
def test_resumed_runs_leave_the_same_files(gan, digits, tmp_path, save_freq):
    gan.save(tmp_path / "start.keras")
    data = {"x": digits[:40], "batch_size": 10, "verbose": 0, "epochs": 4}
    straight, stopped = tmp_path / "straight", tmp_path / "stopped"
    gan.fit(**data, callbacks=callbacks(straight, save_freq))
    other = keras.models.load_model(tmp_path / "start.keras")
    other.fit(**data, callbacks=[Stop(1, 1), *callbacks(stopped, save_freq)])
    resumed = keras.models.load_model(stopped / "gan.keras")
    assert (resumed.epoch, resumed.progress.batch) == (1, 2)
    # The epoch that was cut short left a row, and a picture, that are not the run's.
    resumed.fit(**data, initial_epoch=1, callbacks=callbacks(stopped, save_freq))
    names = {str(path.relative_to(straight)) for path in straight.rglob("*")}
    extra = {str(path.relative_to(stopped)) for path in stopped.rglob("*")} - names
    assert extra <= {"samples/samples-000000060.png"}
    assert_same_history(stopped, straight)
    for name in names - {"gan.keras", "history.csv", "samples", "samples/samples.gif"}:
        assert (stopped / name).read_bytes() == (straight / name).read_bytes(), name
    saved = [keras.models.load_model(run / "gan.keras") for run in (straight, stopped)]
    for a, b in zip(*(model.get_weights() for model in saved), strict=True):
        np.testing.assert_array_equal(a, b)
    assert saved[0].epoch == saved[1].epoch == 4


@pytest.mark.slow
def test_checkpoint_saves_as_often_as_its_share_allows(
    gan, digits, tmp_path, monkeypatch
):
    now, saved = [0.0], []

    def save(path):
        saved.append(int(gan.g_optimizer.iterations))
        now[0] += 1.0  # A second for each writing, a second for each batch.

    monkeypatch.setattr("time.monotonic", lambda: now[0])
    gan.save = save

    class Tick(keras.callbacks.Callback):
        def on_train_batch_begin(self, batch, logs=None):
            now[0] += 1.0

    checkpoint = kgan.callbacks.Checkpoint(tmp_path / "gan.keras", share=0.25)
    gan.fit(
        digits[:90], batch_size=10, verbose=0, callbacks=[Tick(), checkpoint], epochs=1
    )
    # After the first batch, then whenever four seconds have passed, and at the end.
    assert saved == [1, 5, 9, 9]


@pytest.mark.slow
def test_sample_grid_counts_batches_that_update_nothing_too(gan, digits, tmp_path):
    gan.compile(optimizer=keras.optimizers.Adam(gradient_accumulation_steps=4))
    (tmp_path / "samples-best.png").write_text("a user's")
    grid = kgan.callbacks.SampleGrid(tmp_path, 2, 2, save_freq=2, reals=False, gif=True)
    options = {"x": digits[:60], "batch_size": 10, "verbose": 0, "callbacks": [grid]}
    gan.fit(**options)
    gan.fit(**options, initial_epoch=1, epochs=2)
    assert names(tmp_path) == [
        *(f"samples-{i:09d}.png" for i in range(0, 121, 20)), "samples-best.png",
        "samples.gif",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "make, message",
    [
        (
            lambda: kgan.callbacks.Checkpoint(None),
            "ends in .keras.*: path=None",
        ),
        (lambda: kgan.callbacks.Checkpoint("gan.h5"), "Received: path='gan.h5'"),
        (lambda: kgan.callbacks.Checkpoint("a.keras", 0.0), "Received: share=0.0"),
        (lambda: kgan.callbacks.Checkpoint("a.keras", True), "Received: share=True"),
        (lambda: kgan.callbacks.HistoryCSV(3), "must be a path. Received: path=3"),
        (lambda: kgan.callbacks.SampleGrid(None), "Received: directory=None"),
        (lambda: kgan.callbacks.TensorBoard("logs", rows=True), "Received: rows=True"),
        (lambda: kgan.callbacks.TensorBoard("logs", columns=1.5), "columns=1.5"),
        (lambda: kgan.callbacks.TensorBoard("logs", update_freq=0), "update_freq=0"),
        (lambda: kgan.callbacks.TensorBoard("logs", write_graph=2), "write_graph=2"),
        (lambda: kgan.callbacks.TensorBoard("logs", histogram_freq=-1), "freq=-1"),
        (
            lambda: kgan.callbacks.Evaluate((np.zeros((2, 8, 8, 1), "uint8"),)),
            r"a pair \(images, labels\)\. Received: reals of type tuple with 1 part",
        ),
    ],
)
def test_callbacks_check_their_arguments(make, message):
    if "TensorBoard" in make.__code__.co_names:
        pytest.importorskip("tensorboard")
    with pytest.raises(ValueError, match=message):
        make()


FILES = {
    "path": lambda path: kgan.callbacks.HistoryCSV(path),
    "gif": lambda path: kgan.callbacks.SampleGrid("samples", gif=path),
}
IMAGES = np.zeros((2, 8, 8, 1), "uint8")
FOLDERS = {
    "directory": lambda path: kgan.callbacks.SampleGrid(path),
    "log_dir": lambda path: kgan.callbacks.TensorBoard(path),
    "cache": lambda path: kgan.callbacks.Evaluate(IMAGES, "fd2", cache=path),
}


@pytest.mark.parametrize("argument", FILES)
def test_a_folder_in_place_of_a_file_is_named_before_training(tmp_path, argument):
    message = f"`{argument}` must be the path of a file, and is a folder. Received"
    with pytest.raises(ValueError, match=message):
        FILES[argument](tmp_path)


def test_a_folder_in_place_of_a_checkpoint_is_named(tmp_path):
    (tmp_path / "gan.keras").mkdir()
    with pytest.raises(ValueError, match="`path` must be the path of a file, and is a f"):
        kgan.callbacks.Checkpoint(tmp_path / "gan.keras")


@pytest.mark.parametrize("argument", FILES | FOLDERS)
def test_a_file_in_place_of_a_folder_is_named_before_training(tmp_path, argument):
    if argument == "log_dir":
        pytest.importorskip("tensorboard")
    (tmp_path / "file").write_text("")
    message = rf"`{argument}` must be a path in a folder, and .*file is a file\. Receiv"
    with pytest.raises(ValueError, match=message):
        (FILES | FOLDERS)[argument](tmp_path / "file" / "deeper" / "still")
    if argument in FOLDERS:
        with pytest.raises(ValueError, match=message):
            FOLDERS[argument](str(tmp_path / "file"))


@pytest.mark.slow
def test_a_file_that_is_no_history_raises(gan, digits, tmp_path):
    path = tmp_path / "history.csv"
    path.write_text("a,b\n1,2\n")
    history = kgan.callbacks.HistoryCSV(path)
    with pytest.raises(ValueError, match=r"Received: path=.* with columns"):
        gan.fit(digits[:20], epochs=3, initial_epoch=2, verbose=0, callbacks=[history])
    assert path.read_text() == "a,b\n1,2\n"
    gan.fit(digits[:20], verbose=0, callbacks=[history])  # A new run replaces it.
    assert path.read_text().startswith("epoch,")


@pytest.mark.slow
@pytest.mark.parametrize(
    "text", ["epoch,loss\none,1\n", "loss,epoch\n1\n", "", "epoch\n1\x00\n", "\xff"]
)
def test_a_history_that_was_edited_wrongly_is_named(gan, digits, tmp_path, text):
    path = tmp_path / "history.csv"
    path.write_bytes(text.encode("latin-1"))
    history = kgan.callbacks.HistoryCSV(path)
    options = {"epochs": 3, "initial_epoch": 2, "verbose": 0, "callbacks": [history]}
    if not text:
        gan.fit(digits[:20], **options)
        return
    with pytest.raises(ValueError, match=r"in the column `epoch`.*Received: path="):
        gan.fit(digits[:20], **options)
    assert path.read_bytes() == text.encode("latin-1")


@pytest.mark.slow
def test_pictures_that_are_gone_are_left_out_of_the_animation(gan, digits, tmp_path):
    class Lose(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            paths = sorted(tmp_path.glob("samples-*"))
            actions = [
                paths[0].unlink,
                lambda: paths[-1].write_text("no picture"),
                lambda: Image.new("L", (3, 3)).save(paths[-1]),
                lambda: None,
            ]
            actions[epoch]()

    grid = kgan.callbacks.SampleGrid(tmp_path, 2, 2, gif=True, reals=False)
    checkpoint = kgan.callbacks.Checkpoint(tmp_path / "gan.keras")
    callbacks = [grid, checkpoint, Lose()]
    gan.fit(digits[:10], batch_size=10, epochs=4, verbose=0, callbacks=callbacks)
    with Image.open(tmp_path / "samples.gif") as animation:
        assert animation.n_frames == 2
    assert keras.models.load_model(tmp_path / "gan.keras").epoch == 4


@pytest.mark.slow
def test_checkpoint_saves_when_a_later_callback_stops_training(gan, digits, tmp_path):
    path = tmp_path / "gan.keras"
    callbacks = [kgan.callbacks.Checkpoint(path), Stop(0, 2)]
    gan.fit(digits[:50], batch_size=10, verbose=0, callbacks=callbacks)
    loaded = keras.models.load_model(path)
    assert (loaded.epoch, loaded.progress.batch) == (0, 3)


def all_finite(gan):
    variables = gan.variables + gan.optimizer.variables
    return all(np.isfinite(variable.numpy()).all() for variable in variables)


@pytest.mark.slow
def test_a_checkpoint_beside_terminate_on_nan_keeps_the_last_good_file(
    gan, digits, tmp_path
):
    path = tmp_path / "gan.keras"
    checkpoint = kgan.callbacks.Checkpoint(path, share=1.0)
    callbacks = [Spoil(2), keras.callbacks.TerminateOnNaN(), checkpoint]
    with pytest.warns(UserWarning, match="NaN or infinite, and Checkpoint") as caught:
        gan.fit(digits[:40], batch_size=10, epochs=4, verbose=0, callbacks=callbacks)
    assert sum("Checkpoint saves" in str(w.message) for w in caught) == 1
    assert not all_finite(gan)
    saved = keras.models.load_model(path)
    assert all_finite(saved) and saved.epoch <= 2


def spoiled(gan, name):
    variables = {
        "discriminator": gan.discriminator.trainable_variables,
        "average": gan.ema_generator.variables,
        "optimizer": gan.d_optimizer.variables[2:],
    }
    spoil(variables[name][0])
    return gan


@pytest.mark.slow
@pytest.mark.parametrize("name", ["discriminator", "average", "optimizer"])
def test_weights_that_are_not_finite_replace_no_file(gan, tmp_path, name):
    writers = {
        "gan.keras": gan.save,
        "gan.weights.h5": gan.save_weights,
    }
    for file, write in writers.items():
        write(tmp_path / file)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    spoiled(gan, name)
    for file, write in writers.items():
        with pytest.raises(ValueError, match=f"NaN or infinite.*Received: .*{file}"):
            write(tmp_path / file)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before
    gan.save(tmp_path / "bad.keras")  # To look at, a new file is allowed.
    assert (tmp_path / "bad.keras").exists()


@pytest.mark.backends("tensorflow", "jax", reason="Keras writes none on PyTorch")
def test_weights_that_are_not_finite_replace_no_export(gan, tmp_path):
    out = tmp_path / "saved"
    gan.export(out, verbose=False)
    with pytest.raises(ValueError, match="NaN or infinite"):
        spoiled(gan, "average").export(out, verbose=False)
    assert names(tmp_path) == ["saved"]


@pytest.mark.slow
def test_grids_of_nan_are_not_drawn(gan, digits, tmp_path):
    grid = kgan.callbacks.SampleGrid(tmp_path, 2, 2, reals=False, gif=True)
    callbacks = [Spoil(1), grid]
    with pytest.warns(UserWarning, match="after 8 steps are NaN.*SampleGrid draws no"):
        gan.fit(digits[:40], batch_size=10, epochs=2, verbose=0, callbacks=callbacks)
    drawn = ["samples-000000000.png", "samples-000000040.png"]
    assert names(tmp_path) == [*drawn, "samples.gif"]


@pytest.mark.slow
def test_tensorboard_shows_no_nan(gan, digits, tmp_path):
    pytest.importorskip("tensorboard")
    callbacks = [Spoil(0), kgan.callbacks.TensorBoard(tmp_path, 2, 2)]
    with pytest.warns(UserWarning, match="TensorBoard draws no grid"):
        gan.fit(digits[:20], batch_size=10, verbose=0, callbacks=callbacks)
