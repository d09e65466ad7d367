"""The end of `kgan train`: its files, and commands that a shell reads as they stand."""

import sys
from types import SimpleNamespace

import pytest

import kgan
from kgan.cli import class_labels, summary, translate
from kgan.cli.run_folder import RunFolder
from kgan_cli.translation import TranslateSettings

pytestmark = pytest.mark.anywhere


@pytest.fixture
def said(tmp_path, capsys, tiny):
    """Returns the function that prints the summary of a run, and returns its lines."""

    def lines(name="run", gan=None, stopped=False):
        folder = RunFolder(tmp_path / name)
        summary.print_summary(gan or tiny(), folder, 2, 1.0, stopped)
        text = capsys.readouterr().out.replace(str(tmp_path), "runs")
        return [line.strip() for line in text.splitlines()]

    return lines


def images():
    """Returns a GAN of images."""
    shape = (4, 4, 1)
    return kgan.GAN(
        kgan.networks.mlp_generator(shape, 3, hidden=(5,)),
        kgan.networks.mlp_discriminator(shape, hidden=(5,)),
    )


@pytest.fixture
def on_path(monkeypatch):
    monkeypatch.setattr(summary.shutil, "which", lambda name: f"/bin/{name}")


def test_the_next_command_writes_a_file_of_the_samples(said, on_path):
    assert "kgan sample runs/run --count 100 --out more.npz" in said()
    assert "kgan sample runs/run --count 100 --out more.png" in said(gan=images())


def test_paths_are_quoted_for_the_shell_and_for_python(said, on_path):
    lines = said('a "b"', stopped=True)
    assert lines[0] == 'Stopped. Trained 2 parts, 0 samples shown, in 1 s. In runs/a "b":'
    assert "kgan train --resume 'runs/a \"b\"'" in lines
    assert r'gan = keras.models.load_model("runs/a \"b\"/gan.keras")' in lines


@pytest.mark.parametrize(
    "typed, program",
    [
        ("my env/kgan", "'my env/kgan' sample"),
        ("gone/kgan", f"{sys.executable} -m kgan_cli sample"),
        ("my env/__main__.py", f"{sys.executable} -m kgan_cli sample"),
    ],
)
def test_a_program_outside_of_the_path_is_named_as_it_was_typed(
    said, monkeypatch, tmp_path, typed, program
):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "my env").mkdir()
    for name in ("kgan", "__main__.py"):
        (tmp_path / "my env" / name).write_text("")
    monkeypatch.setattr(summary.shutil, "which", lambda name: None)
    monkeypatch.setattr(sys, "argv", [typed])
    assert any(line.startswith(program) for line in said())


def test_labels_that_are_named_by_their_numbers_are_listed_once(monkeypatch):
    gan = SimpleNamespace(num_classes=10)
    with pytest.raises(ValueError) as error:
        class_labels.resolve("seven", gan, "mnist")
    expected = "--label must be one of the labels 0 to 9. Received: --label seven"
    assert str(error.value) == expected
    monkeypatch.setattr(class_labels, "_known", lambda source: ["0", "grün"])
    with pytest.raises(ValueError, match=r"or one of grün; did you mean grün\?"):
        class_labels.resolve("gruen", SimpleNamespace(num_classes=2), "run")


def test_a_file_that_is_no_picture_is_named_before_the_output(tmp_path):
    path = tmp_path / "code.py"
    path.write_text("")
    settings = TranslateSettings(run_or_model="", pictures=str(path), out="x.png")
    with pytest.raises(ValueError, match="Expected `pictures` to be a picture"):
        translate._entries(settings)
