import json
import math
import re
import types

import numpy as np
import pytest
from helpers import SHOWN, Page, make_run
from PIL import Image

import kgan
from kgan.cli import facts, neighbors, report
from kgan.cli.html import write_page
from kgan.cli.html.charts import Curve, chart
from kgan.cli.record import Record, read_all
from kgan.cli.run_folder import RunFolder
from kgan_cli.main import main

pytestmark = pytest.mark.anywhere

NASTY = '<script>alert("&")</script>'


def page_of(paths, out, memories=None):
    records = read_all(paths)
    write_page(records, memories or {}, out)
    return Page(out.read_text("utf-8"))


def test_the_page_needs_no_other_file(tmp_path):
    page = page_of([make_run(tmp_path / "run")], tmp_path / "x.html")
    urls = [
        value
        for _, attributes in page.elements
        for name, value in attributes.items()
        if name in ("src", "href", "data", "action", "srcset", "poster")
    ]
    assert len(urls) == len(SHOWN) + 2 and all(url.startswith("data:") for url in urls)
    assert "url(" not in "".join(page.texts) and "import" not in "".join(page.texts)
    assert "default-src 'none'" in str(page.of("meta"))
    (style,) = re.findall(r"<style>.*</style>", (tmp_path / "x.html").read_text(), re.S)
    assert "prefers-color-scheme: dark" in style


def test_every_text_is_escaped(tmp_path):
    folder = make_run(tmp_path / "<b>&", reason=NASTY, loss=NASTY)
    page = page_of([folder], tmp_path / "x.html", {"<b>&": NASTY})
    assert len(page.of("script")) == 1
    assert page.texts.count(NASTY) >= 2 and "<b>&" in page.texts
    assert json.dumps(NASTY)[1:-1] in "".join(page.texts)


def test_the_grids_are_those_of_the_run(tmp_path):
    make_run(tmp_path / "run")
    (tmp_path / "run" / "samples" / "samples-000000640.png").write_bytes(b"damaged")
    page = page_of([str(tmp_path / "run")], tmp_path / "x.html")
    grids = [image for image in page.of("img") if "data-at" in image]
    assert [int(grid["data-at"]) for grid in grids] == [0, 1280, 1920]
    assert ["hidden" in grid for grid in grids] == [True, True, False]
    controls = next(a for a in page.of("div") if a.get("class") == "controls")
    assert json.loads(controls["data-shown"]) == [0, 1280, 1920]


def test_large_grids_are_made_smaller(tmp_path):
    make_run(tmp_path / "run")
    pixels = np.random.default_rng(0).integers(0, 256, (700, 600, 3), dtype="uint8")
    for number in range(1, 70):
        path = tmp_path / "run" / "samples" / f"samples-{number:09d}.png"
        Image.fromarray(pixels if number % 23 == 0 else pixels[:8, :8]).save(path)
    page = page_of([str(tmp_path / "run")], tmp_path / "x.html")
    grids = [image for image in page.of("img") if "data-at" in image]
    assert len(grids) == 24 and (grids[0]["data-at"], grids[-1]["data-at"]) == (
        "0",
        "1920",
    )
    assert (tmp_path / "x.html").stat().st_size < 8e6
    assert max(int(grid["height"]) for grid in grids) <= 640


def curves(page):
    return [json.loads(a["data-curves"]) for a in page.of("div") if "data-curves" in a]


def test_the_curves_have_the_values_of_the_history(tmp_path):
    page = page_of([make_run(tmp_path / "run")], tmp_path / "x.html")
    losses, penalty, metric = curves(page)
    assert [curve["name"] for curve in losses] == ["d_loss", "g_loss"]
    assert losses[0]["value"] == ["1", "1.5", "1.25"]
    assert losses[0]["at"] == ["640 samples", "1,280 samples", "1,920 samples"]
    # No NaN, and no empty cell.
    assert losses[1]["value"] == ["2", "1"] and metric[0]["value"] == ["7.5", "5.5"]
    assert "r1 (logarithmic)" in page.texts and "Losses (logarithmic)" not in page.texts
    heights = penalty[0]["y"]
    ratio = (heights[2] - heights[1]) / (heights[1] - heights[0])
    assert ratio == pytest.approx(math.log(2) / math.log(2000), rel=0.02)
    assert "NaN" not in (tmp_path / "x.html").read_text().split("<script>")[0]


def test_several_runs_are_side_by_side(tmp_path):
    paths = [make_run(tmp_path / name, i, flip=i == 1) for i, name in enumerate("ab")]
    page = page_of(paths, tmp_path / "x.html")
    assert [[c["name"] for c in found] for found in curves(page)] == [["a", "b"]] * 4
    heads = [text for text in page.texts if text in ("a", "b", "real samples")]
    assert heads[:2] == ["a", "b"] and heads.count("real samples") == 1
    text = "|".join(page.texts)
    assert "flip|False|True" in text and "compile.loss.margin|0|1" in text
    assert "preset|small|small" in text and text.count("compile.loss|") == 0


@pytest.mark.parametrize(
    "values",
    [[1.0], [0.0, 0.0], [5.0, 5.0], [-1.0, 1e9], [1e-30, 1e30], [math.nan, 2.0],
     list(range(1000))],
    ids=str,
)  # fmt: skip
def test_every_curve_is_inside_its_chart(values):
    made = chart("x", [Curve("a", range(len(values)), values)], "samples")
    Page(made)
    (found,) = curves(Page(made))[0]
    assert len(found["x"]) == min(400, sum(map(math.isfinite, values)))
    assert all(0 <= x <= 360 for x in found["x"]) and "nan" not in made
    assert all(0 <= y <= 210 for y in found["y"])


def test_a_chart_without_numbers_is_left_out():
    assert chart("x", [Curve("a", [1, 2], [math.nan, math.inf])], "samples") == ""
    assert chart("x", [Curve("a", [], [])], "samples") == ""


def test_runs_of_the_same_name_get_their_paths(tmp_path):
    paths = [make_run(tmp_path / name / "run") for name in "ab"]
    assert [record.name for record in read_all(paths)] == paths
    with pytest.raises(ValueError, match="named once"):
        read_all([paths[0], paths[0]])


def test_facts_of_an_earlier_release_may_be_missing(tmp_path):
    make_run(tmp_path / "run")
    config = json.loads((tmp_path / "run" / "config.json").read_text())
    del config["parameters"]
    (tmp_path / "run" / "config.json").write_text(json.dumps(config))
    (tmp_path / "run" / "history.csv").write_text("epoch,d_loss\n1,0.5\n")
    record = Record.read(str(tmp_path / "run"))
    assert facts.facts(record) == {
        "data": "1,797 samples of 8x8x1",
        "preset": "small",
        "backend": "jax 0.10.2",
        "last d_loss": "0.5",
    }
    page = page_of([str(tmp_path / "run")], tmp_path / "x.html")
    assert curves(page)[0][0]["at"] == ["1 epochs"]


@pytest.mark.parametrize(
    "name, text, said",
    [
        ("history.csv", "epoch,d_loss\n1,many\n", "must be a table of numbers"),
        ("config.json", "{", "Expected the folder of a run, with its config.json"),
        ("metrics.json", "[1]", "`kgan evaluate --json` wrote"),
    ],
)
def test_damaged_files_are_named(tmp_path, capsys, name, text, said):
    make_run(tmp_path / "run")
    (tmp_path / "run" / name).write_text(text)
    out = tmp_path / "x.html"
    assert main(["report", str(tmp_path / "run"), "--out", str(out)]) == 1
    error = capsys.readouterr().err
    assert error.startswith("kgan report: ") and said in error and error.count("\n") == 1
    assert not out.exists()


def test_the_page_ends_in_html(tmp_path, capsys):
    make_run(tmp_path / "run")
    assert main(["report", str(tmp_path / "run"), "--out", "x.pdf"]) == 1
    error = "kgan report: --out must end in .html. Received: --out x.pdf\n"
    assert capsys.readouterr().err == error


def test_metrics_have_their_protocol(tmp_path):
    folder = make_run(tmp_path / "run")
    fakes = {"fd1k_x": 1000, "kd2k_x": 2000}
    results = [
        kgan.metrics.Result(name, 0.25, {"extractor": "x", "fakes": number})
        for name, number in fakes.items()
    ]
    kgan.metrics.save(results, tmp_path / "run" / "metrics.json")
    text = "|".join(page_of([folder], tmp_path / "x.html").texts)
    assert "fd1k_x|0.25" in text and "Protocol|extractor|x" in text


@pytest.fixture
def gan():
    return kgan.GAN(
        kgan.networks.dcgan_generator((8, 8, 1), 4, width=4),
        kgan.networks.dcgan_discriminator((8, 8, 1), width=4),
    )


def rms(a, b):
    return np.sqrt(np.mean((np.float64(a) - b) ** 2))


def test_the_problems_of_the_training_are_told(tmp_path):
    run = make_run(tmp_path / "run")
    assert "Health" not in page_of([run], tmp_path / "x.html").texts
    sentence = "1,024 samples, collapse: The samples are alike. Try R1."
    (tmp_path / "run" / "health.txt").write_text(sentence + "\n", "utf-8")
    texts = page_of([run], tmp_path / "x.html").texts
    assert texts.count(sentence) == 1 and "Health" in texts


@pytest.mark.parametrize("as_floats", [False, True])
def test_neighbors_are_the_nearest(gan, digits, as_floats):
    reals = kgan.data.to_float(digits[:90]) if as_floats else digits[:90]
    memory = neighbors.find(gan, np.asarray(reals), seed=3)
    fakes = gan.sample(64, seed=3, as_uint8=not as_floats)
    fakes = (fakes + 1) * 127.5 if as_floats else fakes
    distances = np.array([[rms(a, b) for b in digits[:90]] for a in fakes])
    np.testing.assert_allclose(
        memory.distances, np.sort(distances, axis=1)[:8, :3], rtol=1e-4
    )
    assert memory.of_samples == pytest.approx(np.median(distances.min(axis=1)), rel=1e-4)
    nearest = digits[:90][distances[:8].argmin(axis=1)]
    np.testing.assert_array_equal(memory.neighbors[:, 0], nearest)
    assert "nothing suggests" in memory.sentences()[0]


def test_a_generator_that_repeats_its_data_is_noticed(gan, digits):
    repeating = types.SimpleNamespace(
        sample_range=gan.sample_range,
        sample=lambda n, seed: np.asarray(kgan.data.to_float(digits[:n])),
    )
    memory = neighbors.find(repeating, digits)
    assert memory.of_samples < 1 < memory.of_reals
    assert "repeats its training data." in memory.sentences()[0]
    assert "nothing suggests" not in memory.sentences()[0]


def test_copies_in_the_data_give_no_verdict(gan, digits):
    memory = neighbors.find(gan, np.repeat(digits[:20], 2, axis=0))
    assert memory.of_reals == 0
    assert "can't tell whether this generator repeats" in memory.sentences()[0]


def test_the_command_says_why_neighbors_are_unknown(tmp_path, gan, capsys):
    folder = make_run(tmp_path / "run")
    out = tmp_path / "x.html"
    command = ["report", folder, "--out", str(out)]
    assert main(command) == 0
    assert "has no GAN to draw samples from" in out.read_text()
    gan.save(tmp_path / "run" / "gan.keras")
    assert main(command) == 0
    assert "The median distance from a new sample" in out.read_text()
    config = json.loads((tmp_path / "run" / "config.json").read_text())
    config["data"]["sha256"] = "0"
    (tmp_path / "run" / "config.json").write_text(json.dumps(config))
    assert main(command) == 0
    assert "The nearest training images are not known: " in out.read_text()
    assert capsys.readouterr().out == f"{out} shows run.\n" * 3


def test_a_page_that_fails_costs_no_run(tmp_path, gan, capsys):
    training = types.SimpleNamespace(
        gan=gan, data=types.SimpleNamespace(samples=np.zeros((4, 8, 8, 1), "uint8"))
    )
    report.write_at_end(training, RunFolder(tmp_path / "none"))
    error = capsys.readouterr().err
    assert error.startswith("Warning: ") and "report.html can't be written" in error
