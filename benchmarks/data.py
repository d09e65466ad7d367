"""Measures the speed and the memory of reading a folder of pictures.

    python benchmarks/data.py --count 5000 --side 100
    KERAS_BACKEND=jax python benchmarks/data.py --arrays

Writes random pictures (smooth PNGs with transparency) into a temporary folder, and
measures samples per second, with samples kept on disk: of the first reading, which
decodes and resizes; of reading the batches of an epoch; and of training with the preset
for a CPU. With `--memory` it trains a few steps on folders of growing size, each in a
separate process, and measures the peak of memory. With `--arrays` it only reads, as
training does, the shuffled batches of an array of 32x32x3 with mirror images: samples per
second of processor time.
"""

import argparse
import pathlib
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from typing import Any

import kgan
from kgan.backend.keras_private import get_data_adapter
from kgan.types import ArrayLike, Config

import keras
import numpy as np
from PIL import Image

SIZE = 64


def write(folder: pathlib.Path, count: int, side: int) -> None:
    """Writes random pictures."""
    random = np.random.default_rng(0)
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(count):
        coarse = random.integers(0, 256, (side // 8 + 1, side // 8 + 1, 4), dtype="uint8")
        picture = Image.fromarray(coarse).resize((side, side), Image.Resampling.BICUBIC)
        picture.save(folder / f"{number:06d}.png")


def time_batches(samples: ArrayLike, batch_size: int = 32) -> float:
    """Reads the batches of an epoch, and returns samples per second."""
    batches = kgan.data.Batches(samples, batch_size, drop_remainder=True)
    start = time.perf_counter()
    for number in range(len(batches)):
        batches.batch(number)
    return len(batches) * batch_size / (time.perf_counter() - start)


def time_arrays(rounds: int = 5, count: int = 10_000, batch_size: int = 64) -> float:
    """Reads the batches of an array as training does, and returns samples per second."""
    images = np.random.default_rng(0).integers(0, 256, (count, 32, 32, 3), "uint8")
    samples = np.concatenate([images, images[:, :, ::-1]])
    networks = kgan.networks
    gan = kgan.GAN(
        networks.mlp_generator((32, 32, 3), 8),
        networks.mlp_discriminator((32, 32, 3)),
    )
    batches = kgan.data.Batches(samples, batch_size, drop_remainder=True)
    adapter = get_data_adapter(gan.devices.dataset(batches, None, training=True)[0])
    read = {
        "tensorflow": adapter.get_tf_dataset,
        "jax": adapter.get_jax_iterator,
        "torch": adapter.get_torch_dataloader,
    }[keras.backend.backend()]
    speeds = []
    for _ in range(rounds):
        start, shown = time.process_time(), 0
        for (batch,) in read():
            shown += len(batch)
        speeds.append(shown / (time.process_time() - start))
    return statistics.median(speeds)


def time_training(samples: ArrayLike, steps: int = 40, warmup: int = 10) -> float:
    """Trains with the preset, and returns samples per second after the warm-up."""
    preset = kgan.presets.get("small", samples.shape[1:], len(samples), compute="cpu")
    gan, times = preset.build(seed=0), []

    class Clock(keras.callbacks.Callback):
        def on_train_batch_end(self, batch: int, logs: Config | None = None) -> None:
            times.append(time.perf_counter())
            self.model.stop_training = len(times) >= steps

    fit_options: dict[str, Any] = {
        "batch_size": preset.batch_size,
        "epochs": 99,
        "verbose": 0,
    }
    gan.fit(samples, callbacks=[Clock()], **fit_options)
    return (steps - warmup) * preset.batch_size / (times[-1] - times[warmup - 1])


def print_speed(folder: str, channels: int) -> None:
    """Prints a row of the table of speeds."""
    options: dict[str, Any] = {"size": SIZE, "channels": channels, "memory": 0}
    start = time.perf_counter()
    samples, _ = kgan.data.load(folder, **options)
    decoding = len(samples) / (time.perf_counter() - start)
    batches = time_batches(samples)
    training = time_training(samples)
    print(
        f"| {channels} | {decoding:,.0f} ({decoding / training:.0f}) | {batches:,.0f} "
        f"({batches / training:.0f}) | {training:,.0f} |",
        flush=True,
    )


def print_memory(count: int, side: int) -> None:
    """Trains on pictures, and prints the peak of memory of this process."""
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder)
        write(path / "set", count, side)
        samples, _ = kgan.data.load(path / "set", size=SIZE, channels=3, memory=0)
        time_training(samples, steps=20)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    print(f"| {count:,} | {peak:.2f} GB |", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--count", type=int, default=5000)
    parser.add_argument(
        "--side", type=int, default=100, help="side of the pictures, in pixels"
    )
    parser.add_argument("--memory", type=int, nargs="*", metavar="N")
    parser.add_argument("--arrays", action="store_true")
    parser.add_argument("--one", type=int, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.one:
        print_memory(arguments.one, arguments.side)
        return
    if arguments.arrays:
        print(f"{keras.backend.backend()}: {time_arrays():,.0f} samples a second")
        return
    if arguments.memory is not None:
        print("| pictures | peak of memory |\n| --- | --- |", flush=True)
        for count in arguments.memory or [2_000, 10_000, 50_000]:
            command = [sys.executable, __file__, "--one", str(count)]
            subprocess.run([*command, "--side", str(arguments.side)], check=True)
        return
    print(
        "| channels | decoded a second (times training) | batches from disk, samples a "
        "second (times training) | trained a second |"
    )
    print("| --- " * 4 + "|")
    with tempfile.TemporaryDirectory() as folder:
        write(pathlib.Path(folder), arguments.count, arguments.side)
        for channels in (3, 4):
            print_speed(folder, channels)


if __name__ == "__main__":
    main()
