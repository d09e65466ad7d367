"""Training on PyTorch, in one process or in the processes that torchrun has started."""

import contextlib
import functools
import sys
import warnings
import zlib
from collections.abc import Callable, Iterable, Iterator
from typing import Any, ClassVar

import keras
import numpy as np
import torch

from kgan import checks
from kgan.backend import keras_private, processes
from kgan.backend.recording import Recorder
from kgan.backend.torch import (
    fused_batch_normalization,
    in_keras_order,
    lay_out,
)
from kgan.data import Batches, CheckedData
from kgan.trainers.devices import Devices, check_supported, divided_rows, hash_of
from kgan.types import Data, Tensor, Tensors

_SAME_DATA = "All processes must train on the same data, of which each takes its share"
# For each option its supported values, the last of which replaces a saved value.
_SUPPORTED: dict[str, tuple[tuple[Any, ...], str]] = {
    "jit_compile": ((False, "auto"), "the step can't be compiled"),
    "steps_per_execution": ((1,), "Keras takes one step at a time"),
}


class FrameworkDevices(Devices):
    """One device of PyTorch in each of the processes that torchrun has started.

    All processes run the same program on the same data, and each reads all batches and
    takes its rows. Each process computes the sums of the gradients over all processes,
    and updates its own copy of the variables, so all copies stay equal.
    """

    replicas_are: ClassVar[str] = "processes"
    worker_lost: ClassVar[tuple[type[Exception], ...]] = (processes.ProcessLost,)
    compile_overrides: ClassVar[dict[str, Any]] = {
        name: allowed[-1] for name, (allowed, _) in _SUPPORTED.items()
    }

    def __init__(self, model: Any) -> None:
        super().__init__(model)
        self._statistics: list[keras.Variable] = []

    @property
    def replicas(self) -> int:
        return processes.count()

    @property
    def has_workers(self) -> bool:
        return processes.count() > 1

    @property
    def is_chief(self) -> bool:
        return processes.rank() == 0

    def _together(self) -> contextlib.AbstractContextManager[None]:
        if not self.has_workers:
            return contextlib.nullcontext()
        return processes.together(self._statistics)

    def train_step(self, *inputs: Any) -> Any:
        with self._together():
            return super().train_step(*inputs)

    def test_step(self, *inputs: Any) -> Any:
        with self._together():
            logs = super().test_step(*inputs)
        if not self.has_workers:
            return logs
        # In training, `value_and_grad` takes the means. Here, Keras reads the metrics.
        found = {m.name: m for m in self.model.metrics if m.name in logs}
        processes.average([v for metric in found.values() for v in metric.variables])
        return {name: metric.result() for name, metric in found.items()}

    def train_function(self, function: Callable[..., Any]) -> Callable[..., Any]:
        self._statistics = list(_statistics(self.model))
        # Checked when training begins, since sampling needs no gradients.
        _check_convolutions(keras_private.all_layers(self.model))
        lay_out([*self.model.variables, *self.model.optimizer.variables])
        # Nothing to read: Keras reads the batches before it calls the function.
        return self.model.progress.skipping_done_batches(
            _fast(self._recorded(function)), 1, read=lambda batches: None
        )

    def _recorded(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """Returns a train function that soon needs less Python, see `Recorder`."""
        model = self.model
        # The processes exchange tensors in the step.
        if self.has_workers or model.run_eagerly or not _is_known(model):
            return function
        variables = [*model.variables, *model.optimizer.variables]
        variables += model.metrics_variables
        return Recorder(function, variables, keras_private.all_layers(model))

    def test_function(self, function: Callable[..., Any]) -> Callable[..., Any]:
        return _fast(function)

    def predict(self, inputs: Tensors, network: keras.Model) -> Tensor:
        # A loaded network computes the same roundings as the network that was trained.
        lay_out(network.variables)
        return _fast(super().predict)(inputs, network)

    @contextlib.contextmanager
    def exporting(self, network: keras.Model) -> Iterator[None]:
        with in_keras_order(network.variables), _jax_in_64_bits():
            yield

    def check_compile(self, optimizers: list, **arguments: Any) -> None:
        check_supported("On the PyTorch backend,", _SUPPORTED, arguments)

    def synchronize(self) -> None:
        if not self.has_workers:
            return
        processes.join()
        model = self.model
        optimizer = model.optimizer.variables if model.compiled else []
        variables = [*model.variables, *optimizer]
        facts = [v.shape for v in variables], model.epoch, model.progress.batch
        self._check_same(
            "All processes must build or load the same GAN, at the same batch", str(facts)
        )
        processes.copy_first(variables)

    def dataset(
        self,
        data: Data,
        steps: int | None,
        parts: int = 1,
        training: bool = False,
    ) -> tuple[Data, int | None]:
        if training and isinstance(data, Batches) and self.has_workers:
            self._check_same(_SAME_DATA, hash_of(data))
        return super().dataset(data, steps, parts, training)

    def share(self, batch: Tensors, data: Batches | CheckedData, parts: int) -> Tensors:
        if not self.has_workers:
            return batch
        arrays = keras.tree.flatten(batch)
        if isinstance(data, CheckedData):
            # Only the order of arrays is known: a dataset may shuffle, or draw numbers.
            facts = [_checksum(keras.ops.convert_to_numpy(array)) for array in arrays]
            self._check_same(_SAME_DATA, str(facts))
        rows = divided_rows(len(arrays[0]), self.replicas, parts)[processes.rank()]
        return keras.tree.map_structure(lambda array: array[rows], batch)

    def _check_same(self, expected: str, fact: str) -> None:
        kinds = len(processes.values_of(fact))
        if kinds > 1:
            raise ValueError(
                f"{expected}. Received: {kinds} kinds among {self.replicas} processes, "
                f"with the hash {_checksum(fact.encode()):08x} in this process"
            )

    @staticmethod
    def strategy_by_name(name: str) -> Any:
        if name == "torchrun" and not processes.are_launched():
            raise ValueError(
                "Start the program with torchrun, for example with `torchrun "
                f"--nproc_per_node 2 -m kgan`. {checks.received(strategy=name)}"
            )
        if name == "none" and processes.count() > 1:
            raise ValueError(
                f"torchrun has started {processes.count()} processes, which train under "
                f"the strategy torchrun only. {checks.received(strategy=name)}"
            )
        processes.join()
        return Devices.strategy_by_name(name)


def _statistics(model: keras.Model) -> Iterable[keras.Variable]:
    """Yields the variables that each process moves by its own rows."""
    for variable in [*model.variables, *model.optimizer.variables]:
        if variable.aggregation == "mean":
            yield variable
    for layer in keras_private.all_layers(model):
        # Keras declares no aggregation for these statistics.
        if isinstance(layer, keras.layers.BatchNormalization) and layer.trainable:
            yield from (layer.moving_mean, layer.moving_variance)


def _checksum(data: Any) -> int:
    return zlib.crc32(np.ascontiguousarray(data).data)


def _fast(function: Callable[..., Any]) -> Callable[..., Any]:
    """Returns a function that keeps no graph, except where it computes gradients."""

    @functools.wraps(function)
    def wrapped(*inputs: Any) -> Any:
        with contextlib.ExitStack() as stack:
            stack.enter_context(torch.no_grad())
            stack.enter_context(keras_private.channels_last_on_torch())
            stack.enter_context(fused_batch_normalization())
            return function(*inputs)

    return wrapped


def _is_known(model: keras.Model) -> bool:
    """Whether all parts of a model, and of its recipe, are of Keras or of kgan.

    The Python of other parts may do in each step what no list of operations does.
    """
    try:
        with warnings.catch_warnings():
            # `compile` has told already which parts can't be saved.
            warnings.simplefilter("ignore")
            configs = [model.get_config(), model.get_compile_config()]
    except Exception:
        return False
    return all(map(_is_of_us, [type(model).__module__, *_modules(configs)]))


def _is_of_us(module: str | None) -> bool:
    return str(module).partition(".")[0] in ("keras", "kgan")


def _modules(config: Any) -> Iterator[str | None]:
    """Yields the modules of the classes and functions in a serialised config."""
    if isinstance(config, dict):
        kind = config.get("class_name")
        # A layer of PyTorch's own has any Python in it.
        if kind in ("__lambda__", "TorchModuleWrapper"):
            yield None
        elif kind is not None and not kind.startswith("__"):
            yield config.get("module")
        config = config.values()
    elif not isinstance(config, list | tuple):
        return
    for item in config:
        yield from _modules(item)


def _check_convolutions(layers: Iterable[keras.layers.Layer]) -> None:
    for layer in layers:
        dtype = layer.compute_dtype
        if "Conv" in type(layer).__name__ and not _has_gradients(dtype):
            raise ValueError(
                f"PyTorch can't differentiate {dtype} convolutions on this CPU: use "
                f"float32, or a GPU. Received: {layer.name} in {dtype}"
            )


def _has_gradients(dtype: str) -> bool:
    """Whether convolutions in a dtype have gradients on this machine."""
    if dtype not in ("float16", "bfloat16") or torch.cuda.is_available():
        return True
    # If the processor has no instructions for the dtype, PyTorch falls back to code that
    # fails on kernels in Keras' order of axes.
    mkldnn = torch.ops.mkldnn
    if dtype == "float16":
        return bool(mkldnn._is_mkldnn_fp16_supported())
    return bool(mkldnn._is_mkldnn_bf16_supported())


@contextlib.contextmanager
def _jax_in_64_bits() -> Iterator[None]:
    """Context with the setting of JAX that `litert_torch` makes when it is imported.

    `litert_torch` converts by JAX. Keras undoes the setting after each export, so that a
    second export to LiteRT would fail.
    """
    jax = sys.modules.get("jax")
    if jax is None or "litert_torch" not in sys.modules:
        yield
        return
    before = jax.config.jax_enable_x64
    jax.config.update("jax_enable_x64", True)
    try:
        yield
    finally:
        jax.config.update("jax_enable_x64", before)
