"""`kgan train --dry-run`: the code that it prints trains as `kgan train` does."""

import json

import keras
import numpy as np
import pytest

from kgan_cli.main import main, parse

OPTIONS = {
    "points": ["--budget", "64", "--learning-rate", "0.003", "--penalty", "r2"],
    "images": [
        *("--preset", "small", "--compute", "cpu", "--epochs", "1", "--batch-size", "16"),
        *("--conditional", "--width", "4", "--ema-half-life", "none", "--beta-1", "0.3"),
        *("--learning-rate-schedule", "cosine", "--penalty-weight", "0.2", "--flip"),
        "--reuse-fakes",
    ],
}


@pytest.fixture
def command(tmp_path, request):
    """The command of a training of a few batches."""
    numbers = np.random.default_rng(0)
    images = numbers.integers(0, 256, (32, 8, 8, 1), dtype="uint8")
    points = numbers.uniform(-1, 1, (64, 3)).astype("float32")
    arrays = {
        "points": {"x": points},
        "images": {"images": images, "labels": np.arange(32) % 3},
    }
    np.savez(tmp_path / "data.npz", **arrays[request.param])
    data = str(tmp_path / "data.npz")
    return ["train", "--data", data, "--seed", "3", *OPTIONS[request.param]]


@pytest.mark.slow
@pytest.mark.parametrize("command", OPTIONS, indirect=True)
def test_the_printed_code_trains_the_same_gan(tmp_path, capsys, command):
    assert main([*command, "--dry-run"]) == 0
    code = capsys.readouterr().out
    assert [path.name for path in tmp_path.iterdir()] == ["data.npz"]
    namespace = {}
    exec(code.replace("gan.fit(batches,", "gan.fit(batches, verbose=0,"), namespace)
    run = tmp_path / "run"
    assert main([*command, "--out", str(run)]) == 0
    trained = keras.models.load_model(run / "gan.keras")
    printed = namespace["gan"]
    assert printed.recipe.reuse_fakes == ("--reuse-fakes" in command)
    assert int(printed.images_seen) == int(trained.images_seen) > 0
    for one, other in zip(printed.get_weights(), trained.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)
    arguments = json.loads((run / "config.json").read_text())["arguments"]
    # The JSON is a file for `--config`, and the record of the same run.
    capsys.readouterr()
    assert main([*command, "--dry-run", "json"]) == 0
    (tmp_path / "config.json").write_text(capsys.readouterr().out)
    _, settings = parse(["train", "--config", str(tmp_path / "config.json")])
    found = json.loads(json.dumps(settings.record()))
    assert found == {**arguments, "out": None}


@pytest.mark.parametrize("command", ["images"], indirect=True)
def test_the_code_has_the_options_of_the_data_and_the_precision(capsys, command):
    options = ["--precision", "mixed_bfloat16", "--labels", "none"]
    command.remove("--conditional")
    assert main([*command, *options, "--dry-run"]) == 0
    lines = capsys.readouterr().out.splitlines()
    load = "\n".join(lines[2 : lines.index("", 2)])
    assert load.startswith("samples, _ = kgan.data.load(")
    arguments = eval("dict" + load.removeprefix("samples, _ = kgan.data.load"))
    expected = {"source": command[2], "labels": "none", "flip": True, "seed": 3}
    # The shape is written too: another version of kgan might choose another one.
    expected |= {"size": (8, 8), "channels": 1}
    assert arguments == expected
    policies = [line for line in lines if "dtype_policy" in line]
    assert policies == [
        'keras.config.set_dtype_policy("mixed_bfloat16")',
        'keras.config.set_dtype_policy("float32")',
    ]


def test_python_for_several_devices_is_not_printed(capsys):
    assert main(["train", "--dry-run", "--strategy", "mirrored"]) == 1
    error = capsys.readouterr().err
    assert "--dry-run prints Python for one device" in error
    assert error.endswith("Received: --strategy mirrored\n")
