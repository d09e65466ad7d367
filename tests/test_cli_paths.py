"""Paths and names that a command can't use: one line, before any work."""

import dataclasses
import io
import json
import os
import pathlib
import sys

import pytest

from kgan_cli import compilations, main, option, output, paths
from kgan_cli.status import Status
from kgan_cli.translation import source_name

pytestmark = pytest.mark.anywhere


@pytest.fixture
def place(tmp_path, monkeypatch):
    """The current folder: a file, a run, a folder, and pictures that are none."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    for folder in ("run", "folder", "pictures"):
        (tmp_path / folder).mkdir()
    for name in ("file", "picture.png", "run/gan.keras", "run/config.json"):
        (tmp_path / name).write_text("{}")
    (tmp_path / "pictures" / "note.txt").write_text("no picture")
    return tmp_path


@pytest.fixture
def refused(place, capsys, monkeypatch):
    """Returns the function from a command line to the message that refuses it.

    No command begins, so Keras is not imported.
    """
    monkeypatch.setattr(main, "_module", lambda command: pytest.fail("has begun"))

    def message(line):
        assert main.main(line.split()) == Status.ERROR
        said = capsys.readouterr()
        assert said.out == "" and said.err.count("\n") == 1
        return said.err.removesuffix("\n")

    return message


OUTS = [
    ("sample mnist", "--out", "x.png"),
    ("interpolate mnist --seeds 0 1", "--out", "x.gif"),
    ("project digits picture.png", "--out", "x.png"),
    ("explore mnist", "--out", "x.html"),
    ("export mnist", "--out", "x"),
    ("report run", "--out", "x.html"),
    ("evaluate run", "--json", "x.json"),
    ("info", "--grid", "x.png"),
    ("info", "--cache", "x"),
    ("train", "--cache", "x"),
    ("train", "--features", "x"),
    ("train", "--out", "x"),
]


@pytest.mark.parametrize("command, option, name", OUTS)
def test_a_path_within_a_file_is_refused(refused, place, command, option, name):
    assert refused(f"{command} {option} file/{name}") == (
        f"kgan {command.split()[0]}: {option} must be in a folder that can be written "
        f"to, which {place / 'file'} is not. Received: {option} file/{name}"
    )


@pytest.mark.parametrize("command, option, name", OUTS)
def test_a_folder_without_the_right_to_write_is_refused(
    refused, place, monkeypatch, command, option, name
):
    may = os.access
    monkeypatch.setattr(
        os, "access", lambda path, mode: path != place / "folder" and may(path, mode)
    )
    error = refused(f"{command} {option} folder/{name}")
    assert f"which {place / 'folder'} is not. Received: {option} folder/{name}" in error


@pytest.mark.parametrize("command, option, name", OUTS)
def test_an_empty_path_is_refused(refused, command, option, name):
    error = refused(f"{command} {option}=")
    assert error.endswith(f": {option} must be a path. Received: {option} ''")


def test_a_new_folder_and_a_folder_that_is_there_are_allowed(place):
    paths.check_out("new/deep/x.png", "--out")
    paths.check_out("folder", "--out")
    paths.check_folder("folder", "--out")
    paths.check_folder("new/deep", "--out")
    assert not (place / "new").exists()


def test_a_folder_in_a_folder_without_the_right_to_write_is_allowed(place, monkeypatch):
    may = os.access
    monkeypatch.setattr(
        os, "access", lambda path, mode: path != place and may(path, mode)
    )
    paths.check_out("folder", "--out")
    with pytest.raises(ValueError, match=f"to, which {place} is not"):
        paths.check_out("new", "--out")


def test_folders_that_must_not_be_searched_hold_nothing(place, monkeypatch):
    def exists(path, **_):
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.delenv("KERAS_HOME", raising=False)
    monkeypatch.delenv(compilations.FOLDER, raising=False)
    # As Python does below such a folder, for a user who is not root.
    monkeypatch.setattr(pathlib.Path, "exists", exists)
    monkeypatch.setattr(pathlib.Path, "is_dir", exists)
    with compilations.kept_compilations():
        assert compilations.FOLDER in os.environ


def test_a_name_of_data_is_no_path(place):
    (place / "digits").mkdir()
    _, settings = main.parse(["train", "--data", "digits", "--cache", "folder"])
    record = settings.record()
    assert record["data"] == "digits" and record["cache"] == str(place / "folder")
    _, settings = main.parse(["train", "--data", "pictures"])
    assert settings.record()["data"] == str(place / "pictures")


def test_numbers_of_another_gan_get_another_file(refused, place):
    (place / "run" / "best.keras").touch()
    error = refused("evaluate run/best.keras --json run/metrics.json")
    assert error == (
        "kgan evaluate: metrics.json of a run is for the numbers of gan.keras: choose "
        "another name. Received: run/best.keras --json run/metrics.json"
    )


@pytest.mark.parametrize(
    "command",
    [
        "project digits picture.png --out",
        "explore mnist --out",
        "report run --out",
        "evaluate run --json",
        "info --grid",
    ],
)
def test_a_folder_in_place_of_a_file_is_refused(refused, command):
    option = command.split()[-1]
    assert refused(f"{command} folder").endswith(
        f": {option} must be a file, and this is a folder. Received: {option} folder"
    )


def test_a_filled_cache_may_be_read_only(place, monkeypatch):
    monkeypatch.setattr(os, "access", lambda *_: False)
    paths.check_cache("folder", "--cache")
    with pytest.raises(ValueError, match="--cache must be in a folder that can be wr"):
        paths.check_cache("missing", "--cache")


@pytest.mark.parametrize("option", ["--out", "--cache", "--features"])
def test_a_file_in_place_of_a_folder_is_refused(refused, option):
    assert refused(f"train {option} file") == (
        f"kgan train: {option} must be a folder, and this is a file. "
        f"Received: {option} file"
    )


@pytest.mark.parametrize(
    "command, message",
    [
        ("train --data minst", "tfds:NAME; did you mean mnist? Received: --data minst"),
        ("info --data nothing", "tfds:NAME. Received: --data nothing"),
        ("info --data=", "tfds:NAME. Received: --data ''"),
        ("evaluate run --data nothing", "tfds:NAME. Received: --data nothing"),
        ("evaluate emojo", "tfds:NAME; did you mean emoji? Received: emojo"),
        ("train --data run", "not the folder of a run, whose pictures are grids of"),
        ("sample minst", "(digits, emoji, mnist); did you mean mnist? Received: minst"),
        ("train --from minst", "did you mean mnist? Received: --start-from minst"),
        ("project digits nothing", "Expected a file. Received: nothing, which does not"),
        ("project digits folder", "Expected a file. Received: folder, which is a folder"),
        ("train --weights nothing", "Received: --weights nothing, which does not exist"),
        ("sample mnist --seed 1 --seeds 2 3", "Received: --seed 1, --seeds 2 3"),
    ],
)
def test_a_wrong_name_is_one_line(refused, command, message):
    error = refused(command)
    assert error.startswith(f"kgan {command.split()[0]}: ") and message in error


def test_the_home_folder_is_found_without_the_shell(place):
    home = str(place / "home" / "pictures")
    assert main.parse(["train", "--data=~/pictures"])[1].data == home
    (place / "x.toml").write_text('data = "~/pictures"\nbackground = "~"')
    _, settings = main.parse(["train", "--config", "x.toml"])
    assert (settings.data, settings.background) == (home, "~")


@pytest.mark.parametrize("command", main.COMMANDS)
def test_the_home_folder_is_found_in_each_path(command):
    """A shell leaves `--out=~/new` and `"~/my run"` as they are."""
    for field in dataclasses.fields(main.COMMANDS[command]):
        metavar = field.metadata["metavar"] or ""
        kinds = ("FILE", "FOLDER", "PATH", "RUN", "PICTURE", "IN", "OUT")
        if metavar.startswith(kinds):
            found = option.parsed(field, "~/x")
            assert found == os.path.expanduser("~/x"), field.name


def test_the_home_folder_is_found_in_arguments_without_a_name():
    found = main.parse(["translate", "~/run", "~/in", "~/out"])[1]
    home = os.path.expanduser("~")
    assert (found.run_or_model, found.pictures) == (f"{home}/run", f"{home}/in")
    assert found.out == f"{home}/out"
    found = main.parse(["train", "--out=~/new"])[1]
    assert found.out == f"{home}/new"


def test_a_run_folder_in_use_is_refused_before_the_data_is_read(place, capsys):
    assert main.main(["train", "--data", "pictures", "--out", "run"]) == Status.ERROR
    error = capsys.readouterr().err
    assert "--out must be a new or an empty folder" in error and error.count("\n") == 1


def test_metrics_are_named_before_a_run_is_read(place, capsys):
    assert main.main(["evaluate", "run", "--metrics", "fid"]) == Status.ERROR
    error = capsys.readouterr().err
    assert "the metric is 'fd'. Received: --metrics fid" in error


def test_a_grid_of_another_format_is_refused_before_the_data_is_read(place, capsys):
    command = ["info", "--data", "pictures", "--grid", "x.jpg"]
    assert main.main(command) == Status.ERROR
    error = capsys.readouterr().err
    assert error == "kgan info: --grid must end in .png. Received: --grid x.jpg\n"


def test_an_output_shows_letters_that_its_encoding_lacks(monkeypatch):
    stream = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    monkeypatch.setattr(sys, "stdout", stream)
    with output.checked_output():
        print("64 samples in é.png")
    assert stream.buffer.getvalue() == rb"64 samples in \xe9.png" b"\n"
    assert stream.errors == "strict"


def test_pictures_beside_a_file_of_another_program_are_data(place):
    """Only a run has both a record and a GAN."""
    (place / "folder" / "config.json").write_text(json.dumps({}))
    paths.check_data("folder", "--data")


def test_a_run_is_named_by_its_data(tmp_path):
    (tmp_path / "photos.v2").mkdir()
    (tmp_path / "points.csv").touch()
    for path, name in (("photos.v2", "photos.v2"), ("points.csv", "points")):
        assert source_name({"data": str(tmp_path / path)}) == name
    assert source_name({"data": "digits"}) == "digits"
