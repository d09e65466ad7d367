"""Compares the time of a training step with and without an augmentation.

    KERAS_BACKEND=tensorflow taskset -c 1 python benchmarks/augment.py

The GAN is the one that `kgan.presets.suggest` builds for 3,551 images of 32x32x3 on a
CPU. Its step augments the reals once and the fakes twice, and the penalty R1
differentiates through the augmentation of the reals. The augmentations run in one process
and take turns, an epoch each. The script prints the median processor time of a step,
which other programs on the machine change little, and the time that each augmentation
adds, as a share of the step without augmentation.
"""

import argparse
import dataclasses
import statistics
import time
from collections.abc import Callable
from typing import Any

import kgan

import keras
import numpy as np

SHAPE, NUM_IMAGES = (32, 32, 3), 3551
AUGMENTATIONS: dict[str, Callable[[], Any]] = {
    "none": lambda: None,
    "DiffAugment()": kgan.augment.DiffAugment,
    'ADA("bgc")': lambda: kgan.augment.ADA(initial=0.5),
    'ADA("bgcfnc")': lambda: kgan.augment.ADA(initial=0.5, pipeline="bgcfnc"),
}


class Clock(keras.callbacks.Callback):
    """Measures the processor time between the ends of the batches."""

    def __init__(self) -> None:
        super().__init__()
        self.seconds: list[float] = []

    def on_epoch_begin(self, epoch: int, logs: dict | None = None) -> None:
        self.last: float | None = None

    def on_train_batch_end(self, batch: int, logs: dict | None = None) -> None:
        now = time.process_time()
        if self.last is not None:
            self.seconds.append(now - self.last)
        self.last = now


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--steps", type=int, default=20, help="in a round")
    parser.add_argument(
        "--only", nargs="+", default=AUGMENTATIONS, help="compared with none"
    )
    arguments = parser.parse_args()

    preset = kgan.presets.suggest(SHAPE, NUM_IMAGES, compute="cpu")
    size = (arguments.steps * preset.batch_size, *SHAPE)
    images = np.random.default_rng(0).integers(0, 256, size, dtype="uint8")
    runs = {}
    for name in dict.fromkeys(["none", *arguments.only]):
        settings = {**preset.compile, "augment": AUGMENTATIONS[name]()}
        runs[name] = (
            dataclasses.replace(preset, compile=settings).build(seed=0),
            Clock(),
        )
    for turn in range(arguments.rounds + 1):
        for gan, clock in runs.values():
            # The first epoch compiles, and is not timed.
            clocks = [clock] if turn else []
            gan.fit(images, batch_size=preset.batch_size, verbose=0, callbacks=clocks)

    medians = {
        name: statistics.median(clock.seconds) for name, (_, clock) in runs.items()
    }
    for name, seconds in medians.items():
        added = seconds / medians["none"] - 1
        print(f"{name:14} {1e3 * seconds:7.2f} ms a step, {added:+7.1%}")


if __name__ == "__main__":
    main()
