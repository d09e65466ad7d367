"""Compares the speed of `fit` on two workers, with one core each, with one worker.

    python benchmarks/scaling.py

The script trains a DCGAN of 64-128-256 channels on noise images of 32x32, in turns in

- one process on one core;
- two independent processes at the same time: the gain that the memory and the clock of
  the machine allow for a second core;
- two workers of `MultiWorkerMirroredStrategy` with one core each, with the same batch for
  each worker ("twice the batch") and with half of the batch ("the same batch").

It prints the images per second relative to the one process, from the medians of the
rounds, and the fraction of a step that waits for the other worker.
"""

import argparse
import json
import os
import pathlib
import socket
import statistics
import subprocess
import sys
import time

SHAPE, LATENT_DIM = (32, 32, 1), 128


def train(kind: str, core: int, batch_size: int, steps: int) -> None:
    """Trains in this process and prints the seconds per step."""
    os.sched_setaffinity(0, {core})
    os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
    import kgan

    import keras
    import numpy as np
    import tensorflow as tf

    tf.config.threading.set_intra_op_parallelism_threads(1)
    strategy = tf.distribute.get_strategy()
    if kind == "workers":
        strategy = tf.distribute.MultiWorkerMirroredStrategy()
    keras.utils.set_random_seed(0)
    with strategy.scope():
        gan = kgan.GAN(
            kgan.networks.dcgan_generator(SHAPE, LATENT_DIM, width=64),
            kgan.networks.dcgan_discriminator(SHAPE, width=64),
            seed=0,
        )
        gan.compile()
    images = np.random.default_rng(0).integers(0, 256, (batch_size * steps, *SHAPE))
    images = images.astype("uint8")
    gan.fit(images[: batch_size * 2], batch_size=batch_size, verbose=0)  # Compiles.

    class Clock(keras.callbacks.Callback):
        def on_epoch_begin(self, epoch, logs=None):
            self.start = time.monotonic()

        def on_epoch_end(self, epoch, logs=None):
            self.seconds = time.monotonic() - self.start

    clock = Clock()
    gan.fit(images, batch_size=batch_size, verbose=0, callbacks=[clock])
    print(json.dumps({"step": clock.seconds / steps}), flush=True)


def launch(kind: str, batch_size: int, steps: int) -> float:
    """Runs one configuration and returns its seconds per step."""
    cores = sorted(os.sched_getaffinity(0))[: 1 if kind == "one" else 2]
    ports = []
    for _ in cores:
        with socket.socket() as s:
            s.bind(("127.0.0.1", 0))
            ports.append(f"127.0.0.1:{s.getsockname()[1]}")
    processes = []
    for index, core in enumerate(cores):
        task = {"type": "worker", "index": index}
        config = json.dumps({"cluster": {"worker": ports}, "task": task})
        environment = dict(os.environ)
        if kind == "workers":
            environment["TF_CONFIG"] = config
        command = [sys.executable, str(pathlib.Path(__file__)), "--process", kind]
        command += ["--core", str(core), "--batch-size", str(batch_size)]
        processes.append(
            subprocess.Popen(
                [*command, "--steps", str(steps)],
                env=environment,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                text=True,
            )
        )
    outputs = [process.communicate()[0] for process in processes]
    return max(json.loads(out.splitlines()[-1])["step"] for out in outputs)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--batch-size", type=int, default=64, help="of one process")
    parser.add_argument("--steps", type=int, default=15, help="timed, in each round")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--process", help=argparse.SUPPRESS)
    parser.add_argument("--core", type=int, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    batch, steps = arguments.batch_size, arguments.steps
    if arguments.process:
        return train(arguments.process, arguments.core, batch, steps)
    # For each run: the kind, the batch of `fit`, the images per step of all processes.
    runs = {
        "one process": ("one", batch, batch),
        "two processes apart": ("apart", batch, 2 * batch),
        "two workers, twice the batch": ("workers", 2 * batch, 2 * batch),
        "two workers, the same batch": ("workers", batch, batch),
    }
    seconds: dict[str, list[float]] = {name: [] for name in runs}
    for _ in range(arguments.rounds):
        for name, (kind, size, _) in runs.items():
            seconds[name].append(launch(kind, size, steps))
            print(f"{name}: {seconds[name][-1]:.3f} s per step", flush=True)
    medians = {name: statistics.median(times) for name, times in seconds.items()}
    one = batch / medians["one process"]
    for name, (_, _, images) in runs.items():
        print(f"{name}: {images / medians[name] / one:.2f} times the images per second")
    waits = medians["two workers, twice the batch"] - medians["two processes apart"]
    share = waits / medians["two workers, twice the batch"]
    print(f"with twice the batch, {share:.0%} of a step waits for the other worker")


if __name__ == "__main__":
    main()
