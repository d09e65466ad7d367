"""Measures the images per second on each backend, and lists the features of each.

python benchmarks/backends.py [--rounds 3] [--write docs/backends.md]

In every round, each backend trains all cases in its own process, one backend after the
other. The table has the medians of the rounds. The script takes about ten minutes on two
cores.
"""

import argparse
import json
import os
import pathlib
import platform
import statistics
import subprocess
import sys
import tempfile
import time

BACKENDS = ("tensorflow", "jax", "torch")
NAMES = {"tensorflow": "TensorFlow", "jax": "JAX", "torch": "PyTorch"}
# The batch size, the number of first steps, and the number of timed steps of each case.
# The first steps compile. On PyTorch kgan records a step after 50 steps, which makes
# small networks faster.
CASES = {
    "MLP 3x128, 2-D points": (128, 100, 1_000),
    "DCGAN 64-128-256, 32x32x1": (64, 3, 12),
    "DCGAN 64-128-256-512, 64x64x3": (64, 3, 3),
}
MARKS = "<!-- by benchmarks/backends.py -->"


def build(case):
    """Returns the shape of the samples and the GAN of a case."""
    import kgan

    if case.startswith("MLP"):
        return (2,), kgan.GAN(
            kgan.networks.mlp_generator((2,), latent_dim=8, activation=None),
            kgan.networks.mlp_discriminator((2,)),
            seed=0,
        )
    shape = (32, 32, 1) if "32x32" in case else (64, 64, 3)
    return shape, kgan.GAN(
        kgan.networks.dcgan_generator(shape),
        kgan.networks.dcgan_discriminator(shape),
        seed=0,
    )


def throughput(case):
    """Returns the images per second, timed after the first steps."""
    # Before Keras, as in the examples.
    import kgan  # noqa: F401

    import keras
    import numpy as np

    class Clock(keras.callbacks.Callback):
        def on_epoch_begin(self, epoch, logs=None):
            self.start = time.perf_counter()

        def on_epoch_end(self, epoch, logs=None):
            # On PyTorch and JAX the step may still run. Reading its logs waits for it.
            self.seconds = float(logs["loss"]) * 0 + time.perf_counter() - self.start

    size, first, steps = CASES[case]
    shape, gan = build(case)
    gan.compile()
    data = np.random.default_rng(0).uniform(-1, 1, (size, *shape)).astype("float32")
    clock = Clock()
    for count in (first, steps):
        gan.fit(
            data, batch_size=size, steps_per_epoch=count, verbose=0, callbacks=[clock]
        )
    return size * steps / clock.seconds


def features():
    """Yields each feature: its name, and a function that raises if it is missing."""
    import kgan

    import keras

    def gan(**options):
        gan = kgan.GAN(
            kgan.networks.dcgan_generator((8, 8, 1), 4, width=4),
            kgan.networks.dcgan_discriminator((8, 8, 1), width=4),
        )
        gan.compile(**options)
        return gan

    def trained(**options):
        import numpy as np

        gan(**options).fit(np.zeros((16, 8, 8, 1), "float32"), batch_size=8, verbose=0)

    def precision(name):
        keras.config.set_dtype_policy(name)
        try:
            trained()
        finally:
            keras.config.set_dtype_policy("float32")

    def export():
        with tempfile.TemporaryDirectory() as folder:
            gan().export(os.path.join(folder, "model"), verbose=False)

    def strategy():
        kgan.trainers.strategy("mirrored")

    def processes():
        # As torchrun does for a single process.
        os.environ.update(TORCHELASTIC_RUN_ID="1", RANK="0", WORLD_SIZE="1")
        kgan.trainers.strategy("torchrun")

    yield "`steps_per_execution` above 1", lambda: trained(steps_per_execution=2)
    yield "`jit_compile=True`", lambda: trained(jit_compile=True)
    yield "`mixed_bfloat16` convolutions here", lambda: precision("mixed_bfloat16")
    yield "`mixed_float16` convolutions here", lambda: precision("mixed_float16")
    yield "SavedModel export", export
    yield "`tf.distribute` strategies", strategy
    yield "processes of `torchrun`", processes


def works(function):
    """Returns "yes", or "no" if a function raises an error."""
    try:
        function()
    except (ImportError, ValueError):
        return "no"
    return "yes"


def measure():
    """Prints the results of the backend of this process, as JSON."""
    result = {case: throughput(case) for case in CASES}
    result |= {name: works(function) for name, function in features()}
    print(json.dumps(result))


def run(backend):
    """Measures a backend in a process of its own."""
    done = subprocess.run(
        [sys.executable, __file__, "--measure"],
        env={**os.environ, "KERAS_BACKEND": backend, "TF_CPP_MIN_LOG_LEVEL": "3"},
        stdout=subprocess.PIPE,
        check=True,
    )
    return json.loads(done.stdout.splitlines()[-1])


def table(results):
    """Returns the medians and the features as a Markdown table."""
    lines = [
        "| | " + " | ".join(NAMES[backend] for backend in BACKENDS) + " |",
        "| --- |" + " ---: |" * len(BACKENDS),
    ]
    for key in results[BACKENDS[0]][0]:
        values = [[r[key] for r in results[backend]] for backend in BACKENDS]
        if key in CASES:
            medians = [statistics.median(v) for v in values]
            cells = [f"{m:,.0f} ({m / medians[0]:.2f})" for m in medians]
            lines.append(f"| {key} | " + " | ".join(cells) + " |")
        else:
            lines.append(f"| {key} | " + " | ".join(v[0] for v in values) + " |")
    return "\n".join(lines)


def setting(rounds):
    """Returns the text above the table: the units, the machine and the versions."""
    import importlib.metadata

    packages = ("keras", *BACKENDS)
    versions = ", ".join(f"{p} {importlib.metadata.version(p)}" for p in packages)
    return (
        f"Images per second, and as a multiple of TensorFlow's: medians of {rounds} "
        f"rounds on {os.cpu_count()} CPU cores ({platform.machine()}), Python "
        f"{platform.python_version()}, {versions}. Seed 0."
    )


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--write", type=pathlib.Path, metavar="PAGE.md")
    parser.add_argument("--measure", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.measure:
        return measure()
    results = {backend: [] for backend in BACKENDS}
    for _ in range(arguments.rounds):
        for backend in BACKENDS:
            results[backend].append(run(backend))
            print(backend, results[backend][-1], flush=True)
    text = f"{setting(arguments.rounds)}\n\n{table(results)}"
    print(text)
    if arguments.write:
        before, _, after = arguments.write.read_text("utf-8").split(MARKS)
        page = MARKS.join((before, f"\n{text}\n", after))
        arguments.write.write_text(page, "utf-8")


if __name__ == "__main__":
    main()
