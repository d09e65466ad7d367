"""Files that are whole or not there."""

import os

import pytest

from kgan import files

pytestmark = pytest.mark.anywhere


def test_a_failed_writer_leaves_what_was_there(tmp_path):
    path = tmp_path / "note.txt"
    path.write_text("old")
    with pytest.raises(RuntimeError), files.atomic_path(path) as temporary:
        temporary.write_text("half")
        assert path.read_text() == "old"
        raise RuntimeError
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_file_replaces_no_folder(tmp_path):
    folder = tmp_path / "samples.png"
    folder.mkdir()
    (folder / "note.txt").write_text("a user's")
    with pytest.raises(OSError) as error, files.atomic_path(folder) as temporary:
        temporary.write_text("whole")
    assert error.value.filename == str(folder) and error.value.filename2 is None
    assert (folder / "note.txt").read_text() == "a user's"
    assert list(tmp_path.iterdir()) == [folder]


def test_an_empty_folder_stays_and_is_filled(tmp_path, monkeypatch):
    folder = tmp_path / "mount"
    folder.mkdir()
    before = folder.stat().st_ino
    # The folder around a mount may be read-only.
    monkeypatch.chdir(folder)
    for path in (folder, "."):
        with files.atomic_path(path) as temporary:
            assert temporary.absolute().parent == folder
            temporary.mkdir()
            (temporary / "a.png").touch()
            assert not (folder / "a.png").exists()
        assert [path.name for path in folder.iterdir()] == ["a.png"]
        assert folder.stat().st_ino == before
        (folder / "a.png").unlink()
    with pytest.raises(OSError), files.atomic_path(folder) as temporary:
        temporary.touch()
    assert list(tmp_path.rglob("*")) == [folder]


@pytest.mark.parametrize("name", [None, "", "/a.png"])
def test_an_error_of_the_writer_names_the_path(tmp_path, name):
    path = tmp_path / "samples"
    with pytest.raises(OSError) as error, files.atomic_path(path) as temporary:
        written = () if name is None else (f"{temporary}{name}",)
        raise OSError(28, "No space left on device", *written)
    assert error.value.filename == str(path)


def test_an_error_of_another_file_keeps_its_name(tmp_path):
    with pytest.raises(OSError) as error, files.atomic_path(tmp_path / "a.png"):
        raise FileNotFoundError(2, "No such file or directory", "b.png")
    assert error.value.filename == "b.png"


def test_a_folder_that_can_not_be_replaced_stays(tmp_path, monkeypatch):
    folder, replace = tmp_path / "model", os.replace
    folder.mkdir()
    (folder / "old.txt").touch()

    def refuse(source, target):
        if str(target) == str(folder) and "-old-" not in str(source):
            raise PermissionError(13, "Permission denied", str(source), str(target))
        replace(source, target)

    monkeypatch.setattr(os, "replace", refuse)
    with pytest.raises(PermissionError), files.atomic_path(folder) as temporary:
        temporary.mkdir()
    assert (folder / "old.txt").exists() and list(tmp_path.iterdir()) == [folder]


def test_no_one_takes_a_temporary_for_a_finished_file(tmp_path):
    with files.atomic_path(tmp_path / "a.png") as temporary:
        temporary.write_text("half")
        assert temporary.suffix == ".tmp"
        assert list(tmp_path.rglob("*.png")) == []


def test_what_killed_processes_left_is_removed(tmp_path):
    for name in ("a.png", "deep/b.keras", "model"):
        with files.atomic_path(tmp_path / name) as temporary:
            temporary.write_text("whole")
        (tmp_path / name).unlink()
        # A kill would have left it where it was.
        temporary.mkdir() if name == "model" else temporary.write_text("half")
    (tmp_path / "whole-file.tmp").write_text("a user's")
    files.remove_leftovers(tmp_path)
    assert {path.name for path in tmp_path.rglob("*")} == {"deep", "whole-file.tmp"}


def test_a_folder_that_is_removed_is_never_there_in_part(tmp_path, monkeypatch):
    (tmp_path / "model" / "deep").mkdir(parents=True)
    found = []
    monkeypatch.setattr(files, "remove", found.append)
    files.remove_at_once(tmp_path / "model")
    # A kill now leaves what the next process removes.
    assert not (tmp_path / "model").exists() and (found[0] / "deep").exists()
    assert files.is_leftover(found[0])
