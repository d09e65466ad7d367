"""The page that `kgan export` writes for the users of a generator."""

import json

import pytest
from helpers import make_run
from test_exports import small

import kgan
from kgan import exports
from kgan.cli import model_card
from kgan.cli.record import Record
from kgan.metrics.result import Result, save
from kgan_cli.main import main

pytestmark = pytest.mark.anywhere


def card_of(folder, licence=None):
    return model_card.text(Record.read(str(folder)), licence)


def section(card, title):
    return card.partition(f"## {title}\n\n")[2].partition("\n\n## ")[0]


def test_a_card_tells_the_data_and_the_training(tmp_path):
    card = card_of(make_run(tmp_path / "a|b", data="faces|x"))
    assert card.startswith("# a|b\n")
    found = json.loads((tmp_path / "a|b" / "config.json").read_text())
    data = section(card, "Data")
    assert r"| source | `faces\|x` |" in data and "classes" not in data
    assert "| samples | 1,797 samples of 8x8x1 |" in data
    assert f"| SHA-256 | {found['data']['sha256']} |" in data
    training = section(card, "Training")
    assert (
        "| samples shown | 1,920 |" in training and "| backend | jax 0.10.2 |" in training
    )
    assert "| fd1k_x | 5.5 |" in training
    assert training.endswith("```python\ngan = kgan.GAN()\n```")


def test_names_may_have_bytes_that_are_no_letters(tmp_path):
    # Python reads a file name of another encoding as a text with such characters.
    run = make_run(tmp_path / "run", data="gr\udcfcn")
    out = tmp_path / "out"
    model_card.write(card_of(run), out, exports.get("saved_model"))
    assert r"| source | `gr\udcfcn` |" in (out / "assets.extra/MODEL_CARD.md").read_text()
    assert main(["report", run, "--out", str(tmp_path / "x.html")]) == 0
    assert r"gr\udcfcn" in (tmp_path / "x.html").read_text("utf-8")


def test_a_card_tells_metrics_with_their_protocol(tmp_path):
    folder = make_run(tmp_path / "run")
    assert section(card_of(folder), "Quality").startswith("Not measured: ")
    both = {"reals": 5000, "seed": 3}
    fd = Result("fd1k", 12.25, {**both, "shrunk": "no"}, 0.5)
    save([fd, Result("recall1k", 0.75, {**both, "k": 3})], tmp_path / "run/metrics.json")
    quality = section(card_of(folder), "Quality")
    assert "| fd1k | 12.2 | 0.5 | shrunk no |" in quality
    assert "| recall1k | 0.75 |  | k 3 |" in quality
    assert "| reals | 5000 |\n| seed | 3 |" in quality


def test_a_card_has_the_licence_and_the_problems(tmp_path):
    folder = make_run(tmp_path / "run")
    assert section(card_of(folder), "Licence").startswith("To be filled in: ")
    assert section(card_of(folder, "CC BY 4.0"), "Licence") == "CC BY 4.0"
    (tmp_path / "run" / "health.txt").write_text("It collapsed.\n")
    limits = section(card_of(folder), "Limits")
    assert limits.endswith("No other use was tested.\n\nIt collapsed.\n")


def save_small(path, shown):
    """Saves a GAN that was shown a number of samples."""
    gan = small()
    gan.images_seen.assign(shown)
    gan.save(path)


def no_export(monkeypatch):
    monkeypatch.setattr(kgan.GAN, "export", lambda *arguments, **options: None)
    monkeypatch.setattr(kgan.exports.Format, "export_error", "")


@pytest.mark.parametrize(
    "format, out, card",
    [
        ("onnx", "x.onnx", "x.onnx.md"),
        ("saved_model", "x", "x/assets.extra/MODEL_CARD.md"),
    ],
)
def test_kgan_export_writes_the_card_beside_the_export(
    tmp_path, monkeypatch, format, out, card
):
    folder = make_run(tmp_path / "run")
    save_small(tmp_path / "run" / "gan.keras", 1920)
    no_export(monkeypatch)
    options = ["--format", format, "--out", str(tmp_path / out), "--licence", "MIT"]
    (tmp_path / card).parent.mkdir(parents=True, exist_ok=True)
    assert main(["export", folder, *options]) == 0
    assert (tmp_path / card).read_text("utf-8") == card_of(folder, "MIT")


def test_a_file_of_a_run_has_a_card_of_its_own_time(tmp_path, monkeypatch):
    make_run(tmp_path / "run")
    save([Result("fd1k", 12.25, {"reals": 5000})], tmp_path / "run/metrics.json")
    save_small(tmp_path / "run" / "best.keras", 1280)
    no_export(monkeypatch)
    options = ["--format", "onnx", "--out", str(tmp_path / "x.onnx"), "--licence", "MIT"]
    assert main(["export", str(tmp_path / "run" / "best.keras"), *options]) == 0
    card = (tmp_path / "x.onnx.md").read_text("utf-8")
    assert card.startswith("# run\n") and "The file of the GAN is `best.keras`." in card
    assert section(card, "Licence") == "MIT"
    # The second row of the history, and not the third one.
    training = section(card, "Training")
    assert "| samples shown | 1,280 |" in training and "| fd1k_x | 7.5 |" in training
    # The numbers of `metrics.json` are those of the last GAN.
    quality = section(card, "Quality")
    assert quality == "Not measured: `kgan evaluate RUN/best.keras` measures."


def test_a_licence_needs_a_run(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(kgan.exports.Format, "export_error", "")
    small().save(tmp_path / "gan.keras")
    options = ["--licence", "MIT", "--out", str(tmp_path / "x")]
    assert main(["export", str(tmp_path / "gan.keras"), *options]) == 1
    assert "--licence is for the model card of a run" in capsys.readouterr().err
    assert not (tmp_path / "x").exists()
