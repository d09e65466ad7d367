"""The workers that train together, as the environment variable TF_CONFIG lists them."""

import contextlib
import errno
import json
import os
import socket
import sys
import time
from collections.abc import Iterable
from typing import Any, NamedTuple

from kgan import checks

# Seconds in which all workers must have started.
_LIMIT = 600.0
# Seconds after which an unknown host is an error. The names of the hosts of a cluster may
# need some time to appear.
_LIMIT_OF_NAMES = 20.0
# Seconds between two lines that say which workers are missing.
_PROGRESS = 10.0

Address = tuple[str, int]


class Cluster(NamedTuple):
    """The workers in TF_CONFIG.

    Attributes:
        own: `(host, port)` of this worker.
        others: The addresses of all other workers.
    """

    own: Address
    others: list[Address]

    @classmethod
    def from_environment(cls) -> "Cluster":
        """Reads TF_CONFIG.

        Raises:
            ValueError: If TF_CONFIG is missing, is no JSON, or does not describe a
                cluster and the place of this worker in it.
        """
        text = os.environ.get("TF_CONFIG")
        if text is None:
            raise _error(
                "Several workers need the environment variable TF_CONFIG, which lists "
                "all workers and the number of this worker",
                "unset",
            )
        try:
            config = json.loads(text)
        except ValueError as error:
            raise _error(f"TF_CONFIG must be JSON ({error})", repr(text)) from None
        jobs = _jobs(config, text)
        task = config.get("task")
        kind, index = _item(task, "type"), _item(task, "index")
        if kind not in jobs or not checks.is_count(index, 0) or index >= len(jobs[kind]):
            raise _error(
                "TF_CONFIG must name the place of this worker in the cluster, for "
                'example "task": {"type": "worker", "index": 0}',
                repr(text),
            )
        own = jobs[kind][index]
        everyone = [address for job in jobs.values() for address in job]
        return cls(own, [address for address in everyone if address != own])


def meet(cluster: Cluster, limit: float = _LIMIT) -> None:
    """Waits until all workers of a cluster have started.

    TensorFlow would wait in silence. Each worker listens at its own address until it has
    reached all other workers; then TensorFlow listens there.

    Args:
        cluster: The cluster.
        limit: Float, in seconds.

    Raises:
        ValueError: If the port of this worker is taken, if a host is not known, or if a
            worker does not start within the limit.
    """
    with _listening(cluster.own):
        begin = said = time.monotonic()
        missing = [address for address in cluster.others if not _answers(address)]
        while missing:
            now = time.monotonic()
            if now - begin > min(limit, _LIMIT_OF_NAMES):
                _check_names(missing)
            if now - begin > limit:
                raise _error(
                    f"All workers in TF_CONFIG must start within {limit:.0f} s",
                    f"no answer from {_listed(missing)}",
                )
            if now - said > _PROGRESS:
                said = now
                waited = f"{now - begin:.0f} s of {limit:.0f} s"
                print(
                    f"Waiting for the workers {_listed(missing)} of TF_CONFIG ({waited})",
                    file=sys.stderr,
                    flush=True,
                )
            time.sleep(0.2)
            missing = [address for address in missing if not _answers(address)]


@contextlib.contextmanager
def _listening(own: Address) -> Any:
    listener = socket.socket()
    # As TensorFlow does, so that a worker can begin again at once.
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(("", own[1]))
        listener.listen()
    except OSError as error:
        listener.close()
        taken = error.errno == errno.EADDRINUSE
        reason = "is taken by another process" if taken else f"can't be used ({error})"
        raise _error(
            f"The port of this worker in TF_CONFIG {reason}", _listed([own])
        ) from None
    with listener:
        yield


def _answers(address: Address) -> bool:
    try:
        with socket.create_connection(address, timeout=2) as connection:
            # A port that nobody listens at can be connected with itself.
            return connection.getsockname() != connection.getpeername()
    except OSError:
        return False


def _check_names(addresses: Iterable[Address]) -> None:
    for host, port in addresses:
        try:
            socket.getaddrinfo(host, port)
        except OSError as error:
            raise _error(
                f"A host in TF_CONFIG is not known ({error})", f"{host}:{port}"
            ) from None


def _jobs(config: Any, text: str) -> dict[str, list[Address]]:
    """Returns the addresses of each job in the cluster."""
    cluster = _item(config, "cluster")
    try:
        jobs = {kind: [_address(one) for one in cluster[kind]] for kind in cluster}
    except (TypeError, ValueError):
        jobs = {}
    everyone = [address for job in jobs.values() for address in job]
    known = set(jobs) <= {"chief", "worker"} and len(jobs.get("chief", [])) <= 1
    if not everyone or not known or len(set(everyone)) != len(everyone):
        raise _error(
            "TF_CONFIG must list the addresses of all workers, for example "
            '{"cluster": {"worker": ["host0:2222", "host1:2222"]}, '
            '"task": {"type": "worker", "index": 0}}',
            repr(text),
        )
    return jobs


def _address(text: Any) -> Address:
    host, _, port = str(text).rpartition(":")
    if not host or not 0 < int(port) < 2**16:
        raise ValueError("No address.")
    return host, int(port)


def _item(config: Any, name: str) -> Any:
    return config.get(name) if isinstance(config, dict) else None


def _listed(addresses: Iterable[Address]) -> str:
    return ", ".join(f"{host}:{port}" for host, port in addresses)


def _error(problem: str, received: str) -> ValueError:
    return ValueError(f"{problem}. Received: TF_CONFIG {received}")
