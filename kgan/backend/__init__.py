"""Automatic differentiation, and other functions that differ between the frameworks.

Each framework has one file with the same functions:

`value_and_grad(function, variables, *inputs, scale)`
    Calls `function(*inputs)`, which returns `(loss, logs)`, and differentiates
    `scale(loss)` with respect to `variables` only. Returns
    `((loss, logs), gradients)`, with one gradient per variable. Several processes of
    PyTorch take the sums of their gradients, and the means of their losses and logs.
`pullback(function, x, *inputs)`
    Calls `function(x, *inputs)`, which returns `(y, aux)`. Returns
    `((y, aux), gradient)`: `gradient()` is the gradient of `sum(y)` with respect to `x`,
    and can be differentiated again. The gradient is not computed before the first call.
`without_gradient()`
    Returns a context whose results are constants for `value_and_grad`. PyTorch would
    otherwise keep the graph of these results in memory.
`apply(optimizer, gradients, variables)`
    Updates the variables.
`is_multiple(counter, every)`
    Returns whether the number of updates before this one is a multiple of `every`, a bool
    scalar.
`draw_local_rows(draw, size)`
    Draws `size` rows of random numbers for this replica: `draw(n)` returns `n` rows.
    All replicas together draw the same rows as one device.
`on_all_rows(function, rows)`
    Calls `function` with the rows of all replicas together, and returns the rows of its
    result that belong to this replica. All replicas must have the same number of rows.
`all_rows(rows)`
    Returns the rows of all replicas together, without a gradient.
`recompute(function, inputs)`
    Returns `function(inputs)`, a function of a list of tensors that returns a list of
    tensors. For the gradient, the function is called again: only its inputs are kept.
`take_rows(x, index)`
    Returns the rows `x[b, index[b, i]]` of a tensor `(batch, n, channels)`, as a tensor
    `(batch, m, channels)` for an int tensor `(batch, m)`. It can be differentiated twice.
`blend_rows(x, index, weights)`
    Returns sums of rows, `sum(w[b, i] * x[b, r[b, i]])` over the tensors `r` of the list
    `index` and `w` of the list `weights`. `x` is a tensor `(batch, n, channels)`, the
    other tensors and the rows of the result are `(batch, m)`. The sums can be
    differentiated twice with respect to `x`.
`arrays(variables)`
    Returns an iterator over the values of variables, numpy arrays.
`random_state()`, `set_random_state(state)`
    Save and restore the state of the framework's own random generator, a uint8 array.
`has_gpu()`
    Whether the framework computes on a GPU.
`gpu()`
    Returns the first GPU with its memory, a `GPU`; None on a CPU.
`reset_peak()`
    Lets `gpu().peak` begin anew, if the framework can.
`num_threads()`
    The number of threads that share an operation on a CPU, and the order of its sums.
`COUNTER`
    The dtype in which images and steps are counted.
`FAST_TRANSPOSED_CONVOLUTIONS`
    Whether a transposed convolution takes no longer than a convolution of as many
    multiplications.
`INEXACT_LAYERS`
    Names of the Keras layers whose second derivatives are wrong on this framework.
"""

import functools
import importlib

import keras

from kgan.backend.data_format import channels_last
from kgan.backend.keras_private import (
    serialize_without_tensorflow,
    without_autocast,
)
from kgan.backend.machine import GPU, machine_memory
from kgan.backend.rematerialization import rematerialize as _rematerialize
from kgan.backend.scope import Scope, frozen

name = keras.backend.backend()
if name not in ("tensorflow", "jax", "torch"):
    raise ImportError(
        "kgan trains on Keras' TensorFlow, JAX and PyTorch backends. Set the environment "
        "variable KERAS_BACKEND to one of them before Keras is imported. "
        f"Received: keras.backend.backend()={name!r}"
    )
serialize_without_tensorflow()
framework = importlib.import_module(f"kgan.backend.{name}")

value_and_grad = framework.value_and_grad
pullback = framework.pullback
rematerialize = functools.partial(_rematerialize, framework.recompute)
without_gradient = framework.without_gradient
apply = framework.apply
is_multiple = framework.is_multiple
draw_local_rows = framework.draw_local_rows
all_rows = framework.all_rows
on_all_rows = framework.on_all_rows
take_rows = framework.take_rows
blend_rows = framework.blend_rows
arrays = framework.arrays
random_state = framework.random_state
set_random_state = framework.set_random_state
has_gpu = framework.has_gpu
gpu = framework.gpu
reset_peak = framework.reset_peak
num_threads = framework.num_threads
COUNTER = framework.COUNTER
FAST_TRANSPOSED_CONVOLUTIONS = framework.FAST_TRANSPOSED_CONVOLUTIONS
INEXACT_LAYERS = framework.INEXACT_LAYERS

__all__ = [
    "COUNTER",
    "FAST_TRANSPOSED_CONVOLUTIONS",
    "GPU",
    "INEXACT_LAYERS",
    "Scope",
    "all_rows",
    "apply",
    "arrays",
    "blend_rows",
    "channels_last",
    "draw_local_rows",
    "frozen",
    "gpu",
    "has_gpu",
    "is_multiple",
    "machine_memory",
    "num_threads",
    "on_all_rows",
    "pullback",
    "random_state",
    "reset_peak",
    "set_random_state",
    "take_rows",
    "value_and_grad",
    "without_autocast",
    "without_gradient",
]
