"""The page in which a generator draws samples."""

import base64
import html
import json
import re
import shutil
import subprocess

import numpy as np
import pytest
from helpers import Page, family, spoil
from test_after_training import save_gan

import kgan
from kgan_cli.main import main

pytestmark = pytest.mark.slow

CHROMIUM = next(filter(None, map(shutil.which, ["chromium", "google-chrome"])), None)


def explore(folder, *options):
    """Writes a page, and returns its elements and the data for its script."""
    out = folder.parent / "x.html"
    assert main(["explore", str(folder), "--out", str(out), *options]) == 0
    page = Page(out.read_text("utf-8"))
    (data,) = [text for text in page.texts if text.startswith('{"program"')]
    return page, json.loads(data)


def numbers(text):
    return np.frombuffer(base64.b64decode(text), "<f4")


def test_the_page_makes_no_request(tmp_path):
    save_gan(tmp_path / "run")
    page, _ = explore(tmp_path / "run")
    urls = [
        value
        for _, attributes in page.elements
        for name, value in attributes.items()
        if name in ("src", "href", "data", "action", "srcset", "poster")
    ]
    assert urls == ["data:,"]
    assert "default-src 'none'" in str(page.of("meta"))
    text = "".join(page.texts)
    assert not re.search(r"url\(|import |fetch\(|XMLHttpRequest|https?:", text)


def test_the_page_has_the_latents_of_the_seeds(tmp_path):
    gan = save_gan(tmp_path / "run", channels=3)
    _, data = explore(tmp_path / "run", "--count", "5")
    wanted = [gan.noise.sample((1, 4), seed=seed)[0] for seed in range(5)]
    np.testing.assert_array_equal(numbers(data["latents"]).reshape(5, 4), wanted)
    for method, found in data["directions"].items():
        wanted = kgan.latents.directions(gan, 4, method)
        np.testing.assert_array_equal(numbers(found).reshape(4, 4), wanted)
    assert list(data["directions"]) == ["sefa", "principal"] and data["strongest"] == 4
    assert (data["shape"], data["low"], data["high"]) == ([8, 8, 3], -1, 1)
    assert data["classes"] == []


def test_every_name_is_escaped(tmp_path):
    classes = ["</script>", "<b>&"]
    save_gan(tmp_path / "<i>&", num_classes=2, classes=classes)
    page, data = explore(tmp_path / "<i>&", "--count", "1")
    assert data["classes"] == classes and len(page.of("script")) == 2
    assert "<i>&" in page.texts and not page.of("i")


def test_classes_without_names_have_numbers(tmp_path):
    save_gan(tmp_path / "run", num_classes=3)
    assert explore(tmp_path / "run")[1]["classes"] == ["0", "1", "2"]


@pytest.mark.parametrize(
    "shape, options, message",
    [
        ((8, 8, 1), {"activation": "mish"}, "a layer that the page can't compute"),
        ((8, 8, 1), {"condition_dim": 2}, "needs other conditions: use `kgan sample RUN"),
        ((2,), {}, "no pictures can be drawn"),
    ],
)
def test_the_command_says_what_the_page_cannot_draw(
    tmp_path, capsys, shape, options, message
):
    dim = options.get("condition_dim")
    gan = kgan.GAN(
        kgan.networks.mlp_generator(shape, 4, (3,), **options),
        kgan.networks.mlp_discriminator(shape, (3,), condition_dim=dim),
    )
    gan.save(tmp_path / "gan.keras")
    out = tmp_path / "x.html"
    assert main(["explore", str(tmp_path / "gan.keras"), "--out", str(out)]) == 1
    error = capsys.readouterr().err
    assert error.startswith("kgan explore: ") and message in error
    assert error.count("\n") == 1 and not out.exists()


@pytest.mark.parametrize("command", ["explore", "export"])
def test_a_path_that_can_not_be_written_is_refused_first(tmp_path, capsys, command):
    (tmp_path / "file").write_text("kept")
    out = tmp_path / "file" / "x.html"
    assert main([command, "digits", "--out", str(out)]) == 1
    error = capsys.readouterr().err
    assert f"--out must be in a folder that can be written to, which {tmp_path}" in error
    assert (tmp_path / "file").read_text() == "kept"


def test_a_generator_that_draws_nan_gets_no_page(tmp_path, capsys):
    gan, out = save_gan(tmp_path / "run"), tmp_path / "x.html"
    spoil(gan.generator.trainable_variables[-1])
    gan.save(tmp_path / "nan.keras")
    assert main(["explore", str(tmp_path / "nan.keras"), "--out", str(out)]) == 1
    assert "The samples are NaN or infinite" in capsys.readouterr().err
    assert not out.exists()


def test_the_directions_of_stylegan2_are_directions_of_styles(tmp_path):
    gan = family("stylegan2")
    gan.save(tmp_path / "gan.keras")
    _, data = explore(tmp_path / "gan.keras", "--count", "1")
    wanted = kgan.latents.directions(gan, 4, "sefa")
    np.testing.assert_array_equal(
        numbers(data["directions"]["sefa"]).reshape(4, 4), wanted
    )
    assert data["program"]["hasStyles"]


@pytest.mark.skipif(CHROMIUM is None, reason="there is no program chromium")
@pytest.mark.parametrize("channels", [1, 4])
def test_a_browser_draws_the_pixels_of_the_seeds(tmp_path, channels):
    gan = save_gan(tmp_path / "run", channels, num_classes=2)
    explore(tmp_path / "run")
    command = "--headless --no-sandbox --disable-gpu --enable-logging=stderr --dump-dom"
    done = subprocess.run(
        [CHROMIUM, *command.split(), f"file://{tmp_path}/x.html#selftest"],
        capture_output=True,
        text=True,
        check=False,
        env={"HOME": str(tmp_path)},
    )
    assert "CONSOLE" not in done.stderr
    (found,) = re.findall(r'data-selftest="([^"]*)"', done.stdout)
    pixels = np.reshape(json.loads(html.unescape(found))["pixels"], (3, 8, 8, 4))
    wanted = [gan.sample(1, seed, labels=0, as_uint8=True)[0] for seed in range(3)]
    wanted = [kgan.data.to_image(sample).convert("RGBA") for sample in wanted]
    np.testing.assert_allclose(pixels, np.stack(list(map(np.asarray, wanted))), atol=1)
