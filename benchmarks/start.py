"""How long kgan takes to start.

    python benchmarks/start.py --backends tensorflow jax --runs 7

Each command runs in new processes, in turn with the others, so that a busy machine slows
all of them alike. Prints the medians of the wall time and of the processor time, user and
system together, and the ratio to the first row.
"""

import argparse
import os
import resource
import statistics
import subprocess
import sys
import time

COMMANDS = {
    "import keras": ["-c", "import keras"],
    "import kgan": ["-c", "import kgan"],
    "kgan --help": ["-m", "kgan_cli", "--help"],
    "kgan --version": ["-m", "kgan_cli", "--version"],
    "kgan train --help": ["-m", "kgan_cli", "train", "--help"],
    "kgan train --epochs 0": ["-m", "kgan_cli", "train", "--epochs", "0"],
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--backends", nargs="+", default=["tensorflow", "jax", "torch"])
    parser.add_argument("--runs", type=int, default=7)
    arguments = parser.parse_args()
    for backend in arguments.backends:
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


def measure(command: list[str], backend: str) -> tuple[float, float]:
    """Returns the wall time and the processor time of a new process, in seconds."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    start = time.perf_counter()
    subprocess.run(
        [sys.executable, *command],
        env={**os.environ, "KERAS_BACKEND": backend},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        check=False,
    )
    wall = time.perf_counter() - start
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    processor = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return wall, processor


if __name__ == "__main__":
    main()
