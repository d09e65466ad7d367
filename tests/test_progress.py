"""The progress that `kgan train` shows, on a terminal and in a file."""

import io
from types import SimpleNamespace

import numpy as np
import pytest

from kgan.cli import progress_bar


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.fixture
def clock(monkeypatch):
    now = SimpleNamespace(seconds=100.0)
    monkeypatch.setattr("time.monotonic", lambda: now.seconds)
    return now


def shown_by(monkeypatch, stream, clock, before, batches):
    """Returns the text on `stream` of a training in batches of 50 samples, 1 s each.

    Args:
        before: Int, the samples shown before the training begins.
        batches: Int, the number of batches.
    """
    monkeypatch.setattr("sys.stdout", stream)
    monkeypatch.setenv("COLUMNS", "80")
    seen = np.array(before)
    callback = progress_bar.progress(100_000)
    callback.set_model(SimpleNamespace(images_seen=SimpleNamespace(numpy=lambda: seen)))
    callback.on_train_begin()
    for batch in range(batches):
        seen += 50
        clock.seconds += 1
        logs = {"d_loss": np.float32(1.25), "g_loss": np.float32(0.5), "r1": 3.0}
        callback.on_train_batch_end(batch, logs)
    callback.on_train_end({"d_loss": 1.0})
    if hasattr(callback, "on_fit_end"):
        callback.on_fit_end()
    return stream.getvalue()


@pytest.mark.parametrize("before", [0, 40_000])
def test_lines_have_the_speed_and_the_time_left(monkeypatch, clock, before):
    lines = shown_by(monkeypatch, io.StringIO(), clock, before, 25).splitlines()
    assert len(lines) == 5
    assert lines[0] == "Preparing the first step."
    assert lines[1] == f"{before + 50:,} of 100,000 samples  d_loss 1.250  g_loss 0.500"
    # At 50 samples a second, also of a training that was resumed.
    seconds = (100_000 - before - 550) // 50
    left = f"{seconds // 3600}:{seconds // 60 % 60:02d}:{seconds % 60:02d}"
    losses = "d_loss 1.250  g_loss 0.500"
    assert lines[2] == f"{before + 550:,} of 100,000 samples  50/s  {left} left  {losses}"
    assert lines[4].startswith(f"{before + 1_250:,} of 100,000 samples  50/s")
    assert lines[4].endswith("d_loss 1.000")
    assert not any(c in "".join(lines) for c in "\b\r\x1b")


def test_a_bar_is_drawn_on_a_terminal_only(monkeypatch, clock):
    monkeypatch.setenv("TERM", "xterm")
    text = shown_by(monkeypatch, Terminal(), clock, 0, 20)
    assert "preparing" in text and "1,000/100,000 samples" in text
    assert "d_loss 1.000" in text
    # The cursor is hidden, and comes back.
    assert text.count("\x1b[?25l") == text.count("\x1b[?25h") == 1
