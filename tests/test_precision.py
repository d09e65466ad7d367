"""Mixed precision: losses and penalties in float32, a loss scale for each network."""

import keras
import numpy as np
import pytest
from helpers import assert_same_state, family, numpy

import kgan

POINTS = np.random.default_rng(0).uniform(-1, 1, (32, 2)).astype("float32")


def trained(tiny, epochs=2, **options):
    keras.utils.set_random_seed(0)
    gan = tiny()
    gan.compile(
        keras.optimizers.Adam(1e-2), "rmsprop",
        penalties=[kgan.penalties.R1(0.2), kgan.penalties.GradientPenalty(0.2)],
        **options,
    )  # fmt: skip
    return gan, gan.fit(POINTS, batch_size=8, epochs=epochs, verbose=0).history


@pytest.mark.parametrize("name", ["mixed_bfloat16", "mixed_float16"])
def test_trains_about_as_float32_does(tiny, policy, name):
    _, wanted = trained(tiny)
    policy(name)
    gan, logs = trained(tiny)
    assert gan.generator.compute_dtype == name.removeprefix("mixed_")
    assert {w.dtype for w in gan.trainable_variables} == {"float32"}
    for key, values in wanted.items():
        np.testing.assert_allclose(logs[key], values, atol=0.03)
    assert gan.sample(2).dtype == np.float32


@pytest.mark.backends("tensorflow", reason="elsewhere bfloat16 takes long on a CPU")
@pytest.mark.parametrize("kind", ["stylegan2", "biggan"])
def test_families_in_bfloat16_are_near_float32(kind, policy):
    wanted = family(kind)
    policy("mixed_bfloat16")
    gan = family(kind)
    for network, like in (
        (gan.generator, wanted.generator),
        (gan.discriminator, wanted.discriminator),
    ):
        network.set_weights(like.get_weights())
    z = gan.noise.sample((8, 4), seed=1)
    images = [model.sample(z=z) for model in (gan, wanted)]
    assert images[0].dtype == np.float32
    np.testing.assert_allclose(*images, atol=0.1 * images[1].std())
    logits = [
        model.critic.forward(images[1], training=False)[0] for model in (gan, wanted)
    ]
    assert keras.backend.standardize_dtype(logits[0].dtype) == "float32"
    # A number in bfloat16 has 8 bits: an error of up to 0.4 % in each layer.
    np.testing.assert_allclose(*map(numpy, logits), rtol=0.02, atol=0.1)
    gan.run_eagerly = True
    logs = gan.train_on_batch(np.tanh(images[1]), return_dict=True)
    assert len(logs) > 4
    assert np.isfinite(list(logs.values())).all(), logs


@pytest.mark.slow
def test_only_float16_scales_losses_each_network_its_own(tiny, policy):
    policy("mixed_bfloat16")
    gan, _ = trained(tiny, epochs=1)
    assert isinstance(gan.g_optimizer, keras.optimizers.Adam)
    policy("mixed_float16")
    gan, _ = trained(tiny, epochs=1)
    for optimizer in (gan.g_optimizer, gan.d_optimizer):
        assert type(optimizer) is keras.optimizers.LossScaleOptimizer
    assert gan.g_optimizer.dynamic_scale is not gan.d_optimizer.dynamic_scale
    assert [type(o).__name__ for o in gan.optimizer.optimizers] == ["Adam", "RMSprop"]
    gan, _ = trained(tiny, epochs=1, auto_scale_loss=False)
    assert isinstance(gan.g_optimizer, keras.optimizers.Adam)


def test_losses_and_penalties_are_float32(tiny, policy):
    policy("mixed_float16")
    seen = set()

    @keras.saving.register_keras_serializable("tests")
    class Look(kgan.penalties.Penalty):
        def value(self, real, fake, critic):
            value = keras.ops.mean(real.gradient() ** 2)
            seen.add(("penalty", keras.backend.standardize_dtype(value.dtype)))
            return value

    @keras.saving.register_keras_serializable("tests")
    class Loss(kgan.losses.NonSaturating):
        def generator_term(self, t):
            seen.add(("loss", keras.backend.standardize_dtype(t.dtype)))
            return super().generator_term(t)

    gan = tiny()
    gan.compile(loss=Loss(), penalties=[Look()])
    gan.train_on_batch(POINTS)
    assert seen == {("penalty", "float32"), ("loss", "float32")}


def test_a_gradient_that_overflows_is_left_out_for_its_network_only(tiny, policy):
    policy("mixed_float16")
    gan, _ = trained(tiny, epochs=1)
    # Scaled beyond what float16 holds, so the discriminator's gradients are infinite.
    gan.d_optimizer.dynamic_scale.assign(1e30)
    d, g = (n.get_weights() for n in (gan.discriminator, gan.generator))
    gan.train_on_batch(POINTS)
    for before, after in zip(d, gan.discriminator.get_weights(), strict=True):
        np.testing.assert_array_equal(before, after)
    moved = zip(g, gan.generator.get_weights(), strict=True)
    assert max(np.abs(before - after).max() for before, after in moved) > 1e-4
    assert float(gan.d_optimizer.dynamic_scale) == pytest.approx(5e29)
    assert float(gan.g_optimizer.dynamic_scale) == 2**15


@pytest.mark.slow
def test_saved_in_float16_it_goes_on_under_any_policy(tiny, policy, tmp_path):
    policy("mixed_float16")
    wanted, _ = trained(tiny, epochs=4)
    gan, _ = trained(tiny, epochs=2)
    gan.save(tmp_path / "gan.keras")
    policy("float32")
    loaded = keras.models.load_model(tmp_path / "gan.keras")
    loaded.fit(POINTS, batch_size=8, epochs=4, initial_epoch=2, verbose=0)
    assert_same_state(wanted, loaded)


@pytest.mark.backends("torch", reason="the others can")
@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_convolutions_that_have_no_gradients_are_refused(policy, monkeypatch, dtype):
    monkeypatch.setattr(kgan.trainers.torch, "_has_gradients", lambda d: d == "float32")
    policy(f"mixed_{dtype}")
    gan = kgan.GAN(
        kgan.networks.dcgan_generator((8, 8, 1), 3, width=4),
        kgan.networks.dcgan_discriminator((8, 8, 1), width=4),
    )
    gan.compile()
    assert np.isfinite(gan.sample(2)).all()
    with pytest.raises(ValueError, match=f"{dtype} convolutions.*Received: .*conv2d"):
        gan.fit(np.zeros((4, 8, 8, 1), "float32"), verbose=0)


@pytest.mark.backends("torch", reason="the others can")
@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_convolutions_that_are_not_refused_train(policy, dtype):
    policy(f"mixed_{dtype}")
    gan = kgan.GAN(
        kgan.networks.dcgan_generator((8, 8, 1), 3, width=4),
        kgan.networks.dcgan_discriminator((8, 8, 1), width=4),
    )
    if not kgan.trainers.torch._has_gradients(dtype):
        pytest.skip("not on this machine")
    gan.compile()
    gan.train_on_batch(np.zeros((4, 8, 8, 1), "float32"))


@pytest.mark.backends("torch", reason="the others differentiate all convolutions")
def test_a_refused_fit_is_refused_again(tiny, monkeypatch):
    gan = kgan.GAN(
        kgan.networks.dcgan_generator((8, 8, 1), 4, width=2),
        kgan.networks.dcgan_discriminator((8, 8, 1), width=2),
    )
    gan.compile()
    monkeypatch.setattr(kgan.trainers.torch, "_has_gradients", lambda dtype: False)
    for _ in range(2):
        with pytest.raises(ValueError, match="PyTorch can't differentiate"):
            gan.fit(np.zeros((4, 8, 8, 1), "uint8"), verbose=0)
