"""`kgan train --start-from RUN|MODEL`: trains on from a trained GAN, on other data."""

import json
import shutil

import keras
import numpy as np
import pytest

import kgan
from kgan.cli.source import Source
from kgan.models.freezing import first_weights
from kgan_cli.main import main, parse

RANDOM = np.random.default_rng(0)


def points(path, dimensions=2):
    """Writes samples to a file, and returns the option that names the file."""
    samples = RANDOM.uniform(-1, 1, (64, dimensions)).astype("float32")
    np.savez(path, x=samples)
    return ["--data", str(path)]


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """The folder of a finished run."""
    folder = tmp_path_factory.mktemp("source")
    data = points(folder / "data.npz")
    options = ["--latent-dim", "5", "--epochs", "1", "--out", str(folder / "run")]
    assert main(["train", *data, *options]) == 0
    return folder / "run"


@pytest.mark.slow
def test_the_run_has_the_weights_of_the_source_and_resumes_without_it(
    tmp_path, run, capsys
):
    source = shutil.copytree(run, tmp_path / "source")
    trained, out = keras.models.load_model(run / "gan.keras"), tmp_path / "run"
    command = ["train", *points(tmp_path / "other.npz"), "--from", str(source)]
    command += ["--freeze-d", "1", "--epochs", "1", "--batch-size", "16", "--seed", "3"]
    assert main([*command, "--dry-run"]) == 0
    code, namespace = capsys.readouterr().out, {}
    exec(code.replace("gan.fit(batches,", "gan.fit(batches, verbose=0,"), namespace)
    assert main([*command, "--out", str(out)]) == 0
    said = capsys.readouterr().out
    assert f"The training starts from {source}, which has seen 64 samples." in said
    gan = keras.models.load_model(out / "gan.keras")
    # The dry run, in Python, trains the same.
    printed = namespace["gan"].get_weights()
    for one, other in zip(gan.get_weights(), printed, strict=True):
        np.testing.assert_array_equal(one, other)
    config = json.loads((out / "config.json").read_text())
    assert config["arguments"]["start_from"] == str(source)
    assert config["arguments"]["latent_dim"] == gan.latent_dim == 5
    assert config["compile"]["freeze_d"] == config["arguments"]["freeze_d"] == 1
    assert config["gan"]["ema_ramp"] is None
    # A run that has saved no GAN yet starts from the source again.
    again = shutil.copytree(out, tmp_path / "again")
    (again / "gan.keras").unlink()
    assert main(["train", "--resume", str(again)]) == 0
    other = keras.models.load_model(again / "gan.keras")
    for one, expected in zip(other.get_weights(), printed, strict=True):
        np.testing.assert_array_equal(one, expected)
    # Where the source is gone, nothing can start from it again.
    shutil.rmtree(source)
    assert main(["train", "--resume", str(out), "--epochs", "2"]) == 0
    resumed = keras.models.load_model(out / "gan.keras")
    assert (int(gan.images_seen), int(resumed.images_seen)) == (64, 128)
    for one in (gan, resumed):
        kept, expected = (first_weights(g.discriminator, 1) for g in (one, trained))
        for a, b in zip(kept, expected, strict=True):
            np.testing.assert_array_equal(a.numpy(), b.numpy())
    assert kept and (resumed.get_weights()[2] != gan.get_weights()[2]).any()


@pytest.mark.slow
@pytest.mark.parametrize(
    "options, dimensions, message",
    [
        (
            "--from RUN --latent-dim 6",
            2,
            "--start-from takes the networks of its run, which has --latent-dim 5: leave "
            "the option out. Received: --latent-dim 6",
        ),
        (
            "--from RUN --width 7",
            2,
            "--start-from takes the networks of its run, which has no --width: leave the "
            "option out. Received: --width 7",
        ),
        (
            "--from RUN",
            3,
            "The source must have the `sample_shape` of the GAN, (3,). Received: source "
            "with sample_shape=(2,)",
        ),
        (
            "--from RUN --conditional",
            2,
            "The GAN of --start-from was trained with no labels: leave --conditional "
            "out. Received: --start-from RUN",
        ),
        (
            "--from TINY",
            2,
            "The source must have the networks of the GAN: build both with the same "
            "preset, or with the same builder, width and depth. Received: generator of "
            "the source with ",
        ),
        (
            "--from missing.keras",
            2,
            "Expected a run folder with gan.keras, a .keras file that kgan saved, or a "
            "trained GAN of the package (digits, emoji, mnist). "
            "Received: --start-from missing.keras",
        ),
        (
            "--freeze-d 1",
            2,
            "--freeze-d needs --start-from, since layers with random weights must train. "
            "Received: --freeze-d 1 without --start-from",
        ),
    ],
    ids=["latent_dim", "width", "shape", "labels", "networks", "missing", "freeze_d"],
)
def test_sources_that_do_not_fit_are_one_line_before_a_run_begins(
    tmp_path, run, tiny, capsys, monkeypatch, options, dimensions, message
):
    monkeypatch.chdir(tmp_path)
    tiny().save(tmp_path / "tiny.keras")
    data = points(tmp_path / "data.npz", dimensions)
    for name, path in {"RUN": str(run), "TINY": "tiny.keras"}.items():
        options, message = options.replace(name, path), message.replace(name, path)
    assert main(["train", *data, *options.split()]) == 1
    error = capsys.readouterr().err
    assert error.startswith(f"kgan train: {message}") and error.count("\n") == 1
    assert not (tmp_path / "runs").exists()


def test_images_get_the_size_of_the_source_and_the_networks_of_its_run():
    gan = kgan.GAN(
        kgan.networks.small_generator((12, 16, 3), 7, width=4),
        kgan.networks.small_discriminator((12, 16, 3), width=4),
    )
    found = {"preset": "small", "compute": "gpu", "width": 4, "latent_dim": 7}
    _, settings = parse(["train", "--data", "pictures", "--from", "x", "--width", "4"])
    followed = Source("x", gan, found).follow(settings)
    assert {name: getattr(followed, name) for name in found} == found
    assert (followed.size, followed.channels) == ((12, 16), 3)
    # Outside of a run, the file has no record of its networks but the latents.
    followed = Source("x", gan, {}).follow(settings)
    assert (followed.preset, followed.width, followed.latent_dim) == (None, 4, 7)
    # Arrays are not resized, and a size that is given stays.
    for options in (["--data", "a.NPZ"], ["--data", "a", "--size", "8"]):
        _, settings = parse(["train", *options, "--from", "x"])
        followed = Source("x", gan, {}).follow(settings)
        assert followed.size == settings.size
