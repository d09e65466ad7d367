"""Automatic differentiation on PyTorch. See `kgan.backend.tensorflow`."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch

INEXACT_LAYERS: tuple[str, ...] = ()
COUNTER = "int64"


def value_and_grad(
    function: Callable[[], tuple[Any, Any]], variables: Sequence[Any]
) -> tuple[tuple[Any, Any], list[Any]]:
    # Not `backward`, which would leave gradients in the other network too.
    with torch.enable_grad():
        loss, aux = function()
    values = [variable.value for variable in variables]
    gradients = torch.autograd.grad(loss, values, allow_unused=True)
    return (loss.detach(), aux), list(gradients)


def pullback(
    function: Callable[[Any], tuple[Any, Any]], x: Any
) -> tuple[tuple[Any, Any], Callable[[], Any]]:
    leaf = x.detach().requires_grad_()
    y, aux = function(leaf)

    def gradient() -> Any:
        return torch.autograd.grad(y.sum(), leaf, create_graph=True)[0]

    return (y, aux), gradient


def apply(optimizer: Any, gradients: list[Any], variables: Sequence[Any]) -> None:
    optimizer.apply(gradients, variables)


def rows(draw: Callable[[Any], Any], size: Any) -> Any:
    return draw(size)


def random_state() -> np.ndarray:
    # Keras' dropout without a seed draws from the global generator.
    return torch.get_rng_state().numpy()


def set_random_state(state: np.ndarray) -> None:
    if len(state):
        torch.set_rng_state(torch.from_numpy(np.array(state, "uint8")))


def has_gpu() -> bool:
    """Whether the framework computes on something faster than CPUs."""
    return torch.cuda.is_available() or torch.backends.mps.is_available()
