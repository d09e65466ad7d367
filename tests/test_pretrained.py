"""The trained GANs of the package: their files, names, samples and further training."""

import pathlib

import keras
import numpy as np
import pytest

import kgan
from kgan_cli import names
from kgan_cli.main import main


@pytest.fixture(params=kgan.pretrained.names())
def name(request):
    return request.param


def test_the_command_line_and_the_library_list_the_same_names():
    assert names.trained_gans() == kgan.pretrained.names() == ["digits", "emoji", "mnist"]


def test_each_gan_has_a_model_card(name):
    card = pathlib.Path(kgan.pretrained.__file__).with_name(f"{name}.md").read_text()
    for heading in ("Data", "Training", "Quality", "Licence", "Limits"):
        assert f"## {heading}" in card


def test_all_files_together_take_less_than_3_mb():
    folder = pathlib.Path(kgan.pretrained.__file__).parent
    files = [path for path in folder.iterdir() if path.is_file()]
    assert sum(path.stat().st_size for path in files) < 3_000_000


def test_each_class_has_a_name(name):
    gan = kgan.GAN.from_preset(name)
    assert gan.num_classes == len(kgan.pretrained.class_names(name))


@pytest.mark.slow
def test_samples_differ_by_class_and_have_contrast(name):
    gan = kgan.GAN.from_preset(name)
    labels = np.arange(gan.num_classes)
    samples = gan.sample(len(labels), seed=0, labels=labels, as_uint8=True)
    assert samples.min() < 64
    assert samples.max() > 192
    flat = samples.reshape(len(labels), -1).astype("float32")
    distances = np.abs(flat[:, None] - flat[None]).mean(axis=-1)
    assert distances[~np.eye(len(labels), dtype=bool)].min() > 5


def test_the_samples_of_digits_are_read_as_their_labels():
    gan = kgan.GAN.from_preset("digits")
    images, labels = kgan.data.load("digits")
    wanted = np.arange(500) % 10
    samples = gan.sample(500, seed=0, labels=wanted, as_uint8=True)
    # The nearest real digit is a judge that has seen no sample.
    reals = images.reshape(len(images), -1).astype("float32")
    fakes = samples.reshape(len(samples), -1).astype("float32")
    squares = (reals**2).sum(-1) - 2 * fakes @ reals.T
    read = np.asarray(labels)[squares.argmin(axis=1)]
    assert np.mean(read == wanted) > 0.9


def test_the_average_starts_at_the_generator():
    gan = kgan.GAN.from_preset("digits")
    latents = np.random.default_rng(0).normal(size=(4, gan.latent_dim)).astype("float32")
    inputs = [latents, np.arange(4)]
    expected = keras.ops.convert_to_numpy(gan.generator(inputs))
    np.testing.assert_array_equal(gan.sampling_generator(inputs), expected)
    assert gan.get_config()["ema_ramp"] is None


@pytest.mark.slow
def test_a_trained_gan_trains_further():
    gan = kgan.GAN.from_preset("digits")
    images, labels = kgan.data.load("digits")
    before = gan.generator.get_weights()
    gan.fit(images[:64], labels[:64], batch_size=32, epochs=1, verbose=0)
    assert int(gan.images_seen) == 64
    after = gan.generator.get_weights()
    assert any((a != b).any() for a, b in zip(before, after, strict=True))


def test_save_writes_the_weights_that_load_read(tmp_path):
    gan = kgan.GAN.from_preset("digits")
    kgan.pretrained.save(gan, tmp_path / "copy", [str(i) for i in range(10)])
    found = np.load(tmp_path / "copy.npz")
    expected = np.load(pathlib.Path(kgan.pretrained.__file__).with_name("digits.npz"))
    assert sorted(found.files) == sorted(expected.files)
    for key in found.files:
        np.testing.assert_array_equal(found[key], expected[key])


def test_an_unknown_name_is_refused_with_the_known_names():
    with pytest.raises(ValueError, match=r"digits.*emoji.*mnist.*Received: name='cifar'"):
        kgan.GAN.from_preset("cifar")


def test_kgan_sample_takes_the_name_and_the_class(tmp_path):
    out = tmp_path / "sevens.npz"
    options = ["--label", "7", "--count", "3", "--out", str(out)]
    assert main(["sample", "digits", *options]) == 0
    gan = kgan.GAN.from_preset("digits")
    expected = gan.sample(3, seed=0, labels=np.full(3, 7))
    np.testing.assert_allclose(np.load(out)["images"], expected, atol=1e-6)


def test_a_folder_of_the_same_name_comes_first(
    tmp_path,
    monkeypatch,
    capsys,
):
    monkeypatch.chdir(tmp_path)
    pathlib.Path("digits").mkdir()
    assert main(["sample", "digits"]) == 1
    assert "Expected a run folder" in capsys.readouterr().err


@pytest.mark.slow
def test_a_training_starts_from_a_trained_gan(tmp_path, capsys):
    command = ["train", "--from", "digits", "--conditional", "--budget", "64"]
    # A GPU would get wider networks.
    assert main([*command, "--dry-run"]) == 0
    code = capsys.readouterr().out
    assert 'gan.start_from(source=kgan.GAN.from_preset(name="digits"))' in code
    assert main([*command, "--compute", "gpu", "--dry-run"]) == 1
    assert "has --compute cpu" in capsys.readouterr().err
    namespace = {}
    exec(code.partition("batches = ")[0], namespace)
    expected = kgan.GAN.from_preset("digits").get_weights()
    for one, other in zip(namespace["gan"].get_weights(), expected, strict=True):
        np.testing.assert_array_equal(one, other)
