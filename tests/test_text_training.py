"""Text to image: batches with captions, `kgan train --captions`, `kgan sample --text`."""

import hashlib
import json
import pathlib

import keras
import numpy as np
import pytest
from helpers import assert_same_state
from PIL import Image

import kgan
from kgan.cli.run_folder import load_gan
from kgan_cli.main import main

pytestmark = pytest.mark.slow

PIXELS = np.random.default_rng(0).integers(0, 256, (12, 8, 8, 1), dtype="uint8")
# The first picture has two captions.
TEXTS = ["the first", "number 0", *(f"number {i}" for i in range(1, 12))]
OPTIONS = ["--preset", "mlp", "--compute", "cpu", "--batch-size", "4", "--epochs", "2"]


@keras.saving.register_keras_serializable(package="kgan_tests")
class Hash(kgan.text.Encoder):
    """Four numbers that depend on the bytes of a caption."""

    def encode(self, captions):
        digests = [hashlib.sha256(text.encode()).digest() for text in captions]
        return np.array([list(digest[:4]) for digest in digests]) / 255


@pytest.fixture(scope="module", autouse=True)
def encoder():
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(kgan.text._ENCODERS, "minilm", Hash)
        yield


def command_of(root):
    """Returns the command of a training of six batches, on files in a folder."""
    folder = root / "set"
    folder.mkdir()
    names = [f"{i:02d}.png" for i in range(12)]
    for name, pixels in zip(names, PIXELS, strict=True):
        Image.fromarray(pixels[..., 0]).save(folder / name)
    pairs = zip([names[0], *names], TEXTS, strict=True)
    rows = [f"{name},{text}" for name, text in pairs]
    captions = root / "captions.csv"
    captions.write_text("\n".join(["file_name,text", *rows]), "utf-8")
    given = ["--data", str(folder), "--captions", str(captions)]
    return ["train", *given, *OPTIONS]


@pytest.fixture
def command(tmp_path):
    return command_of(tmp_path)


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A command, and its run folder."""
    root = tmp_path_factory.mktemp("trained")
    command = command_of(root)
    assert main([*command, "--out", str(root / "run")]) == 0
    return command, root / "run"


@pytest.fixture
def run(trained):
    return trained[1]


def expected_vectors(texts):
    """Returns standardised vectors, computed by hand."""
    every = np.array([Hash().encode([text])[0] for text in TEXTS])
    own = np.array([Hash().encode([text])[0] for text in texts])
    return (own - every.mean(axis=0)) / every.std(axis=0)


def test_each_epoch_draws_one_of_the_captions_of_each_picture():
    vectors = np.arange(9, dtype="float32")[:, None]
    counts = [1, 3, 5]
    batches = kgan.data.CaptionBatches(np.arange(3), vectors, counts, 2, seed=1, noise=0)
    seen = {0: set(), 1: set(), 2: set()}
    for number in range(2 * 60):
        for picture, vector in zip(*batches.batch(number), strict=True):
            seen[int(picture)].add(float(vector[0]))
    assert seen == {0: {0.0}, 1: {1.0, 2.0, 3.0}, 2: {4.0, 5.0, 6.0, 7.0, 8.0}}
    np.testing.assert_array_equal(batches.labels, [[0], [1], [4]])


def test_noise_is_added_to_vectors_and_is_the_same_for_the_same_batch():
    vectors = np.full((200, 50), 3.0, "float32")
    one, other = (
        kgan.data.CaptionBatches(np.arange(200), vectors, None, 100, seed=1, noise=0.25)
        for _ in range(2)
    )
    drawn = np.concatenate([one.batch(number)[1] for number in (0, 1)])
    assert drawn.dtype == np.float32
    assert drawn.mean() == pytest.approx(3, abs=0.01)
    assert (drawn - 3).std() == pytest.approx(0.25, rel=0.02)
    for number in (7, 3, 99):
        for a, b in zip(one.batch(number), other.batch(number), strict=True):
            np.testing.assert_array_equal(a, b)
    assert (one.labels == 3).all()
    with pytest.raises(ValueError, match="noise=-1"):
        kgan.data.CaptionBatches(np.arange(200), vectors, noise=-1)


@pytest.mark.parametrize(
    "vectors, counts, message",
    [
        (np.zeros((3, 2)), [1, 1], "vector for each of the 2 captions"),
        (np.zeros(2), None, r"vectors.shape=\(2,\)"),
        (np.zeros((2, 2)), [2, 0], r"counts=\[2, 0\]"),
        (np.zeros((2, 2)), [2], r"each of the 2 pictures.*counts=\[2\]"),
        (np.zeros((2, 2)), [1.0, 1.0], r"counts=\[1.0, 1.0\]"),
        (np.full((2, 2), np.nan), None, r"`vectors` must be finite numbers"),
        (["a", "b"], None, r"`vectors` must be finite numbers.*vectors=\['a', 'b'\]"),
        (np.zeros((2, 2)), [[1], [1, 2]], "the number of captions of each picture"),
    ],
)
def test_captions_and_vectors_are_compared(vectors, counts, message):
    with pytest.raises(ValueError, match=message):
        kgan.data.CaptionBatches(np.zeros((2, 8)), vectors, counts)


def test_an_encoder_encodes_each_caption_once():
    calls = []

    def encode(captions):
        calls.append(captions)
        return [[len(text)] for text in captions]

    encoder = kgan.text.Function(encode)
    assert encoder(["a", "bcd", "a"]).tolist() == [[1], [3], [1]]
    assert calls == [["a", "bcd"]]


def test_a_saved_encoder_gives_the_same_vectors(tmp_path):
    encoder = kgan.text.Standardize(Hash())
    vectors = encoder.adapt(TEXTS)
    encoder.save(tmp_path / "encoder.json")
    loaded = kgan.text.load(tmp_path / "encoder.json")
    np.testing.assert_array_equal(loaded(TEXTS), vectors)
    np.testing.assert_allclose(vectors, expected_vectors(TEXTS), rtol=1e-5)
    (tmp_path / "encoder.json").write_text("{}")
    with pytest.raises(ValueError, match=r"Encoder.save.*encoder.json"):
        kgan.text.load(tmp_path / "encoder.json")


def test_a_run_keeps_its_encoder_and_draws_texts(tmp_path, run, capsys):
    gan = load_gan(run)
    assert gan.conditions.each[0].shape == (4,)
    np.testing.assert_allclose(
        np.load(run / "vectors.npy"), expected_vectors(TEXTS), rtol=1e-5
    )
    # The captions of the rows are the first of pictures evenly spaced.
    shown = (run / "samples" / "captions.txt").read_text("utf-8").splitlines()
    assert shown == ["the first", *(f"number {i}" for i in (1, 3, 4, 6, 7, 9, 11))]
    z = np.tile(gan.noise.sample((8, gan.latent_dim), seed=0), (8, 1))
    rows = np.load(run / "vectors.npy")[[0, 2, 4, 5, 7, 8, 10, 12]]
    pixels = gan.sample(z=z, conditions=rows.repeat(8, axis=0), as_uint8=True)
    wanted = np.asarray(kgan.data.captioned_grid(pixels, shown)).astype(int)
    with Image.open(run / "samples" / "samples-000000024.png") as picture:
        drawn = np.asarray(picture.convert("RGB"))
    np.testing.assert_allclose(drawn, wanted, atol=2)

    capsys.readouterr()
    out = str(tmp_path / "texts.npz")
    texts = ["--text", "number 3", "--text", "a new text"]
    assert main(["sample", str(run), *texts, "--count", "2", "--out", out]) == 0
    assert capsys.readouterr().out == f"4 samples in {out}\n"
    drawn = np.load(out)
    assert drawn["texts"].tolist() == ["number 3"] * 2 + ["a new text"] * 2
    z = gan.noise.sample((2, gan.latent_dim), seed=0)
    vectors = expected_vectors(drawn["texts"]).astype("float32")
    expected = gan.sample(z=np.concatenate([z, z]), conditions=vectors)
    np.testing.assert_allclose(drawn["images"], expected, atol=1e-5)

    # Vectors move with the latents, in a straight line from text to text.
    folder = str(tmp_path / "path")
    two = ["--text", "number 3", "a new text", "--seeds", "0", "1", "--steps", "3"]
    assert main(["interpolate", str(run), *two, "--out", folder]) == 0
    # 3 steps from one seed to the next.
    ends = (gan.noise.sample((1, gan.latent_dim), seed=seed)[0] for seed in (0, 1))
    z = kgan.latents.interpolate(*ends, 4)
    shares = np.linspace(0, 1, 4, dtype="float32")[:, None]
    vectors = (1 - shares) * vectors[0] + shares * vectors[2]
    expected = gan.sample(z=z, conditions=vectors, as_uint8=True)
    found, _ = kgan.data.load(folder)
    np.testing.assert_allclose(found, expected.astype(float), atol=1)

    # Without a text, all frames have the caption of the first seed.
    frames = []
    for name in ("one", "two"):
        out = str(tmp_path / name)
        seeds = ["--seeds", "5", "5", "--steps", "3", "--out", out]
        assert main(["interpolate", str(run), *seeds]) == 0
        frames.append(kgan.data.load(out)[0])
    np.testing.assert_array_equal(*frames)
    assert len(np.unique(frames[0], axis=0)) == 1

    # A grid has a row for each text, and the text beside the row.
    assert main(["sample", str(run), *texts, "--out", str(tmp_path / "a.png")]) == 0
    folder = str(tmp_path / "pictures")
    assert main(["sample", str(run), *texts, "--count", "1", "--out", folder]) == 0
    _, captions = kgan.data.load_captions(folder)
    assert captions == [("number 3",), ("a new text",)]


def test_a_grid_shows_the_captions_of_its_rows():
    pixels = np.zeros((4, 8, 8, 3), "uint8")
    picture = np.asarray(kgan.data.captioned_grid(pixels, ["WWWW", " "], scale=8))
    middle = len(picture) // 2
    top, bottom = picture[:middle, :220], picture[middle:, :220]
    assert top.min() < 100 and bottom.min() == 255
    assert picture[middle // 2, -9:-2].max() == 0
    with pytest.raises(ValueError, match="4 images and 3 captions"):
        kgan.data.captioned_grid(pixels, ["a", "b", "c"])


def test_metrics_draw_from_all_captions_of_the_run(tmp_path, run, monkeypatch, capsys):
    asked, sample = [], kgan.GAN.sample

    def spied(self, *args, **kwargs):
        asked.append(kwargs["conditions"])
        return sample(self, *args, **kwargs)

    monkeypatch.setattr(kgan.GAN, "sample", spied)
    assert main(["evaluate", str(run), "--metrics", "fd26"]) == 0
    assert "fd26" in capsys.readouterr().out
    # Each caption equally often, also the second one of the first picture.
    np.testing.assert_array_equal(
        np.unique(np.concatenate(asked), axis=0, return_counts=True)[1], [2] * 13
    )

    # Latents of pictures would need the captions of the pictures.
    picture = tmp_path / "picture.png"
    Image.fromarray(PIXELS[0, ..., 0]).save(picture)
    assert main(["project", str(run), str(picture), "--out", f"{picture}.npz"]) == 1
    assert "a GAN with condition\n" in capsys.readouterr().err


@pytest.mark.parametrize(
    "given, received",
    [
        ({"captions": ["a"]}, "8 rows.*captions=\\['a'\\]"),
        ({"conditions": np.zeros((2, 3))}, r"shape \(2, 3\)"),
    ],
)
def test_captions_and_conditions_of_a_grid_are_checked(run, tmp_path, given, received):
    gan = load_gan(run)
    grid = kgan.callbacks.SampleGrid(tmp_path, reals=False, **given)
    grid.set_model(gan)
    gan.real_samples, gan.real_conditions = PIXELS, np.zeros((12, 4), "float32")
    with pytest.raises(ValueError, match=received):
        grid.on_train_begin()


def test_a_resumed_run_is_the_run_without_a_break(tmp_path, command):
    whole, parts = tmp_path / "whole", tmp_path / "parts"
    assert main([*command[:-1], "3", "--out", str(whole)]) == 0
    assert main([*command[:-1], "1", "--out", str(parts)]) == 0
    assert main(["train", "--resume", str(parts), "--epochs", "3"]) == 0
    assert_same_state(load_gan(whole), load_gan(parts))
    config = json.loads((parts / "config.json").read_text())
    assert len(config["data"]["captions_sha256"]) == 64
    assert "labels_sha256" not in config["data"]


def test_changed_captions_are_refused(trained, capsys):
    command, run = trained
    captions = pathlib.Path(command[4])
    text = captions.read_text("utf-8")
    captions.write_text(text.replace("number 5", "five"), "utf-8")
    assert main(["train", "--resume", str(run), "--epochs", "3"]) == 1
    captions.write_text(text, "utf-8")
    assert "with captions_sha256" in capsys.readouterr().err


def test_the_printed_code_trains_the_same_gan(trained, capsys):
    command, run = trained
    capsys.readouterr()
    assert main([*command, "--dry-run"]) == 0
    code = capsys.readouterr().out
    assert "kgan.data.CaptionBatches(" in code
    namespace = {}
    exec(code.replace("gan.fit(batches,", "gan.fit(batches, verbose=0,"), namespace)
    expected = load_gan(run).get_weights()
    for one, other in zip(namespace["gan"].get_weights(), expected, strict=True):
        np.testing.assert_array_equal(one, other)


def test_a_run_starts_from_a_run_with_its_encoder(tmp_path, run, command):
    captions = pathlib.Path(command[4])
    captions.write_text(captions.read_text("utf-8").replace("number", "no"), "utf-8")
    given = [word for word in command if word not in ("--preset", "mlp")]
    out = tmp_path / "tuned"
    assert main([*given, "--start-from", str(run), "--out", str(out)]) == 0
    assert (out / "encoder.json").read_text() == (run / "encoder.json").read_text()


def test_options_that_do_not_fit_are_refused(tmp_path, command, run, capsys):
    def error(*arguments):
        capsys.readouterr()
        assert main([*arguments]) == 1
        return capsys.readouterr().err

    new = ["--out", str(tmp_path / "new")]
    assert "labels or on captions" in error(*command, "--conditional", *new)
    gone = str(tmp_path / "gone.csv")
    assert "no file of captions" in error(*command[:3], "--captions", gone, *new)
    digits = ["train", "--data", "digits", *command[3:], *new]
    assert "--captions are for a folder" in error(*digits)
    (tmp_path / "set" / "more.png").write_bytes((tmp_path / "set/00.png").read_bytes())
    assert "without captions for 'more.png'" in error(*command, *new)
    assert "--text or --seeds" in error(
        "sample", str(run), "--text", "a", "--seeds", "1", "2"
    )
    assert error("sample", "digits", "--text", "a red bird") == (
        "kgan sample: --text needs the run folder of a GAN that was trained with "
        "--captions. Received: digits --text 'a red bird'\n"
    )
    plain = ["train", "--data", command[2], *OPTIONS[2:], *new]
    assert "add --captions" in error(*plain, "--start-from", str(run))


def test_a_preset_for_vectors_is_matching_aware():
    data = {"image_shape": (8, 8, 1), "num_images": 50, "compute": "cpu"}
    preset = kgan.presets.suggest(**data, condition_dim=5)
    assert preset.compile["mismatch"] == 0.5
    assert "labels=vectors, " in str(preset) and "condition_dim=5" in str(preset)
    gan = preset.build(seed=0)
    assert [condition.shape for condition in gan.conditions] == [(5,)]
    assert "mismatch" not in kgan.presets.suggest(**data).compile
    with pytest.raises(ValueError, match="num_classes=2, condition_dim=5"):
        kgan.presets.suggest(**data, num_classes=2, condition_dim=5)
    with pytest.raises(ValueError, match="condition_dim=0"):
        kgan.presets.suggest(**data, condition_dim=0)
