import csv
import dataclasses
import io
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import time
import zipfile

import keras
import numpy as np
import pytest
from helpers import Spoil, assert_same_history, assert_same_state, spoil
from PIL import Image

import kgan
from kgan import exports
from kgan.cli import not_finite, watch
from kgan.cli.run_folder import RunFolder
from kgan_cli.main import main
from kgan_cli.settings import TrainSettings
from kgan_cli.status import Status

POINTS = np.random.default_rng(0).uniform(-1, 1, (64, 2)).astype("float32")


# Keras writes none on PyTorch.
SAVED_MODEL = [] if keras.backend.backend() == "torch" else ["saved_model"]


@pytest.fixture
def few(tmp_path):
    """A file of points, whose networks start in half the time of those of pictures."""
    np.savez(tmp_path / "few.npz", x=POINTS)
    return str(tmp_path / "few.npz")


@pytest.fixture
def few_digits(tmp_path, digits):
    """A file of small pictures."""
    np.savez(tmp_path / "few.npz", images=digits[:64])
    return str(tmp_path / "few.npz")


def test_train_leaves_a_whole_run_folder(tmp_path, few_digits, capsys):
    out = tmp_path / "run"
    options = ["--epochs", "2", "--seed", "3", "--loss", "least_squares"]
    assert main(["train", "--data", few_digits, *options, "--out", str(out)]) == 0
    assert {path.name for path in out.iterdir()} == {
        "config.json", "gan.keras", "history.csv", "reals.png", "report.html",
        "samples", "samples.gif", *SAVED_MODEL,
    }  # fmt: skip
    assert len(list((out / "samples").iterdir())) == 3
    config = json.loads((out / "config.json").read_text())
    assert config["arguments"]["seed"] == 3 and config["arguments"]["latent_dim"] == 64
    assert config["data"]["shape"] == [64, 8, 8, 1]
    assert config["versions"]["keras"] == keras.__version__
    assert config["threads"] == kgan.backend.num_threads() > 0
    with open(out / "history.csv", newline="") as file:
        assert len(list(csv.DictReader(file))) == 2
    for name in SAVED_MODEL:
        card = out / name / "assets.extra" / "MODEL_CARD.md"
        assert card.read_text("utf-8").startswith("# run\n")
    gan = keras.models.load_model(out / "gan.keras")
    assert gan.compiled and isinstance(gan.loss, kgan.losses.LeastSquares)
    assert int(gan.images_seen) == 128
    assert config["parameters"]["generator"] == gan.generator.count_params()
    page = (out / "report.html").read_text("utf-8")
    assert page.count(' data-at="') == 3
    assert "The median distance from a new sample" in page
    said = capsys.readouterr()
    assert str(out) in said.out and " sample " in said.out and said.err == ""


def test_numbers_count_over_the_runs_of_all_names(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    pathlib.Path("runs/notes-of-mine").mkdir(parents=True)
    names = []
    for data in ("digits", "cats", "digits"):
        with RunFolder.new(None, data) as folder:
            names.append(folder.path.name)
    assert names == ["00000-digits", "00001-cats", "00002-digits"]


@pytest.mark.slow
def test_conditional_runs_are_sampled_by_label(tmp_path, capsys):
    images, labels = kgan.data.load("digits")
    np.savez(tmp_path / "few.npz", images=images[:64], labels=labels[:64])
    run, out = str(tmp_path / "run"), str(tmp_path / "some.npz")
    options = ["--data", str(tmp_path / "few.npz"), "--augment", "diffaugment"]
    command = ["train", *options, "--conditional", "--epochs", "1", "--out", run]
    assert main(command) == 0
    assert main(["sample", run, "--count", "12", "--out", out]) == 0
    found = np.load(out)
    np.testing.assert_array_equal(found["labels"], [*range(10), 0, 1])
    gan = keras.models.load_model(tmp_path / "run" / "gan.keras")
    expected = gan.sample(12, seed=0, labels=found["labels"])
    np.testing.assert_array_equal(found["images"], expected)
    assert gan.recipe.augment == kgan.augment.DiffAugment()
    assert main(["sample", run, "--count", "2", "--label", "7", "--out", out]) == 0
    np.testing.assert_array_equal(np.load(out)["labels"], [7, 7])
    assert main(["sample", run, "--label", "10", "--out", out]) == 1
    error = "--label must be one of the labels 0 to 9. Received: --label 10\n"
    assert capsys.readouterr().err == f"kgan sample: {error}"
    # With other labels it is another run.
    np.savez(tmp_path / "few.npz", images=images[:64], labels=labels[:64][::-1])
    assert main(["train", "--resume", run, "--epochs", "2"]) == 1
    assert "with labels_sha256" in capsys.readouterr().err


def test_conditional_runs_need_labels(tmp_path, few, capsys):
    command = ["train", "--data", few, "--conditional", "--out", str(tmp_path / "run")]
    assert main(command) == 1
    assert "--conditional trains on labels" in capsys.readouterr().err


@pytest.mark.slow
def test_the_same_command_trains_the_same(tmp_path, few):
    for name in ("a", "b"):
        options = ["--data", few, "--epochs", "1", "--out", str(tmp_path / name)]
        assert main(["train", *options]) == 0
    first, second = (
        keras.models.load_model(tmp_path / name / "gan.keras") for name in ("a", "b")
    )
    np.testing.assert_array_equal(first.sample(4, seed=1), second.sample(4, seed=1))
    assert_same_history(tmp_path / "a", tmp_path / "b")


@pytest.mark.slow
def test_the_seeds_own_flags_are_understood(tmp_path, few):
    out = tmp_path / "run"
    flags = ["--epoch", "1", "--n", "7", "--noise_batch", "5", "--true_batch", "16"]
    assert main(["train", "--data", few, *flags, "--out", str(out)]) == 0
    gan = keras.models.load_model(out / "gan.keras")
    assert gan.latent_dim == 7 and gan.recipe.noise_batch_size == 5
    assert int(gan.g_optimizer.iterations) == 4


@pytest.mark.slow
def test_points_train_without_pictures(tmp_path):
    np.savez(tmp_path / "points.npz", x=POINTS)
    out = tmp_path / "run"
    data = str(tmp_path / "points.npz")
    assert main(["train", "--data", data, "--epochs", "1", "--out", str(out)]) == 0
    assert not (out / "samples").exists()
    samples = tmp_path / "more.npz"
    assert main(["sample", str(out), "--count", "5", "--out", str(samples)]) == 0
    assert np.load(samples)["images"].shape == (5, 2)
    assert main(["sample", str(out), "--out", str(tmp_path / "more.png")]) == 1


def test_sample_draws_what_the_model_draws(tmp_path, tiny):
    gan = kgan.GAN(
        kgan.networks.dcgan_generator((8, 8, 1), 4, width=4),
        kgan.networks.dcgan_discriminator((8, 8, 1), width=4),
    )
    gan.save(tmp_path / "gan.keras")
    out = tmp_path / "grid.png"
    options = ["--count", "9", "--seed", "5", "--out", str(out)]
    assert main(["sample", str(tmp_path / "gan.keras"), *options]) == 0
    wanted = kgan.data.grid(gan.sample(9, seed=5))
    np.testing.assert_array_equal(np.asarray(Image.open(out)), np.asarray(wanted))


@pytest.mark.slow
@pytest.mark.parametrize("channels, num_classes", [(1, None), (3, 3), (4, None)])
def test_sample_fills_a_folder_that_is_data_again(tmp_path, channels, num_classes):
    shape, labelled = (8, 8, channels), {"num_classes": num_classes}
    gan = kgan.GAN(
        kgan.networks.dcgan_generator(shape, 4, width=4, **labelled),
        kgan.networks.dcgan_discriminator(shape, width=4, **labelled),
    )
    gan.save(tmp_path / "gan.keras")
    out = tmp_path / "pictures"
    command = ["sample", str(tmp_path / "gan.keras"), "--count", "5", "--out", str(out)]
    assert main(command) == 0
    images, labels = kgan.data.load(out)
    expected = None if num_classes is None else np.arange(5) % num_classes
    wanted = gan.sample(5, seed=0, labels=expected, as_uint8=True)
    if num_classes is not None:
        order = np.argsort(expected, kind="stable")
        np.testing.assert_array_equal(labels, expected[order])
        wanted = wanted[order]
    np.testing.assert_array_equal(images, wanted)


def test_sample_replaces_no_folder_with_files(tmp_path, capsys):
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "file").touch()
    for out in ("full", "full/file"):
        assert main(["sample", "digits", "--out", str(tmp_path / out)]) == 1
        error = capsys.readouterr().err
        assert "--out must be a new or an empty folder" in error and out in error
    assert (tmp_path / "full" / "file").exists()


def bad_commands(folder):
    np.savez(folder / "nan.npz", x=np.full((64, 2), np.nan))
    np.savez(folder / "floats.npz", images=np.full((64, 8, 8, 1), 200.0))
    np.savez(folder / "empty.npz", images=np.zeros((0, 8, 8, 1), "uint8"))
    (folder / "text.npz").write_text("no archive")
    (folder / "full").mkdir()
    (folder / "full" / "file").touch()
    (folder / "file").touch()
    return {
        "no file": (["--data", str(folder / "none.npz")], "Received: --data"),
        "no npz": (["--data", str(folder / "text.npz")], "can't be read"),
        "nan": (["--data", str(folder / "nan.npz")], "NaN"),
        "floats": (["--data", str(folder / "floats.npz")], "from 200 to 200"),
        "empty": (["--data", str(folder / "empty.npz")], "n at least 1"),
        "loss": (["--loss", "gan"], "Received: --loss gan"),
        "divide": (["--d-steps", "3"], "Received: --batch-size 32, --d-steps 3"),
        "large": (["--batch-size", "5000"], "Received: --batch-size 5000"),
        "not empty": (["--out", str(folder / "full")], "Received: --out"),
        "under a file": (["--out", str(folder / "file" / "run")], "Received: --out"),
        "on a file": (["--out", str(folder / "file")], "Received: --out"),
    }


CASES = ["no file", "no npz", "nan", "floats", "empty", "loss", "divide", "large",
         "not empty", "under a file", "on a file"]  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_bad_commands_end_with_one_line(tmp_path, capsys, case):
    options, message = bad_commands(tmp_path)[case]
    before = sorted(str(path) for path in tmp_path.rglob("*"))
    if "--out" not in options:
        options = [*options, "--out", str(tmp_path / "run")]
    assert main(["train", *options]) == 1
    error = capsys.readouterr().err
    assert message in error and "Traceback" not in error
    assert error.startswith("kgan train: ")
    assert sorted(str(path) for path in tmp_path.rglob("*")) == before


@pytest.fixture(scope="module")
def finished(tmp_path_factory, digits):
    """A run of one epoch."""
    folder = tmp_path_factory.mktemp("finished")
    np.savez(folder / "few.npz", images=digits[:64])
    command = ["train", "--data", str(folder / "few.npz"), "--epochs", "1"]
    assert main([*command, "--out", str(folder / "run")]) == 0
    return folder / "run"


def damaged(content, damage):
    if damage == "cut short":
        return content[: len(content) // 2]
    if damage == "empty":
        return b""
    middle = len(content) // 2
    return content[:middle] + bytes(256) + content[middle + 256 :]


@pytest.mark.slow
@pytest.mark.parametrize("command", ["sample", "evaluate", "train"])
@pytest.mark.parametrize("damage", ["cut short", "empty", "zeros"])
def test_a_damaged_gan_is_called_damaged(tmp_path, finished, capsys, command, damage):
    run = tmp_path / "run"
    shutil.copytree(finished, run)
    file = run / "gan.keras"
    file.write_bytes(damaged(file.read_bytes(), damage))
    options = {
        "sample": [str(run)],
        "evaluate": [str(run), "--data", "digits"],
        "train": ["--resume", str(run), "--epochs", "2"],
    }
    assert main([command, *options[command]]) == 1
    error = capsys.readouterr().err
    assert error.startswith(f"kgan {command}: gan.keras is damaged, or no file that")
    assert error.endswith(f"Received: {file}\n") and error.count("\n") == 1
    assert "not found" not in error


@pytest.mark.slow
@pytest.mark.parametrize("command", ["sample", "info"])
def test_a_closed_output_of_other_commands_is_named(
    tmp_path, finished, capsys, monkeypatch, command
):
    options = {"sample": [str(finished), "--out", str(tmp_path / "x.png")]}
    monkeypatch.setattr("sys.stdout", Closed("samples"))
    assert main([command, *options.get(command, [])]) == Status.ERROR
    error = f"kgan {command}: Standard output can't be written to (Broken pipe).\n"
    assert capsys.readouterr().err == error


@pytest.mark.parametrize(
    "error",
    [
        MemoryError(),
        RuntimeError("CUDA out of memory. Tried to allocate 2 GiB"),
        RuntimeError("RESOURCE_EXHAUSTED: Out of memory allocating 8 bytes"),
        Exception("{{node a}} OOM when allocating tensor with shape[9,9]"),
    ],
    ids=str,
)
def test_a_lack_of_memory_is_one_line(capsys, monkeypatch, error):
    def fail(*given):
        raise error

    monkeypatch.setattr("kgan.cli.sample.run", fail)
    assert main(["sample", "digits"]) == Status.ERROR
    remedy = "try a smaller batch, or fewer samples at a time"
    text = f"kgan sample: The memory is not enough; {remedy}.\n"
    assert capsys.readouterr().err == text


@pytest.mark.parametrize("path", ["nowhere", "nowhere.keras", "empty", "note.txt"])
def test_a_path_without_a_gan_is_named(tmp_path, capsys, path):
    (tmp_path / "empty").mkdir()
    (tmp_path / "note.txt").write_text("text")
    assert main(["sample", str(tmp_path / path)]) == 1
    assert capsys.readouterr().err == (
        "kgan sample: Expected a run folder with gan.keras, a .keras file that kgan "
        "saved, or a trained GAN of the package (digits, emoji, mnist). "
        f"Received: {tmp_path / path}\n"
    )


@pytest.mark.slow
def test_label_needs_classes(finished, capsys):
    assert main(["sample", str(finished), "--label", "3"]) == 1
    error = "--label needs a GAN that was trained with --conditional."
    assert capsys.readouterr().err == f"kgan sample: {error} Received: --label 3\n"


@pytest.mark.slow
@pytest.mark.parametrize(
    "name, value, option",
    [
        ("epochs", "many", "--epochs"),
        ("epochs", int("1" * 1_212), "--epochs"),
        ("batch_size", True, "--batch-size"),
        ("batch_size", 1.5, "--batch-size"),
        ("seed", None, "--seed"),
        ("seed", -1, "--seed"),
        ("preset", "gpt", "--preset"),
        ("data", 7, "--data"),
        ("data", ["a"], "--data"),
        ("flip", "yes", "--flip"),
        ("size", [8, "x"], "--size"),
        ("size", {}, "--size"),
        ("strategy", "fast", "--strategy"),
        ("max_bad", "all", "--max-bad"),
    ],
    ids=lambda value: str(value)[:12],
)
def test_a_record_that_was_edited_wrongly_is_named(
    tmp_path, finished, capsys, name, value, option
):
    config = json.loads((finished / "config.json").read_text())
    config["arguments"][name] = value
    (tmp_path / "config.json").write_text(json.dumps(config))
    assert main(["train", "--resume", str(tmp_path)]) == 1
    error = capsys.readouterr().err
    assert f"has a value that {option} does not take. Received: " in error
    assert error.count("\n") == 1 and len(error) < 250


@pytest.mark.slow
def test_every_record_of_a_run_is_taken_again(finished):
    config = json.loads((finished / "config.json").read_text())
    record = config["arguments"] | {"size": [8, 12], "max_bad": 0.5, "workers": 3}
    assert TrainSettings.checked(record | {"of_a_later_release": 1}) == record | {
        "size": (8, 12)
    }


@pytest.mark.slow
def test_another_number_of_threads_is_said(tmp_path, finished, capsys):
    run = tmp_path / "run"
    shutil.copytree(finished, run)
    config = json.loads((run / "config.json").read_text())
    config["threads"] += 1
    (run / "config.json").write_text(json.dumps(config))
    assert main(["train", "--resume", str(run), "--epochs", "2"]) == 0
    was, now = config["threads"], config["threads"] - 1
    said = f"This run was trained with {was} threads and now has {now}: its numbers"
    assert said in capsys.readouterr().out
    assert main(["train", "--resume", str(run), "--epochs", "3"]) == 0
    assert "threads and now" not in capsys.readouterr().out


@pytest.mark.parametrize(
    "options",
    [
        ["--epochs", "0"],
        ["--batch-size", "0"],
        ["--n", "x"],
        ["--seed", "-1"],
        ["--seed", "3000000000"],
    ],
    ids=str,
)
def test_values_out_of_range_are_named(capsys, options):
    with pytest.raises(SystemExit) as exit:
        main(["train", *options])
    assert exit.value.code == 2
    error = capsys.readouterr().err
    option = {"--n": "--latent-dim"}.get(options[0], options[0])
    assert f"Received: {option} {options[1]}. See kgan train --help\n" in error


def test_full_disk_is_one_line_and_no_half_file(tmp_path, few, capsys, monkeypatch):
    def full(model, filepath, **kwargs):
        filepath.write(b"half")
        raise OSError(28, "No space left on device", str(filepath))

    monkeypatch.setattr(keras.Model, "save", full)
    out = tmp_path / "run"
    assert main(["train", "--data", few, "--epochs", "1", "--out", str(out)]) == 1
    error = capsys.readouterr().err
    assert "No space left on device" in error and f"Received: --out {out}" in error
    assert not out.exists()  # Nothing was trained that could be kept.


class Closed(io.StringIO):
    """An output whose reader goes away before a text is written.

    Args:
        text: Str, the beginning of the text.
    """

    def __init__(self, text):
        super().__init__()
        self.text = text

    def write(self, text):
        if self.text in text:
            raise BrokenPipeError(32, "Broken pipe")
        return super().write(text)


@pytest.mark.slow
@pytest.mark.parametrize(
    "text, shown", [("Training on", 0), ("32 of 128", 32), ("128 of", 128), ("Next", 128)]
)
def test_an_output_that_is_closed_is_named_and_removes_no_training(
    tmp_path, few, capsys, monkeypatch, text, shown
):
    out = tmp_path / "run"
    monkeypatch.setattr("sys.stdout", Closed(text))
    command = ["train", "--data", few, "--epochs", "2", "--out", str(out)]
    assert main(command) == Status.ERROR
    error = capsys.readouterr().err
    assert error == "kgan train: Standard output can't be written to (Broken pipe).\n"
    assert out.exists() == (shown > 0)
    if shown:
        assert int(keras.models.load_model(out / "gan.keras").images_seen) == shown
        assert (out / "history.csv").exists() == (shown >= 64)
        monkeypatch.undo()
        assert main(["train", "--resume", str(out)]) == 0


@pytest.mark.slow
@pytest.mark.parametrize(
    "left", [[], [".lock"], [".lock", ".config.json-0123abcd.tmp"]], ids=len
)
def test_a_folder_that_a_kill_left_before_the_run_can_be_used(tmp_path, few, left):
    out = tmp_path / "run"
    out.mkdir()
    for name in left:
        (out / name).touch()
    command = ["train", "--data", few, "--epochs", "1", "--out", str(out)]
    assert main(command) == 0
    assert not any(path.name.startswith(".") for path in out.iterdir())


KILL = """
import os, sys
real, count = os.replace, 0
def replace(*paths):
    global count
    count += 1
    if count == {number}:
        os.kill(os.getpid(), 9)
    return real(*paths)
os.replace = replace
from kgan_cli.main import main
from kgan_cli.settings import TrainSettings
main(sys.argv[1:])
"""


@pytest.mark.slow
@pytest.mark.parametrize("number", [1, 2])
def test_a_run_that_is_killed_as_it_begins_can_be_used(tmp_path, few, number):
    out = tmp_path / "run"
    command = ["train", "--data", few, "--epochs", "1", "--out", str(out)]
    script = KILL.format(number=number)
    process = subprocess.run([sys.executable, "-c", script, *command])
    assert process.returncode == -signal.SIGKILL and out.exists()
    resumed = main(["train", "--resume", str(out)])
    assert resumed == (1 if number == 1 else 0)  # The first file is config.json.
    assert resumed == 0 or main(command) == 0


@pytest.mark.slow
@pytest.mark.parametrize("option", ["--out", "--resume"])
def test_one_process_trains_a_run_at_a_time(tmp_path, few, capsys, option):
    out = tmp_path / "run"
    command = ["train", "--data", few, "--epochs", "1", "--out", str(out)]
    if option == "--resume":
        assert main(command) == 0
        command = ["train", "--resume", str(out), "--epochs", "2"]
    else:
        out.mkdir()
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(out / ".lock")],
        stdout=subprocess.PIPE, stdin=subprocess.PIPE,
    )  # fmt: skip
    assert holder.stdout.readline() == b"locked\n"
    before = {path: path.stat().st_mtime_ns for path in out.rglob("*")}
    assert main(command) == 1
    assert "Another process trains this run now" in capsys.readouterr().err
    assert {path: path.stat().st_mtime_ns for path in out.rglob("*")} == before
    holder.kill()
    holder.communicate()
    assert main(command) == 0  # The lock dies with the process.


HOLD = """
import sys, filelock
lock = filelock.FileLock(sys.argv[1])
lock.acquire()
print("locked", flush=True)
sys.stdin.read()
"""


def train(*options, said=subprocess.DEVNULL):
    return subprocess.Popen(
        [sys.executable, "-m", "kgan", "train", *map(str, options)],
        stdout=said, stderr=subprocess.PIPE,
    )  # fmt: skip


def end(process):
    _, error = process.communicate(timeout=240)
    assert process.returncode == 0, error.decode()[-3000:]


def read_all(folder):
    """Reads every file of a run, whole, as anyone might at any moment."""
    for path in folder.rglob("*"):
        match path.suffix:
            case ".png" | ".gif":
                with Image.open(path) as picture:
                    picture.load()
            case ".json":
                json.loads(path.read_text())
            case ".csv":
                with open(path, newline="") as file:
                    assert all(None not in row.values() for row in csv.DictReader(file))
            case ".keras":
                with zipfile.ZipFile(path) as archive:
                    assert archive.testzip() is None


@pytest.fixture(scope="module")
def straight(tmp_path_factory, digits):
    """A run that nothing interrupts, and the options that it was started with."""
    folder = tmp_path_factory.mktemp("straight")
    np.savez(folder / "few.npz", images=digits[:64])
    options = ["--data", folder / "few.npz", "--epochs", "20", "--batch-size", "16"]
    end(train(*options, "--out", folder / "run"))
    return folder / "run", options


def after_epochs(count, run, process):
    """Waits until a process has trained a number of epochs of a run."""
    history, deadline = run / "history.csv", time.monotonic() + 120
    while process.poll() is None and time.monotonic() < deadline:
        if history.exists() and len(history.read_text().splitlines()) > count:
            break
        time.sleep(0.01)
    return process


@pytest.mark.slow
def test_killed_and_interrupted_it_leaves_the_run_that_was_not(tmp_path, straight):
    straight, options = straight
    broken = tmp_path / "broken"
    process = after_epochs(2, broken, train(*options, "--out", broken))
    process.kill()
    process.communicate()
    read_all(broken)
    process = train("--resume", broken, said=subprocess.PIPE)
    after_epochs(10, broken, process).send_signal(signal.SIGINT)
    said, error = process.communicate(timeout=120)
    assert process.returncode == 130
    assert b"Traceback" not in error
    assert b" sample " in said
    gan = keras.models.load_model(broken / "gan.keras")
    assert 10 * 64 <= int(gan.images_seen) < 20 * 64
    assert all((broken / name).is_dir() for name in SAVED_MODEL)
    assert (broken / "samples.gif").exists()
    end(train("--resume", broken))
    read_all(broken)
    names = {str(path.relative_to(straight)) for path in straight.rglob("*")}
    assert {str(path.relative_to(broken)) for path in broken.rglob("*")} == names
    assert_same_history(broken, straight)
    same = ["reals.png", "samples.gif"]
    for name in same + [name for name in names if name.startswith("samples/")]:
        assert (broken / name).read_bytes() == (straight / name).read_bytes(), name
    one, other = (
        keras.models.load_model(run / "gan.keras") for run in (straight, broken)
    )
    assert_same_state(one, other)


@pytest.mark.slow
def test_a_finished_run_can_train_longer(tmp_path, few):
    short, long = tmp_path / "short", tmp_path / "long"
    for out, epochs in ((short, "2"), (long, "4")):
        options = ["--data", few, "--epochs", epochs, "--out", str(out)]
        assert main(["train", *options]) == 0
    assert main(["train", "--resume", str(short), "--epochs", "4"]) == 0
    assert_same_history(short, long)
    config = json.loads((short / "config.json").read_text())
    assert config["arguments"]["epochs"] == 4


@pytest.mark.slow
@pytest.mark.parametrize("name, status", [("SIGTERM", 143), ("SIGHUP", 129)])
def test_a_run_that_the_system_ends_is_saved(
    tmp_path, few, capsys, monkeypatch, name, status
):
    out, straight = tmp_path / "run", tmp_path / "straight"
    command = ["train", "--data", few, "--epochs", "3", "--out"]
    assert main([*command, str(straight)]) == 0
    write = kgan.callbacks.HistoryCSV.on_epoch_end

    def write_and_end(self, epoch, logs=None):
        write(self, epoch, logs)
        os.kill(os.getpid(), getattr(signal, name))

    monkeypatch.setattr(kgan.callbacks.HistoryCSV, "on_epoch_end", write_and_end)
    assert main([*command, str(out)]) == status
    said = capsys.readouterr().out
    assert "Training is stopped and saved. The last files are being written." in said
    assert "\nStopped. Trained 1 part, " in said and f"train --resume {out}" in said
    assert keras.models.load_model(out / "gan.keras").epoch == 1
    monkeypatch.undo()
    assert main(["train", "--resume", str(out)]) == 0
    assert_same_history(straight, out)


@pytest.mark.slow
def test_ctrl_c_while_the_gan_is_saved_waits_until_it_is_saved(
    tmp_path, few, capsys, monkeypatch
):
    save = not_finite.StoppingCheckpoint.on_train_end

    def interrupt_and_save(self, logs=None):
        os.kill(os.getpid(), signal.SIGINT)
        save(self, logs)

    monkeypatch.setattr(not_finite.StoppingCheckpoint, "on_train_end", interrupt_and_save)
    out = tmp_path / "run"
    assert main(["train", "--data", few, "--epochs", "2", "--out", str(out)]) == 130
    said = capsys.readouterr().out
    assert "\nTrained 2 parts, " in said and "--resume" not in said
    assert keras.models.load_model(out / "gan.keras").epoch == 2


@pytest.mark.slow
def test_a_run_that_is_interrupted_at_its_end_gets_the_files_of_its_end(
    tmp_path, few, capsys, monkeypatch
):
    out = tmp_path / "run"
    assert main(["train", "--data", few, "--epochs", "1", "--out", str(out)]) == 0
    resume = ["train", "--resume", str(out)]

    def interrupt(*args):
        raise KeyboardInterrupt

    for name in SAVED_MODEL:
        (out / name / "of the first end").touch()
    monkeypatch.setattr(exports, "get", interrupt)
    capsys.readouterr()
    assert main([*resume, "--epochs", "2"]) == 130
    assert capsys.readouterr().err == (
        f"\nkgan train: interrupted; `kgan train --resume {out}` goes on from the last "
        "GAN that was saved\n"
    )
    monkeypatch.undo()
    assert main(resume) == 0
    written = [out / name for name in [*SAVED_MODEL, "report.html"]]
    said = capsys.readouterr().out.splitlines()
    assert said[0].startswith("This run is finished: ")
    assert said[1:] == [f"{path} was missing, and is written now." for path in written]
    assert not list(out.rglob("of the first end")) and (out / "report.html").exists()
    assert main(resume) == 0
    assert capsys.readouterr().out.startswith("This run is finished: ")


@pytest.mark.slow
def test_a_full_disk_is_one_line_that_says_what_is_kept(
    tmp_path, few, capsys, monkeypatch
):
    def write(self, epoch, logs=None):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(kgan.callbacks.HistoryCSV, "on_epoch_end", write)
    out = tmp_path / "run"
    assert main(["train", "--data", few, "--out", str(out)]) == 1
    error = capsys.readouterr().err
    assert error == (
        "kgan train: The run folder can't be written to (No space left on device); "
        "finished files are kept, and --resume goes on from the last GAN that was saved. "
        f"Received: --out {out}\n"
    )
    assert (out / "gan.keras").exists()

    def begin(self, logs=None):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(kgan.callbacks.HistoryCSV, "on_train_begin", begin)
    out = tmp_path / "other"
    assert main(["train", "--data", few, "--out", str(out)]) == 1
    assert "on device); nothing is kept. Received" in capsys.readouterr().err
    assert not out.exists()
    monkeypatch.chdir(tmp_path)
    assert main(["train", "--data", few]) == 1
    assert list((tmp_path / "runs").iterdir()) == []


def test_an_error_of_another_file_does_not_blame_the_run_folder(
    tmp_path, few, capsys, monkeypatch
):
    def begin(self, logs=None):
        raise PermissionError(13, "Permission denied", "features/x.npy")

    monkeypatch.setattr(kgan.callbacks.HistoryCSV, "on_train_begin", begin)
    assert main(["train", "--data", few, "--out", str(tmp_path / "run")]) == 1
    error = "kgan train: Permission denied. Received: features/x.npy\n"
    assert capsys.readouterr().err == error


@pytest.mark.slow
def test_resume_refuses(tmp_path, few, capsys):
    out = tmp_path / "run"
    assert main(["train", "--data", few, "--epochs", "2", "--out", str(out)]) == 0
    folders = {"other": "[]", "half": '{"arguments": {}}', "broken": "{", "none": None}
    for name, text in folders.items():
        (tmp_path / name).mkdir()
        if text is not None:
            (tmp_path / name / "config.json").write_text(text)
    tries = [
        (["--resume", str(out), "--seed", "3"], "Received: --seed 3"),
        (["--resume", str(out), "--epochs", "1"], "Received: --epochs 1"),
        (["--resume", str(tmp_path / "nowhere")], "Received: --resume"),
        *((["--resume", str(tmp_path / n)], "Received: --resume") for n in folders),
    ]
    for options, message in tries:
        assert main(["train", *options]) == 1
        error = capsys.readouterr().err
        assert message in error and "Traceback" not in error
    moved = tmp_path / "moved.npz"
    os.rename(few, moved)
    assert main(["train", "--resume", str(out)]) == 1
    error = capsys.readouterr().err
    assert "no longer at its path" in error and f"Received: --resume {out} with" in error
    config = out / "config.json"
    config.write_text(config.read_text().replace(few, str(moved)))
    assert main(["train", "--resume", str(out)]) == 0
    assert "This run is finished" in capsys.readouterr().out
    np.savez(moved, x=np.zeros_like(POINTS))
    assert main(["train", "--resume", str(out)]) == 1
    assert "the data that it began with" in capsys.readouterr().err


@pytest.mark.slow
def test_a_run_that_becomes_nan_stops_and_keeps_the_last_good_gan(
    tmp_path, few, capsys, monkeypatch
):
    straight, out = tmp_path / "straight", tmp_path / "run"
    command = ["train", "--data", few, "--epochs", "4"]
    assert main([*command, "--out", str(straight)]) == 0
    prepare = watch.prepare

    def spoiled(*given):
        watched = prepare(*given)
        return dataclasses.replace(watched, callbacks=[Spoil(2), *watched.callbacks])

    monkeypatch.setattr(watch, "prepare", spoiled)
    capsys.readouterr()
    assert main([*command, "--out", str(out)]) == Status.NOT_FINITE == 3
    error = capsys.readouterr().err
    assert "NaN or infinite in epoch 3 and can't recover" in error
    assert f"{out / 'gan.keras'} keeps the last good GAN" in error
    assert error.count("\n") == 2 and "lower learning rate" in error
    monkeypatch.undo()
    assert main(["train", "--resume", str(out)]) == 0
    gans = [keras.models.load_model(run / "gan.keras") for run in (straight, out)]
    assert_same_state(*gans)
    assert_same_history(straight, out)


def test_huge_samples_are_named_as_the_cause(tmp_path, capsys):
    np.save(tmp_path / "huge.npy", POINTS * 1e30)
    command = ["train", "--data", str(tmp_path / "huge.npy"), "--epochs", "1"]
    assert main([*command, "--out", str(tmp_path / "run")]) == Status.NOT_FINITE
    error = capsys.readouterr().err
    assert "try samples without huge values (from -9.9" in error and "e+29" in error
    assert "no GAN was saved" in error and not (tmp_path / "run").exists()


@pytest.mark.parametrize("out", ["more.png", "more.npz", "more"])
def test_samples_that_are_nan_are_not_written(tmp_path, capsys, out):
    gan = kgan.GAN(
        kgan.networks.dcgan_generator((8, 8, 1), 4, width=4),
        kgan.networks.dcgan_discriminator((8, 8, 1), width=4),
    )
    spoil(gan.generator.variables[0])
    gan.save(tmp_path / "gan.keras")
    command = ["sample", str(tmp_path / "gan.keras"), "--out", str(tmp_path / out)]
    assert main(command) == 1
    assert "The samples are NaN or infinite" in capsys.readouterr().err
    assert not (tmp_path / out).exists()


@pytest.mark.slow
def test_precision(tmp_path, few):
    out = tmp_path / "run"
    options = ["--data", few, "--epochs", "1", "--precision", "mixed_float16"]
    assert main(["train", *options, "--out", str(out)]) == 0
    assert keras.config.dtype_policy().name == "float32"
    gan = keras.models.load_model(out / "gan.keras")
    assert gan.generator.layers[-1].compute_dtype == "float16"
    assert type(gan.d_optimizer) is keras.optimizers.LossScaleOptimizer
