"""How long kgan takes to start.

    python benchmarks/start.py --backends tensorflow jax --runs 7
    python benchmarks/start.py --backends jax --runs 3 --training

Each command runs in new processes, in turn with the others, so that a busy machine slows
all of them alike. Prints the medians of the wall time and of the processor time, user and
system together, and the ratio to the first row.

With `--training`, the commands are `kgan train` up to the end of the first step, of the
digits and of images of 32x32x3, each twice: with no compiled functions on disk, and with
those of the command before.
"""

import argparse
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping

COMMANDS = {
    "import keras": ["-c", "import keras"],
    "import kgan": ["-c", "import kgan"],
    "kgan --help": ["-m", "kgan_cli", "--help"],
    "kgan --version": ["-m", "kgan_cli", "--version"],
    "kgan train --help": ["-m", "kgan_cli", "train", "--help"],
    "kgan train --epochs 0": ["-m", "kgan_cli", "train", "--epochs", "0"],
}
# Runs a command in which training ends, with the process, after the first step.
FIRST_STEP = """
import os, sys
from kgan_cli.compilations import kept_compilations
from kgan_cli.main import main

def end(self, batch, logs=None):
    float(logs["loss"])  # Waits for the step.
    os._exit(0)

with kept_compilations():
    import kgan, keras
keras.callbacks.CallbackList.on_train_batch_end = end
sys.exit(main(["train", *sys.argv[1:]]) or "no step was trained")
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--backends", nargs="+", default=["tensorflow", "jax", "torch"])
    parser.add_argument("--runs", type=int, default=7)
    parser.add_argument("--training", action="store_true")
    arguments = parser.parse_args()
    for backend in arguments.backends:
        if arguments.training:
            measure_training(backend, arguments.runs)
            continue
        times: dict[str, list[tuple[float, float]]] = {name: [] for name in COMMANDS}
        # The first run reads the files from disk, and writes compiled ones.
        for number in range(arguments.runs + 1):
            for name, command in COMMANDS.items():
                seconds = measure(command, backend)
                if number > 0:
                    times[name].append(seconds)
        print(f"\n{backend}, medians of {arguments.runs} runs")
        print(f"{'':<24}{'wall':>8}{'processor':>12}{'to import keras':>18}")
        medians = {
            name: tuple(map(statistics.median, zip(*runs, strict=True)))
            for name, runs in times.items()
        }
        keras = medians["import keras"][1]
        for name, (wall, processor) in medians.items():
            ratio = processor / keras
            print(f"{name:<24}{wall:>6.2f} s{processor:>10.2f} s{ratio:>18.2f}")


def measure_training(backend: str, runs: int) -> None:
    """Prints the times until the first step is done, without and with what is kept."""
    import numpy as np

    environment = {k: v for k, v in os.environ.items() if "JAX_COMPILATION" not in k}
    times: dict[str, list[list[tuple[float, float]]]] = {"digits": [], "32x32x3": []}
    with tempfile.TemporaryDirectory() as folder:
        images = np.random.default_rng(0).integers(0, 256, (5_000, 32, 32, 3), "uint8")
        np.savez(f"{folder}/images.npz", images)
        data = {"digits": "digits", "32x32x3": f"{folder}/images.npz"}
        for number in range(runs + 1):
            for name, path in data.items():
                pair = []
                for start in ("first", "second"):
                    out = f"{folder}/{name}-{number}-{start}"
                    command = ["-c", FIRST_STEP, "--data", path, "--out", out]
                    home = f"{folder}/keras-{name}-{number}"
                    variables = {**environment, "KERAS_HOME": home}
                    pair.append(measure(command, backend, variables, check=True))
                # The first pair of all reads the files from disk.
                if number > 0:
                    times[name].append(pair)
    print(f"\n{backend}, until the first step is done, medians of {runs} pairs\n")
    print("| data | start | wall | processor | of the first | lowest to highest |")
    print("| --- " * 6 + "|")
    for name, pairs in times.items():
        columns = dict(zip(("first", "second"), zip(*pairs, strict=True), strict=True))
        for start, column in columns.items():
            wall, processor = map(statistics.median, zip(*column, strict=True))
            firsts = [first[1] for first, _ in pairs]
            ratios = [own[1] / first for own, first in zip(column, firsts, strict=True)]
            print(
                f"| {name} | {start} | {wall:.1f} s | {processor:.1f} s | "
                f"{statistics.median(ratios):.2f} | "
                f"{min(ratios):.2f} to {max(ratios):.2f} |",
                flush=True,
            )


def measure(
    command: list[str],
    backend: str,
    environment: Mapping[str, str] = os.environ,
    check: bool = False,
) -> tuple[float, float]:
    """Returns the wall time and the processor time of a new process, in seconds."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    start = time.perf_counter()
    subprocess.run(
        [sys.executable, *command],
        env={**environment, "KERAS_BACKEND": backend},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        check=check,
    )
    wall = time.perf_counter() - start
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    processor = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return wall, processor


if __name__ == "__main__":
    main()
