"""Automatic differentiation on PyTorch. The contract is in `kgan.backend`."""

from collections.abc import Callable, Sequence
from typing import Any

import keras
import numpy as np
import torch

from kgan.types import Tensor, Tensors

INEXACT_LAYERS: tuple[str, ...] = ()
COUNTER = "int64"


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
    # Not `backward`, which would also store gradients in the other network.
    gradients = torch.autograd.grad(scaled, values, allow_unused=True)
    return (loss.detach(), logs), list(gradients)


def pullback(
    function: Callable[..., tuple[Tensor, Tensors]], x: Tensor, *inputs: Any
) -> tuple[tuple[Tensor, Tensors], Callable[[], Tensor]]:
    leaf = x.detach().requires_grad_()
    y, aux = function(leaf, *inputs)

    def gradient() -> Tensor:
        return torch.autograd.grad(y.sum(), leaf, create_graph=True)[0]

    return (y, aux), gradient


def apply(
    optimizer: keras.optimizers.Optimizer,
    gradients: list[Tensor],
    variables: Sequence[keras.Variable],
) -> None:
    optimizer.apply(gradients, variables)


def draw_local_rows(draw: Callable[[Tensor], Tensor], size: Tensor) -> Tensor:
    return draw(size)


def random_state() -> np.ndarray:
    # Keras' dropout without a seed draws from PyTorch's global generator.
    return torch.get_rng_state().numpy()


def set_random_state(state: np.ndarray) -> None:
    if len(state):
        torch.set_rng_state(torch.from_numpy(np.array(state, "uint8")))


def has_gpu() -> bool:
    return torch.cuda.is_available() or torch.backends.mps.is_available()


def num_threads() -> int:
    return torch.get_num_threads()
