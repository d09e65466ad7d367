"""How fast a folder of pictures is read, beside what training takes, and in what memory.

    python benchmarks/data.py --count 5000 --side 100

Writes random pictures (smooth ones, with transparency, as PNG) into a temporary folder,
and measures samples per second: of the first reading, decoding and resizing included; of
batches of an epoch from the file that it leaves, with samples kept on disk; and of
training by the preset for a CPU. With `--memory` it trains, a few steps, on folders of
growing size, each in a process of its own, and measures the peak of memory.
"""

import argparse
import pathlib
import resource
import subprocess
import sys
import tempfile
import time

import numpy as np
from PIL import Image

SIZE = 64


def write(folder, count, side, first=0):
    """Writes pictures numbered from `first`."""
    random = np.random.default_rng(first)
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(first, first + count):
        coarse = random.integers(0, 256, (side // 8 + 1, side // 8 + 1, 4), dtype="uint8")
        picture = Image.fromarray(coarse).resize((side, side), Image.Resampling.BICUBIC)
        picture.save(folder / f"{number:06d}.png")


def batches_per_second(samples, batch_size=32):
    """Reads an epoch of batches, and returns samples per second."""
    import kgan

    batches = kgan.data.Batches(samples, batch_size, drop_remainder=True)
    start = time.perf_counter()
    for number in range(len(batches)):
        batches.batch(number)
    return len(batches) * batch_size / (time.perf_counter() - start)


def training_per_second(samples, steps=40, warmup=10):
    """Trains by the preset, and returns samples per second after the first steps."""
    import keras

    import kgan

    preset = kgan.presets.get("small", samples.shape[1:], len(samples), compute="cpu")
    gan, times = preset.build(seed=0), []

    class Clock(keras.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            times.append(time.perf_counter())
            self.model.stop_training = len(times) >= steps

    gan.fit(samples, batch_size=preset.batch_size, epochs=99, verbose=0,
            callbacks=[Clock()])  # fmt: skip
    return (steps - warmup) * preset.batch_size / (times[-1] - times[warmup - 1])


def speed(folder, channels):
    """Prints a row of the table."""
    import kgan

    options = {"size": SIZE, "channels": channels, "memory": 0}
    start = time.perf_counter()
    samples, _ = kgan.data.load(folder, **options)
    first = len(samples) / (time.perf_counter() - start)
    again = batches_per_second(samples)
    training = training_per_second(samples)
    print(
        f"| {channels} | {first:,.0f} ({first / training:.0f}) | {again:,.0f} "
        f"({again / training:.0f}) | {training:,.0f} |",
        flush=True,
    )


def memory(count, side):
    """Trains on `count` pictures and prints the peak of memory, in this process."""
    import kgan

    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder)
        write(path / "set", count, side)
        samples, _ = kgan.data.load(path / "set", size=SIZE, channels=3, memory=0)
        training_per_second(samples, steps=20)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    print(f"| {count:,} | {peak:.2f} GB |", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--count", type=int, default=5000)
    parser.add_argument("--side", type=int, default=100, help="of the files' pictures")
    parser.add_argument("--memory", type=int, nargs="*", metavar="N")
    parser.add_argument("--one", type=int, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.one:
        memory(arguments.one, arguments.side)
        return
    if arguments.memory is not None:
        print("| pictures | peak of memory |\n| --- | --- |", flush=True)
        for count in arguments.memory or [2_000, 10_000, 50_000]:
            command = [sys.executable, __file__, "--one", str(count)]
            subprocess.run([*command, "--side", str(arguments.side)], check=True)
        return
    print("| channels | decoded a second (times training) | batches from disk, samples a "
          "second (times training) | trained a second |")  # fmt: skip
    print("| --- " * 4 + "|")
    with tempfile.TemporaryDirectory() as folder:
        write(pathlib.Path(folder), arguments.count, arguments.side)
        for channels in (3, 4):
            speed(folder, channels)


if __name__ == "__main__":
    main()
