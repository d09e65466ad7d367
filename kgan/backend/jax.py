"""Automatic differentiation on JAX. The contract is in `kgan.backend`."""

import contextlib
import functools
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import keras
import numpy as np
from keras import ops

from kgan.backend import rows
from kgan.backend.machine import GPU, num_cores
from kgan.backend.scope import Scope
from kgan.types import Tensor, Tensors

INEXACT_LAYERS: tuple[str, ...] = ()
# By default, JAX has no 64-bit ints.
COUNTER = "uint32"
# On a CPU they take several times as long.
FAST_TRANSPOSED_CONVOLUTIONS = False


def value_and_grad(
    function: Callable[..., tuple[Tensor, Tensors]],
    variables: Sequence[keras.Variable],
    *inputs: Any,
    scale: Callable[[Tensor], Tensor] = lambda loss: loss,
) -> tuple[tuple[Tensor, Tensors], list[Tensor]]:
    scopes = []

    def pure(values: list[Tensor]) -> tuple[Tensor, Tensors]:
        scope = Scope()
        scopes.append(scope)
        for variable, value in zip(variables, values, strict=True):
            scope.state_mapping[id(variable)] = value
        with scope:
            loss, logs = function(*inputs)
            scaled = scale(loss)
        return scaled, (loss, logs, scope.written())

    values = [variable.value for variable in variables]
    differentiated = jax.value_and_grad(pure, has_aux=True)
    (_, (loss, logs, written)), gradients = differentiated(values)
    scopes[-1].write_through(written)
    return (loss, logs), gradients


def pullback(
    function: Callable[..., tuple[Tensor, Tensors]], x: Tensor, *inputs: Any
) -> tuple[tuple[Tensor, Tensors], Callable[[], Tensor]]:
    scopes = []

    def pure(x: Tensor) -> tuple[Tensor, Tensors]:
        scope = Scope()
        scopes.append(scope)
        with scope:
            y, aux = function(x, *inputs)
        return y, (aux, scope.written())

    y, vjp, (aux, written) = jax.vjp(pure, x, has_aux=True)
    scopes[-1].write_through(written)
    return (y, aux), lambda: vjp(jax.numpy.ones_like(y))[0]


def without_gradient() -> contextlib.AbstractContextManager[None]:
    # JAX follows the differentiated variables only.
    return contextlib.nullcontext()


def apply(
    optimizer: keras.optimizers.Optimizer,
    gradients: list[Tensor],
    variables: Sequence[keras.Variable],
) -> None:
    # Not `Optimizer.apply`: with a loss scale, it assigns variables within branches.
    trained, state = optimizer.stateless_apply(
        [variable.value for variable in optimizer.variables],
        gradients,
        [variable.value for variable in variables],
    )
    both = [*variables, *optimizer.variables]
    for variable, value in zip(both, [*trained, *state], strict=True):
        variable.assign(value)


def is_multiple(counter: Tensor, every: int) -> Tensor:
    return ops.equal(counter % every, 0)


def draw_local_rows(draw: Callable[[Tensor], Tensor], size: Tensor) -> Tensor:
    # Under a `keras.distribution`, `size` is the size of the whole batch.
    return draw(size)


def all_rows(rows: Tensor) -> Tensor:
    # Under a `keras.distribution`, these are the rows of the whole batch.
    return jax.lax.stop_gradient(rows)


def on_all_rows(function: Callable[[Tensor], Tensor], rows: Tensor) -> Tensor:
    # Under a `keras.distribution`, these are the rows of the whole batch.
    return function(rows)


def recompute(
    function: Callable[[list[Tensor]], list[Tensor]], inputs: list[Tensor]
) -> list[Tensor]:
    return jax.checkpoint(function)(inputs)


def take_rows(x: Tensor, index: Tensor) -> Tensor:
    return jnp.take_along_axis(x, index[..., None], axis=1)


blend_rows = functools.partial(rows.blend, take_rows)


def arrays(variables: Iterable[keras.Variable]) -> Iterator[np.ndarray]:
    return map(ops.convert_to_numpy, variables)


def random_state() -> np.ndarray:
    # On JAX, Keras draws from its own seeds only.
    return np.zeros(0, "uint8")


def set_random_state(state: np.ndarray) -> None:
    """Does nothing, see `random_state`."""


def has_gpu() -> bool:
    return jax.default_backend() != "cpu"


def gpu() -> GPU | None:
    device = jax.local_devices()[0]
    if device.platform == "cpu":
        return None
    known: dict[str, int] = {}
    # Not all devices count their memory.
    with contextlib.suppress(jax.errors.JaxRuntimeError):
        known = device.memory_stats() or {}
    keys = "bytes_limit", "bytes_in_use", "peak_bytes_in_use"
    return GPU(device.device_kind, *map(known.get, keys))


def reset_peak() -> None:
    """Does nothing: JAX keeps the peak for the life of the process."""


def num_threads() -> int:
    # XLA reads the variable when it starts, and otherwise takes one thread per core.
    return int(os.environ.get("PJRT_NPROC") or os.environ.get("NPROC") or num_cores())
