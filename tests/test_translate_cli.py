"""Image to image: `kgan train --pairs` and `--unpaired`, `kgan translate`."""

import json
import os
import shutil
import subprocess
import sys

import keras
import numpy as np
import pytest
from helpers import assert_same_state, on_pytorch
from PIL import Image

import kgan
from kgan.cli import train
from kgan.cli.run_folder import load_model
from kgan_cli.main import main, parse
from kgan_cli.translation import TranslateSettings

pytestmark = pytest.mark.anywhere

NUMBERS = np.random.default_rng(0)
SOURCES = NUMBERS.integers(0, 256, (10, 8, 8, 3), dtype="uint8")
OPTIONS = ["--compute", "cpu", "--batch-size", "4", "--width", "4", "--budget", "16"]
KINDS = {"pairs": kgan.Translator, "unpaired": kgan.CycleGAN}


def save(folder, pictures):
    folder.mkdir(parents=True)
    for i, pixels in enumerate(pictures):
        Image.fromarray(pixels).save(folder / f"{i:02d}.png")
    return str(folder)


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    """The paths of sources, and of their negatives."""
    root = tmp_path_factory.mktemp("pictures")
    return save(root / "day", SOURCES), save(root / "night", 255 - SOURCES)


@pytest.fixture(scope="module", params=["pairs", on_pytorch("unpaired")])
def trained(request, folders, tmp_path_factory):
    """The kind of the pictures, a command, and its run folder."""
    command = ["train", f"--{request.param}", *folders, *OPTIONS, "--epochs", "1"]
    run = tmp_path_factory.mktemp(request.param) / "run"
    assert main([*command, "--out", str(run)]) == 0
    return request.param, command, run


def test_a_run_has_all_files_and_grids_of_groups(trained, folders):
    kind, _, run = trained
    config = json.loads((run / "config.json").read_text())
    assert config["arguments"][kind] == list(folders)
    assert config["arguments"]["preset"] in ("pix2pix", "cyclegan")
    assert len(config["data"]["sources_sha256"]) == 64
    assert "labels_sha256" not in config["data"]
    # Not the configurations of the networks.
    assert len(json.dumps(config)) < 10_000
    model = load_model(run)
    assert type(model) is KINDS[kind] and int(model.images_seen) == 4
    grids = sorted((run / "samples").iterdir())
    assert [path.name for path in grids] == [f"samples-{n:09d}.png" for n in (0, 4)]
    # Groups of 3 or 6 pictures fill a row of 8; the first shows a source.
    with Image.open(grids[0]) as grid:
        scale = grid.width // (6 * 8 + 7 * 2)
        corner = np.asarray(grid.convert("RGB"))[: 12 * scale, : 12 * scale]
    assert scale >= 1 and corner.std() > 0
    assert "tell nothing" in (run / "report.html").read_text("utf-8")


@pytest.mark.slow
def test_a_resumed_run_is_the_printed_training(trained, tmp_path, monkeypatch, capsys):
    # The run is exported already.
    monkeypatch.setattr(train, "_export", lambda *arguments: None)
    kind, command, run = trained
    parts = tmp_path / "parts"
    shutil.copytree(run, parts)
    assert main(["train", "--resume", str(parts), "--epochs", "2"]) == 0
    capsys.readouterr()
    assert main([*command[:-1], "2", "--dry-run"]) == 0
    code = capsys.readouterr().out
    assert f"kgan.data.load_{kind}(" in code
    namespace = {}
    exec(code.replace("gan.fit(batches,", "gan.fit(batches, verbose=0,"), namespace)
    assert_same_state(namespace["gan"], load_model(parts))


def test_the_record_of_a_run_is_a_file_of_options(trained):
    config = trained[2] / "config.json"
    _, settings = parse(["train", "--config", str(config)])
    arguments = json.loads(config.read_text())["arguments"]
    found = json.loads(json.dumps(settings.record()))
    assert found == {**arguments, "out": None}


@pytest.mark.slow
def test_pictures_are_translated(trained, tmp_path, capsys):
    kind, _, run = trained
    model = load_model(run)
    expected = model.translate(SOURCES, as_uint8=True)
    pictures = tmp_path / "in"
    save(pictures / "inner", SOURCES[:3])
    # A grey picture of another size, and names that differ in their ends alone.
    Image.fromarray(SOURCES[0, ..., 0]).resize((16, 16)).save(pictures / "inner/00.gif")
    Image.fromarray(SOURCES[3]).save(pictures / "inner/00.png.bmp")
    out = tmp_path / "out"
    assert main(["translate", str(run), str(pictures), str(out)]) == 0
    said = capsys.readouterr().out
    assert said == f"5 pictures in {out}\n1 of another size, fitted to 8x8 pixels.\n"
    names = [str(path.relative_to(out)) for path in sorted(out.rglob("*.*"))]
    wanted_names = ["00", "00.png", "00.png.bmp", "01", "02"]
    assert set(names) == {f"inner/{name}.png" for name in wanted_names}
    for name, wanted in (("00.png", 0), ("00.png.bmp", 3), ("01", 1), ("02", 2)):
        with Image.open(out / "inner" / f"{name}.png") as picture:
            np.testing.assert_array_equal(np.asarray(picture), expected[wanted])
    one = tmp_path / "new/one.png"
    command = ["translate", str(run), str(pictures / "inner/01.png"), str(one)]
    back = ["--to", "a"]
    if kind == "pairs":
        assert main([*command, *back]) == 1
        assert "--to is for a CycleGAN" in capsys.readouterr().err
        assert main(command) == 0
        wanted = expected[1]
    else:
        assert main([*command, *back]) == 0
        wanted = model.translate(SOURCES[1:2], to="a", as_uint8=True)[0]
    with Image.open(one) as picture:
        np.testing.assert_array_equal(np.asarray(picture), wanted)


@pytest.mark.slow
def test_a_damaged_picture_leaves_nothing(trained, tmp_path, capsys):
    _, _, run = trained
    pictures = tmp_path / "in"
    save(pictures, SOURCES[:1])
    (pictures / "bad.png").write_bytes(b"no picture")
    assert main(["translate", str(run), str(pictures), str(tmp_path / "out")]) == 1
    assert "Received: bad.png" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["in"]


@pytest.mark.slow
def test_held_out_pairs_are_measured(trained, folders, tmp_path, capsys):
    _, _, run = trained
    capsys.readouterr()
    file = tmp_path / "metrics.json"
    command = ["evaluate", str(run), "--pairs", *folders, "--json", str(file)]
    assert main(command) == 0
    drawn = load_model(run).translate(SOURCES, as_uint8=True).astype(float)
    targets = 255 - SOURCES.astype(float)
    found = {row["name"]: row["value"] for row in json.loads(file.read_text())}
    assert found["mae"] == pytest.approx(np.abs(drawn - targets).mean())
    assert found["mae_of_copy"] == pytest.approx(np.abs(SOURCES - targets).mean())
    said = capsys.readouterr().out
    assert "10 pairs" in said and f"{found['mae']:.4g}" in said


def test_translations_larger_than_their_sources(tmp_path, capsys):
    network = keras.Sequential([keras.Input((8, 8, 1)), keras.layers.UpSampling2D(2)])
    model = kgan.Translator(
        network, kgan.networks.patch_discriminator((16, 16, 1), depth=1, width=4)
    )
    model.save(tmp_path / "model.keras")
    save(tmp_path / "in", [SOURCES[0, ..., 0], SOURCES[1, :6, :6, 0]])
    out = tmp_path / "out"
    command = ["translate", str(tmp_path / "model.keras"), str(tmp_path / "in")]
    assert main([*command, str(out)]) == 0
    drawn = np.asarray(Image.open(out / "00.png"))
    np.testing.assert_array_equal(drawn, SOURCES[0, ..., 0].repeat(2, 0).repeat(2, 1))
    assert "1 of another size, fitted to 8x8 pixels" in capsys.readouterr().out


def test_held_out_pairs_have_the_channels_of_the_model(tmp_path):
    network = keras.Sequential([keras.Input((8, 8, 1)), keras.layers.Conv2D(3, 1)])
    model = kgan.Translator(
        network, kgan.networks.patch_discriminator((8, 8, 3), (8, 8, 1), depth=1, width=4)
    )
    model.save(tmp_path / "model.keras")
    grey = SOURCES[..., 0]
    # Grey files of a model that colours.
    folders = save(tmp_path / "a", grey), save(tmp_path / "b", 255 - grey)
    command = ["evaluate", str(tmp_path / "model.keras"), "--pairs", *folders]
    assert main([*command, "--json", str(tmp_path / "x.json")]) == 0
    (row,) = json.loads((tmp_path / "x.json").read_text())
    drawn = model.translate(grey[..., None], as_uint8=True).astype(float)
    expected = np.abs(drawn - (255.0 - grey[..., None])).mean()
    assert row["value"] == pytest.approx(expected)


@pytest.mark.slow
@pytest.mark.parametrize(
    "command",
    [
        ["sample"],
        ["sample", "--text", "a dog"],
        ["interpolate", "--seeds", "1", "2"],
        ["explore"],
        # Any file: the GAN is looked at first.
        ["project", __file__],
    ],
    ids=lambda command: " ".join(command[:2]).removesuffix(__file__),
)
def test_commands_on_latents_name_the_right_command(trained, capsys, command):
    name, *options = command
    assert main([name, str(trained[2]), *options]) == 1
    error = capsys.readouterr().err
    assert "use `kgan translate`. Received: " in error and error.count("\n") == 1


def test_evaluate_and_export_say_what_they_need(trained, tmp_path, capsys):
    kind, _, run = trained
    assert main(["evaluate", str(run)]) == 1
    assert "add --pairs" in capsys.readouterr().err
    if kind == "pairs":
        on_torch = keras.backend.backend() == "torch"
        name, suffix = ("pt2", ".pt2") if on_torch else ("saved_model", "")
        out = str(tmp_path / f"generator{suffix}")
        command = ["export", str(run), "--format", name, "--to", "b", "--out", out]
        assert main(command) == 1
        assert "--to is for a CycleGAN" in capsys.readouterr().err


def test_a_resumed_run_keeps_its_pictures(trained, folders, capsys):
    _, _, run = trained
    path = os.path.join(folders[0], "03.png")
    Image.fromarray(255 - SOURCES[3]).save(path)
    assert main(["train", "--resume", str(run), "--epochs", "2"]) == 1
    Image.fromarray(SOURCES[3]).save(path)
    assert "with sources_sha256" in capsys.readouterr().err
    assert main(["train", "--resume", str(run), "--metrics", "fd10"]) == 1
    assert "has no --metrics" in capsys.readouterr().err


@pytest.mark.parametrize(
    "options, message",
    [
        (["--task", "translate"], "--task translate needs --pairs or --unpaired"),
        (["--pairs", "A", "B", "--task", "generate"], "together with --task generate"),
        (["--pairs", "A", "--unpaired", "B"], "together with --unpaired"),
        (["--pairs", "A", "B", "A"], "two paths, or one. Received: --pairs A B A"),
        (["--pairs", "A", "gone"], "Received: --pairs gone"),
        (["--pairs", "A", "B", "--captions", "F"], "no --captions: leave it out"),
        (["--pairs", "A", "B", "--labels", "none"], "--labels none"),
        (["--pairs", "A", "B", "--conditional"], "no --conditional"),
        (["--pairs", "A", "B", "--data", "mnist"], "A B, --data mnist"),
        (["--pairs", "A", "B", "--metrics", "fd1k"], "no --metrics"),
        (["--unpaired", "A", "B", "--d-steps", "2"], "A CycleGAN has no --d-steps"),
        (["--unpaired", "A", "B", "--reuse-fakes"], "A B, --reuse-fakes"),
        (["--pairs", "A", "B", "--preset", "cyclegan"], "--pairs is pix2pix"),
        (["--preset", "cyclegan"], "--preset cyclegan needs --unpaired"),
        (["--pairs", "A", "B"], "--pairs A B without a partner for 'three.png' of B"),
        (["--pairs", "A", "sizes"], "partner"),
        (["--unpaired", "A", "sizes"], "--size. Received: --unpaired sizes with"),
        (["--unpaired", "A"], "Without a second path, --unpaired must be a folder"),
        (["--pairs", "A", "A"], "sides of at least 8 pixels that 4 divides"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_options_are_checked(tmp_path, monkeypatch, capsys, options, message):
    monkeypatch.chdir(tmp_path)
    for name, files in {"A": ("one", "two"), "B": ("one", "two", "three")}.items():
        (tmp_path / name).mkdir()
        for file in files:
            Image.new("RGB", (6, 6)).save(tmp_path / name / f"{file}.png")
    (tmp_path / "sizes").mkdir()
    for side in (6, 8):
        Image.new("RGB", (side, side)).save(tmp_path / "sizes" / f"{side}.png")
    assert main(["train", *options]) == 1
    error = capsys.readouterr().err
    assert message in error and error.startswith("kgan train: ")
    assert error.count("\n") == 1 and not (tmp_path / "runs").exists()


def test_the_name_of_a_folder_may_end_in_a_number(tmp_path):
    model = tmp_path / "x.keras"
    model.touch()
    save(tmp_path / "in", SOURCES[:1])
    paths = {"run_or_model": str(model), "pictures": str(tmp_path / "in")}
    for out in ("v2", "shoes.v2", "2026.11.28"):
        TranslateSettings(**paths, out=str(tmp_path / out)).check()
    with pytest.raises(ValueError, match=r"without such an ending.*shoes\.jpg"):
        TranslateSettings(**paths, out=str(tmp_path / "shoes.jpg")).check()


def test_paths_are_checked_before_keras_is_imported(tmp_path):
    (tmp_path / "run").mkdir()
    (tmp_path / "run/gan.keras").write_bytes(b"")
    save(tmp_path / "in", SOURCES[:1])
    save(tmp_path / "full", SOURCES[:1])
    commands = {
        "Received: gone": ["gone", "in", "out"],
        "Received: nothing": ["run", "nothing", "out"],
        "Received: full": ["run", "in", "full"],
        "for the pictures of a folder": ["run", "in", "out.png"],
        "Received: out.jpg": ["run", "in/00.png", "out.jpg"],
        "Received: out.zip": ["run", "in", "out.zip"],
        "another file than IN": ["run", "in/00.png", "in/00.png"],
        "Received: OUT in/00.png/x": ["run", "in", "in/00.png/x"],
    }
    code = (
        "import json, sys\n"
        "from kgan_cli.main import main\n"
        "for command in json.loads(sys.argv[1]):\n"
        "    assert main(['translate', *command]) == 1\n"
        "assert not {'keras', 'numpy', 'PIL'} & sys.modules.keys()\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, json.dumps(list(commands.values()))],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    lines = done.stderr.splitlines()
    assert done.returncode == 0, done.stderr
    for line, message in zip(lines, commands, strict=True):
        assert message in line
