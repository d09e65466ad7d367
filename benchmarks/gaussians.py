"""Ring and grid of Gaussians: modes and quality of several recipes, over many seeds.

    KERAS_BACKEND=jax python benchmarks/gaussians.py

All recipes have the same networks, optimizer and number of reals shown, see
examples/gaussians.py. They differ in loss, penalties, packing and updates of the
discriminator. The script appends each result to a file at once,
benchmarks/results/gaussians.jsonl by default, and skips results that the file already
has. At the end it prints a table with means and lowest values over the seeds.

Reference: [Lin et al., 2017 (PacGAN)](https://arxiv.org/abs/1712.04086), section 4.1.
"""

import argparse
import json
import pathlib
import runpy
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import kgan

import keras
import numpy as np

ROOT = pathlib.Path(__file__).parent.parent
EXAMPLE = runpy.run_path(str(ROOT / "examples" / "gaussians.py"))
RESULTS = ROOT / "benchmarks" / "results" / "gaussians.jsonl"
TOYS = {"ring": EXAMPLE["RING"], "grid": EXAMPLE["GRID"]}
BATCH_SIZE = EXAMPLE["BATCH_SIZE"]

R1, R2 = kgan.penalties.R1, kgan.penalties.R2
# Smaller modes, relative to the scale of the networks, need a smaller weight.
WEIGHTS = {"ring": 0.1, "grid": 0.02}
RECIPES: dict[str, Callable[[float], dict[str, Any]]] = {
    "non_saturating": lambda weight: {"loss": "non_saturating"},
    "non_saturating + R1": lambda weight: {
        "loss": "non_saturating",
        "penalties": [R1(weight)],
    },
    "PacGAN 2": lambda weight: {"loss": "non_saturating", "pack": 2},
    "WGAN-GP": lambda weight: {
        "loss": "wasserstein",
        "penalties": [kgan.penalties.GradientPenalty(0.1)],
        "d_steps": 5,
    },
    "relativistic + R1 + R2": lambda weight: {
        "loss": "relativistic",
        "penalties": [R1(weight), R2(weight)],
    },
}


def run(toy_name: str, recipe: str, seed: int, steps: int) -> tuple[int, float]:
    """Trains a GAN, and returns its covered modes and share of high-quality samples."""
    toy = TOYS[toy_name]
    options = RECIPES[recipe](WEIGHTS[toy_name])
    # The same number of reals for all recipes: more updates per step make fewer steps.
    d_steps = options.get("d_steps", 1)
    steps //= d_steps
    gan = EXAMPLE["build_gan"]({**toy, **options}, steps, seed)
    batch_size, per_epoch = BATCH_SIZE * d_steps, max(1, steps // 20)
    points = EXAMPLE["draw_points"](toy, per_epoch * batch_size, seed)
    gan.fit(points, batch_size=batch_size, epochs=steps // per_epoch, verbose=0)
    return EXAMPLE["score"](toy, gan.sample(2500, seed=seed))


def table(
    results: Sequence[dict[str, Any]], toys: Sequence[str], recipes: Sequence[str]
) -> Iterator[str]:
    """Yields the lines of the table."""
    yield (
        "| recipe | "
        + " | ".join(f"{toy}: modes | high quality (lowest)" for toy in toys)
        + " |"
    )
    yield "| --- " * (1 + 2 * len(toys)) + "|"
    for recipe in recipes:
        cells = []
        for toy in toys:
            runs = [r for r in results if (r["toy"], r["recipe"]) == (toy, recipe)]
            modes = [r["modes"] for r in runs]
            quality = [100 * r["quality"] for r in runs]
            count = len(TOYS[toy]["centers"])
            cells += [
                f"{np.mean(modes):.1f} of {count} ({min(modes)})",
                f"{np.mean(quality):.1f} % ({min(quality):.1f})",
            ]
        yield f"| {recipe} | " + " | ".join(cells) + " |"


def main() -> None:
    parser = argparse.ArgumentParser(description="Recipes on rings and grids.")
    parser.add_argument("--toy", choices=TOYS, action="append")
    parser.add_argument("--recipe", choices=RECIPES, action="append")
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--steps", type=int, default=EXAMPLE["STEPS"])
    parser.add_argument("--results", default=RESULTS)
    arguments = parser.parse_args()
    toys, recipes = arguments.toy or list(TOYS), arguments.recipe or list(RECIPES)
    path = pathlib.Path(arguments.results)
    lines = path.read_text("utf-8").splitlines() if path.exists() else []
    results = [json.loads(line) for line in lines]
    done = {(r["toy"], r["recipe"], r["seed"], r["steps"]) for r in results}
    for seed in range(arguments.seeds):
        for recipe in recipes:
            for toy in toys:
                case = toy, recipe, seed, arguments.steps
                if case in done:
                    continue
                start = time.time()
                modes, quality = run(*case)
                keys = ("toy", "recipe", "seed", "steps")
                result = dict(zip(keys, case, strict=True))
                result |= {
                    "modes": modes,
                    "quality": quality,
                    "seconds": round(time.time() - start),
                    "keras": keras.__version__,
                    "backend": keras.backend.backend(),
                }
                results.append(result)
                with open(path, "a", encoding="utf-8") as file:
                    file.write(json.dumps(result) + "\n")
    print("\n".join(table(results, toys, recipes)))


if __name__ == "__main__":
    main()
