"""Training on PyTorch."""

import contextlib
import functools
from collections.abc import Callable, Iterable
from typing import Any, ClassVar

import keras
import torch

from kgan import extras
from kgan.backend import keras_private
from kgan.backend.torch import fused_batch_normalization, lay_out
from kgan.trainers.devices import Devices, check_supported
from kgan.types import Tensor, Tensors

_SUPPORTED = {
    "jit_compile": ((False, "auto"), "the step can't be compiled"),
    "steps_per_execution": ((1,), "Keras takes one step at a time"),
}


class FrameworkDevices(Devices):
    """One device of PyTorch."""

    compile_overrides: ClassVar[dict[str, Any]] = {
        "jit_compile": "auto",
        "steps_per_execution": 1,
    }

    def train_function(self, function: Callable[..., Any]) -> Callable[..., Any]:
        # Checked when training begins, since sampling needs no gradients.
        _check_convolutions(keras_private.all_layers(self.model))
        lay_out([*self.model.variables, *self.model.optimizer.variables])
        # Nothing to read: Keras reads the batches before it calls the function.
        return self.model.progress.skipping_done_batches(
            _fast(function), 1, read=lambda batches: None
        )

    def test_function(self, function: Callable[..., Any]) -> Callable[..., Any]:
        return _fast(function)

    def predict(self, inputs: Tensors, network: keras.Model) -> Tensor:
        return _fast(super().predict)(inputs, network)

    def check_compile(self, optimizers: list, **arguments: Any) -> None:
        check_supported("On the PyTorch backend,", _SUPPORTED, arguments)

    def export_error(self, format: str) -> str:
        if format != "tf_saved_model":
            return ""
        return (
            f"Keras writes no SavedModel on PyTorch: {extras.command('tensorflow')}, "
            "load the GAN with KERAS_BACKEND=tensorflow, and export it there."
        )


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
