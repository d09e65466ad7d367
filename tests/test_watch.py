"""How a run is watched: intervals, metrics, the best GAN, early stopping, its output."""

import csv
import json
import math
from types import SimpleNamespace

import keras
import numpy as np
import pytest

import kgan
from kgan import metrics
from kgan.cli import best, watch
from kgan.cli.problems import Problems
from kgan_cli.main import main
from kgan_cli.settings import TrainSettings

IMAGES = np.random.default_rng(0).integers(0, 256, (64, 8, 8, 1), dtype="uint8")


@pytest.fixture
def few(tmp_path):
    np.savez(tmp_path / "few.npz", images=IMAGES)
    return str(tmp_path / "few.npz")


def rows(run):
    with open(run / "history.csv", newline="") as file:
        return list(csv.DictReader(file))


def evaluate(name):
    pixels = metrics.Function(lambda x: x[:, 0, :, 0] / 255.0, name="pixels")
    return kgan.callbacks.Evaluate(IMAGES, [f"{name}40"], pixels)


@pytest.mark.parametrize("name", metrics.names())
def test_the_best_value_of_a_metric_is_that_of_the_reals(name):
    if name == "is":
        pytest.skip("A function gives no probabilities.")
    callback = evaluate(name)
    found = callback.monitor
    assert found["monitor"] == f"val_{name}40_pixels"
    evaluation = metrics.Evaluation(IMAGES, callback.extractor, f"{name}40")
    (good,), (bad,) = evaluation(IMAGES), evaluation(np.zeros_like(IMAGES))
    assert (good.value > bad.value) == (found["mode"] == "max")
    assert (good.value < bad.value) == (found["mode"] == "min")


# The evaluations of a run, and the numbers of samples shown before.
VALUES = [(100, 5.0), (200, 3.0), (300, math.nan), (400, 4.0), (500, 3.5), (600, 9.0)]


@pytest.mark.parametrize("resumed", range(len(VALUES)))
@pytest.mark.parametrize("samples, shown", [(200, 400), (201, 500), (300, 500)])
def test_early_stopping_counts_samples_also_in_a_resumed_run(resumed, samples, shown):
    earlier = [best.Evaluated(i, *VALUES[i]) for i in range(resumed)]
    stopping = best.EarlyStopping(samples, evaluate("fd"), earlier)
    model = SimpleNamespace(stop_training=False, images_seen=np.array(0))
    stopping.set_model(model)
    model.images_seen = SimpleNamespace(numpy=lambda: model.shown)
    ended = stopping.has_ended()
    assert ended == any(one.shown >= shown for one in earlier)
    if ended:
        return
    model.stop_training = False
    for epoch in range(resumed, len(VALUES)):
        model.shown, value = VALUES[epoch]
        stopping.on_epoch_end(epoch, {stopping.monitor: value})
        assert model.stop_training == (model.shown >= shown)
        if model.stop_training:
            break
    assert "Its best value is 3, after 200 samples" in stopping.sentence()


@pytest.mark.parametrize("name, kept", [("fd", [5.0, 3.0]), ("recall", [5.0, 9.0])])
@pytest.mark.parametrize("resumed", range(len(VALUES)))
def test_the_best_gan_is_kept_also_of_a_resumed_run(tmp_path, name, kept, resumed):
    saved = []
    earlier = [best.Evaluated(i, *VALUES[i]) for i in range(resumed)]
    keep = best.KeepBest(tmp_path / "best.keras", evaluate(name), earlier)
    keep.set_model(SimpleNamespace(save=lambda *a, **k: saved.append(value)))
    keep.on_epoch_end(resumed, {})
    for epoch in range(resumed, len(VALUES)):
        value = VALUES[epoch][1]
        keep.on_epoch_end(epoch, {keep.monitor: value})
    later = [value for _, value in VALUES[resumed:]]
    assert saved == [value for value in kept if value in later]


@pytest.mark.slow
def test_a_run_with_metrics_is_the_same_after_an_interruption(
    tmp_path, few, capsys, monkeypatch
):
    straight, out = tmp_path / "straight", tmp_path / "run"
    options = ["--epochs", "4", "--metrics", "fd40,recall40", "--grid-every", "100"]
    command = ["train", "--data", few, *options, "--save-every", "64", "--json"]
    assert main([*command, "--out", str(straight)]) == 0
    said = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert said[-1]["run"] == str(straight) and "best.keras" in said[-1]["files"]
    shown = [line for line in said if "samples" in line]
    assert shown[-1]["samples"] == 256 and shown[-1]["seconds_left"] == 0
    assert {"fd40_random", "recall40_random"} == set(shown[-1]["metrics"])
    assert {"d_loss", "g_loss"} == set(shown[-1]["losses"])
    assert all("message" in line for line in said if line not in [*shown, said[-1]])

    write = kgan.callbacks.HistoryCSV.on_epoch_end

    def write_and_fail(self, epoch, logs=None):
        write(self, epoch, logs)
        if epoch == 2:
            raise KeyboardInterrupt

    monkeypatch.setattr(kgan.callbacks.HistoryCSV, "on_epoch_end", write_and_fail)
    assert main([*command, "--out", str(out)]) == 130
    monkeypatch.undo()
    capsys.readouterr()
    assert main(["train", "--resume", str(out), "--quiet"]) == 0
    assert capsys.readouterr().out == f"{out}\n"
    without = [{k: v for k, v in row.items() if k != "seconds"} for row in rows(out)]
    assert without == [
        {k: v for k, v in row.items() if k != "seconds"} for row in rows(straight)
    ]
    names = {str(path.relative_to(straight)) for path in straight.rglob("*")}
    assert {str(path.relative_to(out)) for path in out.rglob("*")} == names
    distances = [float(row["val_fd40_random"]) for row in without]
    gans = [keras.models.load_model(run / "best.keras") for run in (straight, out)]
    expected = 64 * (1 + int(np.argmin(distances)))
    assert [int(gan.images_seen) for gan in gans] == [expected, expected]
    np.testing.assert_array_equal(*(gan.sample(3, seed=1) for gan in gans))
    # Nothing is left to do.
    before = {path: path.stat().st_mtime_ns for path in out.rglob("*")}
    assert main(["train", "--resume", str(out)]) == 0
    said = "This run is finished: 256 samples shown. --epochs N with N above 4 trains"
    assert capsys.readouterr().out == f"{said} longer.\n"
    assert {path: path.stat().st_mtime_ns for path in out.rglob("*")} == before


def test_problems_are_said_once_and_kept(tmp_path):
    said = []
    model = SimpleNamespace(
        devices=SimpleNamespace(is_chief=True),
        images_seen=SimpleNamespace(numpy=lambda: model.shown),
        real_samples=IMAGES,
        real_conditions=None,
        sample_range=kgan.data.UNBOUNDED,
    )

    def train(*found):
        problems = Problems(tmp_path / "health.txt", said.append)
        keras.callbacks.Callback.set_model(problems, model)
        problems.on_train_begin()
        for model.shown, problem in found:
            problems.on_problem(0, problem, "Text.")

    model.shown = 0
    train((1_000, "collapse"), (2_000, "range"), (3_000, "collapse"))
    first = ["1,000 samples, collapse: Text.", "2,000 samples, range: Text."]
    assert said == first
    assert (tmp_path / "health.txt").read_text().splitlines() == first
    # Resumed at 1,500 samples, after a kill.
    model.shown = 1_500
    train((2_000, "range"), (3_000, "collapse"))
    assert said[2:] == first[1:]
    assert (tmp_path / "health.txt").read_text().splitlines() == first


@pytest.mark.parametrize(
    "options, message",
    [
        ({"early_stopping": 5}, "--early-stopping needs --metrics"),
        ({"evaluate_every": 5}, "--evaluate-every needs --metrics"),
        ({"quiet": True, "json": True}, "Received: --quiet, --json"),
        ({"metrics": "ssim"}, "Unknown metric.*Received: metric='ssim10k'"),
        ({"metrics": "fid5k"}, "give FID and KID.*Received: metric='fid5k'"),
        ({"metrics": "fd", "strategy": "multi_worker"}, "on one machine.*--metrics fd"),
    ],
)
def test_options_are_checked_before_any_work(options, message):
    with pytest.raises(ValueError, match=message):
        watch.check(TrainSettings(**options))


def test_a_missing_tensorboard_is_named_before_any_work(monkeypatch):
    watch.check(TrainSettings(tensorboard=True))
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(ImportError, match=r'pip install "kgan\[tensorboard\]"'):
        watch.check(TrainSettings(tensorboard=True))


def test_the_output_of_a_process_belongs_to_no_run():
    settings = TrainSettings(quiet=True, json=True, resume="run", grid_every=3)
    record = settings.record()
    assert record["grid_every"] == 3
    assert not {"quiet", "json", "resume"} & set(record)
    resumed = TrainSettings(save_every=7).resumed(record)
    assert (resumed.grid_every, resumed.save_every, resumed.quiet) == (3, 7, False)
