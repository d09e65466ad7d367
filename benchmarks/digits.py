"""How good the digits of the default `kgan train` are, and how long it takes.

    python benchmarks/digits.py --seeds 0 1 2

The benchmark trains with the recipe of the command, loads the saved GAN, draws 5,000
samples, and computes their distance to the digits by the classifier of
benchmarks/judge.py.
"""

import argparse
import csv
import pathlib
import tempfile
import time

from kgan_cli.main import main as kgan_main

import keras

from judge import Judge


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--epochs", type=int, help="by default those of kgan train")
    parser.add_argument("--loss", default="non_saturating")
    parser.add_argument("--precision", default="float32")
    parser.add_argument("--csv", help="file to write the rows to")
    arguments = parser.parse_args()
    judge = Judge()
    print(f"judge: accuracy {judge.accuracy:.3f} on held-out digits")
    print(f"floor: {judge.floor:.2f} between two halves of the real set")
    rows = []
    for seed in arguments.seeds:
        with tempfile.TemporaryDirectory() as folder:
            out = pathlib.Path(folder) / "run"
            options = ["--seed", str(seed), "--loss", arguments.loss, "--out", str(out)]
            options += ["--precision", arguments.precision]
            if arguments.epochs:
                options += ["--epochs", str(arguments.epochs)]
            start = time.monotonic()
            kgan_main(["train", *options])
            seconds = time.monotonic() - start
            gan = keras.models.load_model(out / "gan.keras")
        distance, shares = judge(gan.sample(5000, seed=seed, as_uint8=True))
        row = {
            "seed": seed,
            "distance": round(distance, 2),
            "over_floor": round(distance / judge.floor, 2),
            "smallest_class": round(shares.min(), 3),
            "largest_class": round(shares.max(), 3),
            "seconds": round(seconds),
        }
        rows.append(row)
        print(row, flush=True)
    print(f"mean distance {sum(row['distance'] for row in rows) / len(rows):.2f}")
    if arguments.csv:
        with open(arguments.csv, "w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, rows[0])
            writer.writeheader()
            writer.writerows(rows)


if __name__ == "__main__":
    main()
