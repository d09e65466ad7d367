import csv
import types
import warnings

import keras
import numpy as np
import pytest
from helpers import assert_same_state, numpy
from keras import layers

import kgan
from kgan.callbacks import Health, HealthWarning

# Checks of arguments and long trainings, the same with any backend.
pytestmark = pytest.mark.slow

KEYS = {"diversity", "range_gap", "d_accuracy", "d_gap"}


def points(n=128, seed=0):
    return np.random.default_rng(seed).standard_normal((n, 2)).astype("float32")


def gan_of(*generator_layers, latent_dim=3):
    generator = keras.Sequential([keras.Input((latent_dim,)), *generator_layers])
    return kgan.GAN(generator, kgan.networks.mlp_discriminator((2,), (8,)), seed=1)


def rate(value):
    return keras.optimizers.SGD(value)


def train(gan, x, epochs=4, callbacks=(), **options):
    """Trains under a `Health` that judges from the first image on."""
    health = Health(**{"warmup": 0, **options})
    history = gan.fit(
        x, batch_size=64, epochs=epochs, verbose=0, callbacks=[*callbacks, health]
    )
    return health, history.history


def test_numbers_are_those_worked_out_by_hand():
    reals = np.array([[0, 0], [0, 3], [4, 0]], "float32")
    samples = np.array([[0, 0], [0, 0], [0, 5]], "float32")
    # Distances of reals are 3, 4, 5; nearest 3, 3, 4. Of samples 0, 5, 5; 0, 0, 5.
    logits = {0.0: -1.0, 3.0: 2.0, 4.0: 4.0, 5.0: 0.0}

    def predict(x, network):
        assert network is critic.discriminator
        rows = [[0.0, logits[float(row.max())]] for row in numpy(x)]
        return np.array(rows, "float32")

    discriminator = types.SimpleNamespace(inputs=[1])
    critic = types.SimpleNamespace(pack=1, discriminator=discriminator)
    model = types.SimpleNamespace(
        real_samples=reals,
        real_conditions=None,
        sample_range=kgan.data.UNBOUNDED,
        critic=critic,
        sample=lambda n, seed, conditions: samples,
        images_seen=keras.Variable(0.0),
        recipe=kgan.models.recipe.Recipe(),
        devices=types.SimpleNamespace(is_chief=True, predict=predict),
    )
    health, logs = Health(), {"loss": 1.0}
    keras.callbacks.Callback.set_model(health, model)
    health.on_train_begin()
    health.on_epoch_end(0, logs)
    assert logs == pytest.approx(
        {
            "loss": 1.0,
            "diversity": min((10 / 3) / 4, (5 / 3) / (10 / 3)),
            # Sorted values are 0 0 0 0 3 4, and 0 0 0 0 0 5.
            "range_gap": (4 / 6) / np.std([0, 0, 0, 0, 3, 4]),
            # Logits of reals are -1, 2, 4; of samples -1, -1, 0: one pair is below,
            # two are ties.
            "d_accuracy": 7 / 9,
            "d_gap": (5 / 3 + 2 / 3)
            / np.sqrt((np.var([-1, 2, 4]) + np.var([-1, -1, 0])) / 2),
        }
    )
    critic.pack = 2
    health.on_epoch_end(1, packed := {})
    critic.pack, critic.discriminator = 1, types.SimpleNamespace(inputs=[1, 2])
    health.on_epoch_end(1, labelled := {})
    assert set(packed) == set(labelled) == {"diversity", "range_gap"}


def test_healthy_training_is_silent(tmp_path):
    angles = np.random.default_rng(0).integers(8, size=2048) * np.pi / 4
    ring = np.stack([np.cos(angles), np.sin(angles)], 1) + 0.01 * points(2048)
    gan = kgan.GAN(
        kgan.networks.mlp_generator((2,), 2, (64, 64), activation=None),
        kgan.networks.mlp_discriminator((2,), (64, 64)),
        seed=0,
    )
    gan.compile(
        optimizer=keras.optimizers.Adam(1e-3, beta_1=0.0, beta_2=0.99),
        penalties=[kgan.penalties.R1(0.2)],
    )
    csv_file = kgan.callbacks.HistoryCSV(tmp_path / "history.csv")
    health = Health(warmup=0)
    history = gan.fit(
        ring.astype("float32"),
        batch_size=64, epochs=5, verbose=0, callbacks=[health, csv_file],
    ).history  # fmt: skip
    assert health.findings == []
    assert history["diversity"][-1] > 0.6
    assert history["range_gap"][-1] < 0.3
    assert 0.2 < history["d_accuracy"][-1] < 0.95
    assert abs(history["d_gap"][-1]) < 3
    with open(tmp_path / "history.csv", newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    for key in KEYS:
        np.testing.assert_allclose([float(row[key]) for row in rows], history[key])


@pytest.mark.parametrize("distinct", [1, 4])
def test_collapse(distinct):
    # Latents are left aside, or only the signs of two are used.
    scale = 0.0 if distinct == 1 else 1e6
    gan = gan_of(
        layers.Rescaling(scale), layers.Activation("tanh"), layers.Dense(2), latent_dim=2
    )
    gan.compile()
    with pytest.warns(HealthWarning) as warned:
        health, history = train(gan, points(), epochs=5)
    assert health.findings[0][:2] == (2, "collapse")
    # A spot has no spread of values either.
    assert len(health.findings) == (2 if distinct == 1 else 1)
    message = next(str(w.message) for w in warned if w.category is HealthWarning)
    assert message.startswith("Epoch 3: The generator collapses: its samples are 0.0")
    assert message.endswith("`pack=2`.")
    assert max(history["diversity"]) < 0.05


def test_discriminator_that_has_won():
    # Reals are samples with their coordinates swapped, so in all else alike.
    gan = gan_of(
        layers.Dense(2), layers.Rescaling(0.1, offset=np.array([1, -1], "float32"))
    )
    gan.compile(g_optimizer=rate(0.0), d_optimizer=keras.optimizers.Adam(0.05))
    reals = gan.sample(256, seed=1)[:, ::-1].copy()
    with pytest.warns(HealthWarning, match="has won: .* 100.0%.*DiffAugment"):
        health, history = train(gan, reals, epochs=6)
    assert {kind for _, kind, _ in health.findings} == {"discriminator"}
    assert history["d_accuracy"][-1] == 1 and history["d_gap"][-1] > 7


class Weights(keras.callbacks.Callback):
    """Multiplies the discriminator's weights, as they were, in each epoch."""

    def __init__(self, factors):
        super().__init__()
        self.factors = factors

    def on_train_begin(self, logs=None):
        self.weights = self.model.discriminator.get_weights()

    def on_epoch_begin(self, epoch, logs=None):
        factor = self.factors[epoch]
        self.model.discriminator.set_weights([factor * w for w in self.weights])


@pytest.mark.parametrize(
    "factors, epochs", [([1, 1, 20, 20, 1, 20], [2, 5]), ([1e3, 1e3], [0])]
)
def test_exploding_penalty(factors, epochs):
    gan = gan_of(layers.Dense(2))
    gan.compile(rate(0.0), rate(0.0), penalties=[kgan.penalties.R1(0.1)])
    with pytest.warns(HealthWarning, match="The penalty r1 is .*explodes"):
        health, _ = train(gan, points(), len(factors), [Weights(factors)], warmup=10**6)
    assert [found[:2] for found in health.findings] == [(i, "penalty") for i in epochs]
    assert ("times its median" in health.findings[0][2]) == (epochs[0] > 0)


def test_not_a_number():
    gan = gan_of(layers.Dense(2))
    gan.compile(rate(np.inf), rate(np.inf))
    with pytest.warns(HealthWarning, match="Epoch 1: .*d_loss.*, the samples became NaN"):
        health, history = train(gan, points(), epochs=2)
    assert [found[:2] for found in health.findings] == [(0, "nan")]
    assert set(history) >= KEYS


def test_output_range_unlike_the_data(digits):
    gan = kgan.GAN(
        kgan.networks.mlp_generator((8, 8, 1), 8, (16,), activation="sigmoid"),
        kgan.networks.mlp_discriminator((8, 8, 1), (16,)),
        seed=0,
        sample_range=(-1, 1),
    )
    gan.compile(penalties=[kgan.penalties.R1(0.1)])
    with pytest.warns(HealthWarning):
        health, history = train(gan, digits[:256])
    # Within an eighth of the range the samples look alike, and the discriminator wins.
    (message,) = [text for _, kind, text in health.findings if kind == "range"]
    assert "against from -1 to 1 with a mean of -0.3" in message
    assert min(history["range_gap"]) > 0.8


def test_training_is_the_same_with_it_and_without_and_resumed(tiny, tmp_path):
    def fit(gan, epochs, callbacks, initial_epoch=0):
        return gan.fit(
            points(), batch_size=32, epochs=epochs, verbose=0, callbacks=callbacks,
            initial_epoch=initial_epoch,
        ).history  # fmt: skip

    gans = []
    for _ in range(3):
        keras.utils.set_random_seed(0)
        gans.append(tiny())
        gans[-1].compile(penalties=[kgan.penalties.R1(0.1)])
    bare, watched = fit(gans[0], 3, []), fit(gans[1], 3, [Health()])
    assert_same_state(*gans[:2])
    assert set(watched) - set(bare) == KEYS
    assert all(watched[key] == values for key, values in bare.items())
    fit(gans[2], 2, [Health()])
    gans[2].save(tmp_path / "gan.keras")
    resumed = keras.models.load_model(tmp_path / "gan.keras")
    history = fit(resumed, 3, [Health()], initial_epoch=2)
    assert_same_state(resumed, gans[1])
    assert history == {key: values[2:] for key, values in watched.items()}


def test_it_waits_for_images_and_one_worker_warns():
    gan = gan_of(layers.Rescaling(0.0), layers.Dense(2))
    gan.compile()
    health, _ = train(gan, points(), epochs=3, warmup=128 * 3 + 1, patience=1)
    assert health.findings == []
    with pytest.raises(HealthWarning, match="collapses"):  # Warnings are errors here.
        train(gan, points(), epochs=1, warmup=128 * 4, patience=1)
    health = Health()
    worker = types.SimpleNamespace(devices=types.SimpleNamespace(is_chief=False))
    keras.callbacks.Callback.set_model(health, worker)
    with warnings.catch_warnings():
        health.on_problem(0, "nan", "")


def test_it_checks_its_arguments():
    for name, least in (("samples", 2), ("patience", 1), ("warmup", 0)):
        with pytest.raises(ValueError, match=f"at least {least}.*: {name}={least - 1}"):
            Health(**{name: least - 1})
        for bad in (True, 5.0, None):
            with pytest.raises(ValueError, match=f"Received: {name}={bad}"):
                Health(**{name: bad})
        assert getattr(Health(**{name: np.int64(5)}), name) == 5
    for bad in (-1, True, 5.0, 2**31 - 1):
        with pytest.raises(ValueError, match=f"`seed` must be .*: seed={bad}"):
            Health(seed=bad)


def test_reals_are_from_all_over_the_data(tiny):
    # Sorted by class, as the digits of many files are.
    reals = np.repeat(np.float32([[-1, -1], [1, 1]]), 100, axis=0)
    gan = tiny()
    gan.compile()
    health, _ = train(gan, reals, epochs=1, samples=10)
    assert 3 <= (health._reals == 1).all(axis=1).sum() <= 7
