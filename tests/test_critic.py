"""The critic: packs, augmentations, gradients on demand and added losses."""

from typing import ClassVar

import keras
import numpy as np
import pytest
from helpers import assert_same_state, numpy
from keras import layers, ops

import kgan
from kgan.critic import margin, packed, unpacked

REALS = np.random.default_rng(0).standard_normal((6, 2)).astype("float32")


def linear(slopes, shape=(2,)):
    """A discriminator with the logit `slopes @ x`."""
    x = keras.Input(shape)
    dense = layers.Dense(1, use_bias=False)
    model = keras.Model(x, dense(x))
    dense.set_weights([np.array(slopes, "float32")[:, None]])
    return model


def still(discriminator, pack=1, **arguments):
    """A compiled GAN that learns nothing."""
    generator = kgan.networks.mlp_generator((2,), 3, hidden=(5,), activation=None)
    gan = kgan.GAN(generator, discriminator, pack=pack, seed=0)
    gan.compile(optimizer=keras.optimizers.SGD(0.0), loss="wasserstein", **arguments)
    return gan


@keras.saving.register_keras_serializable("tests")
class Triple(kgan.augment.Augmentation):
    """Multiplies by three."""

    def transform(self, x, seed=None):
        return 3 * x


@keras.saving.register_keras_serializable("tests")
class Noted(kgan.augment.Augmentation):
    """Adds noise of which it keeps every draw."""

    drawn: ClassVar[list] = []

    def transform(self, x, seed=None):
        noise = keras.random.normal(x.shape, seed=seed)
        self.drawn.append(numpy(noise))
        return x + noise


@pytest.mark.parametrize("shape", [(6, 2), (6, 3, 4, 2), (6, 5, 1)])
@pytest.mark.parametrize("pack", [1, 2, 3])
def test_packs_join_neighbours_along_the_last_axis(shape, pack):
    x = np.arange(np.prod(shape)).reshape(shape).astype("float32")
    expected = np.concatenate([x[i::pack] for i in range(pack)], axis=-1)
    found = packed(ops.convert_to_tensor(x), pack)
    np.testing.assert_array_equal(found, expected)
    np.testing.assert_array_equal(unpacked(found, pack), x)


def test_a_batch_that_does_not_divide_begins_anew():
    x = ops.convert_to_tensor(np.arange(5.0)[:, None])
    np.testing.assert_array_equal(packed(x, 3), [[0, 1, 2], [3, 4, 0]])
    one = ops.convert_to_tensor(np.ones((1, 1)))
    np.testing.assert_array_equal(packed(one, 2), [[1, 1]])


def test_the_discriminator_judges_packs():
    gan = still(linear([1.0, 0.0, 0.0, -2.0], (4,)), pack=2, penalties=["r1"])
    logs = gan.train_on_batch(REALS, return_dict=True)
    expected = (REALS[::2, 0] - 2 * REALS[1::2, 1]).mean()
    np.testing.assert_allclose(logs["d_real"], expected, rtol=1e-5)
    # The gradient with respect to a whole pack.
    np.testing.assert_allclose(logs["r1"], (1 + 4) / 2, rtol=1e-5)


@pytest.mark.parametrize("loss", ["non_saturating", "relativistic"])
def test_batches_of_any_size_are_packed(loss):
    discriminator = kgan.networks.mlp_discriminator((2,), (4,), pack=3)
    generator = kgan.networks.mlp_generator((2,), 3, hidden=(5,), activation=None)
    gan = kgan.GAN(generator, discriminator, pack=3)
    gan.compile(loss=loss)
    # Batches of 4 and 1.
    history = gan.fit(REALS[:5], batch_size=4, epochs=1, verbose=0).history
    assert np.isfinite(history["loss"]).all()


def test_packs_that_the_discriminator_does_not_take_are_refused(tiny):
    generator = kgan.networks.mlp_generator((2,), 3, activation=None)
    with pytest.raises(ValueError, match=r"\(None, 4\) with pack=2, discriminator with"):
        kgan.GAN(generator, kgan.networks.mlp_discriminator((2,)), pack=2)
    with pytest.raises(ValueError, match="`pack` must be an int of at least 1"):
        kgan.GAN(generator, kgan.networks.mlp_discriminator((2,)), pack=0)


def test_reals_and_fakes_are_augmented_and_penalties_look_before_it():
    gan = still(linear([1.0, -2.0]), augment=Triple(), penalties=["r1", "r2"])
    logs = gan.train_on_batch(REALS, return_dict=True)
    expected = 3 * (REALS @ [1.0, -2.0]).mean()
    np.testing.assert_allclose(logs["d_real"], expected, rtol=1e-5)
    np.testing.assert_allclose(logs["r1"], 9 * 5 / 2, rtol=1e-5)
    np.testing.assert_allclose(logs["r2"], 9 * 5 / 2, rtol=1e-5)


def test_the_generator_is_judged_by_what_is_augmented():
    gan = still(linear([1.0, -2.0]), augment=Triple())
    latents = gan.noise.sample((4, 3), seed=1)
    plain = numpy(gan.discriminator(gan.generator(latents)))
    np.testing.assert_allclose(numpy(gan.combined(latents)), 3 * plain, rtol=1e-5)


def test_validation_is_not_augmented():
    gan = still(linear([1.0, -2.0]), augment=Triple())
    d_real = gan.evaluate(REALS, verbose=0, return_dict=True)["d_real"]
    np.testing.assert_allclose(d_real, (REALS @ [1.0, -2.0]).mean(), rtol=1e-5)


def test_samples_of_a_pack_are_augmented_one_by_one():
    @keras.saving.register_keras_serializable("tests")
    class First(kgan.augment.Augmentation):
        def transform(self, x, seed=None):
            assert x.shape[1:] == (2,)
            return x * ops.convert_to_tensor([[0.0, 1.0]])

    gan = still(linear([1.0, 1.0, 1.0, 1.0], (4,)), pack=2, augment=First())
    logs = gan.train_on_batch(REALS, return_dict=True)
    np.testing.assert_allclose(logs["d_real"], REALS[:, 1].sum() / 3, rtol=1e-5)


@keras.saving.register_keras_serializable("tests")
class Halved(kgan.augment.Augmentation):
    """Halves the contrast around grey, 0."""

    def apply(self, x, seed, probability):
        return 0.5 * x


@pytest.mark.parametrize("pixels", [(-1.0, 1.0), (0.0, 1.0), (0.0, 255.0)])
def test_augmentations_get_samples_of_all_ranges_between_1_and_minus_1(pixels):
    low, high = pixels
    generator = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)])
    gan = kgan.GAN(generator, linear([1.0, 0.0]), sample_range=pixels)
    gan.compile(augment=Halved())
    reals = np.float32([[low, high], [high, low], [(low + high) / 2, low]])
    logits, _ = gan.critic.forward(ops.convert_to_tensor(reals))
    # A quarter and three quarters of the way from black to white, and grey.
    wanted = low + (high - low) * np.array([0.25, 0.75, 0.5])
    np.testing.assert_allclose(numpy(logits)[:, 0], wanted, rtol=1e-6)


@pytest.mark.backends("tensorflow", "torch", reason="it looks at what is drawn")
def test_no_two_passes_draw_the_same():
    Noted.drawn.clear()
    gan = still(
        linear([1.0, -2.0]), augment=Noted(), penalties=["gradient_penalty"], g_steps=2
    )
    gan.run_eagerly = True
    for _ in range(2):
        gan.train_on_batch(REALS)
    # Reals, fakes, mixtures and two updates of the generator.
    assert len(Noted.drawn) == 2 * 5
    assert len({noise.tobytes() for noise in Noted.drawn}) == 10


@keras.saving.register_keras_serializable("tests")
class First(kgan.penalties.Penalty):
    """The mean square of the first derivative at reals."""

    name = "first"

    def value(self, real, fake, critic):
        return ops.mean(ops.square(real.gradient()[:, 0]))


def test_two_penalties_look_at_the_same_samples():
    gan = still(linear([2.0, 3.0]), penalties=["r1", First(1.0)])
    logs = gan.fit(REALS, batch_size=6, epochs=1, verbose=0).history
    np.testing.assert_allclose(logs["first"], 4.0, rtol=1e-5)
    # Half the square of the norm.
    np.testing.assert_allclose(logs["r1"], (4 + 9) / 2, rtol=1e-5)


@pytest.mark.parametrize(
    ("loss", "outputs", "boundary"),
    [
        ("hinge", 1, 0.0),
        ("least_squares", 1, 0.5),
        (kgan.losses.TopK("least_squares"), 1, 0.5),
        (keras.losses.MeanSquaredError(), 1, 0.5),
        (keras.losses.BinaryCrossentropy(from_logits=True), 1, 0.0),
        (keras.losses.BinaryCrossentropy(), 1, 0.5),
        (keras.losses.Hinge(), 1, 0.0),
        (keras.losses.MeanSquaredError(), 2, 0.0),
    ],
)
def test_margin_is_from_the_boundary_of_the_loss(loss, outputs, boundary):
    logits = ops.convert_to_tensor(np.float32([[0.75], [0.25], [-1.0]]))
    if outputs == 2:
        logits = ops.concatenate([ops.ones_like(logits), logits + 1], axis=-1)
    found = margin(logits, kgan.losses.get(loss).decision_boundary)
    np.testing.assert_allclose(numpy(found)[:, 0], np.array([0.75, 0.25, -1]) - boundary)


def test_ada_counts_from_the_boundary():
    # Half of the logits of reals are below 0.5, and all above 0.
    reals = np.float32([[0.2, 0]] * 3 + [[0.8, 0]] * 3)
    ada = kgan.augment.ADA(images=1e6, pipeline=Triple())
    gan = still(linear([1.0, 0.0]), augment=ada)
    gan.compile(optimizer=keras.optimizers.SGD(0.0), loss="least_squares", augment=ada)
    logs = gan.fit(reals, batch_size=6, epochs=1, verbose=0).history
    assert logs["augment_r"] == [0.0]


@pytest.mark.slow
@pytest.mark.parametrize("augment", ["ada", "diffaugment"])
def test_augmentation_is_part_of_what_is_resumed(tmp_path, augment):
    x = np.random.default_rng(0).integers(0, 256, (16, 4, 4, 1)).astype("uint8")
    if augment == "ada":
        option = kgan.augment.ADA(images=50, pipeline=kgan.augment.Translation(0.25))
    else:
        option = kgan.augment.DiffAugment("cutout")

    def build():
        keras.utils.set_random_seed(3)
        gan = kgan.GAN(
            kgan.networks.mlp_generator((4, 4, 1), 3, (5,)),
            kgan.networks.mlp_discriminator((4, 4, 1), (5,)),
            seed=1,
        )
        gan.compile(optimizer="adam", augment=option, penalties=["lecam"])
        return gan

    once = build()
    once.fit(x, batch_size=4, epochs=2, verbose=0)
    strengths = [numpy(v) for v in once.optimizer.option_variables]
    option = type(option).from_config(option.get_config())
    twice = build()
    twice.fit(x, batch_size=4, epochs=1, verbose=0)
    twice.save(tmp_path / "gan.keras")
    loaded = keras.models.load_model(tmp_path / "gan.keras")
    loaded.fit(x, batch_size=4, epochs=2, initial_epoch=1, verbose=0)
    assert_same_state(once, loaded)
    assert len(strengths) == (4 if augment == "ada" else 2)
    assert any(np.any(value != 0) for value in strengths)


@pytest.mark.since_keras("3.15.0", reason="divides activity losses by the batch size")
def test_activity_losses_of_reals_and_fakes_count_alike():
    x = keras.Input((2,))
    dense = layers.Dense(
        1,
        use_bias=False,
        activity_regularizer=keras.regularizers.L2(0.5),
        kernel_regularizer=keras.regularizers.L2(0.25),
    )
    model = keras.Model(x, dense(x))
    dense.set_weights([np.array([[1.0], [-2.0]], "float32")])
    gan = still(model)
    fakes = 3 * REALS[:4] + 1
    tensors = [ops.convert_to_tensor(samples) for samples in (REALS, fakes)]
    # Keras divides activity losses by the size of the batch.
    wanted = [0.5 * np.square(a @ [1.0, -2.0]).sum() / len(a) for a in (REALS, fakes)]
    found = [numpy(gan.critic.judge(samples).added_loss) for samples in tensors]
    np.testing.assert_allclose(found, wanted, rtol=1e-5)
    total, values = gan.discriminator_loss(gan.recipe, *tensors)
    # The loss of the weights counts once.
    expected = numpy(values["d_loss"]) + sum(wanted) + 0.25 * (1 + 4)
    np.testing.assert_allclose(numpy(total), expected, rtol=1e-5)


def test_a_frozen_pass_adds_no_loss():
    x = keras.Input((2,))
    dense = layers.Dense(1, activity_regularizer=keras.regularizers.L2(0.5))
    critic = kgan.critic.Critic(keras.Model(x, dense(x)), keras.random.SeedGenerator(0))
    assert critic.judge(ops.convert_to_tensor(REALS), frozen=True).added_loss == 0


def test_a_lazy_penalty_trains_with_regularized_weights():
    x = keras.Input((2,))
    model = keras.Model(x, layers.Dense(1, kernel_regularizer="l2")(x))
    gan = still(model, penalties=[kgan.penalties.GradientPenalty(every=2)])
    history = gan.fit(REALS, batch_size=3, epochs=1, verbose=0).history
    assert np.isfinite(history["loss"]).all() and history["gradient_penalty"][0] > 0
