"""The start of the command line, and of `import kgan`."""

import json
import os
import subprocess
import sys

import keras
import pytest

import kgan
from kgan.metrics.extractors.inception import PROTOCOLS
from kgan_cli import main, names

BACKEND = keras.backend.backend()
SLOW_TO_IMPORT = {"keras", "kgan", "numpy", "PIL", "tensorflow", "jax", "torch"}


def python(*arguments):
    """Runs Python in a new process, with the log level that users have."""
    variables = {k: v for k, v in os.environ.items() if k != "TF_CPP_MIN_LOG_LEVEL"}
    return subprocess.run(
        [sys.executable, *map(str, arguments)],
        capture_output=True,
        text=True,
        env={**variables, "KERAS_BACKEND": BACKEND},
        timeout=600,
    )


PARSE = """
import json, sys
from kgan_cli.main import main
try:
    main(sys.argv[1:])
except SystemExit as exit:
    print(json.dumps([exit.code or 0, sorted(sys.modules)]))
"""


@pytest.mark.parametrize(
    "command, status",
    [
        ("--help", 0),
        ("--version", 0),
        ("train --help", 0),
        ("evaluate --help", 0),
        ("", 2),
        ("paint", 2),
        ("train --epochs 0", 2),
        ("train --preset biggan", 2),
        ("sample", 2),
        ("info --resume run", 2),
    ],
)
def test_help_and_usage_errors_import_neither_keras_nor_a_framework(command, status):
    result = python("-c", PARSE, *command.split())
    code, imported = json.loads(result.stdout.splitlines()[-1])
    assert code == status, result.stderr
    assert not SLOW_TO_IMPORT & set(imported)


def test_choices_are_the_names_of_kgan():
    assert names.of_classes("losses") == kgan.losses.names()
    assert names.of_classes("augment") == kgan.augment.names()
    assert sorted(names.of_constant("presets", "RECIPES")) == kgan.presets.names()
    assert names.of_constant("metrics", "PROTOCOLS") == list(PROTOCOLS)
    assert names.version() == kgan.__version__
    for crop in names.of_constant("data", "CROPS"):
        kgan.data.Options(crop=crop)
    for channels in names.of_constant("data", "MODES"):
        kgan.data.Options(channels=channels)
    with pytest.raises(LookupError, match="kgan/data assigns COLORS"):
        names.of_constant("data", "COLORS")


def test_only_the_command_changes_the_log_level(monkeypatch):
    monkeypatch.delenv("TF_CPP_MIN_LOG_LEVEL", raising=False)
    assert main.main(["sample", "no-such-file.keras"]) == 1
    assert os.environ.pop("TF_CPP_MIN_LOG_LEVEL") == "3"
    # The value of the user stays.
    monkeypatch.setenv("TF_CPP_MIN_LOG_LEVEL", "0")
    assert main.main(["sample", "no-such-file.keras"]) == 1
    assert os.environ["TF_CPP_MIN_LOG_LEVEL"] == "0"


STATE = """
import logging, os
import keras

def state():
    loggers = {**logging.root.manager.loggerDict, "": logging.root}
    levels = {name: getattr(logger, "level", 0) for name, logger in loggers.items()}
    handlers = {name: getattr(logger, "handlers", []) for name, logger in loggers.items()}
    return dict(os.environ), levels, {k: list(v) for k, v in handlers.items()}

before = state()
import kgan
variables, levels, handlers = state()
assert variables == before[0]
assert levels == {**dict.fromkeys(levels, 0), **before[1]}
assert handlers == {**dict.fromkeys(handlers, []), **before[2]}
"""


def test_the_import_of_kgan_sets_no_variable_and_no_logging():
    result = python("-c", STATE)
    assert result.returncode == 0, result.stderr


@pytest.mark.parametrize("imports", ["import kgan, keras", "import keras, kgan"])
def test_a_saved_gan_loads_after_an_import_of_kgan(tmp_path, tiny, imports):
    gan = tiny()
    gan.compile(loss="hinge", penalties=["r1"])
    gan.save(tmp_path / "gan.keras")
    script = f"""
{imports}
gan = keras.models.load_model({str(tmp_path / "gan.keras")!r})
assert type(gan) is kgan.GAN and gan.loss == kgan.losses.Hinge()
"""
    result = python("-c", script)
    assert result.returncode == 0, result.stderr


def test_commands_write_nothing_but_their_own_messages(tmp_path):
    run = tmp_path / "run"
    commands = [
        ["train", "--epochs", "1", "--out", run],
        ["sample", run, "--count", "4", "--out", tmp_path / "samples.png"],
        ["info", "--conditional"],
    ]
    for command in commands:
        result = python("-m", "kgan_cli", *command)
        assert result.returncode == 0, result.stderr
        assert result.stderr == ""
        for line in result.stdout.splitlines():
            assert not line.startswith(("WARNING", "I0000", "W0000", "E0000", "INFO"))
    assert (run / "gan.keras").exists()


def test_errors_reach_the_terminal(tmp_path):
    (tmp_path / "gan.keras").write_text("no model")
    result = python("-m", "kgan_cli", "sample", tmp_path / "gan.keras")
    assert result.returncode == 1
    assert result.stderr.startswith("kgan sample: Expected a run folder with gan.keras")
    assert result.stderr.count("\n") == 1


def test_kgan_is_a_module_that_python_runs():
    for module in ("kgan", "kgan_cli"):
        result = python("-m", module, "--version")
        assert result.returncode == 0, result.stderr
        assert result.stdout == f"kgan {kgan.__version__}\n"
