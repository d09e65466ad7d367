"""The rivals of the benchmarks are as their authors published them."""

import importlib
import itertools
import json
import pathlib
import sys
import types
import zipfile

import keras
import numpy as np
import pytest
from PIL import Image

import kgan

BENCHMARKS = pathlib.Path(__file__).parent.parent / "benchmarks"
PARTS = ("generator", "discriminator")
tensorflow = pytest.mark.backends("tensorflow", reason="the example needs TensorFlow")


@pytest.fixture
def rivals(monkeypatch):
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    return importlib.import_module("rivals")


@tensorflow
@pytest.mark.parametrize(
    "shape, generator, discriminator",
    [
        # The summaries that keras.io shows.
        ((64, 64, 3), 3_979_651, 404_801),
        # Without the last doubling; and from 7x7, with images of one channel.
        ((32, 32, 3), 3_979_651 - 2_097_664 - 256 * 5 * 5 * 3, 404_801 - 3 * 2048),
        ((28, 28, 1), 1_602_305, 396_609),
    ],
)
def test_keras_io_has_the_published_weights(monkeypatch, shape, generator, discriminator):
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    gan = importlib.import_module("copied").keras_io(shape)
    assert gan.generator.output_shape[1:] == shape
    assert gan.generator.count_params() == generator
    assert gan.discriminator.count_params() == discriminator


@tensorflow
def test_rival_trains_until_its_time_and_draws_the_samples_of_its_seed(
    rivals, monkeypatch
):
    images = np.random.default_rng(0).integers(0, 256, (64, 8, 8, 1), "uint8")
    # Each look at the clock takes a second: one in `train`, one after each step.
    clock = types.SimpleNamespace(
        perf_counter=itertools.count().__next__, process_time=lambda: 0
    )
    monkeypatch.setattr(rivals, "time", clock)
    trained = [rivals.KerasIO(images, seed) for seed in (0, 0)]
    untrained = trained[0].sample(4, seed=5)
    assert (untrained != rivals.KerasIO(images, 1).sample(4, seed=5)).any()
    for rival in trained:
        rival.train(seconds=3)
        assert rival.shown == 2 * 32
        seconds = rival.seconds
        rival.train(seconds=seconds)
        assert rival.shown == 2 * 32
    first, second = (rival.sample(4, seed=5) for rival in trained)
    assert first.dtype == "uint8" and first.shape == (4, 8, 8, 1)
    np.testing.assert_array_equal(first, second)
    assert (first != untrained).any()


def test_narrow_r3gan_keeps_the_size_of_its_groups(rivals):
    settings = {
        "G_kwargs": {
            "WidthPerStage": [768, 768, 384],
            "CardinalityPerStage": [96, 96, 48],
        },
        "D_kwargs": {
            "WidthPerStage": [384, 768, 768],
            "CardinalityPerStage": [48, 96, 96],
        },
    }
    assert rivals.scale_width(settings, None) == 768
    assert settings["G_kwargs"]["WidthPerStage"] == [768, 768, 384]
    assert rivals.scale_width(settings, 64) == 64
    assert settings["G_kwargs"]["WidthPerStage"] == [64, 64, 32]
    assert settings["D_kwargs"]["CardinalityPerStage"] == [4, 8, 8]


def test_shorter_schedules_shorten_the_average(rivals):
    names = ("ema", "aug", "lr", "gamma", "beta2")
    settings = {
        f"{name}_scheduler": {"final_value": 5e6, "total_nimg": 2e7} for name in names
    }
    rivals.scale_schedules(settings, 1e5)
    assert {schedule["total_nimg"] for schedule in settings.values()} == {1e5}
    assert settings["ema_scheduler"]["final_value"] == 25_000
    assert settings["lr_scheduler"]["final_value"] == 5e6


@pytest.mark.parametrize("shape", [(28, 28, 1), (32, 32, 1), (48, 48, 3)])
def test_images_without_a_preset_of_r3gan_are_named(rivals, shape):
    with pytest.raises(ValueError, match=r"32x32, 64x64 or 256x256.*Received"):
        rivals.R3GANOfficial("nowhere", np.zeros((4, *shape), "uint8"), seed=0)


def test_labels_of_emoji_belong_to_their_pictures(monkeypatch, tmp_path):
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    judge = importlib.import_module("colour_judge")
    # The archives have an order of their own, which the table does not have.
    greys = {"b.png": 100, "a.png": 150, "a-1.png": 200}
    for artist in judge.ARTISTS:
        with zipfile.ZipFile(tmp_path / f"{artist}.zip", "w") as archive:
            for name, grey in greys.items():
                with archive.open(name, "w") as file:
                    Image.new("RGB", (8, 8), (grey, grey, grey)).save(file, "png")
    rows = [f"{name},{name},kind {greys[name]}" for name in sorted(greys)]
    table = "\n".join(["file_name,name,category", *rows])
    (tmp_path / "emoji.csv").write_text(table, encoding="utf-8")
    pictures, labels = judge.Emoji(tmp_path, 8).training_data("twitter", "category")
    np.testing.assert_array_equal(pictures[:, 0, 0, 0] // 50 - 2, labels)


def test_the_spectrum_finds_a_pattern_of_two_pixels(monkeypatch):
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    judge = importlib.import_module("colour_judge")
    columns = np.tile([100, 200], 8)[None, None, :, None]
    found = judge.spectrum(np.broadcast_to(columns, (1, 16, 16, 3)).astype("uint8"))
    # Frequency 0 is in the middle, half a cycle per pixel at the edge.
    assert np.unravel_index(found.argmax(), found.shape) == (8, 0)


@pytest.mark.slow
def test_each_variant_of_the_colour_benchmark_changes_the_preset(monkeypatch):
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    variants = importlib.import_module("colour_variants").VARIANTS
    # One of the presets augments, the other does not.
    presets = [
        kgan.presets.suggest((16, 16, 3), count, compute="cpu", budget=200_000)
        for count in (100, 3_551)
    ]
    for name, change in variants.items():
        changed = [change(preset) for preset in presets]
        assert (changed == presets) == (name == "default"), name
        assert changed[1].build(seed=0).sample_shape == (16, 16, 3)
        rate = changed[1].compile["optimizer"].arguments["learning_rate"]
        schedules = changed[1].compile.get("schedules")
        # A schedule replaces the learning rate of the optimizer.
        assert not schedules or schedules["learning_rate"].arguments["start"] == rate


@pytest.mark.slow
@pytest.mark.parametrize("network", ["dcgan", "stylegan2"])
def test_pictures_are_projected_and_drawn(network, monkeypatch, tmp_path):
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    script = importlib.import_module("latents")
    builders = (getattr(kgan.networks, f"{network}_{x}") for x in PARTS)
    generator, discriminator = builders
    gan = kgan.GAN(
        generator((8, 8, 1), 4, width=4), discriminator((8, 8, 1), width=4), seed=0
    )
    gan.save(tmp_path / "gan.keras")
    pictures = gan.sample(10, seed=1, as_uint8=True)
    np.savez(tmp_path / "pictures.npz", x=pictures)
    files = [str(tmp_path / name) for name in ("gan.keras", "pictures.npz")]
    options = ["--out", str(tmp_path / "out"), "--steps", "3", "--count", "9"]
    monkeypatch.setattr(sys, "argv", ["latents.py", *files, *options])
    script.main()
    lines = (tmp_path / "out" / "errors.csv").read_text("utf-8").splitlines()
    assert lines[0] == "picture,mse" and len(lines) == 10
    z = gan.project(pictures[:9], steps=3, seed=0)
    found = gan.sample(**{"w" if network == "stylegan2" else "z": z}, as_uint8=True)
    error = np.square((found[8] - pictures[8].astype("float64")) / 255).mean()
    assert float(lines[9].split(",")[1]) == pytest.approx(error, rel=1e-3, abs=1e-5)
    # Nine pairs in rows of four; a path in one row.
    cell, gap = 8 * (512 // 72) + 1, 1
    with Image.open(tmp_path / "out" / "projections.png") as picture:
        assert picture.size == (8 * cell + gap, 3 * cell + gap)
    with Image.open(tmp_path / "out" / "path.png") as picture:
        assert picture.size == (8 * cell + gap, cell + gap)


@pytest.mark.slow
def test_translations_of_emoji_are_scored(monkeypatch, tmp_path):
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    script = importlib.import_module("translate")
    monkeypatch.setattr(script, "HELD_OUT", 3)
    # The features of the judge are means of pixels.
    pixels = keras.Input((32, 32, 3))
    rows = keras.layers.Rescaling(1 / 255)(keras.ops.mean(pixels, axis=(2, 3)))
    judge = keras.Model(pixels, [rows, rows[:, :1]])
    monkeypatch.setattr(
        importlib.import_module("colour_judge"), "_trained", lambda *_: judge
    )
    names = [f"{number}.png" for number in range(8)]
    for artist, change in (("google", 0), ("twitter", 40)):
        with zipfile.ZipFile(tmp_path / f"{artist}.zip", "w") as archive:
            for number, name in enumerate(names):
                grey = 20 * number + change
                with archive.open(name, "w") as file:
                    Image.new("RGB", (32, 32), (grey, grey, grey)).save(file, "png")
    rows = [f"{name},{name},kind,part" for name in names]
    table = "\n".join(["file_name,name,category,subcategory", *rows])
    (tmp_path / "emoji.csv").write_text(table, encoding="utf-8")
    out = tmp_path / "out"
    options = ["--method", "copy", "pix2pix", "--images", "4", "--batch-size", "4"]
    arguments = ["translate.py", str(tmp_path), *options, "--out", str(out)]
    monkeypatch.setattr(sys, "argv", arguments)
    script.main()
    lines = (out / "translate.jsonl").read_text("utf-8").splitlines()
    copied, drawn = map(json.loads, lines)
    # Each pixel of a target is 40 brighter.
    assert copied["l1"] == 40 and copied["pairs"] == drawn["pairs"] == 3
    assert drawn["images"] == 4 and drawn["l1"] != 40
    assert (out / "translate-pix2pix-0.png").exists()


@pytest.mark.slow
def test_the_time_of_each_callback_is_a_share_of_fit(monkeypatch, tmp_path, capsys):
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    script = importlib.import_module("callbacks")
    points = np.random.default_rng(0).uniform(-1, 1, (64, 2)).astype("float32")
    np.savez(tmp_path / "few.npz", x=points)
    data = ["--data", str(tmp_path / "few.npz"), "--latent-dim", "8", "--epochs", "1"]
    monkeypatch.setattr("sys.argv", ["callbacks.py", *data])
    assert script.main() == 0
    rows = [line.split("|")[1:3] for line in capsys.readouterr().out.splitlines()]
    shares = {
        row[0].strip(): float(row[1].strip(" %")) for row in rows if "%" in "".join(row)
    }
    whole = shares.pop("all")
    assert {"HistoryCSV", "Problems", "StoppingCheckpoint"} <= set(shares)
    assert sum(shares.values()) == pytest.approx(whole, abs=0.1) and 0 < whole < 100
