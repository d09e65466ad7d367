"""Trains small GANs on the backend in KERAS_BACKEND, and saves what came out.

KERAS_BACKEND=jax python train.py train|load FOLDER
"""

import os
import pathlib
import sys

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np

import kgan
import kgan.cli.evaluate
import kgan.cli.info
import kgan.cli.sample
import kgan.cli.train

BACKEND = keras.backend.backend()
IMPORTS = [name for name in ("tensorflow", "jax", "torch") if name in sys.modules]

RANDOM = np.random.default_rng(0)
DATA = {
    "mlp": RANDOM.uniform(-1, 1, (80, 2)).astype("float32"),
    "batch": RANDOM.uniform(-1, 1, (80, 8, 8, 1)).astype("float32"),
    "spectral": RANDOM.uniform(-1, 1, (80, 8, 8, 1)).astype("float32"),
    "stylegan2": RANDOM.uniform(-1, 1, (32, 8, 8, 1)).astype("float32"),
}
PENALTIES = [kgan.penalties.R1(0.5), kgan.penalties.R2(0.3, every=2)]
# The values of all losses are tested in test_losses.py, on each backend. What layers add
# does not depend on the loss, and takes long to compile.
CASES = [
    ("mlp", "least_squares", []),
    ("mlp", "relativistic", PENALTIES),
    ("batch", "wasserstein", PENALTIES),
    ("spectral", "hinge", []),
    ("stylegan2", "non_saturating", PENALTIES[:1]),
]
Z = np.linspace(-1, 1, 15).reshape(5, 3)


@keras.saving.register_keras_serializable("tests")
class Sine(kgan.noise.Noise):
    """The same numbers on every backend."""

    def __call__(self, shape, seed=None):
        start = keras.ops.cast(seed.next()[1], "float32")
        numbers = keras.ops.arange(shape[0] * shape[1], dtype="float32")
        return keras.ops.sin(start + 7 * keras.ops.reshape(numbers, shape))


def sines(size, shape, seed):
    """Noise for the path length, the same on every backend."""
    noise = Sine()((size, int(np.prod(shape))), seed)
    return keras.ops.reshape(noise, (size, *shape)) / 8


def stylegan2():
    """Returns both networks. Noise of strength 0 draws nothing that counts."""
    size = {"width": 4, "mapping_layers": 2}
    generator = kgan.networks.stylegan2_generator((8, 8, 1), 3, style_mixing=0, **size)
    for layer in generator.get_layer("synthesis").layers:
        layer.trainable = "noise" not in layer.name
    return generator, kgan.networks.stylegan2_discriminator((8, 8, 1), **size)


def build(kind, **options):
    if kind == "stylegan2":
        networks = stylegan2()
        options["generator_penalties"] = [kgan.penalties.PathLength(every=2)]
        # On TensorFlow, tracing takes longer than the four steps.
        options["run_eagerly"] = BACKEND != "jax"
    elif kind == "mlp":
        networks = (
            kgan.networks.mlp_generator((2,), 3, hidden=(8,), activation=None),
            kgan.networks.mlp_discriminator((2,), (8,)),
        )
    else:
        networks = (
            kgan.networks.dcgan_generator((8, 8, 1), 3, width=4),
            kgan.networks.dcgan_discriminator(
                (8, 8, 1), width=4, depth=2, normalization=kind
            ),
        )
    random = np.random.default_rng(1)
    # Layers with equalised rates scale their weights themselves.
    scale = 1.0 if kind == "stylegan2" else 0.3
    for network in networks:
        for weight in network.weights:
            if "variance" not in weight.path and "strength" not in weight.path:
                weight.assign(scale * random.normal(size=weight.shape))
    gan = kgan.GAN(*networks, seed=1, noise=Sine())
    gan.compile(keras.optimizers.Adam(1e-3), keras.optimizers.Adam(1e-3), **options)
    return gan


def cycle():
    """Returns the logs and the weights of a CycleGAN whose history never is full."""
    options = {"padding": "same", "data_format": "channels_last"}
    networks = []
    for activation in ("tanh", "tanh", None, None):
        inputs = keras.Input((8, 8, 1))
        x = keras.layers.Conv2D(1, 3, activation=activation, **options)(inputs)
        networks.append(keras.Model(inputs, x))
    random = np.random.default_rng(1)
    for weight in (w for network in networks for w in network.weights):
        weight.assign(0.3 * random.normal(size=weight.shape))
    cyclegan = kgan.CycleGAN(*networks, seed=1)
    cyclegan.compile(
        optimizer=keras.optimizers.Adam(1e-3),
        penalties=[kgan.penalties.R1(0.5)],
        history=100,
    )
    a, b = DATA["batch"][:40], -DATA["spectral"][:24]
    history = cyclegan.fit(a, b, batch_size=8, verbose=0, validation_data=(a, b)).history
    return history, cyclegan.get_weights() + [
        keras.ops.convert_to_numpy(v) for v in cyclegan.optimizer.option_variables
    ]


def main(folder):
    folder = pathlib.Path(folder)
    arrays = {}
    kgan.penalties.path_length._noise = sines
    for kind, loss, penalties in CASES:
        gan, data = build(kind, loss=loss, penalties=penalties), DATA[kind]
        history = gan.fit(
            data, batch_size=8, verbose=0, validation_data=data[:16]
        ).history
        case = f"{kind} {loss} {len(penalties)}"
        for key, values in history.items():
            arrays[f"{case}:log {key}"] = np.array(values)
        for i, weight in enumerate(gan.get_weights()):
            arrays[f"{case}:weight {i}"] = weight
    history, weights = cycle()
    for key, values in history.items():
        arrays[f"cycle:log {key}"] = np.array(values)
    for i, weight in enumerate(weights):
        arrays[f"cycle:weight {i}"] = weight
    # Options that not every backend has must not keep a file from loading.
    fast = {} if BACKEND == "torch" else {"steps_per_execution": 5}
    gan = build("batch", penalties=PENALTIES[:1], **fast)
    gan.fit(DATA["batch"], batch_size=8, verbose=0)
    gan.save(folder / f"{BACKEND}.keras")
    arrays["samples"] = gan.sample(z=Z)
    np.savez(folder / f"{BACKEND}.npz", **arrays)


def load(folder):
    """Loads what every backend saved, samples, and trains on."""
    folder = pathlib.Path(folder)
    arrays = {"imports": np.array(IMPORTS)}
    for path in folder.glob("*.keras"):
        gan = keras.models.load_model(path)
        arrays[path.stem] = gan.sample(z=Z)
        iterations = int(keras.ops.convert_to_numpy(gan.g_optimizer.iterations))
        gan.fit(DATA["batch"], batch_size=8, epochs=2, initial_epoch=gan.epoch, verbose=0)
        after = int(keras.ops.convert_to_numpy(gan.g_optimizer.iterations))
        arrays[f"{path.stem}:steps"] = after - iterations
    np.savez(folder / f"loaded by {BACKEND}.npz", **arrays)


if __name__ == "__main__":
    {"train": main, "load": load}[sys.argv[1]](sys.argv[2])
