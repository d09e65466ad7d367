"""The commands that draw from a trained GAN, and compare runs."""

import json
import os
import shutil

import numpy as np
import pytest
from helpers import make_run
from PIL import Image

import kgan
from kgan.cli import outputs
from kgan_cli.main import main

pytestmark = pytest.mark.slow


def save_gan(folder, channels=1, num_classes=None, classes=None):
    """Saves a GAN as a run folder."""
    shape, labelled = (8, 8, channels), {"num_classes": num_classes}
    gan = kgan.GAN(
        kgan.networks.dcgan_generator(shape, 4, width=4, **labelled),
        kgan.networks.dcgan_discriminator(shape, width=4, **labelled),
    )
    folder.mkdir()
    gan.save(folder / "gan.keras")
    found = {"sha256": "0", "classes": classes}
    config = {"arguments": {"data": "x", "crop": "none"}, "data": found}
    (folder / "config.json").write_text(json.dumps(config))
    return gan


def assert_near(found, wanted):
    # Another batch size may change the last digits, and so a rounded pixel by one.
    np.testing.assert_allclose(found.astype(float), wanted.astype(float), atol=1)


def read_folder(folder):
    return np.stack([np.asarray(Image.open(path)) for path in sorted(folder.iterdir())])


def test_interpolation_goes_from_seed_to_seed(tmp_path):
    gan, out = save_gan(tmp_path / "run"), tmp_path / "path"
    options = ["--seeds", "3", "5", "4", "--steps", "4", "--out", str(out)]
    assert main(["interpolate", str(tmp_path / "run"), *options]) == 0
    found = read_folder(out)[..., None]
    assert len(found) == 9
    for place, seed in ((0, 3), (4, 5), (8, 4)):
        assert_near(found[place], gan.sample(1, seed, as_uint8=True)[0])
    ends = [gan.noise.sample((1, 4), seed=seed)[0] for seed in (3, 5)]
    arc = gan.sample(z=kgan.latents.interpolate(*ends, steps=5), as_uint8=True)
    assert_near(found[:5], arc)


@pytest.mark.parametrize("channels", [1, 4])
def test_an_interpolation_as_an_animation_is_closed(tmp_path, channels):
    gan, out = save_gan(tmp_path / "run", channels), tmp_path / "x.gif"
    options = ["--seeds", "0", "1", "--steps", "3", "--out", str(out)]
    assert main(["interpolate", str(tmp_path / "run"), *options]) == 0
    with Image.open(out) as file:
        assert (file.n_frames, file.size, file.info["loop"]) == (6, (256, 256), 0)
        first = np.asarray(file.convert("RGB"))[::32, ::32].astype(int)
    wanted = kgan.data.to_image(gan.sample(1, 0, as_uint8=True)[0]).convert("RGBA")
    white = Image.new("RGBA", wanted.size, "white")
    wanted = np.asarray(Image.alpha_composite(white, wanted).convert("RGB"))
    assert abs(first - wanted).max() <= 8


def test_an_interpolation_as_a_strip(tmp_path):
    gan, out = save_gan(tmp_path / "run", 3, num_classes=2), tmp_path / "x.png"
    options = ["--seeds", "0", "1", "--steps", "1", "--label", "1", "--out", str(out)]
    assert main(["interpolate", str(tmp_path / "run"), *options]) == 0
    ends = np.concatenate([gan.sample(1, s, labels=[1], as_uint8=True) for s in (0, 1)])
    assert_near(np.asarray(Image.open(out)), np.asarray(kgan.data.grid(ends, rows=1)))


def test_a_film_is_the_work_of_ffmpeg(tmp_path, monkeypatch):
    program = tmp_path / "ffmpeg"
    program.write_text(
        '#!/bin/sh\nfor out; do :; done\necho "$@" > "$out"\ncat >> "$out"\n'
    )
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    frames = np.arange(2 * 100 * 90, dtype="uint8").reshape(2, 100, 90, 1)
    out = tmp_path / "x.mp4"
    outputs.check_out(out, (".mp4",))
    outputs.save_frames(frames, out)
    command, content = out.read_bytes().split(b"\n", 1)
    assert b"-s 180x200 " in command and b"-f mp4" in command
    pixels = np.frombuffer(content, "uint8").reshape(2, 200, 180, 3)
    np.testing.assert_array_equal(pixels[:, ::2, ::2, :1], frames)
    program.write_text("#!/bin/sh\necho no codec >&2\nexit 1\n")
    with pytest.raises(ValueError, match=r"ffmpeg has failed \(no codec\)"):
        outputs.save_frames(frames, tmp_path / "y.mp4")
    assert not list(tmp_path.glob("*y.mp4*"))


@pytest.mark.parametrize(
    "command, message",
    [
        (["interpolate", "run", "--seeds", "1"], "Received: --seeds 1"),
        (["interpolate", "run", "--seeds", "1", "2", "--out", "x.jpg"], "--out x.jpg"),
        (["interpolate", "run", "--seeds", "1", "2", "--out", "x.mp4"], "needs the prog"),
        (["interpolate", "run", "--seeds", "1", "2", "--psi", "0.5"], "--psi needs"),
        (["project", "run", "none.png"], "Received: none.png, which does not exist"),
        (["project", "run", "run/config.json"], "can't be read as a picture"),
        (
            ["project", "run", "run/config.json", "--out", "x.gif"],
            "--out must end in .png or .npz.",
        ),
        (["project", "run", "run/config.json", "--label", "1"], "Received: --label 1"),
        (["sample", "run", "--psi", "0.5"], "--psi needs a generator with"),
        (["compare", "nowhere"], "Received: nowhere"),
    ],
    ids=str,
)
def test_commands_say_what_they_cannot_do(
    tmp_path, capsys, monkeypatch, command, message
):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", str(tmp_path))
    save_gan(tmp_path / "run")
    assert main(command) == 1
    error = capsys.readouterr().err
    assert error.startswith(f"kgan {command[0]}: ") and error.count("\n") == 1
    assert message in error
    assert {path.name for path in tmp_path.iterdir()} == {"run"}


def test_projection_finds_pictures_that_the_gan_drew(tmp_path, capsys):
    gan = save_gan(tmp_path / "run", channels=3)
    pictures = gan.sample(2, seed=1, as_uint8=True)
    paths = [str(tmp_path / f"{i}.png") for i in range(2)]
    for path, pixels in zip(paths, pictures, strict=True):
        kgan.data.to_image(pixels).save(path)
    out = tmp_path / "x.npz"
    command = ["project", str(tmp_path / "run"), *paths, "--steps", "3", "--out"]
    assert main([*command, str(out)]) == 0
    found = np.load(out)
    np.testing.assert_array_equal(found["images"], pictures)
    wanted = gan.project(pictures, steps=3, seed=0)
    np.testing.assert_allclose(found["z"], wanted, atol=1e-5)
    samples = gan.sample(z=found["z"], as_uint8=True)
    np.testing.assert_array_equal(found["samples"], samples)
    said = capsys.readouterr().out
    apart = np.sqrt(np.mean((pictures[1].astype(float) - samples[1]) ** 2))
    assert f"1.png: {apart:.1f} of 255 apart" in said
    assert main([*command, str(tmp_path / "x.png")]) == 0
    pairs = [pictures[0], samples[0], pictures[1], samples[1]]
    wanted = np.asarray(kgan.data.grid(np.stack(pairs), columns=2))
    np.testing.assert_array_equal(np.asarray(Image.open(tmp_path / "x.png")), wanted)


def test_a_file_in_the_folder_of_a_run_is_used_as_the_run(tmp_path):
    run = tmp_path / "run"
    save_gan(run, channels=3)
    record = json.loads((run / "config.json").read_text())
    record["arguments"] |= {"crop": "pad", "background": "black"}
    (run / "config.json").write_text(json.dumps(record))
    shutil.copy(run / "gan.keras", run / "best.keras")
    Image.new("RGB", (16, 8), "red").save(tmp_path / "wide.png")
    command = [str(tmp_path / "wide.png"), "--steps", "1", "--out"]
    for i, path in enumerate((run, run / "best.keras")):
        out = str(tmp_path / f"{i}.npz")
        assert main(["project", str(path), *command, out]) == 0
        fitted = np.load(out)["images"][0]
        assert (fitted[0] == 0).all() and (fitted[4] == (255, 0, 0)).all()


def test_a_file_beside_the_config_of_another_program_is_no_run(tmp_path):
    gan = save_gan(tmp_path / "run", num_classes=3, classes=["cat", "dog", "0"])
    (tmp_path / "run" / "config.json").write_text('{"model": "of another program"}')
    file, out = tmp_path / "run" / "gan.keras", tmp_path / "x.npz"
    command = ["sample", str(file), "--label", "1", "--count", "2", "--out", str(out)]
    assert main(command) == 0
    wanted = gan.sample(2, seed=0, labels=[1, 1])
    np.testing.assert_allclose(np.load(out)["images"], wanted, atol=1e-5)


def test_a_command_that_is_interrupted_says_so(tmp_path, capsys, monkeypatch):
    save_gan(tmp_path / "run")

    def interrupt(*args, **options):
        raise KeyboardInterrupt

    monkeypatch.setattr(kgan.GAN, "sample", interrupt)
    out = str(tmp_path / "x.npz")
    assert main(["sample", str(tmp_path / "run"), "--out", out]) == 130
    assert capsys.readouterr().err == "\nkgan sample: interrupted\n"


def test_samples_of_several_seeds_are_rows(tmp_path):
    gan, out = save_gan(tmp_path / "run"), tmp_path / "x.png"
    options = ["--seeds", "4", "2", "--count", "3", "--out", str(out)]
    assert main(["sample", str(tmp_path / "run"), *options]) == 0
    rows = np.concatenate([gan.sample(3, seed, as_uint8=True) for seed in (4, 2)])
    wanted = np.asarray(kgan.data.grid(rows, rows=2))
    np.testing.assert_array_equal(np.asarray(Image.open(out)), wanted)


def test_psi_truncates_the_samples_of_a_stylegan(tmp_path):
    gan = kgan.GAN(
        kgan.networks.stylegan2_generator((8, 8, 1), 16, width=4),
        kgan.networks.stylegan2_discriminator((8, 8, 1), width=4),
    )
    gan.save(tmp_path / "gan.keras")
    out = tmp_path / "x.npz"
    options = ["--count", "2", "--psi", "0.5", "--out", str(out)]
    assert main(["sample", str(tmp_path / "gan.keras"), *options]) == 0
    wanted = gan.sample(2, seed=0, psi=0.5)
    np.testing.assert_allclose(np.load(out)["images"], wanted, atol=1e-5)
    assert abs(wanted - gan.sample(2, seed=0)).max() > 1e-3


def test_a_label_may_be_the_name_of_a_class(tmp_path, capsys):
    save_gan(tmp_path / "run", num_classes=3, classes=["cat", "dog", "0"])
    out = tmp_path / "x.npz"
    file = tmp_path / "run" / "best.keras"
    shutil.copy(tmp_path / "run" / "gan.keras", file)
    for path in (tmp_path / "run", file):
        command = ["sample", str(path), "--count", "2", "--out", str(out)]
        for label, number in {"dog": 1, "1": 1, "0": 2}.items():
            assert main([*command, "--label", label]) == 0
            assert np.load(out)["labels"].tolist() == [number, number]
    assert main([*command, "--label", "cow"]) == 1
    # The number 0 is listed already.
    error = "one of the labels 0 to 2, or one of cat, dog. Received: --label cow\n"
    assert capsys.readouterr().err.endswith(error)


def test_an_option_that_an_earlier_release_lacked_is_no_difference(tmp_path, capsys):
    paths = [make_run(tmp_path / name) for name in ("a", "b")]
    config = tmp_path / "b" / "config.json"
    record = json.loads(config.read_text("utf-8"))
    record["arguments"]["beta_1"] = None
    config.write_text(json.dumps(record), "utf-8")
    assert main(["compare", *paths]) == 0
    assert "beta_1" not in capsys.readouterr().out
    record["arguments"]["beta_1"] = 0.5
    config.write_text(json.dumps(record), "utf-8")
    assert main(["compare", *paths]) == 0
    assert "beta_1" in capsys.readouterr().out


def test_runs_are_compared(tmp_path, capsys):
    paths = [make_run(tmp_path / n, i, flip=i == 1) for i, n in enumerate(("a", "bb"))]
    assert main(["compare", *paths]) == 0
    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert lines[0] == ["a", "bb"]
    for line in (
        ["samples", "shown", "1,920", "1,920"],
        ["minutes", "0.05", "0.05"],
        ["last", "d_loss", "1.25", "2.25"],
        ["fd1k_x", "5.5", "5.5"],
        ["parameters", "1,200", "(1,000", "+", "200)", "1,200", "(1,000", "+", "200)"],
        ["flip", "False", "True"],
        ["compile.loss.margin", "0", "1"],
    ):
        assert line in lines
    assert ["data", "digits", "digits"] not in lines
    assert main(["compare", paths[0]]) == 0
    assert "Differences" not in capsys.readouterr().out
