"""Small GANs and their training, which one device and several devices repeat."""

import contextlib
import os

import keras
import numpy as np

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
    "hinge penalties": {"loss": "hinge", "penalties": penalties()},
    "d_steps": {"loss": "relativistic", "d_steps": 2, "penalties": penalties()[:2]},
    "reused": {"reuse_fakes": True, "d_steps": 2, "penalties": penalties()[:2]},
    "path length": {"generator_penalties": [kgan.penalties.PathLength(2.0, 2, 0.5)]},
    # With a number of fakes of its own, the conditions are drawn.
    "conditional": {"num_classes": 3, "g_steps": 2, "noise_batch_size": 6},
    "vectors": {
        "condition_dim": 4,
        "generator_losses": [kgan.generator_losses.Reconstruction("mae", 0.5)],
        "mismatch": 0.3,
        "penalties": penalties()[:2],
    },
    "packed": {"loss": "relativistic", "pack": 2, "penalties": penalties()[:2]},
    "scheduled": {
        "regulariser": 0.1,
        "augment": kgan.augment.InstanceNoise(kgan.schedules.Linear(0.3, 0.0, 64)),
        "penalties": [kgan.penalties.LeCam(0.5), kgan.penalties.R1(0.5)],
        "schedules": {"learning_rate": kgan.schedules.Cosine(0.1, 0.02, 64)},
    },
    "ada": {
        "augment": kgan.augment.ADA(
            target=0.07,
            images=128,
            pipeline=kgan.augment.InstanceNoise(0.3),
            initial=0.4,
        ),
    },
    # Two batches fill the history, and the others exchange fakes.
    "cyclegan": {"model": kgan.CycleGAN, "history": 10, "penalties": penalties()[:2]},
    "translator": {
        "model": kgan.Translator,
        "penalties": penalties()[:2],
        "steps_per_execution": 2,
    },
}
# The cases that are interrupted in two processes of PyTorch.
RESUMED = ["hinge penalties", "cyclegan"]


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


def state(prefix, gan, logs):
    """Returns the weights and logs of a GAN, as arrays by name."""
    weights = {f"{prefix}:weight {i}": x for i, x in enumerate(gan.get_weights())}
    return weights | {f"{prefix}:log {key}": np.array(x) for key, x in logs.items()}


def results(strategy, name, **options):
    """Returns the GAN of a case, and what its training has left."""
    gan = build(strategy, **CASES[name], **options)
    # Penalties are of training alone.
    plain = "penalties" not in CASES[name]
    logs = fit(gan, validation_data=POINTS[:12] if plain else None)
    samples, images = gan.sample(5, seed=1), gan.images_seen.numpy()
    found = {f"{name}:samples": samples, f"{name}:images": images}
    return gan, found | state(name, gan, logs)


def resumed(strategy, name, folder, meet=lambda: None):
    """Returns what a case leaves that was interrupted in its first epoch.

    Args:
        meet: Waits until all processes have saved.
    """
    path = os.path.join(folder, "gan.keras")
    save = keras.callbacks.ModelCheckpoint(path, save_freq=1)
    with contextlib.suppress(Interrupted):
        fit(build(strategy, **CASES[name]), callbacks=[save, Interrupt()])
    meet()
    with strategy.scope():
        gan = keras.models.load_model(path)
    return state(f"resumed {name}", gan, fit(gan))
