import csv
import os
import signal

import keras
import numpy as np
import pytest
from PIL import Image

import kgan


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
        "reals.png", "samples-000000.png", "samples-000004.png", "samples-000008.png",
    ]  # fmt: skip
    latents = gan.noise.sample((6, 4), seed=0)
    wanted = kgan.data.grid(gan.sample(z=latents), 2, 3, 2)
    saved = Image.open(tmp_path / "samples-000008.png")
    np.testing.assert_array_equal(np.asarray(saved), np.asarray(wanted))
    order = np.random.default_rng((0, 0)).permutation(40)
    reals = kgan.data.grid(digits[np.sort(order)[:6]], 2, 3, 2)
    np.testing.assert_array_equal(
        np.asarray(Image.open(tmp_path / "reals.png")), np.asarray(reals)
    )


@pytest.mark.parametrize("steps_per_execution", [1, 2])
def test_sample_grid_saves_every_n_batches(gan, digits, tmp_path, steps_per_execution):
    gan.compile(steps_per_execution=steps_per_execution)
    grid = kgan.callbacks.SampleGrid(tmp_path / "deep" / "er", save_freq=4, reals=False)
    gan.fit(digits[:60], batch_size=10, epochs=2, verbose=0, callbacks=[grid])
    assert names(tmp_path / "deep" / "er") == [
        f"samples-{updates:06d}.png" for updates in (0, 4, 8, 12)
    ]


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


def test_sample_grid_refuses(gan, tiny, tmp_path):
    for name in ("rows", "columns", "scale"):
        with pytest.raises(ValueError, match=f"`{name}`.*Received: {name}=0"):
            kgan.callbacks.SampleGrid(tmp_path, **{name: 0})
    with pytest.raises(ValueError, match="Received: save_freq='batch'"):
        kgan.callbacks.SampleGrid(tmp_path, save_freq="batch")
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
    for key, values in history.history.items():
        np.testing.assert_allclose([float(row[key]) for row in rows], values)


def test_interrupt_ends_training_after_the_batch(gan, digits):
    stop = kgan.callbacks.StopOnInterrupt()

    class PressCtrlC(keras.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            if batch == 1:
                os.kill(os.getpid(), signal.SIGINT)

    before = signal.getsignal(signal.SIGINT)
    gan.fit(
        digits[:100], batch_size=10, epochs=5, verbose=0, callbacks=[stop, PressCtrlC()]
    )
    assert stop.interrupted
    assert int(gan.g_optimizer.iterations) == 2
    assert signal.getsignal(signal.SIGINT) is before
