"""Several devices train what one would: each run in processes of its own."""

import json
import os
import pathlib
import signal
import socket
import subprocess
import sys
import time

import numpy as np
import pytest
from helpers import assert_same_history

pytestmark = pytest.mark.backends("tensorflow", reason="strategies of tf.distribute")

HERE = pathlib.Path(__file__).parent
TRAIN = HERE / "strategies" / "train.py"
# One loss of single logits and one of pairs: `test_losses.py` has the others. A case has
# several options where each of them changes the result.
CASES = [
    "hinge penalties", "d_steps", "reused", "path length", "conditional", "vectors",
    "packed", "ada", "translator", "cyclegan", "scheduled",
]  # fmt: skip
# Between workers, each kind of exchange: of gradients, of means, and of rows.
BETWEEN_WORKERS = ["d_steps", "ada", "cyclegan"]
# A worker that is gone is noticed by the heartbeats of TensorFlow's coordination.
PATIENCE = 240


def clusters(count=2):
    """Yields the environments of the workers of a cluster on this machine."""
    sockets = [socket.socket() for _ in range(count)]
    for s in sockets:
        s.bind(("127.0.0.1", 0))
    workers = [f"127.0.0.1:{s.getsockname()[1]}" for s in sockets]
    for s in sockets:
        s.close()
    for index in range(count):
        task = {"type": "worker", "index": index}
        config = {"cluster": {"worker": workers}, "task": task}
        yield {**os.environ, "TF_CONFIG": json.dumps(config)}


def run(kind, out, *cases, env=None):
    return subprocess.Popen(
        [sys.executable, str(TRAIN), kind, str(out), *cases],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=env,
    )  # fmt: skip


def finished(*processes):
    try:
        for process in processes:
            _, error = process.communicate(timeout=PATIENCE)
            assert process.returncode == 0, error.decode()[-3000:]
    finally:
        for process in processes:
            process.kill()
            process.communicate()


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    folder = tmp_path_factory.mktemp("runs")
    kinds = ("one", "mirrored")
    # The last case is the one whose noise is looked at.
    finished(*(run(kind, folder / f"{kind}.npz", *CASES) for kind in kinds))
    workers = [
        run("multi_worker", folder / f"worker{i}.npz", *BETWEEN_WORKERS, env=env)
        for i, env in enumerate(clusters())
    ]
    finished(*workers)
    words = json.loads((folder / "mirrored.npz.json").read_text())
    arrays = {path.stem: dict(np.load(path)) for path in folder.glob("*.npz")}
    return arrays, words


def assert_close(actual, wanted, case):
    keys = [key for key in wanted if key.startswith(f"{case}:")]
    assert len(keys) > 15
    for key in keys:
        np.testing.assert_allclose(actual[key], wanted[key], atol=1e-6, err_msg=key)


@pytest.mark.parametrize("case", CASES)
def test_two_devices_train_what_one_does(runs, case):
    arrays, _ = runs
    assert_close(arrays["mirrored"], arrays["one"], case)


@pytest.mark.parametrize("case", BETWEEN_WORKERS)
@pytest.mark.parametrize("worker", ["worker0", "worker1"])
def test_two_workers_train_what_one_device_does(runs, worker, case):
    arrays, _ = runs
    assert_close(arrays[worker], arrays["one"], case)


def test_replicas_share_the_noise_of_one_device(runs):
    arrays, _ = runs
    noise = arrays["mirrored"]["noise"]
    assert noise.shape == (8, 3) and len(np.unique(noise)) == 24
    np.testing.assert_array_equal(noise, arrays["one"]["noise"])


def test_resumed_in_mid_epoch_on_two_devices(runs):
    arrays, _ = runs
    # `test_processes.py` has a CycleGAN, whose trace on two devices takes long.
    case = "hinge penalties"
    mirrored = arrays["mirrored"]
    keys = [key for key in mirrored if key.startswith(f"resumed {case}:")]
    assert len(keys) > 10
    for key in keys:
        wanted = mirrored[key.removeprefix("resumed ")]
        # The devices' sums are kept as one, and halved again.
        rounding = 1e-6 if ":log" in key else 0
        np.testing.assert_allclose(mirrored[key], wanted, rounding, rounding, key)


def test_a_dataset_of_the_users_own(runs):
    arrays, _ = runs
    one, two = arrays["one"]["dataset"], arrays["mirrored"]["dataset"]
    np.testing.assert_allclose(two, one, atol=1e-6)


def test_a_last_batch_smaller_than_the_devices(runs):
    mirrored = runs[0]["mirrored"]
    assert np.isfinite(mirrored["uneven"]).all()
    assert mirrored["uneven:iterations"] == 2 * 5


@pytest.mark.parametrize(
    "name, said",
    [
        ("clipnorm", "clip its own share .* Received: clipnorm=1.0"),
        ("clipvalue", "clip its own share .* Received: clipvalue=1.0"),
        ("global_clipnorm", "clip its own share .* Received: global_clipnorm=1.0"),
        ("accumulation", "accumulate .* Received: gradient_accumulation_steps=2"),
        ("jit_compile", "XLA .* Received: jit_compile=True"),
        ("noise_batch_size", "multiple of 2. Received: noise_batch_size=7"),
        ("schedules", "only the learning rate .* Received: schedules={'weight_decay'}"),
        ("outside", "strategy.scope.* Received: .*MirroredStrategy"),
        ("networks outside", "strategy.scope.* Received: .*, made outside of it"),
        ("gan outside", "strategy.scope.* Received: .*, made outside of it"),
        ("float16", "mixed_bfloat16. Received: compute_dtype='float16'"),
        ("nine", "multiple of 2. Received: batch_size=9"),
        ("evaluate", "multiple of 2. Received: batch_size=9"),
        ("batch_size", "multiple of 2. Received: batch_size=7"),
        ("d_steps", "multiple of 4. Received: batch_size=6"),
        ("pydataset", "tf.data.Dataset.* Received: data of type Own"),
        ("unknown", "steps_per_epoch.* Received: a dataset of cardinality -2"),
    ],
)
def test_refused_in_a_sentence(runs, name, said):
    import re

    _, words = runs
    assert re.search(said, words[name], re.S), words[name]


@pytest.mark.parametrize(
    "jobs, task, chief",
    [
        ({"worker": 2}, ("worker", 0), True),
        ({"worker": 2}, ("worker", 1), False),
        ({"chief": 1, "worker": 1}, ("chief", 0), True),
        ({"chief": 1, "worker": 1}, ("worker", 0), False),
    ],
)
def test_one_worker_writes(tiny, monkeypatch, jobs, task, chief):
    import types

    import tensorflow as tf

    cluster = {name: [f"localhost:{i}" for i in range(n)] for name, n in jobs.items()}
    resolver = tf.distribute.cluster_resolver.SimpleClusterResolver(
        tf.train.ClusterSpec(cluster), task_type=task[0], task_id=task[1]
    )
    gan = tiny()
    fake = types.SimpleNamespace(cluster_resolver=resolver)
    monkeypatch.setattr(type(gan), "distribute_strategy", fake)
    assert gan.devices.is_chief is chief


def kgan_train(*options):
    """Starts `kgan train` on two workers."""
    command = [sys.executable, "-m", "kgan", "train", "--strategy", "multi_worker"]
    return [
        subprocess.Popen(
            [*command, *options], stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=env
        )
        for env in clusters()
    ]


# Points, whose small networks start soon.
POINTS = np.random.default_rng(0).uniform(-1, 1, (128, 2)).astype("float32")


@pytest.fixture
def few(tmp_path):
    np.savez(tmp_path / "few.npz", x=POINTS)
    return ["--data", str(tmp_path / "few.npz"), "--latent-dim", "8"]


def test_a_worker_that_dies_ends_the_others_and_the_run_resumes(tmp_path, few):
    straight, broken = tmp_path / "straight", tmp_path / "broken"
    chief, worker = kgan_train(*few, "--epochs", "12", "--out", str(broken))
    history, deadline = broken / "history.csv", time.monotonic() + PATIENCE
    while not history.exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    worker.send_signal(signal.SIGKILL)
    worker.communicate()
    # While the chief waits for the heartbeats of the other worker.
    finished(*kgan_train(*few, "--epochs", "12", "--out", str(straight)))
    _, error = chief.communicate(timeout=PATIENCE)
    assert chief.returncode == 1
    assert b"Another worker is gone" in error and b"Traceback" not in error
    finished(*kgan_train("--resume", str(broken)))
    assert_same_history(broken, straight)
    assert {path.name for path in broken.iterdir()} == {
        path.name for path in straight.iterdir()
    }


def test_workers_with_different_data_are_refused(tmp_path):
    workers = []
    for index, env in enumerate(clusters()):
        # One coordinate of one point differs.
        points = POINTS.copy()
        points[100, 1] = index
        np.savez(tmp_path / f"{index}.npz", x=points)
        command = [sys.executable, "-m", "kgan", "train", "--strategy", "multi_worker"]
        options = ["--data", str(tmp_path / f"{index}.npz"), "--latent-dim", "8"]
        workers.append(
            subprocess.Popen(
                [*command, *options, "--epochs", "1", "--out", str(tmp_path / "run")],
                stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=env,
            )
        )  # fmt: skip
    for worker in workers:
        _, error = worker.communicate(timeout=PATIENCE)
        assert worker.returncode == 1
        assert b"must train on the same data" in error and b"Traceback" not in error


def test_workers_without_a_cluster_are_refused(monkeypatch, capsys):
    from kgan_cli.main import main

    monkeypatch.delenv("TF_CONFIG", raising=False)
    assert main(["train", "--strategy", "multi_worker"]) == 1
    assert "Received: TF_CONFIG unset" in capsys.readouterr().err
