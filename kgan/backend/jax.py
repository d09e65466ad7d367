"""Automatic differentiation on JAX. See `kgan.backend.tensorflow` for the contract."""

from collections.abc import Callable, Sequence
from typing import Any

import jax
import numpy as np

from kgan.backend.scope import Scope

INEXACT_LAYERS: tuple[str, ...] = ()
# JAX has no 64 bits unless asked for.
COUNTER = "uint32"


def value_and_grad(
    function: Callable[[], tuple[Any, Any]], variables: Sequence[Any]
) -> tuple[tuple[Any, Any], list[Any]]:
    scopes = []

    def pure(values: list[Any]) -> tuple[Any, Any]:
        scope = Scope()
        scopes.append(scope)
        for variable, value in zip(variables, values, strict=True):
            scope.state_mapping[id(variable)] = value
        with scope:
            loss, aux = function()
        return loss, (aux, scope.written())

    values = [variable.value for variable in variables]
    differentiated = jax.value_and_grad(pure, has_aux=True)
    (loss, (aux, written)), gradients = differentiated(values)
    scopes[-1].write_through(written)
    return (loss, aux), gradients


def pullback(
    function: Callable[[Any], tuple[Any, Any]], x: Any
) -> tuple[tuple[Any, Any], Callable[[], Any]]:
    scopes = []

    def pure(x: Any) -> tuple[Any, Any]:
        scope = Scope()
        scopes.append(scope)
        with scope:
            y, aux = function(x)
        return y, (aux, scope.written())

    y, vjp, (aux, written) = jax.vjp(pure, x, has_aux=True)
    scopes[-1].write_through(written)
    return (y, aux), lambda: vjp(jax.numpy.ones_like(y))[0]


def apply(optimizer: Any, gradients: list[Any], variables: Sequence[Any]) -> None:
    if len(variables) != len(optimizer._trainable_variables):
        raise ValueError(
            "Call `compile` again after a change of `trainable`. Received: "
            f"{len(variables)} trainable variables for {optimizer.name}, which was built "
            f"with {len(optimizer._trainable_variables)}"
        )
    # Not `apply`, since a loss scale assigns within branches.
    trained, state = optimizer.stateless_apply(
        [variable.value for variable in optimizer.variables],
        gradients,
        [variable.value for variable in variables],
    )
    both = [*variables, *optimizer.variables]
    for variable, value in zip(both, [*trained, *state], strict=True):
        variable.assign(value)


def rows(draw: Callable[[Any], Any], size: Any) -> Any:
    # Under a distribution all devices see the whole batch.
    return draw(size)


def random_state() -> np.ndarray:
    """Returns what the framework draws from besides Keras' seeds; here, nothing."""
    return np.zeros(0, "uint8")


def set_random_state(state: np.ndarray) -> None:
    """Takes over what `random_state` returned."""


def has_gpu() -> bool:
    """Whether the framework computes on something faster than CPUs."""
    return jax.default_backend() != "cpu"
