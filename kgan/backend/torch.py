"""Automatic differentiation on PyTorch. The contract is in `kgan.backend`."""

import re
from collections.abc import Callable, Sequence
from typing import Any

import keras
import numpy as np
import torch
from torch.nn.attention import SDPBackend, sdpa_kernel

from kgan import checks
from kgan.backend import processes
from kgan.backend.machine import GPU
from kgan.types import Tensor, Tensors

INEXACT_LAYERS: tuple[str, ...] = ()
COUNTER = "int64"

# Before Keras makes a variable.
processes.choose_gpu()


def value_and_grad(
    function: Callable[..., tuple[Tensor, Tensors]],
    variables: Sequence[keras.Variable],
    *inputs: Any,
    scale: Callable[[Tensor], Tensor] = lambda loss: loss,
) -> tuple[tuple[Tensor, Tensors], list[Tensor]]:
    with torch.enable_grad():
        loss, logs = function(*inputs)
        scaled = scale(loss)
    values = [variable.value for variable in variables]
    try:
        # Not `backward`, which would also store gradients in the other network.
        gradients = torch.autograd.grad(scaled, values, allow_unused=True)
    except RuntimeError as error:
        _explain(error)
        raise
    found = loss.detach(), logs
    if processes.are_together():
        return processes.combine(found, list(gradients))
    return found, list(gradients)


def pullback(
    function: Callable[..., tuple[Tensor, Tensors]], x: Tensor, *inputs: Any
) -> tuple[tuple[Tensor, Tensors], Callable[[], Tensor]]:
    leaf = x.detach().requires_grad_()
    # Only this kernel of attention can be differentiated twice.
    with sdpa_kernel(SDPBackend.MATH):
        # A copy, since some layers of Keras change their inputs in place.
        y, aux = function(leaf.clone(), *inputs)

    def gradient() -> Tensor:
        return torch.autograd.grad(y.sum(), leaf, create_graph=True)[0]

    return (y, aux), gradient


def _explain(error: RuntimeError) -> None:
    """Raises the reason if an operation of PyTorch can't be differentiated twice."""
    found = re.search(r"derivative for aten::(\w+)_backward is not impl", str(error))
    if found:
        operation = found[1].strip("_")
        raise ValueError(
            f"PyTorch has no second derivative of {operation}, so a penalty on the "
            "gradient can't train the discriminator: replace the layer with "
            f"{operation}, or use a penalty that needs no gradient, for example `lecam`. "
            f"{checks.received(operation=operation)}"
        ) from error


def apply(
    optimizer: keras.optimizers.Optimizer,
    gradients: list[Tensor],
    variables: Sequence[keras.Variable],
) -> None:
    optimizer.apply(gradients, variables)


def draw_local_rows(draw: Callable[[Tensor], Tensor], size: Tensor) -> Tensor:
    # Each process draws the rows of the whole batch from the same seed, and keeps its own
    # rows.
    if not processes.are_together():
        return draw(size)
    start = processes.rank() * size
    return draw(processes.count() * size)[start : start + size]


def all_rows(rows: Tensor) -> Tensor:
    rows = rows.detach()
    return processes.all_rows(rows) if processes.are_together() else rows


def on_all_rows(function: Callable[[Tensor], Tensor], rows: Tensor) -> Tensor:
    if not processes.are_together():
        return function(rows)
    size = len(rows)
    start = processes.rank() * size
    return function(processes.all_rows(rows))[start : start + size]


def take_rows(x: Tensor, index: Tensor) -> Tensor:
    return torch.take_along_dim(x, index[..., None].long(), dim=1)


def random_state() -> np.ndarray:
    # Keras' dropout without a seed draws from PyTorch's global generator.
    return torch.get_rng_state().numpy()


def set_random_state(state: np.ndarray) -> None:
    if len(state):
        torch.set_rng_state(torch.from_numpy(np.array(state, "uint8")))


def has_gpu() -> bool:
    return torch.cuda.is_available() or torch.backends.mps.is_available()


def gpu() -> GPU | None:
    if torch.cuda.is_available():
        return GPU(
            name=torch.cuda.get_device_name(),
            memory=torch.cuda.get_device_properties().total_memory,
            used=torch.cuda.memory_allocated(),
            peak=torch.cuda.max_memory_allocated(),
        )
    if torch.backends.mps.is_available():
        # PyTorch keeps no peak of this memory.
        return GPU(
            name="Apple GPU",
            memory=torch.mps.recommended_max_memory(),
            used=torch.mps.current_allocated_memory(),
        )
    return None


def reset_peak() -> None:
    if torch.cuda.is_available():
        torch.cuda.reset_peak_memory_stats()


def num_threads() -> int:
    return torch.get_num_threads()
