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
    # Entering without leaving is what a kill comes to.
    for name in ("a.png", "deep/b.keras"):
        context = files.atomic_path(tmp_path / name)
        path = context.__enter__()
        path.write_text("half")
        context.gen.close = lambda: None
        kept.append(context)
    folder = files.atomic_path(tmp_path / "model")
    kept.append(folder)
    folder.__enter__().mkdir()
    (tmp_path / "whole-file.tmp").write_text("a user's")
    files.remove_leftovers(tmp_path)
    names = {path.name for path in tmp_path.rglob("*")}
    assert names == {"deep", "whole-file.tmp"}


kept: list = []
