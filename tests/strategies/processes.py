"""Trains small GANs in two processes, as torchrun does, and saves what came out.

    python processes.py FOLDER CASE...

torchrun imports everything again in each process, and again after a restart. Here, its
launcher forks the processes.
"""

import contextlib
import json
import os
import pathlib
import signal
import sys
import threading
import time

import keras
import numpy as np
import tensorflow  # noqa: F401  # Otherwise Keras imports it in each process.
import torch
from cases import CASES, POINTS, RESUMED, build, fit, results, resumed, state
from torch.distributed.launcher.api import LaunchConfig, elastic_launch

import kgan
from kgan.backend import processes
from kgan_cli.main import main as kgan_command

TRAIN = ["train", "--strategy", "torchrun", "--latent-dim", "8", "--epochs", "5"]


class Own(keras.utils.PyDataset):
    """Batches of eight points."""

    def __init__(self, points=POINTS):
        super().__init__()
        self.points = points

    def __len__(self):
        return len(self.points) // 8

    def __getitem__(self, index):
        return self.points[8 * index : 8 * (index + 1)]


def work(folder, cases):
    """What each process does, also after the restart of both."""
    folder = pathlib.Path(folder)
    if os.environ["TORCHELASTIC_RESTART_COUNT"] != "0":
        assert kgan_command(["train", "--resume", str(folder / "broken")]) == 0
        return
    strategy = kgan.trainers.strategy("torchrun")
    np.savez(folder / f"rank{processes.rank()}.npz", **trained(strategy, folder, cases))
    if processes.rank() == 0:
        # `refusals` must not differ between the processes, or they would wait forever.
        (folder / "said.json").write_text(json.dumps(refusals(strategy)))
    else:
        refusals(strategy)
    few = ["--data", str(folder / "few.npz")]
    assert kgan_command([*TRAIN, *few, "--out", str(folder / "straight")]) == 0
    end_in_the_midst(folder, [*TRAIN, *few, "--out", str(folder / "broken")])


def trained(strategy, folder, cases):
    arrays, rank = {}, processes.rank()
    for name in cases:
        gan, found = results(strategy, name)
        arrays |= found
    with processes.together([]):
        arrays["noise"] = gan.noise.draw_local(4, 3, gan.seed_generator).numpy()
    for name in RESUMED:
        arrays |= resumed(strategy, name, folder, torch.distributed.barrier)
    gan = build(strategy, **CASES["hinge"])
    arrays |= state("dataset", gan, fit(gan, Own()))
    gan = build(strategy, **CASES["hinge"])
    arrays |= state("uneven", gan, fit(gan, POINTS[:33], shuffle=False))
    gan = normalised()
    arrays |= state("normalised", gan, fit(gan))
    gan = clipped()
    arrays |= state("clipped", gan, fit(gan))
    # Other weights and seeds in each process, until `fit`.
    keras.utils.set_random_seed(rank)
    gan = kgan.GAN(*networks(keras.layers.Dropout(0.5)))
    gan.compile("sgd", "sgd")
    history = kgan.callbacks.HistoryCSV(folder / f"history{rank}.csv")
    arrays |= state(
        "unseeded", gan, gan.fit(POINTS, verbose=0, callbacks=history).history
    )
    arrays["random"] = torch.rand(3).numpy()
    gan.save(folder / f"gan{rank}.keras")
    return arrays


def networks(layer, units=8):
    generator = [keras.Input((3,)), keras.layers.Dense(units), layer]
    generator = keras.Sequential([*generator, keras.layers.Dense(2)])
    return generator, kgan.networks.mlp_discriminator((2,), (8,))


def normalised():
    """Returns a GAN whose weights stay, so that its statistics are known."""
    keras.utils.set_random_seed(0)
    gan = kgan.GAN(*networks(keras.layers.BatchNormalization()), seed=1)
    gan.compile(keras.optimizers.SGD(0.0), keras.optimizers.SGD(0.0))
    return gan


def clipped():
    """Returns a GAN whose optimizers clip and accumulate gradients."""
    keras.utils.set_random_seed(0)
    gan = kgan.GAN(*networks(keras.layers.ReLU()), seed=1)
    options = {"clipnorm": 0.01, "gradient_accumulation_steps": 2}
    gan.compile(*(keras.optimizers.SGD(1.0, **options) for _ in range(2)))
    return gan


def refusals(strategy):
    """Returns what is refused, and in which words."""
    rank = processes.rank()
    other = POINTS.copy()
    other[33, 1] += rank

    def of_other_sizes():
        gan = kgan.GAN(*networks(keras.layers.ReLU(), units=8 + rank))
        gan.compile()
        fit(gan)

    tries = {
        "batch_size": lambda: fit(build(strategy), batch_size=7),
        "d_steps": lambda: fit(build(strategy, d_steps=2), batch_size=6),
        "noise_batch_size": lambda: build(strategy, noise_batch_size=7),
        "evaluate": lambda: build(strategy).evaluate(POINTS, batch_size=9),
        "array": lambda: fit(build(strategy), other),
        "dataset": lambda: fit(build(strategy), Own(other)),
        "order": lambda: fit(build(strategy), kgan.data.Batches(POINTS, 8, seed=rank)),
        "networks": of_other_sizes,
        "none": lambda: kgan.trainers.strategy("none"),
        "mirrored": lambda: kgan.trainers.strategy("mirrored"),
    }
    said = {}
    for name, attempt in tries.items():
        try:
            attempt()
            said[name] = ""
        except ValueError as error:
            said[name] = str(error)
    return said


def end_in_the_midst(folder, command):
    """Kills process 1 while both train, and keeps what process 0 says then."""
    if processes.rank() == 1:
        threading.Thread(target=kill_when_saved, args=(folder / "broken",)).start()
        kgan_command(command)
        return
    # The launcher ends the others by SIGTERM, and would be first.
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    with (folder / "error.txt").open("w") as file, contextlib.redirect_stderr(file):
        status = kgan_command(command)
    (folder / "status.txt").write_text(str(status))
    sys.exit(status)


def kill_when_saved(run):
    while not (run / "gan.keras").exists():
        time.sleep(0.01)
    os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    config = LaunchConfig(
        min_nodes=1,
        max_nodes=1,
        nproc_per_node=2,
        run_id="test",
        rdzv_backend="c10d",
        rdzv_endpoint="localhost:0",
        start_method="fork",
        max_restarts=1,
    )
    elastic_launch(config, work)(sys.argv[1], sys.argv[2:])
