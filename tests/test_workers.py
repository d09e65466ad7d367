"""TF_CONFIG is read with care, and workers wait for each other with a limit."""

import json
import socket
import threading

import pytest

from kgan.trainers import workers
from kgan.trainers.workers import Cluster

pytestmark = pytest.mark.anywhere

TWO = {"worker": ["localhost:2222", "localhost:2223"]}
FIRST = {"type": "worker", "index": 0}


def free():
    with socket.socket() as one:
        one.bind(("", 0))
        return one.getsockname()[1]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "{}",
        "[]",
        "null",
        "7",
        '"x"',
        json.dumps({"cluster": {}, "task": FIRST}),
        json.dumps({"cluster": [], "task": FIRST}),
        json.dumps({"cluster": {"worker": []}, "task": FIRST}),
        json.dumps({"cluster": {"worker": "localhost:2222"}, "task": FIRST}),
        json.dumps({"cluster": {"worker": [1, 2]}, "task": FIRST}),
        json.dumps({"cluster": {"worker": ["localhost"]}, "task": FIRST}),
        json.dumps({"cluster": {"worker": ["localhost:0"]}, "task": FIRST}),
        json.dumps({"cluster": {"worker": ["localhost:70000"]}, "task": FIRST}),
        json.dumps({"cluster": {"worker": ["localhost:x"]}, "task": FIRST}),
        json.dumps({"cluster": {"worker": ["a:1", "a:1"]}, "task": FIRST}),
        json.dumps({"cluster": {"ps": ["a:1"], **TWO}, "task": FIRST}),
        json.dumps({"cluster": TWO}),
        json.dumps({"cluster": TWO, "task": []}),
        json.dumps({"cluster": TWO, "task": {"type": "worker"}}),
        json.dumps({"cluster": TWO, "task": {"type": "worker", "index": 2}}),
        json.dumps({"cluster": TWO, "task": {"type": "worker", "index": -1}}),
        json.dumps({"cluster": TWO, "task": {"type": "worker", "index": "0"}}),
        json.dumps({"cluster": TWO, "task": {"type": "chief", "index": 0}}),
    ],
)
def test_what_is_no_cluster_is_refused(monkeypatch, text):
    monkeypatch.setenv("TF_CONFIG", text)
    with pytest.raises(ValueError, match=r"TF_CONFIG.*Received: TF_CONFIG "):
        Cluster.from_environment()


def test_clusters(monkeypatch):
    config = {"cluster": TWO, "task": {"type": "worker", "index": 1}}
    monkeypatch.setenv("TF_CONFIG", json.dumps(config))
    first, second = ("localhost", 2222), ("localhost", 2223)
    assert Cluster.from_environment() == (second, [first])
    cluster = {"chief": ["a.b:1"], "worker": ["c:2"]}
    config = {"cluster": cluster, "task": {"type": "chief", "index": 0}}
    monkeypatch.setenv("TF_CONFIG", json.dumps(config))
    assert Cluster.from_environment() == (("a.b", 1), [("c", 2)])
    monkeypatch.delenv("TF_CONFIG")
    with pytest.raises(ValueError, match="Received: TF_CONFIG unset"):
        Cluster.from_environment()


def test_workers_that_all_start_meet():
    addresses = [("localhost", free()) for _ in range(3)]
    clusters = [Cluster(own, [a for a in addresses if a != own]) for own in addresses]
    met = []

    def run(cluster):
        workers.meet(cluster, limit=30)
        # TensorFlow would listen at this port now.
        with workers._listening(cluster.own):
            met.append(cluster.own)
            done.wait(30)

    done = threading.Event()
    threads = [threading.Thread(target=run, args=(cluster,)) for cluster in clusters]
    for thread in threads:
        thread.start()
    while len(met) < 3 and any(thread.is_alive() for thread in threads):
        threads[0].join(0.05)
    done.set()
    assert sorted(met) == sorted(addresses)


def test_a_worker_alone_waits_for_nobody():
    workers.meet(Cluster(("localhost", free()), []), limit=0)


def test_a_worker_that_does_not_start_is_named_with_progress(monkeypatch, capsys):
    monkeypatch.setattr(workers, "_PROGRESS", 0.3)
    missing = ("localhost", free())
    said = rf"must start within 1 s.*TF_CONFIG no answer from localhost:{missing[1]}"
    with pytest.raises(ValueError, match=said):
        workers.meet(Cluster(("localhost", free()), [missing]), limit=1)
    lines = capsys.readouterr().err.splitlines()
    assert 1 <= len(lines) <= 4 and f"localhost:{missing[1]} of TF_CONFIG" in lines[0]


def test_a_port_that_is_taken_is_named():
    with socket.socket() as other:
        other.bind(("", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(ValueError, match=rf"is taken.*TF_CONFIG localhost:{port}"):
            workers.meet(Cluster(("localhost", port), []))


def test_a_host_that_is_not_known_is_named():
    cluster = Cluster(("localhost", free()), [("no-such-host.invalid", 2222)])
    with pytest.raises(ValueError, match=r"not known.*TF_CONFIG no-such-host.invalid"):
        workers.meet(cluster, limit=0.5)
