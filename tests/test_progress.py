"""The progress that `kgan train` shows, on a terminal and in a file."""

import io
import json
import pathlib
import sys
from types import SimpleNamespace

import numpy as np
import pytest

from kgan.cli import progress_bar
from kgan.cli.run_folder import RunFolder
from kgan_cli.settings import TrainSettings


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.fixture
def clock(monkeypatch):
    now = SimpleNamespace(seconds=100.0)
    monkeypatch.setattr("time.monotonic", lambda: now.seconds)
    return now


def shown_by(monkeypatch, stream, clock, before, batches, skipped=0, **options):
    """Returns the text on `stream` of a training in batches of 50 samples, 1 s each.

    Args:
        before: Int, the samples shown before the training begins.
        batches: Int, the number of batches.
        skipped: Int, the number of batches that a resumed training skips, 1 s each.
        **options: Options of `kgan train`.
    """
    monkeypatch.setattr("sys.stdout", stream)
    monkeypatch.setenv("COLUMNS", "80")
    seen = np.array(before)
    callback = progress_bar.progress(100_000, TrainSettings(**options))
    callback.set_model(SimpleNamespace(images_seen=SimpleNamespace(numpy=lambda: seen)))
    callback.on_train_begin()
    for batch in range(-skipped, batches):
        seen += 50 if batch >= 0 else 0
        clock.seconds += 1
        logs = {"d_loss": np.float32(1.25), "g_loss": np.float32(0.5), "r1": 3.0}
        callback.on_train_batch_end(batch, logs)
    callback.on_epoch_end(0, {**logs, "val_fd10k_pixels": 2.5})
    callback.say("A sentence.")
    callback.on_train_end({"d_loss": 1.0})
    if hasattr(callback, "on_fit_end"):
        callback.on_fit_end()
    return stream.getvalue()


@pytest.mark.parametrize("before, skipped", [(0, 0), (40_000, 0), (40_000, 30)])
def test_lines_have_the_speed_and_the_time_left(monkeypatch, clock, before, skipped):
    text = shown_by(monkeypatch, io.StringIO(), clock, before, 25, skipped)
    lines = text.splitlines()
    assert lines[0] == "Preparing the first step."
    assert lines[1] == f"{before + 50:,} of 100,000 samples  d_loss 1.250  g_loss 0.500"
    # Two seconds later, at 50 samples a second, also of a training that was resumed.
    seconds = (100_000 - before - 150) // 50
    left = f"{seconds // 3600}:{seconds // 60 % 60:02d}:{seconds % 60:02d}"
    losses = "d_loss 1.250  g_loss 0.500"
    assert lines[2] == f"{before + 150:,} of 100,000 samples  50/s  {left} left  {losses}"
    # From then on every ten seconds; after an evaluation; and at the end.
    shown = [int(line.split()[0].replace(",", "")) - before for line in lines[3:6]]
    assert shown == [650, 1_150, 1_250]
    assert lines[5].endswith(f"{losses}  fd10k_pixels 2.5")
    assert lines[6] == "A sentence."
    assert lines[7].startswith(f"{before + 1_250:,} of 100,000 samples  50/s")
    assert lines[7].endswith("d_loss 1.000  fd10k_pixels 2.5") and len(lines) == 8
    assert not any(c in "".join(lines) for c in "\b\r\x1b")


def test_json_has_an_object_on_each_line(monkeypatch, clock):
    text = shown_by(monkeypatch, io.StringIO(), clock, 40_000, 3, json=True)
    first, second, evaluated, said, last = map(json.loads, text.splitlines())
    losses = {"d_loss": 1.25, "g_loss": 0.5}
    to_show = {"samples_to_show": 100_000, "losses": losses, "metrics": {}}
    unknown = {"samples_per_second": None, "seconds_left": None}
    assert first == {"samples": 40_050, **unknown, **to_show}
    speed = {"samples_per_second": 50.0, "seconds_left": (100_000 - 40_150) / 50}
    assert second == {"samples": 40_150, **speed, **to_show}
    assert evaluated == {**second, "metrics": {"fd10k_pixels": 2.5}}
    assert said == {"message": "A sentence."}
    assert last["losses"] == {"d_loss": 1.0}


@pytest.mark.parametrize("json", [False, True])
@pytest.mark.parametrize("metrics", [{}, {"val_fd10k_pixels": 2.5}])
def test_the_end_is_shown_once(monkeypatch, clock, capsys, json, metrics):
    seen = np.array(0)
    callback = progress_bar.progress(100, TrainSettings(json=json))
    callback.set_model(SimpleNamespace(images_seen=SimpleNamespace(numpy=lambda: seen)))
    callback.on_train_begin()
    logs = {"d_loss": np.float32("nan"), "g_loss": np.float32(0.5)}
    for batch in range(2):
        seen += 50
        clock.seconds += 5
        callback.on_train_batch_end(batch, logs)
    # An evaluation and the last file take time, which changes the speed.
    for end in (lambda logs: callback.on_epoch_end(0, logs), callback.on_train_end):
        clock.seconds += 5
        end(logs | metrics)
    lines = capsys.readouterr().out.splitlines()
    ends = [line for line in lines if "100 of" in line or '"samples": 100,' in line]
    assert len(ends) == 1 + len(metrics) and len(set(ends)) == len(ends)
    assert all("fd10k_pixels" in line for line in ends[1:])


def test_json_has_no_nan(monkeypatch, capsys):
    shown = progress_bar.Snapshot(1, 2, None, {"d_loss": float("nan")}, {"a": np.inf})
    progress_bar.ProgressJSON(2).show(shown)
    found = json.loads(capsys.readouterr().out, parse_constant=pytest.fail)
    assert found["losses"] == {"d_loss": None} and found["metrics"] == {"a": None}


def test_quiet_shows_the_run_and_a_worker_nothing(monkeypatch, clock, capsys):
    assert shown_by(monkeypatch, io.StringIO(), clock, 0, 25, quiet=True) == ""
    monkeypatch.undo()
    folder = RunFolder("runs/7")
    progress_bar.progress(9, TrainSettings(quiet=True)).end(folder, pytest.fail)
    assert capsys.readouterr().out == f"{pathlib.Path('runs/7')}\n"
    progress_bar.progress(9, TrainSettings(), is_chief=False).say("A sentence.")
    assert capsys.readouterr().out == ""


def test_a_bar_is_drawn_on_a_terminal_only(monkeypatch, clock):
    monkeypatch.setenv("TERM", "xterm")
    text = shown_by(monkeypatch, Terminal(), clock, 0, 20)
    assert "preparing" in text and "1,000/100,000 samples" in text
    assert "d_loss 1.000" in text and "A sentence." in text
    assert "50/s" in text and "0:33:00 left" in text
    # The cursor is hidden, and comes back.
    assert text.count("\x1b[?25l") == text.count("\x1b[?25h") == 1


def test_a_bar_says_at_once_that_training_stops(monkeypatch):
    monkeypatch.setattr("sys.stdout", Terminal())
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "80")
    bar = progress_bar.progress(100, TrainSettings())
    # A signal may come before the bar is drawn.
    bar.stop()
    bar.set_model(SimpleNamespace(images_seen=np.array(0)))
    bar.begin(0)
    bar.stop()
    bar.on_fit_end()
    assert "stopping after this step" in sys.stdout.getvalue()


def test_a_terminal_gets_lines_that_end_after_words(monkeypatch, clock):
    stream = Terminal()
    monkeypatch.setattr("sys.stdout", stream)
    monkeypatch.setenv("COLUMNS", "20")
    bar = progress_bar.progress(9, TrainSettings())
    bar.say("Training on 300 samples in a/path-of-more-than-20.zip")
    lines = ["Training on 300", "samples in", "a/path-of-more-than-20.zip"]
    assert stream.getvalue().splitlines() == lines
