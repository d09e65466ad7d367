"""Experiment trackers, by stand-ins for their packages, and the page about trackers."""

import json
import pathlib
import re
import sys
from types import ModuleType, SimpleNamespace

import numpy as np
import pytest
from PIL import Image

import kgan
from kgan.cli import trackers, watch
from kgan.cli.run_folder import RunFolder
from kgan_cli.main import main
from kgan_cli.settings import TrainSettings

pytestmark = pytest.mark.anywhere

ROOT = pathlib.Path(__file__).parents[1]
NAMES = [kind.name for kind in trackers.Tracker.__subclasses__()]
# The calls of a run whose second part ends after 96 samples: the arguments of interest.
LOGGED = [
    ("draw", 0),
    ("draw", 48),
    ("log", {"d_loss": 1.0}, 48),
    ("draw", 96),
    ("log", {"d_loss": 0.5, "val_fd": 2.0}, 96),
]


def stand_in(monkeypatch, name, **functions):
    """Puts a module in the place of a package."""
    module = ModuleType(name)
    vars(module).update(functions)
    monkeypatch.setitem(sys.modules, name, module)


def replace_packages(monkeypatch):
    """Returns the list to which stand-ins for all packages add their calls."""
    calls = []

    def log(values, step):
        picture = values.get("samples")
        calls.append(("draw", step) if picture else ("log", values, step))

    def start(name, config, **options):
        calls.append(("start", name, config["run"], options))
        return SimpleNamespace(
            log=log, finish=lambda exit_code: calls.append(("end", exit_code == 1))
        )

    def log_image(image, key, step, **options):
        # Of a picture that is closed, `load` fails.
        calls.append(("draw" if image.load() and key == "samples" else key, step))

    stand_in(monkeypatch, "wandb", init=start, Image=str)
    stand_in(
        monkeypatch,
        "trackio",
        init=start,
        log=log,
        Image=str,
        finish=lambda: calls.append(("end", None)),
    )
    stand_in(
        monkeypatch,
        "mlflow",
        start_run=lambda run_name: calls.append(("start", run_name)),
        log_params=lambda params: calls.append(("params", params)),
        log_dict=lambda config, name: calls.append(("config", config["run"], name)),
        log_metrics=log,
        log_image=log_image,
        end_run=lambda status: calls.append(("end", status == "FAILED")),
    )
    return calls


@pytest.fixture
def calls(monkeypatch):
    monkeypatch.delenv("WANDB_NAME", raising=False)
    monkeypatch.delenv("WANDB_PROJECT", raising=False)
    return replace_packages(monkeypatch)


class Run:
    """A training of two parts, without a training."""

    def __init__(self, path, name):
        self.folder, self.said = RunFolder(path / "run"), []
        self.folder.samples.mkdir(parents=True)
        config = {"arguments": {"data": "digits"}, "data": {"sha256": "0"}}
        self.folder.config.write_text(json.dumps(config))
        (tracker,) = trackers.load(name)
        self.track = trackers.Track(tracker, self.folder, self.said.append)
        model = SimpleNamespace(shown=0)
        model.images_seen = SimpleNamespace(numpy=lambda: model.shown)
        self.track.set_model(model)
        self.model = model

    def train(self, start=0):
        self.model.shown = start
        self.track.on_train_begin()
        for shown, logs in ((48, {"d_loss": 1}), (96, {"d_loss": 0.5, "val_fd": 2.0})):
            if shown > start:
                self.model.shown = shown
                self.track.on_epoch_end(0, {k: np.float32(v) for k, v in logs.items()})
        self.track.on_train_end()

    def draw(self, *numbers):
        for number in numbers:
            path = self.folder.samples / f"samples-{number:09d}.png"
            Image.new("L", (2, 2)).save(path)


def begun(name, path):
    """Returns the calls that begin a run."""
    path = str(path.resolve())
    if name == "mlflow":
        params = ("params", {"data": "digits"})
        return [("start", "run"), params, ("config", path, "config.json")]
    return [("start", "run", path, {"project": "kgan"})]


def ended(name, failed):
    return ("end", None if name == "trackio" else failed)


@pytest.mark.parametrize("name", NAMES)
def test_a_tracker_gets_the_config_the_logs_and_the_grids(tmp_path, calls, name):
    run = Run(tmp_path, name)
    # A grid of a later part, which a killed process has left.
    run.draw(0, 48, 96, 144)
    run.train()
    run.track.on_fit_end()
    start = begun(name, run.folder.path)
    assert calls == [*start, *LOGGED, ended(name, False)]
    assert run.said == []


@pytest.mark.parametrize("name", NAMES)
def test_a_resumed_run_logs_from_its_samples_on(tmp_path, calls, name):
    run = Run(tmp_path, name)
    run.draw(0, 48, 96)
    run.train(start=48)
    assert calls == [*begun(name, run.folder.path), *LOGGED[3:]]


@pytest.mark.parametrize("name", NAMES)
def test_a_training_with_an_error_ends_as_failed(tmp_path, calls, name):
    run = Run(tmp_path, name)
    run.track.on_train_begin()
    run.track.on_fit_end()
    run.track.on_fit_end()
    assert calls == [*begun(name, run.folder.path), ended(name, True)]


@pytest.mark.parametrize("name", NAMES)
def test_a_tracker_that_fails_does_not_end_the_training(
    tmp_path, calls, monkeypatch, name
):
    run = Run(tmp_path, name)

    def fail(values, shown):
        print("Output of the package.")
        raise RuntimeError("No network.\nMore.")

    monkeypatch.setattr(run.track.tracker, "log", fail)
    run.train()
    said = f"{name} gets no more logs, since it failed after 48 samples (No network)."
    assert run.said == [said]


@pytest.mark.parametrize("name", NAMES)
def test_a_tracker_that_can_not_begin_is_an_error(tmp_path, calls, monkeypatch, name):
    run = Run(tmp_path, name)
    module = sys.modules[name]
    begin = "start_run" if name == "mlflow" else "init"
    monkeypatch.setattr(module, begin, lambda **options: 1 / 0)
    with pytest.raises(ValueError, match=rf"division by zero.*Received: --track {name}$"):
        run.train()
    run.track.on_fit_end()
    assert calls == []


def test_the_output_of_packages_is_standard_error(tmp_path, calls, monkeypatch, capsys):
    run = Run(tmp_path, "trackio")
    monkeypatch.setattr(sys.modules["trackio"], "init", lambda **options: print("Hi."))
    run.track.on_train_begin()
    assert capsys.readouterr() == ("", "Hi.\n")


def test_variables_name_the_project_and_the_run_of_wandb(tmp_path, calls, monkeypatch):
    monkeypatch.setenv("WANDB_PROJECT", "mine")
    monkeypatch.setenv("WANDB_NAME", "first")
    run = Run(tmp_path, "wandb")
    run.train()
    path = str(run.folder.path.resolve())
    assert calls[0] == ("start", "first", path, {"project": "mine"})


@pytest.mark.slow
def test_kgan_train_tracks(tmp_path, calls):
    images = np.random.default_rng(0).integers(0, 256, (64, 8, 8, 1), dtype="uint8")
    np.savez(tmp_path / "few.npz", images=images)
    data, run = str(tmp_path / "few.npz"), tmp_path / "run"
    options = ["--batch-size", "32", "--epochs", "2", "--track", "mlflow, wandb,mlflow"]
    assert main(["train", "--data", data, *options, "--out", str(run), "--quiet"]) == 0
    assert json.loads((run / "config.json").read_text())["arguments"]["track"] == (
        "mlflow,wandb"
    )
    # Each call twice, by both trackers.
    logged = [call for call in calls if call[0] == "log"]
    assert [call[2] for call in logged] == [64, 64, 128, 128]
    assert logged[0] == logged[1] and {"d_loss", "g_loss"} <= set(logged[0][1])
    assert [call[1] for call in calls if call[0] == "draw"] == [0, 64, 0, 64, 128, 128]
    assert [call[0] for call in calls[-2:]] == ["end", "end"]


@pytest.mark.parametrize("name", NAMES)
def test_a_missing_package_is_named_before_any_work(monkeypatch, name):
    # `import` of a module that is None is an `ImportError`.
    monkeypatch.setitem(sys.modules, name, None)
    message = rf'`pip install "kgan\[{name}\]"`\. Received: --track {name}$'
    with pytest.raises(ImportError, match=message):
        watch.check(TrainSettings(track=name))


def test_each_tracker_is_an_extra():
    text = (ROOT / "setup.cfg").read_text("utf-8")
    for name in NAMES:
        assert re.search(rf"^{name} =\n    {name}>=[\d.]+$", text, re.MULTILINE)


@pytest.mark.parametrize("given", ["wnadb", "mlflow,wnadb", "mlflow,WNADB"])
def test_a_wrong_name_suggests_the_nearest(capsys, given):
    with pytest.raises(SystemExit):
        main(["train", "--track", given])
    (line,) = capsys.readouterr().err.splitlines()
    assert "--track must be mlflow, trackio, wandb, or several" in line
    assert f"did you mean wandb? Received: --track {given}." in line


class Trial:
    """A trial of Optuna, which is pruned at its second report if its number is odd."""

    def __init__(self, number):
        self.number, self.reports = number, []

    def suggest_float(self, name, low, high, log):
        assert low < high and log
        return (low * high) ** 0.5

    def report(self, value, step):
        assert step == len(self.reports)
        self.reports.append(value)

    def should_prune(self):
        return self.number % 2 == 1 and len(self.reports) == 2


class Study:
    """A study of Optuna, without its sampler: the stand-in keeps the trials."""

    def __init__(self, **options):
        assert options["direction"] == "minimize" and options["load_if_exists"]
        self.trials, self.values, self.pruned = [], [], []

    def optimize(self, objective, n_trials):
        for number in range(2):
            self.trials.append(Trial(number))
            try:
                self.values.append(objective(self.trials[-1]))
            except Pruned:
                self.pruned.append(number)

    best_params = property(lambda self: {"learning_rate": 0.1})
    best_value = property(lambda self: min(self.values))


class Pruned(Exception):
    pass


@pytest.mark.slow
def test_the_script_of_the_page_tunes(monkeypatch, digits, capsys):
    text = (ROOT / "docs" / "tracking.md").read_text("utf-8")
    begin = r"```python\n(import kgan\n\nimport keras\nimport optuna"
    (code,) = re.findall(rf"{begin}.*?)```", text, re.S)
    pruners = SimpleNamespace(MedianPruner=lambda: None)
    stand_in(
        monkeypatch, "optuna", create_study=Study, pruners=pruners, TrialPruned=Pruned
    )
    monkeypatch.setattr(kgan.data, "load", lambda name: (digits[:64], None))
    monkeypatch.setattr(
        kgan.metrics,
        "classifier",
        lambda images, labels: kgan.metrics.Function(
            lambda x: x[:, 0, :, 0] / 255.0, name="pixels"
        ),
    )
    code = re.sub(r"epochs=\d+", "epochs=3", code).replace("fd1k", "fd40")
    code = code.replace("(images, labels), ", "images, ")
    found = {}
    exec(compile(code, "tracking.md", "exec"), found)
    study = found["study"]
    assert study.pruned == [1]
    assert [len(trial.reports) for trial in study.trials] == [3, 2]
    assert study.values == study.trials[0].reports[-1:]
    assert str(study.best_value) in capsys.readouterr().out
