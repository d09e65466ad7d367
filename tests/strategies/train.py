"""Trains small GANs on one device, or under a strategy, and saves what came out.

    python train.py one|mirrored|multi_worker OUT.npz CASE...

A process of its own for each: devices are chosen before TensorFlow starts.
"""

import contextlib
import json
import os
import sys

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np
import tensorflow as tf

import kgan

POINTS = np.random.default_rng(0).uniform(-1, 1, (40, 2)).astype("float32")

PICTURES = np.random.default_rng(2).uniform(-1, 1, (40, 4, 4, 1)).astype("float32")
LABELS = np.arange(40) % 3
VECTORS = np.random.default_rng(1).standard_normal((40, 4)).astype("float32")


def penalties():
    lib = kgan.penalties
    return [lib.R1(0.5), lib.R2(0.3, every=2), lib.GradientPenalty(1.0)]


CASES = {
    "hinge": {"loss": "hinge"},
    "relativistic": {"loss": "relativistic"},
    "hinge penalties": {"loss": "hinge", "penalties": penalties()},
    "d_steps": {"loss": "relativistic", "d_steps": 2, "penalties": penalties()},
    "g_steps": {
        "g_steps": 2,
        "noise_batch_size": 6,
        "steps_per_execution": 2,
        "regulariser": 0.1,
    },
    "path length": {"generator_penalties": [kgan.penalties.PathLength(2.0, 2, 0.5)]},
    "conditional": {"num_classes": 3, "penalties": penalties()},
    "vectors": {
        "condition_dim": 4,
        "generator_losses": [kgan.generator_losses.Reconstruction("mae", 0.5)],
        "mismatch": 0.3,
    },
    "packed": {"loss": "relativistic", "pack": 2, "penalties": penalties()},
    "scheduled": {
        "augment": kgan.augment.InstanceNoise(kgan.schedules.Linear(0.3, 0.0, 64)),
        "penalties": [kgan.penalties.LeCam(0.5), kgan.penalties.R1(0.5)],
        "schedules": {"learning_rate": kgan.schedules.Cosine(0.1, 0.02, 64)},
    },
    # Two batches fill the history, and the others exchange fakes.
    "cyclegan": {"model": kgan.CycleGAN, "history": 10, "penalties": penalties()[:2]},
    "translator": {"model": kgan.Translator, "penalties": penalties()[:2]},
}
# The cases that are interrupted on two devices.
RESUMED = ["hinge penalties", "cyclegan"]


def make_strategy(kind):
    if kind == "mirrored":
        cpu = tf.config.list_physical_devices("CPU")[0]
        two = [tf.config.LogicalDeviceConfiguration()] * 2
        tf.config.set_logical_device_configuration(cpu, two)
        return tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])
    if kind == "multi_worker":
        return tf.distribute.MultiWorkerMirroredStrategy()
    return tf.distribute.get_strategy()


def translating(model):
    """Returns a small model of a class, which translates pictures of 4x4 pixels."""

    def network(channels):
        inputs = keras.Input((4, 4, channels))
        return keras.Model(inputs, keras.layers.Conv2D(1, 3, padding="same")(inputs))

    if model is kgan.CycleGAN:
        return kgan.CycleGAN(*(network(1) for _ in range(4)), seed=1)
    inputs = keras.Input((4, 4, 1)), keras.Input((4, 4, 1))
    logits = network(2)(keras.layers.Concatenate()(inputs))
    return kgan.Translator(network(1), keras.Model(inputs, logits), seed=1)


def build(strategy, model=kgan.GAN, **options):
    keras.utils.set_random_seed(0)
    sgd = keras.optimizers.SGD
    with strategy.scope():
        if model is kgan.GAN:
            return dense(**options)
        found = translating(model)
        found.compile(sgd(0.01), sgd(0.01), **options)
    return found


def styled():
    """Returns a small generator of points from styles."""
    z = keras.Input((3,))
    dense = keras.layers.Dense(4, "tanh")
    first = kgan.layers.StyleTruncation()(dense(z))
    second = dense(kgan.layers.PairSwap()(z))
    w = kgan.layers.StyleMixing(2, seed=1)([first, second])
    mapping = keras.Model(z, w, name="mapping")
    synthesis = [keras.Input((2, 4)), keras.layers.Flatten()]
    synthesis += [keras.layers.Dense(8, "tanh"), keras.layers.Dense(2)]
    synthesis = keras.Sequential(synthesis, name="synthesis")
    return keras.Model(z, synthesis(mapping(z)))


def dense(regulariser=None, pack=1, **options):
    """Returns a small GAN of points."""
    names = ("num_classes", "condition_dim")
    condition = {name: options.pop(name) for name in names if name in options}
    if regulariser is None:
        discriminator = kgan.networks.mlp_discriminator(
            (2,), (8,), pack=pack, **condition
        )
    else:
        decay = keras.regularizers.L2(regulariser)
        layers = [keras.Input((2,)), keras.layers.Dense(8, "relu")]
        layers.append(keras.layers.Dense(1, kernel_regularizer=decay))
        discriminator = keras.Sequential(layers)
    if "generator_penalties" in options:
        generator = styled()
    else:
        generator = kgan.networks.mlp_generator(
            (2,), 3, hidden=(8,), activation=None, **condition
        )
    gan = kgan.GAN(generator, discriminator, pack=pack, seed=1)
    gan.compile(keras.optimizers.SGD(0.1), keras.optimizers.SGD(0.1), **options)
    return gan


def fit(gan, data=POINTS, epochs=2, **options):
    """Ten steps on batches of eight."""
    if gan.group_size > 1:
        data = PICTURES, -PICTURES
        options["batch_size"] = 8
    if isinstance(data, np.ndarray):
        options.setdefault("batch_size", 8)
        given = VECTORS if "condition" in gan.conditions.names else LABELS
        options.setdefault("y", given[: len(data)])
        held = options.get("validation_data")
        if held is not None:
            options["validation_data"] = held, given[: len(held)]
    return gan.fit(data, epochs=epochs, verbose=0, **options).history


class Interrupted(Exception):
    pass


class Interrupt(keras.callbacks.Callback):
    def on_train_batch_end(self, batch, logs=None):
        if batch == 3:
            raise Interrupted


def resumed(strategy, name, folder):
    """A case, interrupted in its first epoch and gone on with."""
    path = os.path.join(folder, "gan.keras")
    save = keras.callbacks.ModelCheckpoint(path, save_freq=1)
    with contextlib.suppress(Interrupted):
        fit(build(strategy, **CASES[name]), callbacks=[save, Interrupt()])
    with strategy.scope():
        gan = keras.models.load_model(path)
    return gan, fit(gan)


def main(kind, out, *names):
    strategy = make_strategy(kind)
    arrays = {}
    for name in names:
        gan = build(strategy, **CASES[name])
        # Penalties are of training alone.
        plain = "penalties" not in CASES[name]
        logs = fit(gan, validation_data=POINTS[:12] if plain else None)
        arrays[f"{name}:samples"] = gan.sample(5, seed=1)
        arrays[f"{name}:images"] = gan.images_seen.numpy()
        for i, weight in enumerate(gan.get_weights()):
            arrays[f"{name}:weight {i}"] = weight
        for key, values in logs.items():
            arrays[f"{name}:log {key}"] = np.array(values)
    if kind == "mirrored":
        noise = strategy.run(lambda: gan.noise.draw_local(4, 3, gan.seed_generator))
        arrays["noise"] = np.concatenate(strategy.experimental_local_results(noise))
        for name in RESUMED:
            gan, logs = resumed(strategy, name, os.path.dirname(out))
            for i, weight in enumerate(gan.get_weights()):
                arrays[f"resumed {name}:weight {i}"] = weight
            for key, values in logs.items():
                arrays[f"resumed {name}:log {key}"] = np.array(values)
        gan = build(strategy, **CASES["hinge"])
        dataset = tf.data.Dataset.from_tensor_slices((POINTS, np.arange(40))).batch(8)
        fit(gan, dataset)
        arrays["dataset"] = gan.generator.get_weights()[0]
        gan = build(strategy, **CASES["hinge"])
        fit(gan, POINTS[:33], shuffle=False)  # The last batch has one sample.
        arrays["uneven"] = gan.generator.get_weights()[0]
        arrays["uneven:iterations"] = gan.g_optimizer.iterations.numpy()
        with open(out + ".json", "w") as file:
            json.dump(refusals(strategy), file)
    elif kind == "one":
        gan = build(strategy, **CASES[names[-1]])
        fit(gan)
        arrays["noise"] = gan.noise.draw_local(8, 3, gan.seed_generator).numpy()
        gan = build(strategy, **CASES["hinge"])
        fit(gan, tf.data.Dataset.from_tensor_slices(POINTS).batch(8))
        arrays["dataset"] = gan.generator.get_weights()[0]
    np.savez(out, **arrays)


def refusals(strategy):
    """What is refused, and in which words."""
    sgd = keras.optimizers.SGD

    def with_optimizer(**options):
        def compile():
            with strategy.scope():
                build(strategy).compile(sgd(0.1), sgd(0.1, **options))

        return compile

    def with_option(**options):
        return lambda: build(strategy, **options)

    def outside():
        build(strategy).compile(sgd(0.1), sgd(0.1))

    def networks_outside():
        generator = kgan.networks.mlp_generator((2,), 3, hidden=(8,), activation=None)
        discriminator = kgan.networks.mlp_discriminator((2,), (8,))
        with strategy.scope():
            kgan.GAN(generator, discriminator).compile()

    def gan_outside():
        gan = build(tf.distribute.get_strategy())
        with strategy.scope():
            gan.compile()

    def float16():
        keras.config.set_dtype_policy("mixed_float16")
        try:
            build(strategy)
        finally:
            keras.config.set_dtype_policy("float32")

    nine = tf.data.Dataset.from_tensor_slices(POINTS[:36]).batch(9)

    class Own(keras.utils.PyDataset):
        def __len__(self):
            return 5

        def __getitem__(self, index):
            return POINTS[:8]

    unknown = tf.data.Dataset.from_generator(
        lambda: iter([POINTS[:8]]), output_signature=tf.TensorSpec((8, 2))
    )
    tries = {
        "clipnorm": with_optimizer(clipnorm=1.0),
        "clipvalue": with_optimizer(clipvalue=1.0),
        "global_clipnorm": with_optimizer(global_clipnorm=1.0),
        "accumulation": with_optimizer(gradient_accumulation_steps=2),
        "jit_compile": with_option(jit_compile=True),
        "noise_batch_size": with_option(noise_batch_size=7),
        "schedules": with_option(
            schedules={"d_weight_decay": kgan.schedules.Linear(0.1, 0.5, 100)}
        ),
        "outside": outside,
        "networks outside": networks_outside,
        "gan outside": gan_outside,
        "float16": float16,
        "nine": lambda: fit(build(strategy), nine),
        "evaluate": lambda: build(strategy).evaluate(POINTS, batch_size=9),
        "batch_size": lambda: fit(build(strategy), batch_size=7),
        "d_steps": lambda: fit(build(strategy, d_steps=2), batch_size=6),
        "pydataset": lambda: fit(build(strategy), Own()),
        "unknown": lambda: fit(build(strategy), unknown),
    }
    words = {}
    for name, attempt in tries.items():
        try:
            attempt()
            words[name] = ""
        except ValueError as error:
            words[name] = str(error)
    return words


if __name__ == "__main__":
    main(*sys.argv[1:])
