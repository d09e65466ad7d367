"""Errors of the command line itself: one line, with the nearest known name."""

import shutil
import subprocess
import sys

import pytest

from kgan_cli.main import main, parse
from kgan_cli.nearest import did_you_mean
from kgan_cli.status import Status

pytestmark = pytest.mark.anywhere


def refused(capsys, command):
    """Returns the message of a command line that is refused."""
    with pytest.raises(SystemExit) as exit:
        main(command.split())
    assert exit.value.code == Status.USAGE
    said = capsys.readouterr()
    assert said.out == "" and said.err.count("\n") == 1
    return said.err.removesuffix("\n")


@pytest.mark.parametrize(
    "command, message",
    [
        ("train --bugdet 3", "unknown option --bugdet; did you mean --budget?"),
        ("train --bugdet=3", "unknown option --bugdet; did you mean --budget?"),
        ("train --LatentDim 3", "unknown option --LatentDim; did you mean --latent-dim?"),
        ("train --batch 3", "unknown option --batch; did you mean --batch-size?"),
        ("train --xyzzy", "unknown option --xyzzy."),
        ("train --flip -z", "unknown option -z."),
        ("train digits", "unexpected argument digits."),
        # Before the argument that is missing for lack of the right name.
        ("evaluate run --dta x", "unknown option --dta; did you mean --data?"),
        ("sample --count 3", "the following arguments are required: RUN|MODEL."),
        (
            "train --compute=GPU",
            "--compute must be one of cpu, gpu; did you mean gpu? Received: --compute "
            "GPU.",
        ),
        (
            "info --size 1e3",
            "--size must be an int of at least 1, or height x width, for example 48x64. "
            "Received: --size 1e3.",
        ),
        (
            "explore mnist --count 16385",
            "--count must be an int of at least 1 and at most 16384. Received: --count "
            "16385.",
        ),
        (
            "train --channels 7",
            "--channels must be one of 1, 2, 3, 4. Received: --channels 7.",
        ),
        (
            "train --n 0",
            "--latent-dim must be an int of at least 1. Received: --latent-dim 0.",
        ),
        (
            "info --max-bad 2",
            "--max-bad must be a number of 0 to 1. Received: --max-bad 2.",
        ),
    ],
)
def test_a_usage_error_is_one_line_with_the_nearest_name(capsys, command, message):
    name = command.split()[0]
    expected = f"kgan {name}: {message} See kgan {name} --help"
    assert refused(capsys, command) == expected


@pytest.mark.parametrize(
    "command, message",
    [
        ("trian", "unknown command trian; did you mean train?"),
        ("xyzzy --size 3", "unknown command xyzzy."),
        (
            "--print-completion fish",
            "--print-completion must be one of bash, zsh, tcsh. Received: "
            "--print-completion fish.",
        ),
        ("--vresion", "unknown option --vresion; did you mean --version?"),
        ("", "the following arguments are required: COMMAND."),
    ],
)
def test_a_wrong_command_is_one_line_too(capsys, command, message):
    assert refused(capsys, command) == f"kgan: {message} See kgan --help"


def test_values_that_look_like_options_are_taken():
    _, settings = parse(["train", "--data=-x", "--background", "-", "--out", "- a"])
    assert (settings.data, settings.background, settings.out) == ("-x", "-", "- a")


def test_several_names_are_suggested_for_their_beginning():
    names = ["--beta-1", "--beta-2", "--beta_1", "--budget"]
    assert did_you_mean("--beta", names) == "; did you mean --beta-1 or --beta-2?"
    assert did_you_mean("--", names) == ""


@pytest.mark.skipif(shutil.which("bash") is None, reason="bash is not installed")
def test_a_shell_completes_commands_and_options(capsys, tmp_path):
    with pytest.raises(SystemExit) as exit:
        main(["--print-completion", "bash"])
    assert exit.value.code == Status.DONE
    (tmp_path / "completion").write_text(capsys.readouterr().out, "utf-8")

    def completed(*words):
        script = (
            'source "$0"; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _shtab_kgan; '
            'echo "${COMPREPLY[@]}"'
        )
        command = ["bash", "-c", script, str(tmp_path / "completion"), *words]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        return done.stdout.split()

    assert completed("kgan", "trai") == ["train"]
    assert completed("kgan", "train", "--bud") == ["--budget"]
    assert completed("kgan", "train", "--compute", "g") == ["gpu"]


def test_completion_names_its_extra(monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "shtab", None)
    assert main(["--print-completion", "zsh"]) == Status.ERROR
    error = capsys.readouterr().err
    assert "pip install 'kgan[completion]'" in error
    assert error.endswith("Received: --print-completion zsh\n")
