"""Training that was interrupted is, resumed, the training that never was."""

import functools

import keras
import numpy as np
import pytest
import tensorflow as tf
from helpers import Interrupt, Interrupted, Stop, assert_same_state, family, on_pytorch

import kgan

POINTS = np.random.default_rng(0).uniform(-1, 1, (50, 2)).astype("float32")


class Collect(keras.callbacks.Callback):
    def __init__(self):
        super().__init__()
        self.logs = {}

    def on_epoch_end(self, epoch, logs=None):
        self.logs[epoch] = dict(logs)


def build(seed=0, gan_seed=3, **options):
    """A GAN with all that has state: dropout, batch norm, penalties, two optimizers."""
    keras.utils.set_random_seed(seed)
    layers = keras.layers
    generator = keras.Sequential(
        [
            keras.Input((3,)),
            layers.Dense(6),
            layers.BatchNormalization(),
            layers.ReLU(),
            layers.Dropout(0.2),
            layers.Dense(2),
        ]
    )
    discriminator = keras.Sequential(
        [keras.Input((2,)), layers.Dense(6, "relu"), layers.Dropout(0.3), layers.Dense(1)]
    )
    gan = kgan.GAN(generator, discriminator, seed=gan_seed, ema_half_life=100)
    gan.compile(
        keras.optimizers.Adam(keras.optimizers.schedules.CosineDecay(1e-2, 100)),
        "rmsprop",
        penalties=[kgan.penalties.GradientPenalty(0.1, every=2)],
        **options,
    )
    return gan


def assert_same(a, b):
    assert_same_state(a, b)
    np.testing.assert_array_equal(a.sample(5, seed=1), b.sample(5, seed=1))


@functools.cache
def straight(steps_per_epoch=None, **options):
    """The training that was never interrupted, and its logs."""
    gan, collect = build(**options), Collect()
    gan.fit(
        POINTS, batch_size=8, epochs=4, verbose=0, callbacks=[collect],
        steps_per_epoch=steps_per_epoch,
    )  # fmt: skip
    return gan, collect.logs


@pytest.mark.slow
def test_two_and_two_epochs_are_four(tmp_path):
    gan = build()
    gan.fit(POINTS, batch_size=8, epochs=2, verbose=0)
    gan.save(tmp_path / "gan.keras")
    loaded, collect = keras.models.load_model(tmp_path / "gan.keras"), Collect()
    assert loaded.epoch == 2
    loaded.fit(
        POINTS, batch_size=8, epochs=4, initial_epoch=2, verbose=0, callbacks=[collect]
    )
    wanted, logs = straight()
    assert_same(wanted, loaded)
    assert collect.logs == {epoch: logs[epoch] for epoch in (2, 3)}


# `test_path_length.py` has StyleGAN2.
@pytest.mark.slow
@pytest.mark.parametrize("kind", ["fastgan", "biggan", "resnet"])
def test_families_resume_with_their_averages(kind, tmp_path):
    images = np.random.default_rng(0).integers(0, 256, (8, 8, 8, 1), "uint8")

    def trained(gan, epochs):
        gan.run_eagerly = True
        gan.fit(images, batch_size=4, epochs=epochs, initial_epoch=gan.epoch, verbose=0)
        return gan

    keras.utils.set_random_seed(0)
    whole = trained(family(kind), 2)
    keras.utils.set_random_seed(0)
    trained(family(kind), 1).save(tmp_path / "gan.keras")
    loaded = trained(keras.models.load_model(tmp_path / "gan.keras"), 2)
    assert_same(loaded, whole)


@pytest.mark.slow
@pytest.mark.parametrize("batch", [0, 6], ids="batch {}".format)
def test_saved_in_mid_epoch_it_goes_on_there(tmp_path, batch):
    path = tmp_path / "{batch}.keras"
    save = keras.callbacks.ModelCheckpoint(path, save_freq=1)
    with pytest.raises(Interrupted):
        build().fit(
            POINTS, batch_size=8, epochs=4, verbose=0,
            callbacks=[save, Interrupt(1, batch)],
        )  # fmt: skip
    loaded = keras.models.load_model(tmp_path / f"{batch + 1}.keras")
    assert loaded.epoch == 1
    collect = Collect()
    loaded.fit(
        POINTS, batch_size=8, epochs=4, initial_epoch=loaded.epoch, verbose=0,
        callbacks=[collect],
    )  # fmt: skip
    wanted, logs = straight()
    assert_same(wanted, loaded)
    assert collect.logs == {epoch: logs[epoch] for epoch in (1, 2, 3)}


@pytest.mark.parametrize(
    "save_freq, at",
    [
        (3, (0, 4)),
        *(on_pytorch(*c) for c in [("epoch", (2, 5)), (2, (2, 0)), (2, (3, 6))]),
    ],
    ids=str,
)
def test_backup_and_restore(tmp_path, save_freq, at):
    backup = keras.callbacks.BackupAndRestore(tmp_path / "backup", save_freq=save_freq)
    options = {"x": POINTS, "batch_size": 8, "epochs": 4, "verbose": 0}
    with pytest.raises(Interrupted):
        build().fit(callbacks=[backup, Interrupt(*at)], **options)
    # Another process may start with other weights, and with another seed.
    gan, collect = build(seed=9, gan_seed=None), Collect()
    backup = keras.callbacks.BackupAndRestore(tmp_path / "backup", save_freq=save_freq)
    gan.fit(callbacks=[backup, collect], **options)
    wanted, logs = straight()
    assert_same(wanted, gan)
    assert collect.logs == {epoch: logs[epoch] for epoch in collect.logs}
    assert max(collect.logs) == 3


@pytest.mark.slow
@pytest.mark.parametrize("epoch", ['{"epoch": 1, "batch": 0}', '{"epo', None], ids=str)
def test_backup_killed_between_weights_and_epoch(tmp_path, epoch):
    backup = keras.callbacks.BackupAndRestore(tmp_path / "backup")
    options = {"x": POINTS, "batch_size": 8, "epochs": 4, "verbose": 0}
    with pytest.raises(Interrupted):
        build().fit(callbacks=[backup, Interrupt(2, 3)], **options)
    # The epoch before that of the weights stands there, half of one, or none.
    metadata = tmp_path / "backup" / "training_metadata.json"
    metadata.unlink() if epoch is None else metadata.write_text(epoch)
    gan = build(seed=9)
    gan.fit(callbacks=[keras.callbacks.BackupAndRestore(tmp_path / "backup")], **options)
    assert_same(straight()[0], gan)


@pytest.mark.slow
@pytest.mark.parametrize("steps_per_epoch", [3, 10])
def test_epochs_of_a_given_length(tmp_path, steps_per_epoch):
    gan = build()
    options = {"x": POINTS, "batch_size": 8, "verbose": 0}
    options["steps_per_epoch"] = steps_per_epoch
    path = tmp_path / "gan.keras"
    save = keras.callbacks.ModelCheckpoint(path, save_freq=1)
    with pytest.raises(Interrupted):
        gan.fit(callbacks=[save, Interrupt(2, 1)], epochs=4, **options)
    gan = keras.models.load_model(path)
    gan.fit(initial_epoch=2, epochs=4, **options)
    assert int(gan.g_optimizer.iterations) == 4 * steps_per_epoch
    assert_same(straight(steps_per_epoch=steps_per_epoch)[0], gan)


@pytest.mark.slow
def test_a_dataset_of_the_users_own_goes_on_too(tmp_path):
    dataset = tf.data.Dataset.from_tensor_slices(POINTS).batch(8)
    path = tmp_path / "gan.keras"
    save = keras.callbacks.ModelCheckpoint(path, save_freq=1)
    with pytest.raises(Interrupted):
        build().fit(dataset, epochs=3, verbose=0, callbacks=[save, Interrupt(1, 4)])
    gan = keras.models.load_model(path)
    gan.fit(dataset, epochs=3, initial_epoch=1, verbose=0)
    wanted = build()
    wanted.fit(dataset, epochs=3, verbose=0)
    assert_same(wanted, gan)


def test_the_order_of_each_epoch_is_that_of_seed_and_epoch(tiny):
    gan = tiny()
    seen = []

    class Look(keras.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            seen.append(round(float(logs["d_real"]), 3))

    # A discriminator that returns what it sees, with batches of one sample.
    gan.discriminator.trainable = False
    numbers = np.arange(6, dtype="float32")[:, None] * np.ones(2, "float32") / 10
    identity = keras.Sequential(
        [keras.Input((2,)), keras.layers.Dense(1, kernel_initializer="ones")]
    )
    gan = kgan.GAN(gan.generator, identity, seed=5)
    gan.compile(g_optimizer="sgd", d_optimizer=keras.optimizers.SGD(0.0))
    gan.fit(numbers, batch_size=1, epochs=5, initial_epoch=3, verbose=0,
            callbacks=[Look()])  # fmt: skip
    for epoch in (3, 4):
        order = np.random.default_rng((5, epoch)).permutation(6)
        means = np.cumsum(2 * order / 10) / np.arange(1, 7)
        np.testing.assert_allclose(
            seen[(epoch - 3) * 6 : (epoch - 2) * 6], means, atol=1e-3
        )


@pytest.mark.slow
def test_a_stopped_or_broken_fit_does_not_bind_the_next_one():
    gan, wanted = build(), build()
    for model, callbacks in ((gan, [Interrupt(0, 2)]), (wanted, [Interrupt(0, 2)])):
        with pytest.raises(Interrupted):
            model.fit(POINTS, batch_size=8, verbose=0, callbacks=callbacks)
    gan.train_on_batch(POINTS[:8])
    assert (gan.progress.epoch, gan.progress.batch) == (0, 3)
    gan.fit(POINTS, batch_size=8, verbose=0)
    assert int(gan.g_optimizer.iterations) == 3 + 1 + 7


@pytest.mark.slow
def test_a_file_of_another_epoch_begins_its_epoch_anew(tmp_path):
    path = tmp_path / "gan.keras"
    save = keras.callbacks.ModelCheckpoint(path, save_freq=1)
    with pytest.raises(Interrupted):
        build().fit(
            POINTS, batch_size=8, epochs=2, verbose=0, callbacks=[save, Interrupt(1, 2)]
        )
    gan = keras.models.load_model(path)
    gan.fit(POINTS, batch_size=8, verbose=0)  # From epoch 0 on, so all of it.
    assert int(gan.g_optimizer.iterations) == 7 + 3 + 7


@pytest.mark.slow
def test_validation_in_an_epoch_that_is_cut_short_leaves_no_trace(tmp_path):
    options = {"x": POINTS, "batch_size": 8, "epochs": 3, "verbose": 0}
    options["validation_data"] = POINTS[:20]
    wanted, all_logs = build(), Collect()
    wanted.fit(callbacks=[all_logs], **options)
    save = keras.callbacks.ModelCheckpoint(tmp_path / "gan.keras")
    stopped = build()
    stopped.fit(callbacks=[Stop(1, 2), save], **options)
    stopped.evaluate(POINTS, verbose=0)
    gan, collect = keras.models.load_model(tmp_path / "gan.keras"), Collect()
    assert (gan.epoch, gan.progress.batch) == (1, 3)
    gan.fit(initial_epoch=1, callbacks=[collect], **options)
    assert_same(wanted, gan)
    assert collect.logs == {epoch: all_logs.logs[epoch] for epoch in (1, 2)}


@pytest.mark.slow
def test_saved_again_before_it_goes_on(tmp_path):
    save = keras.callbacks.ModelCheckpoint(tmp_path / "1.keras", save_freq=1)
    with pytest.raises(Interrupted):
        build().fit(POINTS, batch_size=8, verbose=0, callbacks=[save, Interrupt(0, 3)])
    keras.models.load_model(tmp_path / "1.keras").save(tmp_path / "2.keras")
    gan, collect = keras.models.load_model(tmp_path / "2.keras"), Collect()
    gan.fit(POINTS, batch_size=8, verbose=0, callbacks=[collect])
    assert collect.logs[0] == straight()[1][0]


@pytest.mark.slow
@pytest.mark.backends("tensorflow", "torch", reason="Keras' JAX loses the state")
def test_an_interrupt_between_step_and_count_loses_no_batch():
    gan = build()
    gan.make_train_function()
    step, calls = gan.train_function, []

    def interrupted(*arguments):
        step(*arguments)
        calls.append(1)
        if len(calls) == 3:
            raise KeyboardInterrupt

    gan.train_function = interrupted
    with pytest.raises(KeyboardInterrupt):
        gan.fit(POINTS, batch_size=8, verbose=0)
    assert gan.progress.batch == 3


@pytest.mark.slow
def test_a_relative_schedule_is_not_applied_twice(tmp_path):
    def halve():
        return keras.callbacks.LearningRateScheduler(lambda epoch, rate: rate / 2)

    def built():
        gan = build()
        gan.compile("rmsprop", keras.optimizers.SGD(0.1))
        return gan

    options = {"x": POINTS, "batch_size": 8, "epochs": 2, "verbose": 0}
    wanted = built()
    wanted.fit(callbacks=[halve()], **options)
    save = keras.callbacks.ModelCheckpoint(tmp_path / "gan.keras", save_freq=1)
    with pytest.raises(Interrupted):
        built().fit(callbacks=[halve(), save, Interrupt(1, 3)], **options)
    gan = keras.models.load_model(tmp_path / "gan.keras")
    gan.fit(initial_epoch=1, callbacks=[halve()], **options)
    assert_same(wanted, gan)


@pytest.mark.backends("tensorflow", "jax", reason="Keras' torch takes single steps")
def test_another_length_of_epoch_or_execution(tmp_path):
    path = tmp_path / "gan.keras"
    save = keras.callbacks.ModelCheckpoint(path, save_freq=1)
    with pytest.raises(Interrupted):
        build().fit(POINTS, batch_size=8, verbose=0, callbacks=[save, Interrupt(0, 2)])
    gan = keras.models.load_model(path)
    gan.fit(POINTS[:16], batch_size=8, verbose=0)  # Not those batches, so all of it.
    assert int(gan.steps_seen) == 3 + 2
    gan = keras.models.load_model(path)
    gan.compile(steps_per_execution=2)
    with pytest.raises(ValueError, match="steps_per_execution=2, 3 batches done"):
        gan.fit(POINTS, batch_size=8, verbose=0)


@pytest.mark.backends("tensorflow", "jax", reason="Keras' torch takes single steps")
def test_several_steps_in_an_execution(tmp_path):
    # An epoch has 7 batches, so its last batch is no whole execution. Keras counts the
    # execution as 3 batches in the name of the file.
    path = str(tmp_path / "{epoch}-{batch}.keras")
    save = keras.callbacks.ModelCheckpoint(path, save_freq=1)
    with pytest.raises(Interrupted):
        build(steps_per_execution=3).fit(
            POINTS, batch_size=8, epochs=4, verbose=0, callbacks=[save, Interrupt(1, 8)]
        )
    for name, done in {"2-6": 6, "2-9": 7}.items():
        gan = keras.models.load_model(tmp_path / f"{name}.keras")
        assert gan.progress.batch == done
        gan.fit(POINTS, batch_size=8, epochs=4, initial_epoch=1, verbose=0)
        assert_same(straight(steps_per_execution=3)[0], gan)


@pytest.mark.backends("torch", reason="only PyTorch has a random generator of its own")
def test_killed_again_while_done_batches_are_skipped(tmp_path):
    import torch

    path = tmp_path / "gan.keras"

    def fit(gan, *callbacks):
        save = keras.callbacks.LambdaCallback(
            on_train_batch_end=lambda batch, logs: gan.save(path)
        )
        gan.fit(
            POINTS, batch_size=8, epochs=4, initial_epoch=gan.epoch, verbose=0,
            callbacks=[save, *callbacks],
        )  # fmt: skip

    gan = build()
    for kill in ((1, 3), (1, 0), (1, 2), (1, 4)):
        with pytest.raises(Interrupted):
            fit(gan, Interrupt(*kill))
        # The next process begins with another state.
        torch.manual_seed(sum(kill))
        gan = keras.models.load_model(path)
    fit(gan)
    assert_same(gan, straight()[0])
