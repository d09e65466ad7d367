"""Automatic differentiation on TensorFlow. The contract is in `kgan.backend`."""

import contextlib
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from keras import ops
from tensorflow.python.client.device_lib import list_local_devices
from tensorflow.python.eager import record
from tensorflow.python.framework.ops import get_default_graph
from tensorflow.python.ops import control_flow_util

from kgan.backend import rows
from kgan.backend.keras_private import without_all_reduce
from kgan.backend.machine import GPU, num_cores
from kgan.types import Tensor, Tensors

# `tf.nn.moments` stops the gradient of the mean inside the variance (tensorflow PR
# #19609), so second derivatives through these layers are wrong by 0.4 to 4 %.
INEXACT_LAYERS: tuple[str, ...] = (
    "BatchNormalization",
    "LayerNormalization",
    "GroupNormalization",
)
COUNTER = "int64"
FAST_TRANSPOSED_CONVOLUTIONS = True
_FIRST_GPU = "GPU:0"


def value_and_grad(
    function: Callable[..., tuple[Tensor, Tensors]],
    variables: Sequence[keras.Variable],
    *inputs: Any,
    scale: Callable[[Tensor], Tensor] = lambda loss: loss,
) -> tuple[tuple[Tensor, Tensors], list[Tensor]]:
    # `trainable = False` in Keras leaves `tf.Variable.trainable` True, so a tape that
    # watches variables automatically would watch frozen variables too.
    watched = [variable.value for variable in variables]
    with tf.GradientTape(watch_accessed_variables=False) as tape:
        tape.watch(watched)
        loss, logs = function(*inputs)
        scaled = scale(loss)
    return (loss, logs), [_dense(x) for x in tape.gradient(scaled, watched)]


def _dense(gradient: Tensor) -> Tensor:
    # The gradient of a lookup has each use of a row by itself. Keras' optimizers and
    # clipping square the uses one by one, and not their sum.
    is_sparse = isinstance(gradient, tf.IndexedSlices)
    return tf.convert_to_tensor(gradient) if is_sparse else gradient


def pullback(
    function: Callable[..., tuple[Tensor, Tensors]], x: Tensor, *inputs: Any
) -> tuple[tuple[Tensor, Tensors], Callable[[], Tensor]]:
    # Persistent, since several penalties may use the gradient.
    with tf.GradientTape(persistent=True, watch_accessed_variables=False) as tape:
        tape.watch(x)
        y, aux = function(x, *inputs)
    return (y, aux), lambda: tape.gradient(y, x)


def without_gradient() -> contextlib.AbstractContextManager[None]:
    # The tape follows the variables that it watches only.
    return contextlib.nullcontext()


def apply(
    optimizer: keras.optimizers.Optimizer,
    gradients: list[Tensor],
    variables: Sequence[keras.Variable],
) -> None:
    context = tf.distribute.get_replica_context()
    alone = context is not None and context.num_replicas_in_sync == 1
    with without_all_reduce() if alone else contextlib.nullcontext():
        optimizer.apply(gradients, variables)


def is_multiple(counter: Tensor, every: int) -> Tensor:
    return ops.equal(counter % every, 0)


def draw_local_rows(draw: Callable[[Tensor], Tensor], size: Tensor) -> Tensor:
    # Each replica draws the rows of the whole batch from the same seed, and keeps its
    # own rows.
    context = tf.distribute.get_replica_context()
    if context is None or context.num_replicas_in_sync == 1:
        return draw(size)
    start = context.replica_id_in_sync_group * size
    return draw(size * context.num_replicas_in_sync)[start : start + size]


def all_rows(rows: Tensor) -> Tensor:
    rows = tf.stop_gradient(rows)
    context = tf.distribute.get_replica_context()
    if context is None or context.num_replicas_in_sync == 1:
        return rows
    return context.all_gather(rows, axis=0)


def on_all_rows(function: Callable[[Tensor], Tensor], rows: Tensor) -> Tensor:
    context = tf.distribute.get_replica_context()
    if context is None or context.num_replicas_in_sync == 1:
        return function(rows)
    size = tf.shape(rows)[0]
    start = context.replica_id_in_sync_group * size
    return function(context.all_gather(rows, axis=0))[start : start + size]


def recompute(
    function: Callable[[list[Tensor]], list[Tensor]], inputs: list[Tensor]
) -> list[Tensor]:
    # Not `tf.recompute_grad`, which has no second derivative, and whose graph TensorFlow
    # keeps until the process ends.
    inputs = [tf.convert_to_tensor(x) for x in inputs]
    with record.stop_recording():
        outputs = [tf.identity(y) for y in function(inputs)]
    floats = [i for i, x in enumerate(inputs) if x.dtype.is_floating]
    results = [i for i, y in enumerate(outputs) if y.dtype.is_floating]

    def gradient(*upstream: Tensor) -> list[Tensor]:
        again = list(inputs)
        # Only now, or TensorFlow would compute both calls as one.
        with tf.control_dependencies(upstream):
            for i in floats:
                again[i] = tf.identity(inputs[i])
        watched = [again[i] for i in floats]
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(watched)
            found = function(again)
            found = [found[i] for i in results]
        return tape.gradient(found, watched, upstream)

    record.record_operation(
        "Recompute", [outputs[i] for i in results], [inputs[i] for i in floats], gradient
    )
    return outputs


def take_rows(x: Tensor, index: Tensor) -> Tensor:
    # Keras' `take_along_axis` reads each number of a row by itself, which is slower.
    return tf.gather(x, index, batch_dims=1)


def blend_rows(x: Tensor, index: Sequence[Tensor], weights: Sequence[Tensor]) -> Tensor:
    # The gradient of `gather` takes much longer than `gather` on a CPU, and both
    # derivatives of a sparse product take as long as the product. A GPU adds up even the
    # product itself in no fixed order. XLA has no sparse products, so a function that was
    # traced without XLA can't be called in a function that XLA compiles.
    if has_gpu() or control_flow_util.GraphOrParentsInXlaContext(get_default_graph()):
        return rows.blend(take_rows, x, index, weights)
    batch, n, channels = tf.unstack(tf.shape(x))
    first = n * tf.range(batch)[:, None]
    columns = first[..., None] + tf.stack(index, axis=-1)
    m = tf.shape(columns)[1]
    row = tf.reshape(tf.range(batch * m), (batch, m, 1))
    places = tf.stack([tf.broadcast_to(row, tf.shape(columns)), columns], axis=-1)
    # The product has no kernel for float16.
    dtype = x.dtype if x.dtype == tf.float64 else tf.float32
    sums = tf.raw_ops.SparseTensorDenseMatMul(
        a_indices=tf.reshape(places, (-1, 2)),
        a_values=tf.cast(tf.reshape(tf.stack(weights, axis=-1), (-1,)), dtype),
        a_shape=tf.cast(tf.stack([batch * m, batch * n]), "int64"),
        b=tf.cast(tf.reshape(x, (-1, channels)), dtype),
    )
    return tf.cast(tf.reshape(sums, (batch, m, channels)), x.dtype)


def arrays(variables: Iterable[keras.Variable]) -> Iterator[np.ndarray]:
    return (_array(variable.value) for variable in variables)


def _array(variable: tf.Variable) -> np.ndarray:
    if isinstance(variable, tf.distribute.DistributedValues):
        return variable.numpy()
    # A sixth of the time that `numpy()` needs for a small variable.
    read = tf.raw_ops.ReadVariableOp(resource=variable.handle, dtype=variable.dtype)
    return read.numpy()


def random_state() -> np.ndarray:
    # On TensorFlow, Keras draws from its own seeds only.
    return np.zeros(0, "uint8")


def set_random_state(state: np.ndarray) -> None:
    """Does nothing, see `random_state`."""


def has_gpu() -> bool:
    return bool(tf.config.get_visible_devices("GPU"))


def gpu() -> GPU | None:
    devices = tf.config.get_visible_devices("GPU")
    if not devices:
        return None
    details = tf.config.experimental.get_device_details(devices[0])
    known: dict[str, int] = {}
    # Not all devices count their memory.
    with contextlib.suppress(ValueError, tf.errors.OpError):
        known = tf.config.experimental.get_memory_info(_FIRST_GPU)
    # TensorFlow has no public function for the memory that it may take. The function
    # comes after `get_memory_info`, which applies the user's options to the GPU.
    limits = (d.memory_limit for d in list_local_devices() if d.device_type == "GPU")
    return GPU(
        name=details.get("device_name", "GPU"),
        memory=next(limits, None),
        used=known.get("current"),
        peak=known.get("peak"),
    )


def reset_peak() -> None:
    with contextlib.suppress(ValueError, tf.errors.OpError):
        tf.config.experimental.reset_memory_stats(_FIRST_GPU)


def num_threads() -> int:
    # 0 if the user has set no number, so that TensorFlow takes one thread per core.
    set_by_user = tf.config.threading.get_intra_op_parallelism_threads()
    return set_by_user or int(os.environ.get("TF_NUM_INTRAOP_THREADS", 0)) or num_cores()
