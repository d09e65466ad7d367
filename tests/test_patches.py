"""Logits of any shape: a logit for each patch, and several scales."""

import keras
import numpy as np
import pytest
from helpers import numpy
from keras import layers, ops

import kgan
from kgan.critic import heads_of, logits_of, margin, over_scales

RNG = np.random.default_rng(0)
REALS, FAKES = RNG.standard_normal((2, 6, 3, 2, 1)).astype("float32")
SMALL = RNG.standard_normal((2, 6, 1, 1, 1)).astype("float32")
IMAGES = RNG.uniform(-1, 1, (6, 4, 4, 1)).astype("float32")


def softplus(x):
    return np.log1p(np.exp(x))


# For each loss: the discriminator's and the generator's, of patches `s` and `t`.
BY_HAND = {
    "non_saturating": lambda s, t: (
        softplus(-s).mean() + softplus(t).mean(),
        softplus(-t).mean(),
    ),
    "least_squares": lambda s, t: (
        ((s - 1) ** 2).mean() / 2 + (t**2).mean() / 2,
        ((t - 1) ** 2).mean() / 2,
    ),
    "hinge": lambda s, t: (
        np.maximum(1 - s, 0).mean() + np.maximum(1 + t, 0).mean(),
        -t.mean(),
    ),
    "mse": lambda s, t: (((s - 1) ** 2).mean() + (t**2).mean(), ((t - 1) ** 2).mean()),
    "relativistic": lambda s, t: (softplus(t - s).mean(), softplus(s - t).mean()),
    "relativistic_average": lambda s, t: (
        softplus(t.mean() - s).mean() + softplus(t - s.mean()).mean(),
        softplus(s.mean() - t).mean() + softplus(s - t.mean()).mean(),
    ),
    "dual_contrastive": lambda s, t: (
        np.log1p(np.exp(t[None] - s[:, None]).sum(1)).mean()
        + np.log1p(np.exp(t[None] - s[:, None]).sum(0)).mean(),
        np.log1p(np.exp(s[None] - t[:, None]).sum(1)).mean()
        + np.log1p(np.exp(s[None] - t[:, None]).sum(0)).mean(),
    ),
}


@pytest.mark.parametrize("name", BY_HAND)
def test_losses_take_means_over_patches_and_scales(name):
    loss = kgan.losses.get(name)
    scales = (REALS, FAKES), SMALL
    expected = [
        np.mean(pair) for pair in zip(*(BY_HAND[name](*x) for x in scales), strict=True)
    ]
    real, fake = ([ops.convert_to_tensor(x[i]) for x in scales] for i in (0, 1))
    found = [
        over_scales(f, real, fake) for f in (loss.discriminator_loss, loss.generator_loss)
    ]
    np.testing.assert_allclose([numpy(x) for x in found], expected, rtol=1e-5)
    one = loss.discriminator_loss(real[0], fake[0])
    np.testing.assert_allclose(numpy(one), BY_HAND[name](REALS, FAKES)[0], rtol=1e-5)


def test_the_top_samples_have_the_highest_mean():
    loss = kgan.losses.TopK("hinge", 0.5)
    means = FAKES.mean((1, 2, 3))
    top = np.argsort(-means)[:3]
    found = loss.generator_loss(None, ops.convert_to_tensor(FAKES))
    np.testing.assert_allclose(numpy(found), -means[top].mean(), rtol=1e-5)


def test_one_logit_of_a_sample_is_the_mean_of_its_patches():
    real = [ops.convert_to_tensor(REALS), ops.convert_to_tensor(SMALL[0])]
    expected = (REALS.mean((1, 2)) + SMALL[0].mean((1, 2))) / 2
    np.testing.assert_allclose(numpy(logits_of(real)), expected, rtol=1e-5)
    np.testing.assert_allclose(numpy(margin(real, 0.5)), expected - 0.5, rtol=1e-5)


def test_class_logits_are_the_last_output():
    tensors = [ops.ones((2, 3, 3, 1)), ops.ones((2, 1)), ops.ones((2, 5))]
    outputs, classes = heads_of(tensors)
    assert [tuple(x.shape) for x in outputs] == [(2, 3, 3, 1), (2, 1)]
    assert tuple(classes.shape) == (2, 5)
    outputs, classes = heads_of(ops.ones((2, 2)))
    assert tuple(outputs.shape) == (2, 2) and classes is None


def patch_gan(scales=1):
    image = keras.Input((4, 4, 1))
    heads = [layers.Conv2D(1, 2, strides=2, use_bias=False)(image)]
    if scales > 1:
        heads.append(
            layers.Conv2D(1, 1, use_bias=False)(layers.AveragePooling2D(2)(image))
        )
    return kgan.GAN(
        kgan.networks.mlp_generator((4, 4, 1), 2, hidden=(3,)),
        keras.Model(image, heads[0] if scales == 1 else heads),
        seed=0,
    )


@pytest.mark.parametrize("scales", [1, 2])
def test_penalties_and_logs_are_of_the_mean_logit(scales):
    gan = patch_gan(scales)
    gan.compile(optimizer=keras.optimizers.SGD(0.0), penalties=["r1"])
    logs = gan.train_on_batch(IMAGES, return_dict=True)
    kernels = [w.squeeze() for w in gan.discriminator.get_weights()]
    # Each of the four patches has a quarter of the logit.
    slope = np.tile(kernels[0], (2, 2)) / 4
    if scales == 2:
        slope = (slope + np.full((4, 4), kernels[1] / 16)) / 2
    np.testing.assert_allclose(logs["r1"], (slope**2).sum() / 2, rtol=1e-4)
    real = (IMAGES.squeeze(-1) * slope).sum((1, 2)).mean()
    np.testing.assert_allclose(logs["d_real"], real, rtol=1e-3, atol=1e-6)


@pytest.mark.slow
@pytest.mark.parametrize("augment", [None, "ada"])
def test_patches_train_and_are_saved(augment, tmp_path):
    gan = patch_gan(2)
    gan.compile(loss="least_squares", augment=augment, penalties=["lecam"])
    gan.fit(IMAGES, batch_size=3, verbose=0)
    gan.save(tmp_path / "gan.keras")
    loaded = keras.models.load_model(tmp_path / "gan.keras")
    np.testing.assert_array_equal(loaded.sample(2, seed=0), gan.sample(2, seed=0))
    assert loaded.evaluate(IMAGES, verbose=0) == gan.evaluate(IMAGES, verbose=0)


def test_other_shapes_are_refused():
    image = keras.Input((4, 4, 1))
    discriminator = keras.Model(image, layers.Conv2D(2, 2)(image))
    with pytest.raises(ValueError, match=r"Received: discriminator with .*3, 3, 2\)"):
        kgan.GAN(kgan.networks.mlp_generator((4, 4, 1), 2), discriminator)
