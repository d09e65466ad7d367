"""The speed of kgan beside other ways to train the same networks.

    python benchmarks/peers.py --jobs dcgan32 dcgan64 --rounds 6
    python benchmarks/peers.py --policy mixed_bfloat16 --threads 8

The jobs:

- `dcgan32`: a DCGAN of 64, 128 and 256 channels, 32x32x1, batches of 64;
- `dcgan64`: a DCGAN of 64 to 512 channels, 64x64x3, batches of 32, on a GPU of 128;
- `points`: dense layers on points, batches of 128: the time beside the layers;
- `penalties`: `dcgan32` with R1 and R2 in each step;
- `default`: the suggested preset for 10,000 images of 32x32x3;
- `digits`: the suggested preset for images of 8x8x1;
- `stylegan2`: 128x128, batches of 32, R1 and path length in some steps;
- `r3gan`: 32x32, 256 channels, R1 and R2, batches of 256.

All contenders of TensorFlow have the convolutions of oneDNN, which kgan turns on. With
`TF_ENABLE_ONEDNN_OPTS=0` in front of the command, all have those of TensorFlow itself.

The contenders are kgan on each backend; the step of the keras.io guide in `fit`; a bare
`tf.function` in a loop; plain PyTorch, channels last, with new noise for each network,
also with `torch.compile`; and Lightning. A contender whose framework is not installed is
left out. The networks compute the same from equal weights, and the optimizers are equal:
kgan trains the networks of `kgan.networks`, and the others layers of their framework. The
arithmetic, for the share below, is that of kgan's networks. The contenders
`kgan-BACKEND-reuse`, for `--only`, train with `reuse_fakes`, which is another algorithm.

Each contender is a process. In each round the contenders run a block of steps of about
`--seconds` one after the other, while the others wait. The table has the medians of the
rounds, the lowest and the highest round, the ratio to the images a second of kgan's
fastest backend, the share of the speed of this machine's products of matrices (blocks of
the same rounds), the peak memory, and the seconds from the start to the end of the first
step. After 50 steps kgan on PyTorch repeats a recorded step: with `--seconds` long
enough, the block before the rounds has more steps.
"""

import argparse
import importlib.util
import json
import os
import pathlib
import platform
import statistics
import subprocess
import sys
import tempfile
from typing import Any

from peers_run import BLOCKS, MARK, SHAPES

RUN = pathlib.Path(__file__).with_name("peers_run.py")
BATCHES = {"dcgan32": 64, "dcgan64": 32, "points": 128, "penalties": 64, "default": 32,
           "digits": 32, "stylegan2": 32, "r3gan": 256}  # fmt: skip
BATCHES_ON_GPU = {**BATCHES, "dcgan64": 128}
KGAN = ("kgan-tensorflow", "kgan-jax", "kgan-torch")
REUSE = tuple(f"{name}-reuse" for name in KGAN)
_TORCH = ("torch", "torch.compile", "lightning")
PEERS: dict[str, tuple[str, ...]] = {
    "dcgan32": ("keras.io", *_TORCH),
    "dcgan64": ("keras.io", *_TORCH),
    "points": ("tf.function", *_TORCH),
    # `torch.compile` has no second derivatives.
    "penalties": ("torch",),
    "default": (),
    "digits": (),
    "stylegan2": (),
    "r3gan": (),
}
NEEDS = {"keras.io": "tensorflow", "tf.function": "tensorflow", "torch.compile": "torch",
         "peak": "torch"}  # fmt: skip
# The multiplications and additions of two matrices of 2,048 rows and columns.
_PEAK_FLOPS = 2 * 2048**3
# A block has at least this number of steps.
_FEWEST = 2


class Contender:
    """A process that trains in blocks of steps.

    Args:
        name: Str, a name of `peers_run.BLOCKS`.
        job: Str, the name of the job.
        batch_size: Int.
        arguments: The arguments of the command line.

    Attributes:
        first: Float, seconds from the start to the end of the first step.
        rates: List of the steps a second of each block.
        memory: Float, GB.
    """

    def __init__(
        self, name: str, job: str, batch_size: int, arguments: argparse.Namespace
    ):
        self.name, self.memory = name, 0.0
        self.rates: list[float] = []
        threads = {
            variable: str(arguments.threads)
            for variable in ("OMP_NUM_THREADS", "TF_NUM_INTRAOP_THREADS")
        }
        keras = {"KERAS_BACKEND": name.split("-")[1]} if name in KGAN + REUSE else {}
        # Threads of PyTorch that wait must not take the time of the next contender.
        environment = {**os.environ, **threads, **keras, "OMP_WAIT_POLICY": "PASSIVE"}
        environment.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
        # As kgan does, so that all contenders of TensorFlow have the same convolutions.
        environment.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")
        # Closed by `end`.
        self.errors = tempfile.TemporaryFile("w+", encoding="utf-8")  # noqa: SIM115
        self.process = subprocess.Popen(
            [sys.executable, str(RUN), name, job, str(batch_size), arguments.policy],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self.errors,
            env=environment, text=True,
        )  # fmt: skip
        assert self.process.stdin and self.process.stdout
        self.input, self.output = self.process.stdin, self.process.stdout
        self.first = self._heard()["first"]
        self._run(_FEWEST)
        rate = _FEWEST / self._run(_FEWEST)
        self.steps = max(_FEWEST, round(arguments.seconds * rate))
        # The block's number of steps may compile anew.
        self._run(self.steps)

    def turn(self) -> None:
        """Runs a block, and keeps its speed."""
        self.rates.append(self.steps / self._run(self.steps))

    def end(self) -> None:
        self.process.kill()
        self.process.communicate()
        self.errors.close()

    def _run(self, steps: int) -> float:
        self.input.write(f"{steps}\n")
        self.input.flush()
        said = self._heard()
        self.memory = said["memory"]
        return said["seconds"]

    def _heard(self) -> dict[str, float]:
        for line in self.output:
            if line.startswith(MARK):
                return json.loads(line.removeprefix(MARK))
        self.errors.seek(0)
        raise RuntimeError(f"{self.name} failed: {self.errors.read()[-2000:]}")


def is_installed(name: str) -> bool:
    package = NEEDS.get(name) or name.removeprefix("kgan-").removesuffix("-reuse")
    return importlib.util.find_spec(package) is not None


def measure(job: str, arguments: argparse.Namespace) -> list[dict[str, Any]]:
    """Returns a row for each contender of a job."""
    batch_size = (BATCHES_ON_GPU if _gpu() else BATCHES)[job]
    wanted = arguments.only or (*KGAN, *PEERS[job])
    names = [name for name in wanted if name in (*KGAN, *REUSE, *PEERS[job])]
    contenders: list[Contender] = []
    try:
        for name in filter(is_installed, [*names, "peak"]):
            contenders.append(Contender(name, job, batch_size, arguments))
        for _ in range(arguments.rounds):
            for contender in contenders:
                contender.turn()
    finally:
        for contender in contenders:
            contender.end()
    flops = batch_size * _flops_per_image(job, batch_size)
    *trainers, peak = contenders
    best = max(_median(one) for one in trainers if one.name in KGAN)
    return [
        {
            "job": job,
            "contender": one.name,
            "policy": arguments.policy,
            "batch_size": batch_size,
            "images_per_second": round(_median(one) * batch_size, 1),
            "lowest": round(min(one.rates) * batch_size, 1),
            "highest": round(max(one.rates) * batch_size, 1),
            "of_kgan": round(_median(one) / best, 3),
            "of_peak": round(_median(one) * flops / (_median(peak) * _PEAK_FLOPS), 3),
            "memory_gb": one.memory,
            "first_step_s": one.first,
            "rounds": arguments.rounds,
            "threads": arguments.threads,
            "machine": machine(),
            "onednn": os.environ.get("TF_ENABLE_ONEDNN_OPTS", "1"),
            "versions": versions(),
        }
        for one in trainers
    ]


def _median(contender: Contender) -> float:
    return statistics.median(contender.rates)


def _flops_per_image(job: str, batch_size: int) -> float:
    """Returns the operations of a step for each image, from a process of its own."""
    code = (
        "import sys; from peers_run import gan; from kgan.presets import cost; "
        "job, size = sys.argv[1], int(sys.argv[2]); "
        "print(cost.flops_per_image(gan(job, size), size))"
    )
    command = [sys.executable, "-c", code, job, str(batch_size)]
    done = subprocess.run(
        command, cwd=RUN.parent, capture_output=True, text=True, check=True
    )
    return float(done.stdout.split()[-1])


def _gpu() -> bool:
    import torch

    return torch.cuda.is_available()


def machine() -> str:
    """Returns the name of the card, or of the processor with its cores."""
    import torch

    if torch.cuda.is_available():
        return torch.cuda.get_device_name()
    path = pathlib.Path("/proc/cpuinfo")
    lines = path.read_text().splitlines() if path.exists() else []
    # Processors of one name differ in their widest vectors.
    known = {line.split("\t")[0]: line.partition(": ")[2] for line in lines}
    name = known.get("model name", platform.processor())
    has = [kind for kind in ("AVX512F", "AVX2") if kind.lower() in known.get("flags", "")]
    return f"{name}{f' with {has[0]}' if has else ''}, {os.cpu_count()} cores"


def versions() -> dict[str, str]:
    from importlib.metadata import PackageNotFoundError, version

    found = {}
    for name in ("keras", "tensorflow", "jax", "torch", "lightning"):
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def table(rows: list[dict[str, Any]]) -> str:
    """Returns the rows in Markdown."""
    heads = ("job", "contender", "images a second", "lowest to highest", "of kgan",
             "of the peak", "memory", "first step")  # fmt: skip
    lines = [f"| {' | '.join(heads)} |", "| --- " * len(heads) + "|"]
    for row in rows:
        cells = (
            row["job"],
            row["contender"],
            f"{row['images_per_second']:,.0f}",
            f"{row['lowest']:,.0f} to {row['highest']:,.0f}",
            f"{row['of_kgan']:.2f}",
            f"{row['of_peak']:.2f}",
            f"{row['memory_gb']:.1f} GB",
            f"{row['first_step_s']:.0f} s",
        )
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def main() -> None:
    arguments = _arguments()
    # A path that can't be written is an error before the work.
    open(arguments.out, "a", encoding="utf-8").close()
    rows: list[dict[str, Any]] = []
    for job in arguments.jobs:
        found = measure(job, arguments)
        rows += found
        print(table(found), flush=True)
        with open(arguments.out, "a", encoding="utf-8") as file:
            file.writelines(json.dumps(row) + "\n" for row in found)
    print(f"\n{machine()}, {arguments.threads} threads, {arguments.policy}\n")
    print(table(rows))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--jobs", nargs="+", choices=SHAPES, default=[*SHAPES][:5])
    parser.add_argument("--only", nargs="+", choices=BLOCKS, help="contenders")
    parser.add_argument("--rounds", type=int, default=6)
    parser.add_argument("--seconds", type=float, default=4.0, help="of a block")
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--policy", default="float32")
    parser.add_argument("--out", default="peers.jsonl", help="lines of JSON to add to")
    return parser.parse_args()


if __name__ == "__main__":
    main()
