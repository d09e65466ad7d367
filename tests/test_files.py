"""Files that are whole or not there."""

import pytest

from kgan import files


def test_a_failed_writer_leaves_what_was_there(tmp_path):
    path = tmp_path / "note.txt"
    path.write_text("old")
    with pytest.raises(RuntimeError), files.atomic_path(path) as temporary:
        temporary.write_text("half")
        assert path.read_text() == "old"
        raise RuntimeError
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


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
