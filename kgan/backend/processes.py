"""The processes of PyTorch that train one model together, as torchrun starts them.

All processes hold the same variables, and each takes its rows of every batch. Within the
context `together`, the other functions combine the tensors of all processes. Outside of
the context a process computes alone, for example when it draws samples.
"""

import contextlib
import contextvars
import os
from collections.abc import Iterator, Sequence

import keras
import torch
from torch import distributed
from torch.distributed.nn import functional

from kgan.types import Tensor, Tensors

# The variables whose means are taken in each update; None while a process computes alone.
_statistics: contextvars.ContextVar[Sequence[keras.Variable] | None]
_statistics = contextvars.ContextVar("statistics", default=None)


class ProcessLost(RuntimeError):
    """Raised by a process after another process has ended."""


def are_launched() -> bool:
    """Whether torchrun has started this process."""
    return distributed.is_available() and distributed.is_torchelastic_launched()


def are_joined() -> bool:
    """Whether this process has joined the others, by `join` or by the user's script."""
    return distributed.is_available() and distributed.is_initialized()


def count() -> int:
    """Returns the number of processes, on all machines together."""
    if are_joined():
        return distributed.get_world_size()
    return int(os.environ["WORLD_SIZE"]) if are_launched() else 1


def rank() -> int:
    """Returns the number of this process, from 0 for the process that writes files."""
    if are_joined():
        return distributed.get_rank()
    return int(os.environ["RANK"]) if are_launched() else 0


def choose_gpu() -> None:
    """Makes one GPU for each process of a machine the GPU on which Keras computes.

    Raises:
        ValueError: If the machine has fewer GPUs than processes.
    """
    if not (are_launched() and torch.cuda.is_available()):
        return
    number, gpus = int(os.environ["LOCAL_RANK"]), torch.cuda.device_count()
    if number >= gpus:
        raise ValueError(
            "Each process needs a GPU of its own, so `--nproc_per_node` must be at most "
            f"{gpus} on this machine. Received: LOCAL_RANK={number}"
        )
    torch.cuda.set_device(number)


def join() -> None:
    """Waits until all processes have joined, if torchrun has started several."""
    if count() > 1 and not are_joined():
        # Tensors on the CPU, for example hashes, are exchanged without the GPUs.
        backends = "cpu:gloo,cuda:nccl" if torch.cuda.is_available() else "gloo"
        with _explained():
            store, number, size = next(distributed.rendezvous("env://"))
            # Restarted processes get the same store, in which are the addresses of the
            # processes that have ended.
            restart = os.environ["TORCHELASTIC_RESTART_COUNT"]
            store = distributed.PrefixStore(f"restart {restart}", store)
            distributed.init_process_group(
                backends, store=store, rank=number, world_size=size
            )


@contextlib.contextmanager
def together(statistics: Sequence[keras.Variable]) -> Iterator[None]:
    """Context in which this process computes a step together with the others.

    Args:
        statistics: Variables that each process moves by its own rows, for example running
            means. After each update of a network, all processes have their mean.
    """
    token = _statistics.set(statistics)
    try:
        yield
    finally:
        _statistics.reset(token)


def are_together() -> bool:
    """Whether this process computes a step together with others."""
    return _statistics.get() is not None


def combine(values: Tensors, gradients: list[Tensor]) -> tuple[Tensors, list[Tensor]]:
    """Returns the means of values and the sums of gradients over all processes.

    The statistics of `together` get their means, too.

    Args:
        values: Scalars in any structure.
        gradients: Tensors, or None for a variable without a gradient.
    """
    statistics = _statistics.get() or ()
    scalars = [keras.ops.convert_to_tensor(x) for x in keras.tree.flatten(values)]
    known = [gradient for gradient in gradients if gradient is not None]
    # One exchange for all tensors: each exchange waits for the slowest process.
    found = _sums([*known, *scalars, *(variable.value for variable in statistics)])
    sums = iter(found[: len(known)])
    means = [x / count() for x in found[len(known) :]]
    for variable, mean in zip(statistics, means[len(scalars) :], strict=True):
        variable.assign(mean)
    values = keras.tree.pack_sequence_as(values, means[: len(scalars)])
    return values, [None if one is None else next(sums) for one in gradients]


def average(variables: Sequence[keras.Variable]) -> None:
    """Assigns to variables their means over all processes."""
    sums = _sums([variable.value for variable in variables])
    for variable, total in zip(variables, sums, strict=True):
        variable.assign(total / count())


def all_rows(rows: Tensor) -> Tensor:
    """Returns the rows of all processes, which have equal numbers of rows.

    The gradient of a row is the sum of its gradients in all processes.
    """
    with _explained():
        return torch.cat(functional.all_gather(rows.contiguous()))


def values_of(fact: str) -> set[str]:
    """Returns the different values that a fact, a text, has in the processes."""
    found = [""] * count()
    with _explained():
        distributed.all_gather_object(found, fact)
    return set(found)


def copy_first(variables: Sequence[keras.Variable]) -> None:
    """Assigns to variables, and to the random state of the CPU, those of process 0."""
    for variable in variables:
        # As bytes: not every dtype can be exchanged.
        value = variable.value.detach().reshape(-1).clone()
        with _explained():
            distributed.broadcast(value.view(torch.uint8), src=0)
        variable.assign(value.reshape(variable.shape))
    state = torch.get_rng_state()
    with _explained():
        distributed.broadcast(state, src=0)
    torch.set_rng_state(state)


def _sums(tensors: Sequence[Tensor]) -> list[Tensor]:
    """Returns the sums of tensors over all processes, by one exchange."""
    joined = torch.cat([x.detach().reshape(-1) for x in tensors])
    with _explained():
        distributed.all_reduce(joined)
    parts = joined.split([x.numel() for x in tensors])
    pairs = zip(parts, tensors, strict=True)
    return [part.reshape(x.shape).to(x.dtype) for part, x in pairs]


@contextlib.contextmanager
def _explained() -> Iterator[None]:
    """Context in which the error of an exchange says that a process is lost."""
    try:
        yield
    except RuntimeError as error:
        raise ProcessLost(
            "Another process that trains with this process has ended, see its own error. "
            f"Received: {str(error).strip().splitlines()[0]}"
        ) from error
