"""Time to the first step and peak memory of each preset.

    python benchmarks/presets.py

Each preset runs in its own process. The process imports kgan, builds the GAN, and trains
a few steps on 2,000 random samples; the time includes the imports.
"""

import argparse
import json
import resource
import subprocess
import sys
import time
from typing import Any

CASES = {
    "digits": ("small", (8, 8, 1), "cpu"),
    "MNIST": ("small", (28, 28, 1), "cpu"),
    "64x64 colour": ("small", (64, 64, 3), "cpu"),
    "DCGAN, MNIST": ("dcgan", (28, 28, 1), "cpu"),
    "SNGAN, 32x32": ("sngan", (32, 32, 3), "cpu"),
    "R3GAN, 32x32": ("r3gan", (32, 32, 3), "cpu"),
    "StyleGAN2, 64x64": ("stylegan2", (64, 64, 3), "cpu"),
    "FastGAN, 64x64": ("fastgan", (64, 64, 3), "cpu"),
    "BigGAN, 64x64": ("biggan", (64, 64, 3), "cpu"),
    "signals": ("wavegan", (16_384, 1), "cpu"),
    "points": ("mlp", (2,), "cpu"),
}


def measure(case: str, steps: int) -> dict[str, Any]:
    """Builds and trains a GAN, and returns its costs. Call it in a new process."""
    start = time.perf_counter()
    import kgan
    from kgan.presets import cost

    import keras
    import numpy as np

    name, shape, compute = CASES[case]
    preset = kgan.presets.get(name, shape, 2_000, compute=compute, budget=300_000)
    gan = preset.build(seed=0)
    samples = np.random.default_rng(0).uniform(-1, 1, (2_000, *shape)).astype("float32")
    if kgan.data.is_image_shape(shape):
        samples = ((samples + 1) * 127.5).astype("uint8")

    times = []

    class Clock(keras.callbacks.Callback):
        def on_train_batch_end(self, batch: int, logs: dict | None = None) -> None:
            times.append(time.perf_counter() - start)
            self.model.stop_training = len(times) >= steps

    size = preset.batch_size
    gan.fit(samples, batch_size=size, epochs=99, verbose=0, callbacks=[Clock()])
    costs = cost.estimate(gan, preset.images, preset.batch_size)
    return {
        "case": case,
        "preset": name,
        "parameters": costs.parameters,
        "tflop": round(costs.flops / 1e12, 1),
        "first_step": round(times[0], 1),
        "step": round((times[-1] - times[0]) / (len(times) - 1), 3),
        "memory": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6, 2),
        "estimated": round(costs.memory / 1e9, 2),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--steps", type=int, default=8)
    parser.add_argument("--case", choices=CASES, action="append")
    parser.add_argument("--measure", choices=CASES, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.measure:
        print(json.dumps(measure(arguments.measure, arguments.steps)))
        return
    print(
        "| data | preset | parameters | TFLOP of 300,000 samples | first step after | "
        "peak memory (estimate) |"
    )
    print("| --- " * 6 + "|")
    for case in arguments.case or CASES:
        command = [sys.executable, __file__, "--measure", case]
        command += ["--steps", str(arguments.steps)]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        row = json.loads(done.stdout.splitlines()[-1])
        print(
            f"| {case} | `{row['preset']}` | {row['parameters']:,} | {row['tflop']:g} | "
            f"{row['first_step']:g} s | {row['memory']:g} GB ({row['estimated']:g}) |",
            flush=True,
        )


if __name__ == "__main__":
    main()
