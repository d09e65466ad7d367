"""Automatic differentiation on PyTorch. The contract is in `kgan.backend`."""

import contextlib
import functools
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import keras
import numpy as np
import torch
from keras import ops
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils.checkpoint import checkpoint

from kgan import checks
from kgan.backend import processes, recording, rows
from kgan.backend.machine import GPU
from kgan.types import Tensor, Tensors

INEXACT_LAYERS: tuple[str, ...] = ()
COUNTER = "int64"
FAST_TRANSPOSED_CONVOLUTIONS = True
is_multiple = recording.is_multiple

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


def without_gradient() -> contextlib.AbstractContextManager[None]:
    return torch.no_grad()


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


@contextlib.contextmanager
def fused_batch_normalization() -> Iterator[None]:
    """Context in which `keras.layers.BatchNormalization` trains by one operation.

    Keras computes the mean, the variance and the result by a dozen operations, whose
    forward and backward passes take five times as long. Only roundings differ.
    """
    layer_type = keras.layers.BatchNormalization
    call = layer_type.call

    @functools.wraps(call)
    def fused(
        self: keras.layers.BatchNormalization,
        inputs: Tensor,
        training: bool | None = None,
        mask: Tensor | None = None,
    ) -> Tensor:
        plain = mask is None and not getattr(self, "renorm", False)
        if plain and training and self.trainable:
            return _batch_normalized(self, inputs)
        return call(self, inputs, training=training, mask=mask)

    layer_type.call = fused
    try:
        yield
    finally:
        layer_type.call = call


def _batch_normalized(layer: keras.layers.BatchNormalization, inputs: Tensor) -> Tensor:
    x = ops.cast(inputs, keras.backend.result_type(inputs.dtype, "float32"))
    gamma = ops.cast(layer.gamma, x.dtype) if layer.scale else None
    beta = ops.cast(layer.beta, x.dtype) if layer.center else None
    x = x.movedim(layer.axis, 1)
    outputs, mean, rsqrt = torch.native_batch_norm(
        x, gamma, beta, None, None, True, 0.0, layer.epsilon
    )
    for average, value in (
        (layer.moving_mean, mean),
        (layer.moving_variance, rsqrt**-2 - layer.epsilon),
    ):
        kept = ops.cast(average, x.dtype) * layer.momentum
        average.assign(kept + value * (1 - layer.momentum))
    return ops.cast(outputs.movedim(1, layer.axis), layer.compute_dtype)


def lay_out(variables: Iterable[keras.Variable]) -> None:
    """Stores kernels of convolutions in the order in which PyTorch reads them.

    Shapes and values stay. In Keras' order, each convolution would copy its kernel, and
    the optimizer would read gradients in another order than kernels.
    """
    for variable in variables:
        kernel = variable.value
        if kernel.ndim in (4, 5):
            # The axis of filters comes first in memory, the axis of inputs last.
            kernel.data = kernel.data.movedim(-1, 0).contiguous().movedim(0, -1)


@contextlib.contextmanager
def in_keras_order(variables: Sequence[keras.Variable]) -> Iterator[None]:
    """Context in which kernels have Keras' order in memory, see `lay_out`.

    The exports of PyTorch take tensors of another order for parts of tensors.
    """
    for variable in variables:
        variable.value.data = variable.value.data.contiguous()
    try:
        yield
    finally:
        lay_out(variables)


def apply(
    optimizer: keras.optimizers.Optimizer,
    gradients: list[Tensor],
    variables: Sequence[keras.Variable],
) -> None:
    optimizer.apply(gradients, variables)
    recording.count(optimizer.iterations)


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


def recompute(
    function: Callable[[list[Tensor]], list[Tensor]], inputs: list[Tensor]
) -> list[Tensor]:
    # PyTorch would keep the tensors of a list.
    return checkpoint(lambda *xs: function(list(xs)), *inputs, use_reentrant=False)


def take_rows(x: Tensor, index: Tensor) -> Tensor:
    return torch.take_along_dim(x, index[..., None].long(), dim=1)


blend_rows = functools.partial(rows.blend, take_rows)


def arrays(variables: Iterable[keras.Variable]) -> Iterator[np.ndarray]:
    return map(ops.convert_to_numpy, variables)


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
