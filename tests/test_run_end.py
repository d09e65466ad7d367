"""The files of the end of a run: a finished run gets what is missing, and no more."""

import json
import os

import keras
import numpy as np
import pytest

import kgan
from kgan import files
from kgan.cli import report, train
from kgan_cli import paths
from kgan_cli.main import main
from kgan_cli.settings import TrainSettings

pytestmark = pytest.mark.slow

POINTS = np.random.default_rng(0).uniform(-1, 1, (64, 2)).astype("float32")
METRICS = '[{"name": "fd9", "value": 2.5, "protocol": {}}]'
HAS_SAVED_MODEL = keras.backend.backend() != "torch"


@pytest.fixture
def out(tmp_path):
    """The folder of a finished run."""
    np.savez(tmp_path / "few.npz", x=POINTS)
    out = tmp_path / "run"
    options = ["--data", str(tmp_path / "few.npz"), "--epochs", "1", "--out", str(out)]
    assert main(["train", *options]) == 0
    return out


def times(folder):
    """Returns when each file was written."""
    found = (path for path in folder.rglob("*") if path.is_file())
    return {path: path.stat().st_mtime_ns for path in found}


def test_a_finished_run_without_its_report_gets_the_report_alone(out, capsys):
    (out / "report.html").unlink()
    before = times(out)
    capsys.readouterr()
    assert main(["train", "--resume", str(out)]) == 0
    said = capsys.readouterr().out.splitlines()
    assert said[0].startswith("This run is finished: 64 samples shown.")
    assert said[1:] == [f"{out / 'report.html'} was missing, and is written now."]
    assert times(out).items() - before.items() == {
        (out / "report.html", (out / "report.html").stat().st_mtime_ns)
    }


@pytest.mark.parametrize("epochs, first", [(1, "This run is"), (2, "Training on 64")])
def test_a_folder_in_place_of_the_report_stays_and_is_named(out, capsys, epochs, first):
    (out / "report.html").unlink()
    (out / "report.html").mkdir()
    (out / "report.html" / "of a user").touch()
    before = times(out)
    capsys.readouterr()
    assert main(["train", "--resume", str(out), "--epochs", str(epochs)]) == 0
    said = capsys.readouterr()
    assert said.out.startswith(first)
    assert said.err.startswith(f"Warning: {out / 'report.html'} can't be written: ")
    assert (out / "report.html" / "of a user").exists()
    assert epochs == 2 or times(out) == before


def test_a_finished_run_that_has_all_writes_nothing(out, capsys):
    before = times(out)
    capsys.readouterr()
    assert main(["train", "--resume", str(out)]) == 0
    assert len(capsys.readouterr().out.splitlines()) == 1
    assert times(out) == before


def test_a_new_export_gets_a_new_report(out, monkeypatch):
    # As after a kill between the two removals.
    if HAS_SAVED_MODEL:
        files.remove(out / "saved_model")
    monkeypatch.setattr(kgan.exports.Format, "export_error", "")
    monkeypatch.setattr(
        train, "_export", lambda gan, folder, shown: folder.saved_model.mkdir()
    )
    (out / "report.html").write_text("old")
    assert main(["train", "--resume", str(out)]) == 0
    assert (out / "saved_model").is_dir()
    assert (out / "report.html").read_text("utf-8") != "old"


def test_the_files_of_an_earlier_end_are_gone_if_the_next_end_fails(
    out, capsys, monkeypatch
):
    def export(gan, folder, shown):
        raise OSError(28, "No space left on device", str(folder.saved_model))

    monkeypatch.setattr(kgan.exports.Format, "export_error", "")
    monkeypatch.setattr(train, "_export", export)
    (out / "saved_model").mkdir(exist_ok=True)
    (out / "saved_model" / "of the first end").touch()
    error = (
        "kgan train: The run folder can't be written to (No space left on device); "
        "finished files are kept, and --resume goes on from the last GAN that was saved. "
        f"Received: --resume {out} with {out / 'saved_model'}\n"
    )
    # The second time, the run is trained.
    for epochs in (["--epochs", "2"], []):
        capsys.readouterr()
        assert main(["train", "--resume", str(out), *epochs]) == 1
        said = capsys.readouterr()
        assert said.err == error
        assert bool(epochs) != said.out.startswith("This run is finished: 128 samples")
        assert not (out / "saved_model").exists() and not (out / "report.html").exists()


def test_a_finished_run_begins_no_training(out, monkeypatch):
    monkeypatch.setattr(kgan.GAN, "fit", pytest.fail)
    (out / "report.html").unlink()
    said = []
    monkeypatch.setattr(report, "write_at_end", lambda *arguments: said.append(1))
    config = json.loads((out / "config.json").read_text())
    assert main(["train", "--resume", str(out), "--save-every", "64"]) == 0
    assert said == [1] and json.loads((out / "config.json").read_text()) == config


def test_other_data_needs_a_new_run(out, tmp_path, capsys):
    np.savez(tmp_path / "more data.npz", x=POINTS)
    more = str(tmp_path / "more data.npz")
    capsys.readouterr()
    # The second data is the default of --data, which is not the data of this run.
    for data, quoted in ((more, f"'{more}'"), ("digits", "digits")):
        assert main(["train", "--resume", str(out), "--data", data]) == 1
        error = capsys.readouterr().err
        assert error.startswith("kgan train: --resume continues with the data and ")
        assert error.endswith(
            "can be given. For other data, begin a new run with this GAN: `kgan train "
            f"--start-from {out} --data {quoted}`. Received: --data {data}\n"
        )
    new = str(tmp_path / "new")
    options = ["--start-from", str(out), "--data", more, "--epochs", "1", "--out", new]
    assert main(["train", *options]) == 0


def test_the_data_of_the_run_may_be_named_again(out, tmp_path, monkeypatch):
    config = json.loads((out / "config.json").read_text())
    monkeypatch.chdir(tmp_path)
    data = os.path.relpath(config["arguments"]["data"])
    assert not os.path.isabs(data)
    assert main(["train", "--resume", str(out), "--data", data, "--seed", "0"]) == 0


def test_relative_pairs_may_be_named_again(tmp_path, monkeypatch):
    for name in "abc":
        (tmp_path / name).mkdir()
    recorded = [str(tmp_path / "a"), str(tmp_path / "b")]
    monkeypatch.chdir(tmp_path)
    assert paths.are_same(["a", "b"], recorded)
    assert not paths.are_same(["a", "c"], recorded)
    assert not paths.are_same(["a"], recorded)
    settings = TrainSettings.of_given({"resume": "run", "pairs": ["a", "c"]})
    with pytest.raises(ValueError, match=r"Received: --pairs a c$"):
        settings.resumed({"pairs": recorded})


def test_numbers_of_the_earlier_gan_keep_its_count(out):
    (out / "metrics.json").write_text(METRICS)
    assert main(["train", "--resume", str(out)]) == 0
    assert (out / "metrics.json").read_text() == METRICS
    assert main(["train", "--resume", str(out), "--epochs", "2"]) == 0
    assert not (out / "metrics.json").exists()
    assert (out / "metrics-000000064.json").read_text() == METRICS
    assert "fd9" not in (out / "report.html").read_text("utf-8")


@pytest.mark.parametrize("changed", ["conditional", "captions"])
def test_the_named_command_suits_the_gan_of_the_run(out, capsys, changed):
    config = json.loads((out / "config.json").read_text())
    config["arguments"][changed] = True if changed == "conditional" else "captions.csv"
    (out / "config.json").write_text(json.dumps(config))
    assert main(["train", "--resume", str(out), "--data", "digits"]) == 1
    error = capsys.readouterr().err
    named = f"`kgan train --start-from {out} --data digits --conditional`."
    # A run of a GAN with captions would need other captions too.
    assert (named in error) == (changed == "conditional")
    assert ("begin a new run" in error) == (changed == "conditional")


def test_other_data_of_a_run_from_which_no_run_can_start(out, capsys):
    config = json.loads((out / "config.json").read_text())
    config["arguments"]["pairs"] = ["a", "b"]
    (out / "config.json").write_text(json.dumps(config))
    assert main(["train", "--resume", str(out), "--data", "digits"]) == 1
    assert "can be given. Received: --data digits\n" in capsys.readouterr().err
    config["arguments"]["pairs"] = None
    (out / "config.json").write_text(json.dumps(config))
    (out / "gan.keras").unlink()
    assert main(["train", "--resume", str(out), "--data", "digits"]) == 1
    assert "can be given. Received: --data digits\n" in capsys.readouterr().err


def test_a_default_value_that_is_given_is_not_ignored(out, capsys):
    config = json.loads((out / "config.json").read_text())
    resume = ["train", "--resume", str(out), "--seed", "0"]
    assert main(resume) == 0
    config["arguments"]["seed"] = 7
    (out / "config.json").write_text(json.dumps(config))
    assert main(resume) == 1
    assert capsys.readouterr().err.endswith("Received: --seed 0\n")
