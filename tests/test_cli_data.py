"""Folders of pictures through the command line."""

import json
import sys

import keras
import numpy as np
import pytest
from PIL import Image

import kgan
from kgan.cli.dataset import describe, duplicates, load
from kgan_cli.main import main, parse

pytestmark = pytest.mark.slow

PIXELS = np.random.default_rng(0).integers(0, 256, (12, 9, 8, 4), dtype="uint8")
# The second name has a letter outside of ASCII, and the end of a line.
CLASSES = "a", "ü\n"
RUN = ["--batch-size", "4", "--preset", "small", "--compute", "cpu"]


@pytest.fixture
def pictures(tmp_path):
    """A folder of two classes, with a copy and a broken file."""
    root = tmp_path / "set"
    for number, pixels in enumerate(PIXELS):
        path = root / CLASSES[number % 2] / f"{number}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(pixels).save(path)
    (root / "a" / "copy.png").write_bytes((root / "a" / "0.png").read_bytes())
    (root / "a" / "broken.png").write_bytes(b"no picture")
    (root / "Größe.heic").write_bytes(b"not a supported file extension")
    return root


@pytest.mark.parametrize("channels", [3, 4])
def test_a_folder_is_trained_on_without_code(tmp_path, pictures, channels, capsys):
    out = tmp_path / "run"
    options = ["--size", "8x12", "--channels", str(channels), "--on-error", "skip"]
    options += ["--cache", str(tmp_path / "cache"), "--conditional", *RUN]
    command = ["train", "--data", str(pictures), *options, "--epochs", "1"]
    assert main([*command, "--out", str(out)]) == 0
    said = capsys.readouterr().out
    assert "2 files are left out" in said
    assert "skipped.txt  the files that are left out, and why" in said
    assert (out / "skipped.txt").read_text("utf-8") == (
        "'a/broken.png': not an image that Pillow knows\n"
        "'Größe.heic': not a supported file extension\n"
    )
    config = json.loads((out / "config.json").read_text())
    assert config["data"]["shape"] == [13, 8, 12, channels]
    assert config["arguments"]["size"] == [8, 12]
    mode = {3: "RGB", 4: "RGBA"}[channels]
    for grid in (out / "reals.png", max((out / "samples").iterdir())):
        with Image.open(grid) as image:
            assert image.mode == mode
    # Resumed, the run finds the same data, by the record of its options.
    assert main(["train", "--resume", str(out), "--epochs", "2"]) == 0
    assert keras.models.load_model(out / "gan.keras").epoch == 2


def test_a_broken_file_stops_before_anything_is_made(tmp_path, pictures, capsys):
    command = ["train", "--data", str(pictures), *RUN, "--epochs", "1"]
    assert main([*command, "--out", str(tmp_path / "run")]) == 1
    assert "'a/broken.png': not an image" in capsys.readouterr().err
    assert not (tmp_path / "run").exists()


def test_info_reports_what_is_there(tmp_path, pictures, capsys):
    grid = tmp_path / "grid.png"
    command = ["info", "--data", str(pictures), *RUN, "--grid", str(grid)]
    assert main(command) == 1
    said, error = capsys.readouterr()
    assert error.startswith(
        "kgan info: A file can't be trained on; --on-error skip leaves such files out. "
        f"Received: --data {pictures} with 'a/broken.png'"
    )
    assert main([*command, "--on-error", "skip"]) == 0
    assert capsys.readouterr().err == ""
    assert main([*command, "--on-error", "skip", "--max-bad", "0.01"]) == 1
    assert "share of 0.01 that --max-bad allows" in capsys.readouterr().err
    for line in (
        "13 samples of shape (9, 8, 4), uint8.",
        "2 classes: a 7, ü\\n 6.",
        "1 of them are exact copies of others.",
        "Sizes, height x width: 9x8 (13).",
        "Modes: RGBA (13).",
        "2 files are left out:",
        "  'a/broken.png': not an image that Pillow knows",
        "  'Größe.heic': not a supported file extension",
        "The preset 'small' for a CPU:",
    ):
        assert line in said
    with Image.open(grid) as image:
        assert image.mode == "RGBA"


def test_info_prints_warnings(tmp_path, capsys):
    rows = [f"{row},{row % 2},{row % 3}" for row in range(12)]
    (tmp_path / "x.csv").write_text("\n".join(["Unnamed: 0,a,b", *rows]))
    assert main(["info", "--data", str(tmp_path / "x.csv"), "--compute", "cpu"]) == 0
    said = capsys.readouterr().err
    assert "Warning: The column 'Unnamed: 0' looks like the index" in said
    for number, pixels in enumerate(PIXELS):
        path = tmp_path / "deep" / f"{number}.png"
        path.parent.mkdir(exist_ok=True)
        Image.fromarray(pixels[..., 0].astype("uint16") * 16).save(path)
    assert main(["info", "--data", str(tmp_path / "deep"), *RUN]) == 0
    said = capsys.readouterr().err
    assert "Warning: The highest of the pixels of the 12 I;16 pictures is 4,0" in said


@pytest.mark.parametrize("good", [True, False])
def test_info_names_all_files_that_are_left_out(pictures, good, capsys):
    for number in range(30):
        (pictures / "a" / f"bad{number}.png").write_bytes(b"no picture")
    if not good:
        for path in pictures.rglob("[0-9c]*.png"):
            path.unlink()
    assert main(["info", "--data", str(pictures), *RUN]) == 1
    said = capsys.readouterr()
    assert "32 files are left out:" in said.out
    assert said.out.count("not an image that Pillow knows") == 31
    reason = "can't be trained on" if good else "None of the 31 files can be trained on."
    assert reason in said.err and "Received: --data" in said.err


def test_random_windows_follow_the_seed_and_no_number_of_threads(tmp_path, pictures):
    given = ["--seed 1", "--seed 1 --workers 3", "--seed 2"]
    loaded = []
    for options in given:
        command = ["info", "--data", str(pictures), "--size", "4", "--crop", "random"]
        command += ["--on-error", "skip"]
        _, settings = parse([*command, *options.split()])
        loaded.append(load(settings).samples)
    np.testing.assert_array_equal(loaded[0], loaded[1])
    assert (loaded[0] != loaded[2]).any()


@pytest.mark.parametrize("labels", [[5, 100_000], [-1, 1]], ids=str)
def test_labels_that_are_not_numbered_from_zero_are_refused(tmp_path, labels, capsys):
    images = np.zeros((12, 8, 8, 1), "uint8")
    np.savez(tmp_path / "x.npz", images=images, labels=np.resize(labels, 12))
    command = ["info", "--data", str(tmp_path / "x.npz"), "--conditional", *RUN]
    assert main(command) == 1
    message = f"with 2 labels from {labels[0]} to {labels[1]}\n"
    assert capsys.readouterr().err.endswith(message)


def test_labels_without_samples_are_named(tmp_path, capsys):
    np.savez(tmp_path / "x.npz", x=np.zeros((4, 2)), labels=[1, 2, 4, 4])
    data = str(tmp_path / "x.npz")
    assert main(["info", "--data", data, "--conditional"]) == 0
    assert capsys.readouterr().err == (
        "Warning: The GAN can't learn 2 labels of which the data has no sample: number "
        f"the labels 0, 1, ... Received: --data {data} without samples of 0, 3\n"
    )


def test_weights_that_are_missing_are_named_before_the_data_is_loaded(
    tmp_path, monkeypatch, capsys
):
    monkeypatch.delenv("KGAN_INCEPTION", raising=False)
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    monkeypatch.setattr(kgan.data, "load_all", pytest.fail)
    monkeypatch.chdir(tmp_path)
    metrics = ["--metrics", "fid10k", "--extractor", "inception-tf1"]
    assert main(["train", *metrics]) == 1
    error = capsys.readouterr().err
    assert error.startswith("kgan train: FID needs the weights of the Inception network")
    assert main(["evaluate", "digits", "--data", "digits", *metrics]) == 1
    assert "FID needs the weights" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_more_than_memory_is_said(pictures):
    loaded = kgan.data.load_all(
        pictures, kgan.data.Options(on_error="skip", memory=0, size=4)
    )
    lines = describe(loaded)
    assert any("stay on disk" in line for line in lines)
    assert duplicates(loaded.samples) == 1


@pytest.mark.parametrize(
    "options, message",
    [
        (["--data", "tfds:mnist"], 'pip install "kgan[tfds]"'),
        (["--grid", "x.png"], "Received: --grid x.png"),
    ],
)
def test_what_info_cannot_do_is_said_in_a_line(
    tmp_path, options, message, capsys, monkeypatch
):
    monkeypatch.setitem(sys.modules, "tensorflow_datasets", None)
    np.save(tmp_path / "x.npy", np.zeros((5, 3)))
    assert main(["info", "--data", str(tmp_path / "x.npy"), *options]) == 1
    said = capsys.readouterr().err
    assert message in said and said.count("\n") == 1


@pytest.mark.parametrize("size", ["0", "8x", "x", "8x8x3", "a"])
def test_sizes_are_checked(size, capsys):
    with pytest.raises(SystemExit):
        main(["info", "--size", size])
    assert f"Received: --size {size}. See" in capsys.readouterr().err
