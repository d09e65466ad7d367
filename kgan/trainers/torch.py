"""Training on PyTorch."""

from collections.abc import Iterable
from typing import Any, ClassVar

import torch

from kgan.trainers.refuse import refuse
from kgan.trainers.single import Single

_REFUSED = {
    "jit_compile": ((False, "auto"), "the step can't be compiled"),
    "steps_per_execution": ((1,), "Keras takes one step at a time"),
}


class Trainer(Single):
    """Hands Keras' per-backend hooks to the steps that are written once."""

    # What the classes beside it in `GAN` have, for type checkers.
    train_function: Any
    training_step: Any
    validation_step: Any

    # They say how to run, not what to train.
    replaced: ClassVar[dict[str, Any]] = {"jit_compile": "auto", "steps_per_execution": 1}

    def check_compile(self, optimizers: list, **arguments: Any) -> None:
        """Refuses what Keras does not do on PyTorch.

        Args:
            optimizers: Of both networks.
            **arguments: Further arguments of `compile`.

        Raises:
            ValueError: If there is such a thing.
        """
        refuse("On the PyTorch backend", _REFUSED, arguments)

    def why_no_export(self, format: str) -> str:
        """See `kgan.trainers.tensorflow.Trainer.why_no_export`."""
        if format != "tf_saved_model":
            return ""
        return (
            "Keras writes no SavedModel on PyTorch: `pip install 'kgan[tensorflow]'`, "
            "load the GAN with KERAS_BACKEND=tensorflow, and export it there."
        )

    def train_step(self, batch: Any) -> dict[str, Any]:
        return self.training_step(batch)

    def test_step(self, batch: Any) -> dict[str, Any]:
        return self.validation_step(batch)

    def make_train_function(self, force: bool = False) -> None:
        if self.train_function is None or force:
            _check_convolutions(self._flatten_layers())  # type: ignore[attr-defined]
            super().make_train_function(force=True)  # type: ignore[misc]
            # Keras has read the batches before it calls.
            self.train_function = self.position.passing_over(  # type: ignore
                self.train_function, 1, read=lambda batches: None
            )


def _check_convolutions(layers: Iterable[Any]) -> None:
    # When training begins, since sampling needs no gradients.
    for layer in layers:
        dtype = layer.compute_dtype
        if "Conv" in type(layer).__name__ and not _differentiates(dtype):
            raise ValueError(
                f"PyTorch can't differentiate {dtype} convolutions on this CPU: use "
                f"float32, or a GPU. Received: {layer.name} in {dtype}"
            )


def _differentiates(dtype: str) -> bool:
    """Whether convolutions in a dtype have gradients on this machine."""
    if dtype not in ("float16", "bfloat16") or torch.cuda.is_available():
        return True
    # Without the processor's instructions for it PyTorch takes another way, which
    # fails on kernels in Keras' order of axes.
    mkldnn = torch.ops.mkldnn
    if dtype == "float16":
        return bool(mkldnn._is_mkldnn_fp16_supported())
    return bool(mkldnn._is_mkldnn_bf16_supported())
