"""What Keras users call: fit, evaluate, predict, sample, save, export."""

import pathlib
import subprocess
import sys

import keras
import numpy as np
import pytest
import tensorflow as tf
from helpers import family, numpy

import kgan

POINTS = np.random.default_rng(0).uniform(-1, 1, (40, 2)).astype("float32")


def test_sampling_uses_the_average_in_inference_mode(tiny):
    gan = tiny()
    gan.compile()
    gan.fit(POINTS, epochs=2, verbose=0)
    z = gan.noise.sample((4, 3), seed=7)
    wanted = numpy(gan.ema_generator(z, training=False))
    assert np.abs(wanted - numpy(gan.generator(z))).max() > 1e-6
    for actual in (
        gan(z),
        gan.predict(z, verbose=0),
        gan.sample(z=z),
        gan.sample(4, seed=7),
    ):
        np.testing.assert_allclose(actual, wanted, rtol=1e-6)


def test_samples_do_not_depend_on_the_batch_size(tiny):
    gan = tiny()
    np.testing.assert_allclose(
        gan.sample(10, seed=3), gan.sample(10, seed=3, batch_size=4), rtol=1e-6
    )
    assert gan.sample().shape == (1, 2)
    assert np.abs(gan.sample(4) - gan.sample(4)).max() > 0


def test_as_uint8():
    gan = kgan.GAN(
        kgan.networks.dcgan_generator((8, 8, 3), 4, width=4),
        kgan.networks.dcgan_discriminator((8, 8, 3), width=4),
    )
    floats, pixels = gan.sample(3, seed=1), gan.sample(3, seed=1, as_uint8=True)
    assert pixels.dtype == np.uint8
    np.testing.assert_allclose(pixels / 127.5 - 1, floats, atol=0.5 / 127.5 + 1e-6)


def test_sampling_noise_can_be_another(tiny):
    seen = []
    gan = tiny()
    gan.devices.predict = lambda z, _: seen.append(z) or np.zeros((len(z), 2))
    gan.sample(50, noise=kgan.noise.TruncatedNormal(0.2), seed=1)
    assert np.abs(seen[0]).max() <= 0.2


def test_average_follows_its_formula(tiny):
    gan = tiny(ema_half_life=100)
    gan.compile()
    average = gan.ema_generator.get_weights()
    for step in range(1, 4):
        gan.train_on_batch(POINTS)
        kept = 0.5 ** (40 / min(100, 0.05 * 40 * step))
        weights = gan.generator.get_weights()
        average = [
            kept * a + (1 - kept) * w for a, w in zip(average, weights, strict=True)
        ]
    assert int(gan.images_seen) == 120
    for actual, wanted in zip(gan.ema_generator.get_weights(), average, strict=True):
        np.testing.assert_allclose(actual, wanted, atol=1e-6)


def test_statistics_are_averaged_and_frozen_layers_are_copied():
    generator = keras.Sequential(
        [keras.Input((3,)), keras.layers.Dense(4), keras.layers.BatchNormalization()]
    )
    generator.add(keras.layers.Dense(2, name="frozen"))
    generator.layers[-1].trainable = False
    average = kgan.models.averaging.copy_of(generator, 3)
    first = [np.full_like(w, 2) for w in generator.get_weights()]
    generator.set_weights([np.full_like(w, 6) for w in first])
    average.set_weights(first)
    kgan.models.averaging.update(average, generator, 0.75)
    for layer in average.layers:
        wanted = 6 if layer.name == "frozen" else 3
        assert all((numpy(weight) == wanted).all() for weight in layer.weights)


def test_average_can_be_off(tiny):
    gan = tiny(ema_half_life=None)
    gan.compile()
    gan.fit(POINTS, verbose=0)
    assert gan.ema_generator is None
    z = np.ones((2, 3), "float32")
    np.testing.assert_allclose(numpy(gan(z)), numpy(gan.generator(z)), rtol=1e-6)


def datasets():
    class Own(keras.utils.PyDataset):
        def __len__(self):
            return 4

        def __getitem__(self, index):
            return POINTS[index * 10 : index * 10 + 10]

    yield "pydataset", Own(), None
    yield "tf.data", tf.data.Dataset.from_tensor_slices(POINTS).batch(10), None
    pairs = tf.data.Dataset.from_tensor_slices((POINTS, np.arange(40))).batch(10)
    yield "tf.data of pairs", pairs, None
    if keras.backend.backend() == "torch":
        import torch

        yield "DataLoader", torch.utils.data.DataLoader(torch.tensor(POINTS), 10), None
    yield "generator", (POINTS[i : i + 10] for i in range(0, 40, 10)), None
    yield "pair", (POINTS, np.arange(40)), 10
    yield "list", POINTS.tolist(), 10
    yield "tensor", keras.ops.convert_to_tensor(POINTS), 10


@pytest.mark.parametrize("name, data, batch_size", list(datasets()))
def test_fit_takes(tiny, name, data, batch_size):
    gan = tiny()
    gan.compile()
    data = np.asarray(data, "float32") if name == "list" else data
    # Keras looks at a generator's first batch and then yields it once more.
    steps = 4 if name == "generator" else None
    history = gan.fit(data, batch_size=batch_size, steps_per_epoch=steps, verbose=0)
    assert int(gan.d_optimizer.iterations) == 4
    assert int(gan.images_seen) == 40
    assert np.isfinite(history.history["loss"]).all()


@pytest.mark.slow
def test_validation_and_evaluate_agree_and_disturb_nothing(tiny):
    runs = []
    for options in ({}, {"validation_data": POINTS[:20]}, {"validation_split": 0.5}):
        keras.utils.set_random_seed(0)
        gan = tiny()
        gan.compile()
        x = POINTS if "validation_split" in options else POINTS[:20]
        history = gan.fit(x, batch_size=10, epochs=2, verbose=0, **options)
        assert ("val_d_loss" in history.history) == bool(options)
        runs.append(gan.get_weights())
        logs = gan.evaluate(POINTS[:20], verbose=0, return_dict=True)
        assert set(logs) == {"loss", "d_loss", "g_loss", "d_real", "d_fake"}
        # A function of the seed: the noise is the same at each call, and another one for
        # another seed.
        assert gan.evaluate(POINTS[:20], verbose=0)[0] == logs["loss"]
        assert gan.evaluate(POINTS[:20], verbose=0, seed=1)[0] != logs["loss"]
    for a, b, c in zip(*runs, strict=True):
        np.testing.assert_array_equal(a, b)
        np.testing.assert_array_equal(a, c)


def test_evaluate_is_the_loss_of_the_whole_set(tiny):
    gan = tiny()
    gan.compile(loss="wasserstein")
    logs = gan.evaluate(POINTS, batch_size=16, verbose=0, return_dict=True)
    wanted = numpy(gan.discriminator(POINTS)).mean()
    np.testing.assert_allclose(logs["d_real"], wanted, rtol=1e-5)
    np.testing.assert_allclose(logs["d_loss"], logs["d_fake"] - wanted, rtol=1e-4)


def test_same_seed_same_run(tiny):
    runs = []
    for seed in (4, 4, 5):
        keras.utils.set_random_seed(0)
        gan = tiny(seed=seed)
        gan.compile()
        gan.fit(POINTS, epochs=2, batch_size=10, verbose=0)
        runs.append(gan.generator.get_weights()[0])
    np.testing.assert_array_equal(runs[0], runs[1])
    assert np.abs(runs[0] - runs[2]).max() > 0


def test_last_batch_that_d_steps_does_not_divide(tiny):
    gan = tiny()
    gan.compile(d_steps=3)
    gan.fit(POINTS, batch_size=9, verbose=0)  # 40 = 4 * 9 + 4
    assert int(gan.d_optimizer.iterations) == 15
    gan.fit(POINTS[:19], batch_size=9, verbose=0)  # One is left, for three updates.
    assert all(np.isfinite(weight).all() for weight in gan.get_weights())


def test_saved_and_loaded_it_goes_on_as_it_was(tmp_path, tiny):
    gan = tiny(noise=kgan.noise.Uniform(-2, 2))
    schedule = keras.optimizers.schedules.CosineDecay(1e-2, 100)
    gan.compile(
        keras.optimizers.Adam(schedule, beta_1=0.0), "rmsprop", "wasserstein",
        [kgan.penalties.GradientPenalty(3.0)], d_steps=2, noise_batch_size=7,
    )  # fmt: skip
    gan.fit(POINTS, batch_size=10, verbose=0)
    gan.save(tmp_path / "gan.keras")
    loaded = keras.models.load_model(tmp_path / "gan.keras")
    assert type(loaded) is kgan.GAN
    np.testing.assert_array_equal(gan.sample(8, seed=3), loaded.sample(8, seed=3))
    np.testing.assert_array_equal(gan.optimizer.iterations, loaded.optimizer.iterations)
    assert loaded.get_compile_config() == gan.get_compile_config()
    logs = [
        model.fit(POINTS, batch_size=10, epochs=2, initial_epoch=1, verbose=0).history
        for model in (gan, loaded)
    ]
    assert logs[0] == logs[1]
    for a, b in zip(gan.variables, loaded.variables, strict=True):
        np.testing.assert_array_equal(numpy(a), numpy(b))


def test_keras_loss_is_saved(tmp_path, tiny):
    gan = tiny(outputs=2)
    gan.compile(loss=keras.losses.MeanSquaredError())
    gan.save(tmp_path / "gan.keras")
    loaded = keras.models.load_model(tmp_path / "gan.keras")
    assert loaded.loss == gan.loss


def test_failed_save_leaves_the_old_file_and_no_new_one(tmp_path, tiny, monkeypatch):
    gan = tiny()
    path = tmp_path / "gan.keras"
    gan.save(path)
    before = path.read_bytes()

    def full(model, filepath, **kwargs):
        filepath.write(b"half")
        raise OSError(28, "No space left on device", str(filepath))

    monkeypatch.setattr(keras.Model, "save", full)
    with pytest.raises(OSError, match="No space left"):
        gan.save(path)
    assert path.read_bytes() == before
    assert [p.name for p in tmp_path.iterdir()] == ["gan.keras"]


@pytest.mark.backends("tensorflow", "jax", reason="Keras can't export on PyTorch")
def test_full_disk_while_exporting_is_an_os_error(tmp_path, tiny, monkeypatch):
    gan = tiny()

    def full(*arguments, **kwargs):
        raise RuntimeError("SaveV2: No space left on device")

    monkeypatch.setattr(kgan.exports, "write_saved_model", full)
    with pytest.raises(OSError, match=r"No space left on device: '.*model'"):
        gan.export(tmp_path / "model")
    assert list(tmp_path.iterdir()) == []


def test_an_export_says_its_path_in_one_line(tmp_path, tiny, monkeypatch, capsys):
    gan, given = tiny(), {}

    def export(model, filepath, **kwargs):
        given.update(kwargs, suffix=pathlib.Path(filepath).suffix)
        pathlib.Path(filepath).write_text("exported")

    monkeypatch.setattr(type(gan.sampling_generator), "export", export)
    monkeypatch.setattr(kgan.exports.Format, "can_run", False)
    # Also where the exporter is missing.
    monkeypatch.setattr(kgan.exports.Format, "export_error", "")
    out = tmp_path / "model.onnx"
    gan.export(out, format="onnx")
    reason = "`pip install onnxruntime` installs the runtime"
    said = f"Exported to {out}. Not compared with Keras: {reason}.\n"
    assert capsys.readouterr().out == said
    (signature,) = given.pop("input_signature")
    assert signature.shape == (None, gan.latent_dim)
    assert given == {"format": "onnx", "verbose": False, "suffix": ".onnx"}
    gan.export(out, format="onnx", verbose=False)
    assert capsys.readouterr().out == ""
    names = sorted(path.name for path in tmp_path.iterdir())
    assert names == ["model.onnx", "model.onnx.json"]


def test_an_export_replaces_no_folder_of_other_files(tmp_path, tiny, monkeypatch):
    monkeypatch.setattr(kgan.exports.Format, "export_error", "")
    (tmp_path / "photo.png").write_text("a user's")
    with pytest.raises(ValueError, match=r"only an earlier export.*Received: filepath="):
        tiny().export(tmp_path, format="onnx")
    assert (tmp_path / "photo.png").read_text() == "a user's"


LOAD = """
import sys
import numpy as np
import tensorflow as tf
z = np.load(sys.argv[2])
model = tf.saved_model.load(sys.argv[1])
images = model.serve(z).numpy()
assert "kgan" not in sys.modules
if hasattr(model, "sample"):
    n, seed = tf.constant(4), tf.constant(7)
    drawn, again = model.sample(n, seed), model.sample(n, seed)
    assert (drawn["samples"].numpy() == again["samples"].numpy()).all()
    other = model.sample(n, seed + 1)
    assert (drawn["samples"].numpy() != other["samples"].numpy()).any()
    pixels = model.serve_uint8(drawn["latents"]).numpy()
    assert pixels.shape == (4, 8, 8, 1) and (pixels == drawn["samples"].numpy()).all()
    np.save(sys.argv[2], drawn["latents"])
    np.save(sys.argv[4], pixels)
np.save(sys.argv[3], images)
"""


@pytest.mark.backends("tensorflow", "jax", reason="Keras can't on PyTorch")
def test_saved_model_serves_without_kgan(tmp_path):
    gan = kgan.GAN(
        kgan.networks.dcgan_generator((8, 8, 1), 4, width=4),
        kgan.networks.dcgan_discriminator((8, 8, 1), width=4),
    )
    gan.export(tmp_path / "model", verbose=False)
    gan.export(tmp_path / "model", verbose=False)  # Over an earlier one.
    assert [p.name for p in tmp_path.iterdir()] == ["model"]
    z = gan.noise.sample((5, 4), seed=1)
    np.save(tmp_path / "z.npy", z)
    names = ("model", "z.npy", "images.npy", "pixels.npy")
    paths = [str(tmp_path / name) for name in names]
    subprocess.run([sys.executable, "-c", LOAD, *paths], check=True, capture_output=True)
    np.testing.assert_allclose(np.load(paths[2]), gan.sample(z=z), atol=1e-6)
    if keras.backend.backend() == "tensorflow":
        pixels = gan.sample(z=np.load(paths[1]), as_uint8=True)
        # A value between two pixels may be rounded to either.
        assert np.abs(np.load(paths[3]).astype(int) - pixels).max() <= 1


@pytest.mark.backends("tensorflow", reason="it loads a SavedModel")
@pytest.mark.parametrize("kind", ["stylegan2", "biggan"])
def test_saved_models_of_families(kind, tmp_path):
    import tensorflow as tf

    gan = family(kind, 3)
    for weight in gan.generator.weights:
        weight.assign(weight + 0.1)
    gan.export(tmp_path / "model", verbose=False)
    z = gan.noise.sample((5, 4), seed=1)
    labels = np.arange(5, dtype="int32") % 3
    # The functions of a loaded model live as long as the model.
    loaded = tf.saved_model.load(str(tmp_path / "model"))
    images = loaded.serve([z, labels])
    np.testing.assert_allclose(images, gan.sample(z=z, labels=labels), atol=1e-5)


def test_optimizer_makes_two_of_one(tiny):
    gan = tiny()
    given = keras.optimizers.Adam(3e-3, beta_1=0.2)
    gan.compile(optimizer=given)
    assert gan.optimizer.optimizers == [gan.g_optimizer, gan.d_optimizer]
    assert given not in gan.optimizer.optimizers
    for optimizer in gan.optimizer.optimizers:
        assert float(optimizer.learning_rate) == pytest.approx(3e-3)
        assert optimizer.beta_1 == 0.2 and optimizer.built
    assert gan.g_optimizer.name != gan.d_optimizer.name


def test_summary_counts_each_network_once(tiny):
    lines = []
    gan = tiny()
    gan.summary(print_fn=lines.append)
    total = sum(
        network.count_params()
        for network in (gan.generator, gan.discriminator, gan.ema_generator)
    )
    assert f"Total params: {total + 2:,}" in "\n".join(lines)  # And the counters.
    lines.clear()
    gan.combined.summary(print_fn=lines.append)
    assert f"Trainable params: {gan.generator.count_params():,}" in "\n".join(lines)


def test_unbuilt_networks_are_built_with_latent_dim():
    generator = keras.Sequential([keras.layers.Dense(4), keras.layers.Dense(2)])
    discriminator = keras.Sequential([keras.layers.Dense(3), keras.layers.Dense(1)])
    gan = kgan.GAN(generator, discriminator, latent_dim=5)
    gan.compile()
    gan.fit(POINTS, verbose=0)
    assert gan.sample(3).shape == (3, 2)


@keras.saving.register_keras_serializable("tests")
class Own(keras.Model):
    """A subclassed network, without an input shape."""

    def __init__(self, units, **kwargs):
        super().__init__(**kwargs)
        self.units = units
        self.dense = keras.layers.Dense(units)

    def build(self, shape):
        self.dense.build(shape)

    def call(self, x, training=None):
        return self.dense(x)

    def get_config(self):
        return {**super().get_config(), "units": self.units}


def test_subclassed_networks(tmp_path):
    gan = kgan.GAN(Own(2), Own(1), latent_dim=5)
    gan.compile()
    gan.fit(POINTS, verbose=0)
    gan.save(tmp_path / "gan.keras")
    loaded = keras.models.load_model(tmp_path / "gan.keras")
    np.testing.assert_array_equal(gan.sample(3, seed=1), loaded.sample(3, seed=1))
    if keras.backend.backend() != "torch":
        loaded.export(tmp_path / "saved", verbose=False)
        record = kgan.exports.read_record(tmp_path / "saved", kgan.exports.FORMATS[0])
        assert record["inputs"][0]["shape"] == [None, 5]
        assert record["comparison"]["difference"] < 1e-5


@pytest.mark.backends("tensorflow", "jax", reason="Keras' torch takes single steps")
def test_steps_per_execution_trains_the_same(tiny):
    runs = []
    for steps in (1, 3):
        keras.utils.set_random_seed(0)
        gan = tiny()
        gan.compile(steps_per_execution=steps)
        gan.fit(POINTS, batch_size=10, verbose=0)
        runs.append(gan.get_weights())
    for a, b in zip(*runs, strict=True):
        np.testing.assert_allclose(a, b, atol=1e-7)


def test_files_of_other_names_are_refused(tmp_path, tiny):
    gan = tiny()
    for path in ("gan.h5", "gan"):
        with pytest.raises(ValueError, match=f"ends in .keras. Received: .*{path}"):
            gan.save(tmp_path / path)
        with pytest.raises(ValueError, match=f"ends in .weights.h5. Received: .*{path}"):
            gan.save_weights(tmp_path / path)
    assert list(tmp_path.iterdir()) == []


def test_an_average_that_has_not_begun_follows_loaded_weights(tmp_path, tiny):
    gan, z = tiny(), np.ones((4, 3), "float32")
    weights = [3 * w + 1 for w in gan.generator.get_weights()]
    gan.generator.set_weights(weights)
    expected = gan.generator.predict(z, verbose=0)
    np.testing.assert_array_equal(gan.sample(z=z), expected)
    gan.generator.set_weights(weights[::1])
    for factor, save in enumerate((gan.save, gan.save_weights)):
        weights = [w + factor + 1 for w in weights]
        gan.generator.set_weights(weights)
        suffix = ".keras" if save == gan.save else ".weights.h5"
        save(tmp_path / f"gan{suffix}")
        for a, b in zip(gan.ema_generator.get_weights(), weights, strict=True):
            np.testing.assert_array_equal(a, b)


def test_an_average_with_loaded_weights_stays_as_it_is(tiny):
    gan, z = tiny(), np.ones((4, 3), "float32")
    gan.ema_generator.set_weights([3 * w + 1 for w in gan.generator.get_weights()])
    expected = gan.ema_generator.predict(z, verbose=0)
    np.testing.assert_array_equal(gan.sample(z=z), expected)
    gan.generator.set_weights([0 * w for w in gan.generator.get_weights()])
    np.testing.assert_array_equal(gan.sample(z=z), expected)


def test_a_schedule_of_the_average_begins_at_loaded_weights(tiny):
    gan = tiny(ema_half_life=kgan.schedules.Linear(1e9, 1e9, 100))
    weights = [3 * w + 1 for w in gan.generator.get_weights()]
    gan.generator.set_weights(weights)
    gan.compile()
    gan.fit(POINTS[:4], verbose=0)
    for a, b in zip(gan.ema_generator.get_weights(), weights, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-6)
    # From here on the average is the training's own.
    gan.generator.set_weights([0 * w for w in weights])
    gan.sample(2)
    np.testing.assert_allclose(gan.ema_generator.get_weights()[0], weights[0], rtol=1e-6)


def test_samples_without_a_seed_follow_the_seed_of_keras(tiny):
    gan = tiny()
    keras.utils.set_random_seed(5)
    first = gan.sample(4)
    assert (gan.sample(4) != first).any()
    keras.utils.set_random_seed(5)
    np.testing.assert_array_equal(gan.sample(4), first)
