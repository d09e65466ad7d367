"""Does memory grow with the number of fits, GANs, saves and steps?

    KERAS_BACKEND=torch python benchmarks/memory.py fits gans saves steps --plain

Each part repeats one use of kgan in a process of its own, reads the memory of the
process after each repetition, and prints a row of a table with the growth after the first
fifth of the repetitions. `--plain` repeats the same with a plain Keras model, for
comparison, and `--repetitions` takes another number of repetitions.
"""

import argparse
import ctypes
import gc
import os
import platform
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator

# Repetitions, and how many of them come between two readings.
PARTS = {"fits": (20, 1), "gans": (50, 1), "saves": (200, 5), "steps": (10_000, 250)}


def megabytes() -> float:
    """Returns the memory of this process, without memory that was freed."""
    gc.collect()
    if platform.system() == "Linux":
        # The C library keeps freed memory, which is not a leak.
        ctypes.CDLL(None).malloc_trim(0)
    with open("/proc/self/statm", encoding="ascii") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGESIZE") / 1e6


def model(plain: bool):
    """Returns a compiled model on samples of 1,000 numbers."""
    import kgan

    import keras

    layers = keras.layers
    if plain:
        network = keras.Sequential([keras.Input((1000,)), layers.Dense(1)])
        network.compile("adam", "mse")
        return network
    generator = keras.Sequential([keras.Input((3,)), layers.Dense(1000)])
    discriminator = keras.Sequential([keras.Input((1000,)), layers.Dense(1)])
    gan = kgan.GAN(generator, discriminator, seed=0)
    gan.compile()
    return gan


def data(plain: bool, count: int):
    """Returns random data, the arguments of `fit`."""
    import numpy as np

    x = np.random.default_rng(0).random((count, 1000), "float32")
    return (x, np.zeros((count, 1), "float32")) if plain else (x,)


def fits(plain: bool) -> Iterator[None]:
    """Fits of one model, each on another array of 100 MB."""
    one = model(plain)
    while True:
        arrays = data(plain, 25_000)
        one.fit(*arrays, batch_size=16, steps_per_epoch=2, verbose=0)
        yield


def gans(plain: bool) -> Iterator[None]:
    """New models, each fitted, sampled from, and dropped."""
    import kgan  # noqa: F401

    import keras
    import numpy as np

    while True:
        one = model(plain)
        # On PyTorch, kgan records a step after 50 steps.
        one.fit(*data(plain, 64), batch_size=1, verbose=0)
        one.predict(np.zeros((1, 1000)), verbose=0) if plain else one.sample(1)
        del one
        # TensorFlow keeps 36 kB for each new name of a variable until this call.
        keras.backend.clear_session()
        yield


def saves(plain: bool) -> Iterator[None]:
    """Saves of one fitted model."""
    one = model(plain)
    one.fit(*data(plain, 32), verbose=0)
    with tempfile.TemporaryDirectory() as folder:
        while True:
            one.save(f"{folder}/model.keras")
            yield


def steps(plain: bool) -> Iterator[None]:
    """Epochs of one long fit with all callbacks of kgan."""
    import kgan

    import numpy as np

    images = np.random.default_rng(0).integers(0, 256, (32, 8, 8, 1), dtype="uint8")
    networks, callbacks = kgan.networks, kgan.callbacks
    gan = kgan.GAN(
        networks.dcgan_generator((8, 8, 1), 8, width=8),
        networks.dcgan_discriminator((8, 8, 1), width=8),
        seed=0,
    )
    gan.compile(penalties=["r1"], augment="ada")
    with tempfile.TemporaryDirectory() as folder:
        used = [
            callbacks.SampleGrid(f"{folder}/samples", save_freq=100),
            callbacks.HistoryCSV(f"{folder}/history.csv"),
            callbacks.Checkpoint(f"{folder}/gan.keras"),
            callbacks.Evaluate(
                images, ["fd32"], extractor=kgan.metrics.untrained((8, 8, 1))
            ),
            callbacks.Health(),
            callbacks.TensorBoard(f"{folder}/logs"),
            callbacks.StopOnInterrupt(),
        ]
        # One `fit`, which a thread runs from reading to reading.
        yield from epochs(gan, images, used)


def epochs(gan, images, callbacks) -> Iterator[None]:
    """Trains in one `fit`, and stops at the end of each epoch for a reading."""
    import keras

    turns = [threading.Semaphore(0), threading.Semaphore(0)]

    class Wait(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            turns[0].release()
            turns[1].acquire()

    arguments = {"steps_per_epoch": PARTS["steps"][1], "epochs": 10**6, "verbose": 0}
    options = {"callbacks": [*callbacks, Wait()], **arguments}
    threading.Thread(target=gan.fit, args=(images,), kwargs=options, daemon=True).start()
    while True:
        turns[0].acquire()
        yield
        turns[1].release()


def measure(part: str, plain: bool, count: int) -> None:
    """Prints the growth of this process."""
    per_reading = PARTS[part][1]
    use: Callable[[bool], Iterator[None]] = globals()[part]
    repetitions, readings = use(plain), []
    for _ in range(count // per_reading):
        for _ in range(1 if part == "steps" else per_reading):
            next(repetitions)
        readings.append(megabytes())
    first = len(readings) // 5
    growth = readings[-1] - readings[first - 1]
    each = growth / (len(readings) - first) / per_reading
    print(
        f"| {os.environ['KERAS_BACKEND']} | {'plain Keras' if plain else 'kgan'} | "
        f"{count:,} {part} | {readings[-1]:,.0f} MB | {growth:+.1f} MB | "
        f"{1000 * each:+.1f} kB |",
        flush=True,
    )
    # Threads of a long fit may still run.
    os._exit(0)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("parts", nargs="*", help=f"of {', '.join(PARTS)}; all by default")
    parser.add_argument("--plain", action="store_true", help="plain Keras too")
    parser.add_argument("--repetitions", type=int, metavar="N")
    parser.add_argument("--inside", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.inside:
        part = arguments.parts[0]
        measure(part, arguments.plain, arguments.repetitions or PARTS[part][0])
    print("| backend | model | repetitions | memory | growth | each |")
    print("| --- | --- | ---: | ---: | ---: | ---: |", flush=True)
    options = ["--inside"]
    if arguments.repetitions:
        options += ["--repetitions", str(arguments.repetitions)]
    for part in arguments.parts or PARTS:
        for plain in [False, True] if arguments.plain and part != "steps" else [False]:
            command = [sys.executable, __file__, part, *options]
            environment = {"KERAS_BACKEND": "tensorflow", **os.environ}
            subprocess.run(command + ["--plain"] * plain, env=environment, check=True)


if __name__ == "__main__":
    main()
