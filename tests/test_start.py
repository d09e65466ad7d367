"""The start of the command line, and of `import kgan`."""

import configparser
import dataclasses
import json
import os
import pathlib
import subprocess
import sys

import keras
import pytest

import kgan
import kgan.cli.sample
from kgan.metrics import extractors, specs
from kgan_cli import compilations, main, names, quiet, spelling
from kgan_cli.settings import EvaluateSettings

pytestmark = pytest.mark.anywhere

BACKEND = keras.backend.backend()
LEVEL = "TF_CPP_MIN_LOG_LEVEL"
FOLDER = compilations.FOLDER
SLOW_TO_IMPORT = {"keras", "kgan", "numpy", "PIL", "tensorflow", "jax", "torch"}


def python(*arguments):
    """Runs Python in a new process, with the log level that users have."""
    variables = {k: v for k, v in os.environ.items() if k != LEVEL}
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
    code = main(sys.argv[1:])
except SystemExit as exit:
    code = exit.code or 0
print(json.dumps([code, sorted(sys.modules)]))
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
        ("train --preset gpt", 2),
        ("sample", 2),
        ("info --resume run", 2),
        ("sample none", 1),
        ("interpolate none --seeds 0 1", 1),
        ("project none picture.png", 1),
        ("explore none", 1),
        ("export none", 1),
        ("translate none pictures out", 1),
        ("report none", 1),
        ("compare none", 1),
        ("train --resume none", 1),
        ("train --start-from none", 1),
    ],
)
def test_help_and_early_errors_import_neither_keras_nor_a_framework(command, status):
    result = python("-c", PARSE, *command.split())
    code, imported = json.loads(result.stdout.splitlines()[-1])
    assert code == status, result.stderr
    assert not SLOW_TO_IMPORT & set(imported)


def test_choices_are_the_names_of_kgan():
    assert names.class_names("losses") == kgan.losses.names()
    assert names.class_names("augment") == kgan.augment.names()
    assert names.class_names("text") == kgan.text.names()
    assert sorted(names.constant_items("presets", "RECIPES")) == kgan.presets.names()
    assert names.object_names("metrics", "MetricSpec") == specs.names()
    (choices,) = (
        field.metadata["choices"]
        for field in dataclasses.fields(EvaluateSettings)
        if field.name == "extractor"
    )
    assert choices == extractors.names()
    assert names.version() == kgan.__version__
    for crop in names.constant_items("data", "CROPS"):
        kgan.data.Options(crop=crop)
    for channels in names.constant_items("data", "MODES"):
        kgan.data.Options(channels=channels)
    with pytest.raises(LookupError, match="kgan/data assigns COLORS"):
        names.constant_items("data", "COLORS")


LOG = """\
WARNING: All log messages before absl::InitializeLog() is called are written to STDERR
I0000 00:00:1795697841.129144    7001 cudart_stub.cc:31] Could not find cuda drivers.
I0000 00:00:1795697841.333729    7001 cpu_feature_guard.cc:227] This binary is optimized.
To enable the following instructions: AVX2 FMA, rebuild TensorFlow.
E0000 00:00:1795697841.454975    7001 cuda_platform.cc:52] failed call to cuInit
F0000 00:00:1795697841.454975    7001 cpu_feature_guard.cc:99] No AVX instructions.
Traceback (most recent call last):
ImportError: libtensorflow.so: cannot open shared object file"""


def test_fatal_messages_and_exceptions_pass_the_filter():
    result = subprocess.run(
        [sys.executable, "-IS", quiet.__file__],
        input=LOG,
        capture_output=True,
        text=True,
    )
    assert result.returncode == 0 and result.stderr == ""
    assert result.stdout.splitlines() == LOG.splitlines()[-3:]


ABORT = """
import os, sys
from kgan_cli import quiet
with quiet._filtered_stderr():
    os.write(2, b"I0000 00:00:1795697841.1    7001 a.cc:1] Noise\\n")
    os.write(2, b"The last words\\n")
    os.abort()
"""


def test_the_last_words_of_a_process_that_aborts_are_shown():
    result = python("-c", ABORT)
    assert result.returncode < 0
    assert result.stderr == "The last words\n"


def test_only_the_command_changes_the_log_level(monkeypatch):
    levels = []
    monkeypatch.setattr(
        kgan.cli.sample, "run", lambda _: levels.append(os.environ[LEVEL]) or 0
    )
    monkeypatch.delenv(LEVEL, raising=False)
    finders = list(sys.meta_path)
    assert main.main(["sample", "digits"]) == 0
    assert LEVEL not in os.environ and sys.meta_path == finders
    # The level of the user stays.
    monkeypatch.setenv(LEVEL, "0")
    assert main.main(["sample", "digits"]) == 0
    assert levels == ["3", "0"]


def test_only_the_command_sets_the_folder_of_compilations(monkeypatch, tmp_path):
    folders = []
    monkeypatch.setattr(
        kgan.cli.sample, "run", lambda _: folders.append(os.environ.get(FOLDER)) or 0
    )
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    monkeypatch.delenv(FOLDER)
    before = dict(os.environ)
    assert main.main(["sample", "digits"]) == 0
    assert dict(os.environ) == before and not any(tmp_path.iterdir())
    # The folder of the user stays.
    monkeypatch.setenv(FOLDER, "mine")
    assert main.main(["sample", "digits"]) == 0
    # A file in the place of the folder, as an example of what can't be written.
    monkeypatch.delenv(FOLDER)
    (tmp_path / "keras").touch()
    assert main.main(["sample", "digits"]) == 0
    assert folders == [str(tmp_path / "keras" / "compiled"), "mine", None]


@pytest.mark.backends("jax", reason="JAX's alone")
def test_the_second_command_compiles_nothing(monkeypatch, tmp_path):
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    monkeypatch.delenv(FOLDER)
    command = ["-m", "kgan_cli", "sample", "digits", "--out", tmp_path / "digits.png"]
    compiled = []
    for _ in range(2):
        result = python(*command)
        assert (result.returncode, result.stderr) == (0, "")
        compiled.append({path.name for path in (tmp_path / "compiled").glob("*-cache")})
    first, second = compiled
    # Whatever the second process compiles would be added.
    assert first == second and any("jit_" in name for name in first)


STATE = """
import logging, os
import keras

def state():
    loggers = {**logging.root.manager.loggerDict, "": logging.root}
    levels = {name: getattr(logger, "level", 0) for name, logger in loggers.items()}
    handlers = {name: getattr(logger, "handlers", []) for name, logger in loggers.items()}
    return dict(os.environ), levels, {k: list(v) for k, v in handlers.items()}

for name in ("OMP_WAIT_POLICY", "TF_ENABLE_ONEDNN_OPTS"):
    os.environ.pop(name, None)
before = state()
import kgan
variables, levels, handlers = state()
added = {name: variables[name] for name in variables.keys() - before[0].keys()}
assert variables == before[0] | added
assert added.keys() <= {"OMP_WAIT_POLICY", "TF_ENABLE_ONEDNN_OPTS"}
assert levels == {**dict.fromkeys(levels, 0), **before[1]}
assert handlers == {**dict.fromkeys(handlers, []), **before[2]}
"""


def test_the_import_of_kgan_sets_two_variables_and_no_logging():
    result = python("-c", STATE)
    assert result.returncode == 0, result.stderr


@pytest.mark.slow
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


def test_training_writes_nothing_but_its_own_messages(tmp_path):
    run = tmp_path / "run"
    result = python("-m", "kgan_cli", "train", "--epochs", "1", "--out", run)
    assert result.returncode == 0, result.stderr
    assert result.stderr == ""
    for line in result.stdout.splitlines():
        assert not line.startswith(("WARNING", "I0000", "W0000", "E0000", "INFO"))
    assert (run / "gan.keras").exists()


def test_errors_reach_the_terminal(tmp_path):
    (tmp_path / "gan.keras").write_text("no model")
    result = python("-m", "kgan_cli", "sample", tmp_path / "gan.keras")
    assert result.returncode == 1
    assert result.stderr.startswith("kgan sample: gan.keras is damaged, or no file that")
    assert result.stderr.count("\n") == 1


@pytest.mark.slow
def test_python_runs_kgan_as_a_module():
    result = python("-m", "kgan", "--version")
    assert result.returncode == 0, result.stderr
    assert result.stdout == f"kgan {kgan.__version__}\n"


INTERRUPT = """
import os, runpy, signal, sys

# The background of a shell ignores the signal.
signal.signal(signal.SIGINT, signal.default_int_handler)

class Interrupting:
    def find_spec(self, name, path, target=None):
        if name == "kgan_cli.settings":
            os.kill(os.getpid(), signal.SIGINT)

sys.meta_path.insert(0, Interrupting())
sys.argv = ["kgan", "--version"]
"""


def script_of_kgan():
    """Returns the lines by which the installed command `kgan` begins."""
    setup = configparser.ConfigParser()
    setup.read(pathlib.Path(kgan.__file__).parents[1] / "setup.cfg")
    scripts = setup["options.entry_points"]["console_scripts"]
    module, function = scripts.strip().removeprefix("kgan = ").split(":")
    return f"from {module} import {function}\nsys.exit({function}())"


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such signals")
@pytest.mark.parametrize(
    "begin",
    [script_of_kgan(), 'runpy.run_module("kgan_cli", run_name="__main__")'],
    ids=["script", "module"],
)
def test_ctrl_c_while_the_command_is_imported_is_one_line(begin):
    result = python("-c", INTERRUPT + begin)
    assert (result.returncode, result.stdout) == (130, "")
    assert result.stderr == "\nkgan: interrupted\n"


TO_ALL = """
import os, signal
from kgan_cli import quiet
os.setsid()
signal.signal(signal.SIGINT, lambda *_: None)
with quiet._filtered_stderr():
    os.killpg(0, signal.SIGINT)
    os.write(2, b"The last words\\n")
"""


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such signals")
def test_ctrl_c_does_not_end_the_filter_of_messages():
    # A terminal sends Ctrl-C to all processes of a command.
    result = python("-c", TO_ALL)
    assert (result.returncode, result.stderr) == (0, "The last words\n")


FULL = pathlib.Path("/dev/full")


@pytest.mark.skipif(not FULL.exists(), reason="only Linux has a full device")
@pytest.mark.parametrize("command", ["--help", "--version", "train --help"])
def test_an_output_that_is_full_is_named(command):
    with FULL.open("w") as full:
        result = subprocess.run(
            [sys.executable, "-m", "kgan_cli", *command.split()],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
        )
    assert result.returncode == 1
    reason = "No space left on device"
    assert result.stderr == f"kgan: Standard output can't be written to ({reason}).\n"


def test_outputs_that_are_closed_are_ignored():
    script = f"exec {sys.executable} -m kgan_cli --help 1>&- 2>&-"
    assert subprocess.run(["sh", "-c", script]).returncode == 0


@pytest.mark.parametrize(
    "command, message, expected",
    [
        (
            "train --data a",
            "on_error=\"skip\" leaves it out. Received: source='a' with x.png",
            "--on-error skip leaves it out. Received: --data a with x.png",
        ),
        (
            "evaluate run --data a",
            "Expected `source` to be a folder. Received: source='a'",
            "Expected --data to be a folder. Received: --data a",
        ),
        (
            "train",
            "`batch_size` must be 2. Received: batch_size=32, d_steps=3",
            "--batch-size must be 2. Received: --batch-size 32, --d-steps 3",
        ),
        (
            "evaluate run --data a",
            "`max_bad` allows. Received: source='run'",
            "--max-bad allows. Received: fakes run",
        ),
        (
            "train",
            "`x` has NaN. Received: x with 1 of",
            "--data has NaN. Received: --data with 1 of",
        ),
        (
            "train --loss hing",
            "Unknown `loss`. Expected one of hinge, minimax, or an object of the class "
            "`Loss`. Received: loss='hing'",
            "Unknown --loss. Expected one of hinge, minimax, or a name of Keras; did you "
            "mean hinge? Received: --loss hing",
        ),
        (
            "train --size 9000x8",
            "`size` is too large. Received: size=(9000, 8)",
            "--size is too large. Received: --size 9000x8",
        ),
        (
            "export run --out x",
            "`filepath` is in use. Received: filepath='x'",
            "--out is in use. Received: --out x",
        ),
        (
            "sample run",
            "Received: x.shape=(2,), images_seed=3",
            "Received: x.shape=(2,), images_seed=3",
        ),
    ],
)
def test_messages_name_options_as_the_shell_does(command, message, expected):
    _, settings = main.parse(command.split())
    assert spelling.as_options(message, settings) == expected


@pytest.mark.parametrize("name", ["jax", "theano"])
def test_a_backend_that_is_not_there_is_named(name):
    script = f"""
import os, sys
sys.modules["jax"] = None
os.environ["KERAS_BACKEND"] = "{name}"
from kgan_cli.main import main
sys.exit(main(["sample", "digits"]))
"""
    result = python("-c", script)
    assert result.returncode == 1
    assert "Traceback" not in result.stderr and result.stderr.count("\n") == 1
    assert "KERAS_BACKEND" in result.stderr and name in result.stderr


@pytest.mark.parametrize("given", [None, "given"])
@pytest.mark.parametrize(
    "name, machine, default",
    [
        # Threads of PyTorch that wait sleep.
        ("OMP_WAIT_POLICY", "any", "PASSIVE"),
        # TensorFlow uses oneDNN on every x86 processor.
        ("TF_ENABLE_ONEDNN_OPTS", "x86_64", "1"),
        ("TF_ENABLE_ONEDNN_OPTS", "AMD64", "1"),
        ("TF_ENABLE_ONEDNN_OPTS", "aarch64", None),
    ],
)
def test_the_package_sets_a_variable_unless_the_user_has(name, machine, default, given):
    # The first lines of the package alone, since frameworks take long to import.
    lines = pathlib.Path(kgan.__file__).read_text("utf-8").partition("from kgan")[0]
    env = {other: v for other, v in os.environ.items() if other != name}
    env |= {} if given is None else {name: given}
    machine = f"import platform; platform.machine = lambda: {machine!r}\n"
    code = machine + lines + f"print(_os.environ.get({name!r}))"
    command = [sys.executable, "-c", code]
    said = subprocess.run(command, env=env, capture_output=True, text=True, check=True)
    assert said.stdout.strip() == str(given or default)
