"""A step on reused fakes equals the plain step that draws the same fakes twice."""

import keras
import numpy as np
import pytest
from helpers import assert_same_state, numpy, on_pytorch

import kgan

RANDOM = np.random.default_rng(0)
POINTS = RANDOM.standard_normal((24, 2)).astype("float32")
PICTURES = RANDOM.integers(0, 256, (16, 8, 8, 1), "uint8")
LABELS = np.arange(24) % 3
LATENTS = RANDOM.standard_normal((24, 3)).astype("float32")


@keras.saving.register_keras_serializable("test_reuse_fakes")
class Same(kgan.noise.Noise):
    """The same latents in each update, which need no seed."""

    def __call__(self, shape, seed=None):
        return keras.ops.convert_to_tensor(LATENTS[: shape[0]])


def points(pack=1, num_classes=None, **options):
    """Returns a GAN of points whose generator has statistics of batches, and losses."""
    keras.utils.set_random_seed(0)
    condition = {"num_classes": num_classes}
    generator = kgan.networks.mlp_generator(
        (2,), 3, hidden=(6,), activation=None, **condition
    )
    last = keras.layers.BatchNormalization(
        gamma_regularizer="l2", activity_regularizer="l2"
    )
    generator = keras.Model(generator.inputs, last(generator.outputs[0]))
    discriminator = kgan.networks.mlp_discriminator((2,), (5,), pack=pack, **condition)
    gan = kgan.GAN(generator, discriminator, noise=Same(), seed=1, pack=pack)
    gan.compile(optimizer=keras.optimizers.SGD(0.1), **options)
    return gan


def trained(build, x=POINTS, y=None, batch_size=12, **options):
    gan = build(**options)
    logs = gan.fit(x, y, batch_size=batch_size, epochs=2, shuffle=False, verbose=0)
    return gan, logs.history


lib = kgan.penalties
CASES = {
    "penalties": lambda: {
        "penalties": [lib.R1(0.5), lib.R2(0.3, every=2), "gradient_penalty"]
    },
    "steps": lambda: {"d_steps": 2, "g_steps": 3, "noise_batch_size": 5},
    "labels": lambda: {"num_classes": 3, "mismatch": 0.3},
    "reals": lambda: {"loss": "relativistic"},
    "packed": lambda: {"loss": "hinge", "pack": 2},
    "adaptive": lambda: {
        "augment": kgan.augment.ADA(
            target=0.07,
            images=128,
            pipeline=kgan.augment.InstanceNoise(0.3),
            initial=0.4,
        ),
    },
    "scheduled": lambda: {
        "schedules": {"learning_rate": kgan.schedules.Linear(0.1, 0.01, 48)}
    },
}


@pytest.mark.parametrize("name", [*list(CASES)[:1], *map(on_pytorch, list(CASES)[1:])])
def test_equals_the_plain_step_on_the_same_fakes(name):
    y = LABELS if name == "labels" else None
    wanted, logs = trained(points, y=y, **CASES[name]())
    found, found_logs = trained(points, y=y, reuse_fakes=True, **CASES[name]())
    for a, b in zip(found.get_weights(), wanted.get_weights(), strict=True):
        np.testing.assert_allclose(a, b, atol=1e-6)
    assert found_logs.keys() == logs.keys()
    for key, values in logs.items():
        np.testing.assert_allclose(found_logs[key], values, rtol=1e-5, atol=1e-6)
    start = points(**CASES[name]()).generator.get_weights()[0]
    assert np.abs(found.generator.get_weights()[0] - start).max() > 1e-3


def pictures(**options):
    """Returns a GAN of pictures, of which both networks have statistics of batches."""
    keras.utils.set_random_seed(0)
    gan = kgan.GAN(
        kgan.networks.dcgan_generator((8, 8, 1), latent_dim=3, width=4),
        kgan.networks.dcgan_discriminator((8, 8, 1), width=4, normalization="batch"),
        noise=Same(),
        seed=1,
    )
    gan.compile(optimizer=keras.optimizers.SGD(0.1), penalties=["r1"], **options)
    return gan


@pytest.mark.slow
def test_statistics_of_both_networks_move_as_in_the_plain_step():
    wanted, _ = trained(pictures, PICTURES, batch_size=8)
    found, _ = trained(pictures, PICTURES, batch_size=8, reuse_fakes=True)
    for a, b in zip(found.variables, wanted.variables, strict=True):
        np.testing.assert_allclose(numpy(a), numpy(b), atol=1e-5, err_msg=a.path)


def translator(**options):
    """Returns a translator without dropout, which translates sources the same twice."""
    keras.utils.set_random_seed(0)
    shape = (8, 8, 1)
    model = kgan.Translator(
        kgan.networks.unet_generator(shape, width=4, dropout=0.0),
        kgan.networks.patch_discriminator(shape, shape, width=4, depth=1),
        seed=0,
    )
    model.compile(optimizer=keras.optimizers.SGD(0.01), **options)
    return model


@pytest.mark.slow
def test_translators_reuse_fakes_and_train_as_with_two_passes():
    data = {"x": 255 - PICTURES, "y": PICTURES, "batch_size": 8}
    wanted, logs = trained(lambda: translator(reuse_fakes=False), **data)
    found, found_logs = trained(translator, **data)
    assert found.recipe.reuse_fakes
    for a, b in zip(found.variables, wanted.variables, strict=True):
        np.testing.assert_allclose(numpy(a), numpy(b), atol=1e-5, err_msg=a.path)
    np.testing.assert_allclose(found_logs["loss"], logs["loss"], rtol=1e-5)


def test_a_translator_of_a_file_without_the_option_trains_as_before():
    model = translator()
    config = model.get_compile_config()
    del config["reuse_fakes"]
    model.compile_from_config(config)
    assert not model.recipe.reuse_fakes


@keras.saving.register_keras_serializable("test_reuse_fakes")
class Counted(Same):
    """Counts the draws."""

    draws = 0

    def __call__(self, shape, seed=None):
        Counted.draws += 1
        return super().__call__(shape)


@pytest.mark.backends("tensorflow", "torch", reason="JAX traces its eager steps too")
@pytest.mark.parametrize("steps, draws", [((1, 1), 1), ((3, 2), 4)])
def test_draws_fakes_once_for_both_networks(tiny, steps, draws):
    gan = tiny(noise=Counted())
    d_steps, g_steps = steps
    gan.compile(d_steps=d_steps, g_steps=g_steps, reuse_fakes=True, run_eagerly=True)
    Counted.draws = 0
    gan.train_on_batch(POINTS[:12])
    assert Counted.draws == draws
    assert int(gan.d_optimizer.iterations) == d_steps
    assert int(gan.g_optimizer.iterations) == g_steps


def test_the_generator_meets_the_discriminator_that_has_learned(tiny):
    """A discriminator `w x` and a generator of one bias, by hand."""
    discriminator = keras.Sequential(
        [keras.Input((1,)), keras.layers.Dense(1, use_bias=False)]
    )
    generator = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])
    gan = kgan.GAN(generator, discriminator, ema_half_life=None)
    generator.set_weights([np.zeros((3, 1)), np.float32([2.0])])
    discriminator.set_weights([np.float32([[0.5]])])
    sgd = keras.optimizers.SGD
    gan.compile(sgd(1.0), sgd(0.1), loss="wasserstein", reuse_fakes=True)
    gan.train_on_batch(np.float32([[5.0]]))
    # The discriminator's loss is w (2 - 5), so w becomes 0.5 + 0.1 * 3. The loss of the
    # generator is -w b, so b becomes 2 + 0.8.
    np.testing.assert_allclose(discriminator.get_weights()[0], [[0.8]], rtol=1e-6)
    np.testing.assert_allclose(generator.get_weights()[1], [2.8], rtol=1e-6)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["mixed_float16", on_pytorch("mixed_bfloat16")])
def test_mixed_precision(policy, name):
    policy(name)
    _, logs = trained(points, reuse_fakes=True)
    assert np.isfinite(logs["loss"]).all()
    _, plain = trained(points)
    np.testing.assert_allclose(logs["loss"], plain["loss"], rtol=0.02)


@pytest.mark.slow
def test_is_saved_with_the_gan(tmp_path):
    gan, _ = trained(points, reuse_fakes=True)
    gan.save(tmp_path / "gan.keras")
    loaded = keras.models.load_model(tmp_path / "gan.keras")
    assert loaded.recipe.reuse_fakes
    for model in (gan, loaded):
        model.fit(POINTS, batch_size=12, epochs=1, verbose=0)
    assert_same_state(gan, loaded)
