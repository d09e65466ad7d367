"""Two processes of torchrun train what one process trains, and resume after a kill."""

import contextlib
import json
import os
import pathlib
import re
import signal
import subprocess
import sys

import keras
import numpy as np
import pytest
from helpers import assert_same_history, assert_same_state

import kgan

pytestmark = pytest.mark.backends("torch", reason="processes of torchrun")

HERE = pathlib.Path(__file__).parent
sys.path.append(str(HERE / "strategies"))

import cases  # noqa: E402

# What the processes share does not depend on the loss.
CASES = [
    "hinge penalties", "d_steps", "reused", "path length", "conditional", "vectors",
    "packed", "ada", "cyclegan", "scheduled",
]  # fmt: skip
# Far more than the processes need: none may wait for another forever.
PATIENCE = 240


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """The folder where two processes have trained, one was killed, and both resumed."""
    folder = tmp_path_factory.mktemp("processes")
    np.savez(folder / "few.npz", x=np.random.default_rng(0).uniform(-1, 1, (128, 2)))
    launcher = subprocess.Popen(
        [sys.executable, str(HERE / "strategies" / "processes.py"), str(folder), *CASES],
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
        start_new_session=True,
    )  # fmt: skip
    try:
        _, error = launcher.communicate(timeout=PATIENCE)
    finally:
        # With the processes that it has started.
        with contextlib.suppress(ProcessLookupError):
            os.killpg(launcher.pid, signal.SIGKILL)
    assert launcher.returncode == 0, error[-5000:]
    return folder


@pytest.fixture(scope="module")
def ranks(folder):
    """What the two processes have trained."""
    return [dict(np.load(folder / f"rank{rank}.npz")) for rank in (0, 1)]


@pytest.mark.parametrize("case", CASES)
def test_two_processes_train_what_one_does(ranks, case):
    _, wanted = cases.results(kgan.trainers.strategy("none"), case)
    assert len(wanted) > 15
    for rank, array in ((rank, key) for rank in ranks for key in wanted):
        np.testing.assert_allclose(rank[array], wanted[array], atol=1e-6, err_msg=array)


def test_both_processes_have_the_same_numbers(ranks):
    first, second = ranks
    assert set(first) == set(second)
    for key in set(first) - {"noise"}:
        np.testing.assert_array_equal(first[key], second[key], key)


def test_processes_share_the_noise_of_one(ranks):
    gan, _ = cases.results(kgan.trainers.strategy("none"), CASES[-1])
    noise = np.concatenate([rank["noise"] for rank in ranks])
    np.testing.assert_array_equal(noise, gan.noise.draw_local(8, 3, gan.seed_generator))
    assert len(np.unique(noise)) == 24


@pytest.mark.parametrize("case", cases.RESUMED)
def test_resumed_in_mid_epoch(ranks, case):
    keys = [key for key in ranks[0] if key.startswith(f"resumed {case}:")]
    assert len(keys) > 10
    for rank in ranks:
        for key in keys:
            wanted = rank[key.removeprefix("resumed ")]
            np.testing.assert_array_equal(rank[key], wanted, key)


def test_a_dataset_of_the_users_own(ranks):
    gan = cases.build(kgan.trainers.strategy("none"), **cases.CASES["hinge"])
    batches = [cases.POINTS[start : start + 8] for start in range(0, 40, 8)]
    cases.fit(gan, iter(2 * batches), steps_per_epoch=5)
    for i, weight in enumerate(gan.get_weights()):
        np.testing.assert_allclose(ranks[0][f"dataset:weight {i}"], weight, atol=1e-6)


def test_a_last_batch_smaller_than_the_processes(ranks):
    # The batches of process 0 and of process 1, with the last sample in both.
    gan = cases.build(kgan.trainers.strategy("none"), **cases.CASES["hinge"])
    last = np.repeat(cases.POINTS[32:33], 2, axis=0)
    batches = [*np.split(cases.POINTS[:32], 4), last]
    cases.fit(gan, iter(2 * batches), steps_per_epoch=5)
    for i, weight in enumerate(gan.get_weights()):
        np.testing.assert_allclose(ranks[0][f"uneven:weight {i}"], weight, atol=1e-6)


def test_statistics_are_means_over_the_processes(ranks):
    from processes import normalised

    gan = normalised()
    cases.fit(gan)
    names = [weight.path for weight in gan.weights]
    (index,) = [i for i, name in enumerate(names) if name.endswith("moving_mean")][:1]
    wanted = gan.get_weights()[index]
    assert np.abs(wanted).max() > 0.01
    # The mean of the means of two equal parts is the mean of the batch.
    found = ranks[0][f"normalised:weight {index}"]
    np.testing.assert_allclose(found, wanted, atol=1e-6)


def test_optimizers_get_the_gradients_of_the_whole_batch(ranks):
    from processes import clipped

    gan = clipped()
    before = gan.get_weights()[0]
    cases.fit(gan)
    for i, weight in enumerate(gan.get_weights()):
        found = ranks[0][f"clipped:weight {i}"]
        np.testing.assert_allclose(found, weight, atol=1e-6, err_msg=gan.weights[i].path)
    assert not np.array_equal(gan.get_weights()[0], before)


def test_one_process_writes(folder):
    assert (folder / "gan0.keras").exists() and (folder / "history0.csv").exists()
    assert not (folder / "gan1.keras").exists()
    assert not (folder / "history1.csv").exists()


@pytest.mark.parametrize(
    "name, said",
    [
        (
            "batch_size",
            "Each of the 2 processes .* multiple of 2. Received: batch_size=7",
        ),
        ("d_steps", "multiple of 4. Received: batch_size=6"),
        ("noise_batch_size", "multiple of 2. Received: noise_batch_size=7"),
        ("evaluate", "multiple of 2. Received: batch_size=9"),
        ("array", "same data.* Received: 2 kinds among 2 processes"),
        ("dataset", "same data.* Received: 2 kinds among 2 processes"),
        ("order", "same data.* Received: 2 kinds among 2 processes"),
        ("networks", "same GAN.* Received: 2 kinds among 2 processes"),
        ("none", "the strategy torchrun only. Received: strategy='none'"),
        ("mirrored", "KERAS_BACKEND=tensorflow. Received: strategy='mirrored'"),
    ],
)
def test_refused_in_a_sentence(folder, name, said):
    found = json.loads((folder / "said.json").read_text())[name]
    assert re.search(said, found, re.S), found


def test_a_process_that_is_killed_ends_the_other_and_the_run_resumes(folder):
    error = (folder / "error.txt").read_text()
    assert (folder / "status.txt").read_text() == "1"
    assert "Another worker is gone" in error and "Traceback" not in error
    straight, broken = folder / "straight", folder / "broken"
    assert_same_history(broken, straight)
    gans = [keras.models.load_model(run / "gan.keras") for run in (straight, broken)]
    assert_same_state(*gans)
    files = [{path.name for path in run.iterdir()} for run in (straight, broken)]
    assert files[0] == files[1]


def test_without_torchrun(capsys):
    from kgan_cli.main import main

    assert main(["train", "--strategy", "torchrun"]) == 1
    assert "Start the program with torchrun" in capsys.readouterr().err
