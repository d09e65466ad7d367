"""Automatic differentiation on TensorFlow."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import tensorflow as tf

# Keras layers whose second derivatives are wrong here, by 0.4 to 4 %: `tf.nn.moments`
# stops the gradient of the mean inside the variance (tensorflow PR #19609).
INEXACT_LAYERS: tuple[str, ...] = (
    "BatchNormalization",
    "LayerNormalization",
    "GroupNormalization",
)

# The dtype in which images and steps are counted.
COUNTER = "int64"


def value_and_grad(
    function: Callable[[], tuple[Any, Any]], variables: Sequence[Any]
) -> tuple[tuple[Any, Any], list[Any]]:
    """Calls `function` and differentiates its first result.

    Args:
        function: Callable without arguments, returning `(loss, aux)`: a scalar
            and anything that should come along.
        variables: Keras variables with respect to which to differentiate. No
            other variable is watched: Keras' freezing leaves
            `tf.Variable.trainable` True, so a tape would watch frozen ones too.

    Returns:
        `((loss, aux), gradients)`, one gradient per variable, in order.
    """
    watched = [variable.value for variable in variables]
    with tf.GradientTape(watch_accessed_variables=False) as tape:
        tape.watch(watched)
        loss, aux = function()
    return (loss, aux), tape.gradient(loss, watched)


def apply(optimizer: Any, gradients: list[Any], variables: Sequence[Any]) -> None:
    """Lets an optimizer update variables by gradients, one for each."""
    optimizer.apply(gradients, variables)


def rows(draw: Callable[[Any], Any], size: Any) -> Any:
    """Draws random numbers for this replica's share of a batch.

    Every replica draws those of the whole batch, from the same seed, and takes its
    own rows: together they have what one device would have drawn.

    Args:
        draw: Callable of a size, returning a tensor of that many rows.
        size: How many this replica needs.

    Returns:
        A tensor of `size` rows.
    """
    context = tf.distribute.get_replica_context()
    if context is None or context.num_replicas_in_sync == 1:
        return draw(size)
    start = context.replica_id_in_sync_group * size
    return draw(size * context.num_replicas_in_sync)[start : start + size]


def pullback(
    function: Callable[[Any], tuple[Any, Any]], x: Any
) -> tuple[tuple[Any, Any], Callable[[], Any]]:
    """Calls `function` on `x` and prepares its gradient with respect to `x`.

    Args:
        function: Callable of one tensor, returning `(y, aux)`.
        x: The tensor.

    Returns:
        `((y, aux), gradient)`, where `gradient()` is the gradient of `sum(y)` with
        respect to `x`, itself differentiable. It costs nothing until called.
    """
    # Several penalties may ask for it.
    with tf.GradientTape(persistent=True, watch_accessed_variables=False) as tape:
        tape.watch(x)
        y, aux = function(x)
    return (y, aux), lambda: tape.gradient(y, x)


def random_state() -> np.ndarray:
    """Returns what the framework draws from besides Keras' seeds; here, nothing."""
    return np.zeros(0, "uint8")


def set_random_state(state: np.ndarray) -> None:
    """Takes over what `random_state` returned."""


def has_gpu() -> bool:
    """Whether the framework computes on something faster than CPUs."""
    return bool(tf.config.list_physical_devices("GPU"))
