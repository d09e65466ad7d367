"""Extractors, numbers with their protocol, and where they are computed."""

import json
import math
import pathlib
import shutil

import keras
import numpy as np
import pytest
from helpers import Stop, assert_same_state
from PIL import Image

import kgan
from kgan import metrics
from kgan.metrics.extractors.inception.network import EdgeAwareAveragePooling
from kgan_cli.main import main

RANDOM = np.random.default_rng(0)
IMAGES = RANDOM.integers(0, 256, (70, 8, 8, 1), dtype="uint8")
LABELS = np.arange(70) % 3


def pixels(images):
    return images[:, ::4, ::4, 0].reshape(len(images), -1) / 255.0


PIXELS = metrics.Function(pixels, name="pixels", batch_size=16)


def gan():
    keras.utils.set_random_seed(0)
    made = kgan.GAN(
        kgan.networks.dcgan_generator((8, 8, 1), 4, width=4),
        kgan.networks.dcgan_discriminator((8, 8, 1), width=4),
        seed=0,
    )
    made.compile()
    return made


def network():
    x = inputs = keras.Input((None, None, 3))
    x = keras.layers.Conv2D(5, 3, name="features")(x)
    logits = keras.layers.Dense(4)(keras.layers.GlobalAveragePooling2D()(x))
    return keras.Model(inputs, [x, logits], name="mine")


def test_a_function_extracts_by_batches():
    np.testing.assert_array_equal(PIXELS(IMAGES).features, pixels(IMAGES))
    assert PIXELS(IMAGES).probabilities is None
    assert PIXELS.protocol() == {"extractor": "pixels"} and not PIXELS.is_fid


@pytest.mark.parametrize("batch_size", [1, 7, 64])
def test_a_network_extracts_the_same_in_any_batches(batch_size):
    model = network()
    extractor = metrics.Network(model, size=(12, 10), batch_size=batch_size)
    found = extractor(IMAGES)
    resized = [Image.fromarray(x[..., 0]).resize((10, 12), 3) for x in IMAGES]
    grey = np.stack([np.asarray(x) for x in resized])[..., None]
    features, logits = model(grey.repeat(3, -1).astype("float32") / 127.5 - 1)
    expected = keras.ops.convert_to_numpy(features).mean((1, 2))
    np.testing.assert_allclose(found.features, expected, atol=1e-5)
    expected = keras.ops.convert_to_numpy(keras.ops.softmax(logits))
    np.testing.assert_allclose(found.probabilities, expected, atol=1e-5)
    assert extractor.name == "mine" and "to 12x10" in extractor.protocol()["resize"]


def test_features_do_not_depend_on_the_batch_or_the_order(digits):
    order = RANDOM.permutation(70)
    found = []
    for batch_size in (1, 7, 32, 64):
        extractor = metrics.untrained((8, 8, 1))
        extractor = metrics.Network(
            extractor.model, preprocess=lambda x: x, batch_size=batch_size
        )
        found.append(extractor(digits[:70]).features)
        shuffled = np.empty_like(found[0])
        shuffled[order] = extractor(digits[:70][order]).features
        # On some processors the place of an image among the 32 of a portion changes the
        # last digits.
        np.testing.assert_allclose(shuffled, found[0], rtol=1e-5, atol=1e-6)
    for features in found[1:]:
        np.testing.assert_array_equal(features, found[0])
    # The last of 70 is in a batch of its own, if they are 32.
    np.testing.assert_array_equal(extractor(digits[69:70]).features, found[0][69:])


def test_the_hash_of_weights_tells_networks_apart():
    one, other = (metrics.Network(network()) for _ in range(2))
    assert one.protocol() != other.protocol()
    assert one.protocol()["weights"] == one.protocol()["weights"]


def test_transparency_is_laid_on_white():
    seen = []
    model = keras.Sequential(
        [keras.Input((2, 2, 3)), keras.layers.GlobalAveragePooling2D()]
    )
    extractor = metrics.Network(
        model, "x", lambda x: seen.append(x) or x.astype("float32")
    )
    extractor(np.array([[[[10, 20, 30, 255]] * 2, [[0, 0, 0, 0]] * 2]], "uint8"))
    assert seen[0][0, :, 0].tolist() == [[10, 20, 30], [255, 255, 255]]


@pytest.mark.slow
def test_a_classifier_learns_and_leaves_randomness_alone(digits):
    labels = kgan.data.load("digits")[1]
    keras.utils.set_random_seed(3)
    before = kgan.networks.mlp_generator((2,), 3).get_weights()
    keras.utils.set_random_seed(3)
    extractor = metrics.classifier(digits[:1400], labels[:1400], epochs=4)
    after = kgan.networks.mlp_generator((2,), 3).get_weights()
    for one, other in zip(before, after, strict=True):
        np.testing.assert_array_equal(one, other)
    found = extractor(digits[1400:])
    assert found.features.shape == (397, 64)
    assert (found.probabilities.argmax(1) == labels[1400:]).mean() > 0.85


@pytest.mark.slow
def test_a_classifier_is_the_same_whatever_was_drawn_before(digits):
    labels = kgan.data.load("digits")[1]
    made = []
    for seed in (1, 2):
        # Keras, Python and numpy: what another process has drawn.
        keras.utils.set_random_seed(seed)
        made.append(metrics.classifier(digits[:200], labels[:200], epochs=1))
    assert made[0].protocol() == made[1].protocol()
    np.testing.assert_array_equal(
        made[0](digits[:9]).features, made[1](digits[:9]).features
    )


@pytest.mark.slow
def test_labels_may_be_names_or_any_ints():
    names = np.array(["b", "a", "c"])[LABELS]
    options = {"epochs": 1, "seed": 3}
    named, sparse = (
        metrics.classifier(IMAGES, labels, **options)
        for labels in (names, np.array([50_000, 7, 10**9])[LABELS])
    )
    assert named.protocol() == sparse.protocol()
    assert named(IMAGES[:2]).probabilities.shape == (2, 3)
    column = metrics.classifier(IMAGES, names[:, None], **options)
    assert column.protocol() == named.protocol()
    for bad in (LABELS[:5], LABELS[:, None] * [1, 1], None):
        with pytest.raises(ValueError, match=r"one label for each.*Received: 70 images"):
            metrics.classifier(IMAGES, bad)


def test_an_untrained_network_sees_what_differs():
    extractor = metrics.default_extractor(IMAGES)
    assert extractor.name == "random"
    again = metrics.default_extractor(IMAGES[:1])
    assert extractor.protocol() == again.protocol()
    evaluation = metrics.Evaluation(IMAGES, extractor, "fd70")
    near, far = (
        evaluation(images)[0].value
        for images in (np.clip(IMAGES, 3, 252), np.clip(IMAGES, 60, 195))
    )
    assert evaluation(IMAGES)[0].value < 1e-9 < near < far


def test_networks_check_the_shape_of_images():
    with pytest.raises(ValueError, match=r"takes images of 1 channels. Received: images"):
        metrics.untrained((8, 8, 1))(IMAGES.repeat(3, axis=-1))
    points = keras.Sequential([keras.Input((4,)), keras.layers.Dense(2)])
    with pytest.raises(ValueError, match=r"a model of images.*input shape \(None, 4\)"):
        metrics.Network(points)


def test_extractors_take_uint8_images_only():
    for bad in (IMAGES / 255, IMAGES[:0], IMAGES[..., 0], list(IMAGES)):
        with pytest.raises(ValueError, match=r"Expected uint8 images.*Received: images"):
            PIXELS(bad)


def test_features_need_a_row_for_each_image():
    for function in (lambda x: x.mean(axis=(0, 1, 2)), lambda x: x.mean(), len):
        with pytest.raises(ValueError, match=r"a row for each image. Received: .*'mine'"):
            metrics.Function(function, "mine")(IMAGES)


def test_an_extractor_has_the_name_of_its_class_or_its_own():
    class Mine(metrics.Extractor):
        name = "mine"

    assert Mine().name == "mine" and Mine("other").name == "other"
    with pytest.raises(ValueError, match=r"must be a str that is not empty.*: name=''"):
        metrics.Extractor()
    for batch_size in (0, 2.0, True):
        with pytest.raises(ValueError, match=f"Received: batch_size={batch_size}"):
            Mine(batch_size=batch_size)


@pytest.mark.slow
def test_names_of_extractors_are_those_of_their_classes():
    assert metrics.extractors.names() == [
        "classifier",
        "inception-tf1",
        "inception-pytorch",
        "inception-clean",
    ]
    assert metrics.extractors.get("classifier", IMAGES).name == "random"
    assert metrics.extractors.get("classifier", IMAGES, LABELS).name == "classifier"
    with pytest.raises(ValueError, match=r"one of 'classifier', .* Received: name='vgg'"):
        metrics.extractors.get("vgg", IMAGES)


def test_the_documentation_has_all_names():
    page = (pathlib.Path(__file__).parents[1] / "docs" / "metrics.md").read_text("utf-8")
    for name in (*metrics.names(), *metrics.extractors.names()):
        assert f"`{name}`" in page


@pytest.mark.parametrize("policy", ["mixed_bfloat16", "mixed_float16"])
def test_precision_of_training_is_not_that_of_features(policy):
    plain = metrics.untrained((8, 8, 1))
    half = keras.Sequential(
        [keras.Input((8, 8, 1)), keras.layers.Flatten(dtype=policy)], name="half"
    )
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(policy)
    try:
        mixed = metrics.untrained((8, 8, 1))
    finally:
        keras.config.set_dtype_policy(before)
    assert mixed.protocol() == plain.protocol() and mixed.protocol()["dtype"] == "float32"
    np.testing.assert_array_equal(mixed(IMAGES).features, plain(IMAGES).features)
    half = metrics.Network(half)
    assert half.protocol()["dtype"] == policy.removeprefix("mixed_")
    (result,) = metrics.Evaluation(IMAGES, half, "fd70")(IMAGES)
    assert 0 <= result.value < 1e-3


def test_numbers_are_those_of_the_functions():
    names = ["fd40", "kd30", "precision40", "recall40", "density40", "coverage20"]
    evaluation = metrics.Evaluation(IMAGES, PIXELS, names, seed=5)
    fakes = RANDOM.integers(0, 200, (50, 8, 8, 1), dtype="uint8")
    a, b = pixels(IMAGES), pixels(fakes[:40])
    expected = [
        metrics.frechet_distance(a, b),
        metrics.kernel_distance(a, b[:30], subset_size=30, seed=5),
        *metrics.precision_recall(a, b),
        metrics.density_coverage(a, b)[0],
        metrics.density_coverage(a, b[:20])[1],
    ]
    results = evaluation(fakes)
    np.testing.assert_allclose([r.value for r in results], expected, rtol=1e-9)
    assert [r.name for r in results] == [f"{name}_pixels" for name in names]
    assert evaluation.names == [r.name for r in results] and evaluation.count == 40
    facts = [result.protocol for result in results]
    assert facts[1]["subset_size"] == 30 and facts[1]["subsets"] == 100
    assert facts[2]["k"] == 3 and facts[5]["k"] == 5


def test_numbers_of_one_function_are_computed_once(monkeypatch):
    calls = []
    function = metrics.specs.neighbors.precision_recall
    monkeypatch.setattr(
        metrics.specs.neighbors,
        "precision_recall",
        lambda *a: calls.append(1) or function(*a),
    )
    names = ["precision40", "recall40", "recall30"]
    metrics.Evaluation(IMAGES, PIXELS, names)(IMAGES)
    assert len(calls) == 2


def test_every_number_says_how_it_was_made(tmp_path):
    (result,) = metrics.Evaluation(IMAGES, PIXELS, ["fd50"])(IMAGES)
    facts = {"extractor": "pixels", "fakes": 50, "reals": 70, "seed": 0}
    assert facts.items() <= result.protocol.items()
    assert result.protocol["keras"] == keras.__version__
    assert result.protocol["backend"].startswith(f"{keras.backend.backend()} ")
    (of_seed,) = metrics.Evaluation(IMAGES, PIXELS, "fd50", seed=np.int64(3))(IMAGES)
    metrics.save([of_seed], tmp_path / "x.json")
    assert metrics.load(tmp_path / "x.json") == [of_seed]
    metrics.save([result], tmp_path / "x.json")
    assert metrics.load(tmp_path / "x.json") == [result]
    assert json.loads((tmp_path / "x.json").read_text())[0]["name"] == "fd50_pixels"
    hashed = kgan.data.fingerprint(IMAGES)
    assert result.protocol["reals_sha256"] == hashed
    assert result.protocol["image_shape"] == "8x8x1"
    assert kgan.version.versions().items() <= result.protocol.items()
    line = str(result)
    assert "\n" not in line and line.startswith("fd50_pixels ") and "fakes 50" in line
    assert result.protocol["reals_sha256"][:16] + "," in line


def test_numbers_with_other_protocols_warn_when_compared():
    (one,) = metrics.Evaluation(IMAGES, PIXELS, ["fd50"])(IMAGES)
    (same,) = metrics.Evaluation(IMAGES, PIXELS, ["fd50"])(IMAGES[::-1])
    assert one.compare(same) == one.value - same.value
    (other,) = metrics.Evaluation(IMAGES[:60], PIXELS, ["fd50"], seed=1)(IMAGES)
    with pytest.warns(UserWarning, match=r"comparable: .*reals 70 and 60; reals_sha256"):
        one.compare(other)


class Fid(metrics.Function):
    """Stands for the published Inception."""

    is_fid = True


def test_only_the_published_network_gives_fid():
    assert metrics.parse("fd", PIXELS).name(PIXELS) == "fd10k_pixels"
    for name in ("fid10k", "kid5k", "fid_infinity"):
        with pytest.raises(ValueError, match=rf"give FID.*Received: metric='{name}'"):
            metrics.parse(name, PIXELS)
    fid = Fid(pixels, "inception_tf1")
    wanted = {
        "fid10k": "fid10k",
        "fd5k": "fid5k",
        "kd": "kid10k",
        "recall500": "recall500",
    }
    for asked, name in wanted.items():
        assert metrics.parse(asked, fid).name(fid) == name
    clean = Fid(pixels, "inception_clean")
    assert metrics.parse("fid_infinity_2k", clean).name(clean) == "fid_infinity2k_clean"


@pytest.mark.parametrize("name", ["fd10q", "lpips", "10k", ""])
def test_unknown_metrics_raise(name):
    with pytest.raises(ValueError, match=f"Unknown metric.*Received: metric='{name}'"):
        metrics.Evaluation(IMAGES, PIXELS, [name])


def test_metrics_may_be_one_name_or_several():
    assert metrics.Evaluation(IMAGES, PIXELS, "fd50").names == ["fd50_pixels"]
    with pytest.raises(ValueError, match="Received: metrics="):
        metrics.Evaluation(IMAGES, PIXELS, [])
    with pytest.raises(ValueError, match=r"at least 6 fakes. .* metric='density5'"):
        metrics.Evaluation(IMAGES, PIXELS, "density5")


def test_too_few_fakes_raise():
    with pytest.raises(ValueError, match=r"need 50 fakes. Received: 49 fakes"):
        metrics.Evaluation(IMAGES, PIXELS, ["fd50"])(IMAGES[:49])


def test_features_of_the_reals_are_kept_by_content(tmp_path):
    calls = []

    def counted(images):
        calls.append(len(images))
        return pixels(images)

    extractor = metrics.Function(counted, "counted", batch_size=100)
    first = metrics.Evaluation(IMAGES, extractor, ["fd50"], cache=tmp_path)(IMAGES)
    again = metrics.Evaluation(IMAGES.copy(), extractor, ["fd50"], cache=tmp_path)(IMAGES)
    # A few tell the extractor by its features.
    assert calls == [32, 70, 50, 32, 50] and first == again
    metrics.Evaluation(IMAGES[::-1], extractor, ["fd50"], cache=tmp_path)
    assert calls[-1] == 70 and len(list(tmp_path.iterdir())) == 2


def test_images_of_the_same_bytes_and_another_shape_are_no_cache(tmp_path):
    extractor = metrics.Function(lambda x: np.ones((len(x), 2)) * x.shape[1], "height")
    for images in (IMAGES, IMAGES.reshape(70, 4, 16, 1)):
        metrics.Evaluation(images, extractor, "fd50", cache=tmp_path)
    assert len(list(tmp_path.iterdir())) == 2


def test_another_extractor_of_the_same_name_is_no_cache(tmp_path):
    values = []
    for function in (pixels, lambda x: 1 - pixels(x) ** 2):
        extractor = metrics.Function(function, "mine")
        for cache in (tmp_path, None):
            evaluation = metrics.Evaluation(IMAGES, extractor, "fd50", cache=cache)
            values.append(evaluation(IMAGES[::-1])[0].value)
    assert values[0] == values[1] != values[2] == values[3]


@pytest.mark.parametrize("damage", ["cut", "empty", "other", "byte", "dtype", "header"])
def test_damaged_features_are_computed_again(tmp_path, damage):
    (first,) = metrics.Evaluation(IMAGES, PIXELS, "fd50", cache=tmp_path)(IMAGES)
    (path,) = tmp_path.iterdir()
    whole = path.read_bytes()
    if damage == "other":
        np.save(path, np.zeros((70, 1)))
    elif damage == "byte":
        path.write_bytes(whole[:200] + bytes([whole[200] ^ 1]) + whole[201:])
    elif damage in ("dtype", "header"):
        path.write_bytes(whole.replace(b"<f", b"<i" if damage == "dtype" else b"(("))
    else:
        path.write_bytes(path.read_bytes()[:-9] if damage == "cut" else b"")
    (again,) = metrics.Evaluation(IMAGES, PIXELS, "fd50", cache=tmp_path)(IMAGES)
    assert first == again and path.read_bytes() == whole
    assert np.load(path).shape == (70, 4)


def test_numbers_of_a_diverged_generator_are_nan():
    evaluation = metrics.Evaluation(IMAGES, PIXELS, ["fd40", "precision20"])
    drawn = kgan.data.to_float(IMAGES)
    one, other = (
        [result.value for result in evaluation.of(lambda n, seed, x=x: x[:n])]
        for x in (np.array(drawn), np.where(np.arange(8) == 3, np.nan, drawn))
    )
    assert one == [result.value for result in evaluation(IMAGES)]
    assert np.isnan(other).tolist() == [True, True]


def test_nan_is_written_as_null(tmp_path):
    nothing = metrics.Result("fd5_pixels", float("nan"), {"seed": 0})
    metrics.save([nothing], tmp_path / "x.json")
    assert json.loads((tmp_path / "x.json").read_text())[0]["value"] is None
    (found,) = metrics.load(tmp_path / "x.json")
    assert np.isnan(found.value) and found.protocol == nothing.protocol


@pytest.mark.slow
def test_training_is_not_disturbed(tmp_path):
    plain, watched = gan(), gan()
    plain.fit(IMAGES, epochs=2, batch_size=16, verbose=0)
    evaluate = kgan.callbacks.Evaluate(IMAGES, ["fd40"], PIXELS)
    watched.fit(IMAGES, epochs=2, batch_size=16, verbose=0, callbacks=[evaluate])
    assert_same_state(plain, watched)
    assert evaluate.results[0].name == "fd40_pixels"


@pytest.mark.slow
def test_other_callbacks_can_watch_the_numbers(tmp_path):
    evaluate = kgan.callbacks.Evaluate(IMAGES, ["fd40", "recall40"], PIXELS)
    best = keras.callbacks.ModelCheckpoint(
        tmp_path / "best.keras", "val_fd40_pixels", mode="min", save_best_only=True
    )
    watched = gan()
    history = watched.fit(
        IMAGES, epochs=3, batch_size=35, verbose=0, callbacks=[evaluate, best]
    )
    assert len(history.history["val_recall40_pixels"]) == 3
    assert (tmp_path / "best.keras").exists()
    samples = watched.sample(40, seed=0, as_uint8=True)
    expected = metrics.frechet_distance(pixels(IMAGES), pixels(samples))
    found = history.history["val_fd40_pixels"][-1]
    assert found == pytest.approx(expected, rel=1e-6)


class Evaluated(keras.callbacks.Callback):
    """Lists the epochs whose logs have a metric."""

    def __init__(self):
        super().__init__()
        self.epochs = []

    def on_epoch_end(self, epoch, logs):
        self.epochs += [epoch] if "val_fd40_pixels" in logs else []


@pytest.mark.slow
@pytest.mark.parametrize(
    "every, stop, epochs",
    # Epochs of 70 samples end at 70, 140, 210, 280 and 350. Training is stopped within
    # the third epoch, or after its last batch, and resumed.
    [
        (None, None, [0, 1, 2, 3, 4]),
        (1, None, [0, 1, 2, 3, 4]),
        (1, 0, [0, 1, 2, 3, 4]),
        (75, None, [1, 2, 3, 4]),
        (140, None, [1, 3, 4]),
        (150, None, [2, 4]),
        (150, 0, [2, 4]),
        (150, 1, [2, 4]),
        (1_000, 0, [4]),
    ],
)
def test_numbers_every_few_samples_and_at_the_end(tmp_path, every, stop, epochs):
    found = Evaluated()

    def fit(made, *others):
        evaluate = kgan.callbacks.Evaluate(IMAGES, ["fd40"], PIXELS, every=every)
        callbacks, first = [*others, evaluate, found], made.epoch
        options = {"batch_size": 35, "verbose": 0, "initial_epoch": first}
        made.fit(IMAGES, epochs=5, callbacks=callbacks, **options)

    made = gan()
    if stop is not None:
        fit(made, Stop(2, stop))
        made.save(tmp_path / "gan.keras")
        made = keras.models.load_model(tmp_path / "gan.keras")
    fit(made)
    assert found.epochs == epochs


def test_evaluate_checks_before_training():
    with pytest.raises(ValueError, match="Unknown metric"):
        kgan.callbacks.Evaluate(IMAGES, ["ssim"], PIXELS)
    for name, bad in (("every", 0), ("every", True), ("every", 1.0), ("seed", -1)):
        with pytest.raises(ValueError, match=f"Received: {name}={bad}"):
            kgan.callbacks.Evaluate(IMAGES, extractor=PIXELS, **{name: bad})
    with pytest.raises(ValueError, match=r"Expected uint8 images.*dtype float64"):
        kgan.callbacks.Evaluate(IMAGES / 127.5 - 1)
    for reals, names, message in (
        (IMAGES[:, :4], "fd40", r"shape of the samples, \(8, 8, 1\). Received: reals"),
        (IMAGES, "is40", "extractor with probabilities"),
        (IMAGES[:5], "density40", "at least 6 reals. Received: 5 reals"),
    ):
        evaluate = kgan.callbacks.Evaluate(reals, names, PIXELS)
        made = gan()
        with pytest.raises(ValueError, match=message):
            made.fit(IMAGES, batch_size=35, verbose=0, callbacks=[evaluate])
        assert made.optimizer.iterations == 0


def test_a_gan_evaluates_metrics_beside_its_losses():
    made = gan()
    options = {"metrics": ["fd40"], "extractor": PIXELS, "verbose": 0, "seed": 3}
    found = made.evaluate(IMAGES, return_dict=True, **options)
    samples = made.sample(40, seed=3, as_uint8=True)
    expected = metrics.frechet_distance(pixels(IMAGES), pixels(samples))
    assert found["fd40_pixels"] == pytest.approx(expected, rel=1e-6)
    assert {"d_loss", "g_loss", "fd40_pixels"} <= set(found)
    assert made.evaluate(IMAGES, **options)[-1] == pytest.approx(expected, rel=1e-6)
    with pytest.raises(ValueError, match="array of uint8 images"):
        made.evaluate(IMAGES / 127.5 - 1, **options)


def save_all(images, folder):
    for number, pixels in enumerate(images):
        folder.mkdir(exist_ok=True)
        Image.fromarray(pixels[..., 0]).save(folder / f"{number}.png")


@pytest.mark.slow
def test_the_command_compares_a_model_and_folders(tmp_path, capsys):
    np.savez(tmp_path / "real.npz", images=IMAGES, labels=LABELS)
    gan().save(tmp_path / "gan.keras")
    save_all(IMAGES[:30], tmp_path / "fakes")
    real = ["--data", str(tmp_path / "real.npz")]
    options = [*real, "--metrics", "fd30,recall20", "--json", str(tmp_path / "x.json")]
    assert main(["evaluate", str(tmp_path / "gan.keras"), *options]) == 0
    said = capsys.readouterr().out.splitlines()
    assert said[1].startswith("fd30_classifier ") and said[2].startswith("recall20_")
    of_model = metrics.load(tmp_path / "x.json")
    options = [*real, "--metrics", "fd", "--json", str(tmp_path / "x.json")]
    assert main(["evaluate", str(tmp_path / "fakes"), *options]) == 0
    (of_folder,) = metrics.load(tmp_path / "x.json")
    # Real ones, if in another order and fewer.
    assert of_folder.name == "fd30_classifier" and of_folder.value < of_model[0].value


@pytest.mark.slow
def test_the_command_makes_fakes_as_it_makes_reals(tmp_path, capsys):
    (tmp_path / "same").mkdir()
    pixels = RANDOM.integers(0, 256, (12, 9, 8, 4), dtype="uint8")
    for number, picture in enumerate(pixels):
        Image.fromarray(picture).save(tmp_path / "same" / f"{number}.png")
    (tmp_path / "same" / "bad.png").write_bytes(b"no picture")
    folder = str(tmp_path / "same")
    options = ["--metrics", "fd12,precision12", "--channels", "3", "--size", "8"]
    options += ["--background", "black", "--on-error", "skip"]
    assert main(["evaluate", folder, "--data", folder, *options]) == 0
    said = capsys.readouterr()
    values = [float(line.split()[1]) for line in said.out.splitlines()[1:3]]
    assert values[0] < 1e-9 and values[1] == 1
    assert said.err.count("'bad.png'") == 2
    (tmp_path / "table.csv").write_text("1,2\n3,4\n")
    assert main(["evaluate", folder, "--data", str(tmp_path / "table.csv")]) == 1
    assert "Expected uint8 images" in capsys.readouterr().err


def save_run(folder, images, **arguments):
    """Makes the folder of a run on images without labels."""
    folder.mkdir()
    data = folder.parent / "real.npz"
    np.savez(data, images=images)
    gan().save(folder / "gan.keras")
    found = {"shape": list(images.shape), **kgan.data.fingerprints(images)}
    record = {"arguments": {"data": str(data), **arguments}, "data": found}
    (folder / "config.json").write_text(json.dumps(record))
    return str(folder)


def test_a_run_is_compared_with_its_own_data(tmp_path, capsys):
    run, out = save_run(tmp_path / "run", IMAGES), tmp_path / "x.json"
    options = ["--metrics", "fd30,recall20,precision20", "--json", str(out)]
    assert main(["evaluate", run, *options]) == 0
    found = {result.name: result for result in metrics.load(out)}
    lines = capsys.readouterr().out.splitlines()
    evaluation = metrics.Evaluation(
        IMAGES, metrics.untrained(IMAGES.shape[1:]), ["fd30", "recall20", "precision20"]
    )
    halves = evaluation.of_halves()
    for line, (name, result), half in zip(lines[1:], found.items(), halves, strict=False):
        assert line.split()[:3] == [name, f"{result.value:.6g}", f"{half:.6g}"]
        assert result.halves == half
    assert list(found) == evaluation.names
    assert found["fd30_random"].protocol["reals_sha256"] == evaluation.reals_sha256
    # The protocol is printed once, and beside a number only its own facts.
    said = "\n".join(lines)
    assert said.count("extractor random") == said.count("reals_sha256") == 1
    assert lines[2].endswith("k 3, fakes 20") and lines[1].endswith("fakes 30")


def test_a_run_without_its_data_is_refused(tmp_path, capsys):
    run = save_run(tmp_path / "run", IMAGES)
    assert main(["evaluate", run, "--crop", "pad"]) == 1
    assert "Received: --crop pad\n" in capsys.readouterr().err
    np.savez(tmp_path / "real.npz", images=255 - IMAGES)
    assert main(["evaluate", run]) == 1
    assert "but the data has changed" in capsys.readouterr().err
    (tmp_path / "real.npz").unlink()
    assert main(["evaluate", run]) == 1
    error = capsys.readouterr().err
    assert "The data of the run can't be loaded. There is no file of that name" in error
    assert f"Received: --data {tmp_path / 'real.npz'}" in error
    (tmp_path / "run" / "gan.keras").rename(tmp_path / "gan.keras")
    assert main(["evaluate", str(tmp_path / "gan.keras")]) == 1
    assert "--data is needed, unless" in capsys.readouterr().err


def test_a_file_in_the_folder_of_a_run_is_compared_with_the_data_of_the_run(
    tmp_path, capsys
):
    run = save_run(tmp_path / "run", IMAGES)
    shutil.copy(tmp_path / "run" / "gan.keras", tmp_path / "run" / "best.keras")
    said = []
    for path in (run, str(tmp_path / "run" / "best.keras")):
        assert main(["evaluate", path, "--metrics", "fd30"]) == 0
        said.append(capsys.readouterr().out)
    assert said[0] == said[1]


def test_halves_are_compared_with_each_other():
    evaluation = metrics.Evaluation(IMAGES, PIXELS, ["fd20", "precision30", "coverage"])
    order = np.random.default_rng(0).permutation(len(IMAGES))
    features = PIXELS(IMAGES).features
    half = len(IMAGES) // 2
    first, second = features[order[:half]], features[order[half:]]
    assert evaluation.of_halves() == pytest.approx(
        [
            metrics.frechet_distance(second, first[:20]),
            metrics.precision_recall(second, first[:30])[0],
            metrics.density_coverage(second, first)[1],
        ],
        rel=1e-6,
    )
    few = metrics.Evaluation(IMAGES[:6], PIXELS, ["coverage6", "precision6", "fd6"])
    assert [math.isnan(x) for x in few.of_halves()] == [True, True, False]


@pytest.mark.slow
def test_the_command_says_what_it_cannot_do(tmp_path, capsys, monkeypatch):
    monkeypatch.delenv("KGAN_INCEPTION", raising=False)
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    np.savez(tmp_path / "real.npz", images=IMAGES)
    save_all(IMAGES[:30], tmp_path / "fakes")
    command = ["evaluate", str(tmp_path / "fakes"), "--data", str(tmp_path / "real.npz")]
    assert main(command) == 0
    assert "\nfd30_random " in capsys.readouterr().out
    assert main([*command, "--extractor", "inception-tf1"]) == 1
    assert "--download gets them" in capsys.readouterr().err


def test_extractors_are_channels_last_whatever_the_default(channels_first):
    found = []
    for _ in range(2):
        features = metrics.untrained((8, 8, 1))(IMAGES).features
        pooled = EdgeAwareAveragePooling()(keras.ops.ones((1, 4, 5, 2)))
        found.append((features, keras.ops.convert_to_numpy(pooled)))
        keras.config.set_image_data_format("channels_last")
    for first, last in zip(*found, strict=True):
        np.testing.assert_array_equal(first, last)
