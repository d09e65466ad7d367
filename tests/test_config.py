"""`--config`: the options of a file, and the options of the shell over them."""

import json

import pytest

from kgan_cli.main import parse
from kgan_cli.settings import InfoSettings, TrainSettings

pytestmark = pytest.mark.anywhere


def written(folder, content):
    path = folder / ("config.json" if isinstance(content, dict) else "a.toml")
    text = json.dumps(content) if isinstance(content, dict) else content
    path.write_text(text, "utf-8")
    return path


TOML = """
data = "points.npz"
batch-size = 16
true_batch = 8
learning_rate = 1e-4
ema_half_life = "none"
conditional = true
size = [8, 12]
out = "run"
seed = 3
"""


def test_the_options_of_the_shell_override_the_file(tmp_path):
    path = written(tmp_path, TOML)
    # Seed 0 is the default, and is given here.
    _, settings = parse(["train", "--seed", "0", "--config", str(path)])
    expected = {
        "data": "points.npz", "batch_size": 8, "learning_rate": 1e-4, "seed": 0,
        "ema_half_life": "none", "conditional": True, "size": (8, 12), "out": "run",
    }  # fmt: skip
    assert settings == TrainSettings(**expected, config=str(path))
    # A run records the values, so that `--resume` needs no file.
    assert settings.record() == TrainSettings(**expected).record()
    assert not {"config", "resume"} & set(settings.record())


def test_a_file_serves_several_commands(tmp_path):
    path = written(tmp_path, 'out = "run"\ngrid = "a.png"\nbudget = 9')
    _, settings = parse(["info", "--config", str(path)])
    assert settings == InfoSettings(grid="a.png", budget=9, config=str(path))


RECORD = TrainSettings(
    data="x.npz", epochs=40, budget=1_000, batch_size=32, size=(8, 8), out="old"
).record()


@pytest.mark.parametrize(
    "options, expected",
    [
        ([], {}),
        (["--seed", "7"], {"seed": 7}),
        # The number of epochs was that of the budget and the batch size.
        (["--budget", "500"], {"budget": 500, "epochs": None}),
        (["--batch-size", "16"], {"batch_size": 16, "epochs": None}),
        (["--batch-size", "16", "--epochs", "2"], {"batch_size": 16, "epochs": 2}),
    ],
)
def test_the_record_of_a_run_is_a_file_of_options(tmp_path, options, expected):
    document = {"arguments": {**RECORD, "of_a_later_release": 1}, "threads": 2}
    path = written(tmp_path, document)
    _, settings = parse(["train", "--config", str(path), *options])
    wanted = {**RECORD, "out": None, **expected}
    assert settings.record() == wanted


@pytest.mark.parametrize(
    "content, message",
    [
        ("bugdet = 3", "unknown option; did you mean budget? Received: bugdet in {path}"),
        ("xyzzy = 1", "unknown option. Received: xyzzy in {path}"),
        (
            "batch_size = 0",
            "--batch-size must be an int of at least 1. Received: --batch-size 0 in "
            "{path}",
        ),
        (
            "batch_size = 1.5",
            "--batch-size must be an int of at least 1. Received: --batch-size 1.5 in "
            "{path}",
        ),
        (
            "compute = 'gpuu'",
            "--compute must be one of cpu, gpu; did you mean gpu? Received: --compute "
            "gpuu in {path}",
        ),
        ("flip = 1", "--flip must be true or false. Received: --flip 1 in {path}"),
        ("data = 7", "--data must be a text. Received: --data 7 in {path}"),
        (
            {"arguments": {"seed": -1}},
            "--seed must be an int of at least 0. Received: --seed -1 in {path}",
        ),
        (
            "batch_size 3",
            "--config must be a TOML file, or the config.json of a run (Expected '=' "
            "after a key in a key/value pair (at line 1, column 12)). Received: --config "
            "{path}",
        ),
    ],
    ids=str,
)
def test_a_wrong_file_is_one_line(tmp_path, capsys, content, message):
    path = written(tmp_path, content)
    with pytest.raises(SystemExit) as exit:
        parse(["train", "--config", str(path)])
    assert exit.value.code == 2
    expected = f"kgan train: {message.format(path=path)}. See kgan train --help\n"
    assert capsys.readouterr().err == expected


@pytest.mark.parametrize(
    "options, message",
    [
        (["--config", "none.toml"], "(No such file or directory). Received: --config "),
        (
            ["--config", "a.toml", "--resume", "run"],
            "--config a.toml, --resume run",
        ),
    ],
)
def test_a_file_that_is_not_there_or_not_used_is_named(capsys, options, message):
    with pytest.raises(SystemExit):
        parse(["train", *options])
    assert message in capsys.readouterr().err
