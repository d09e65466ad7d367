"""Training on PyTorch."""

from typing import Any

import torch

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

    def check_strategy(self, optimizers: list, **arguments: Any) -> None:
        """Refuses what Keras does not do on PyTorch.

        Args:
            optimizers: Of both networks.
            **arguments: Further arguments of `compile`.

        Raises:
            ValueError: If there is such a thing.
        """
        for name, (allowed, reason) in _REFUSED.items():
            if name in arguments and arguments[name] not in allowed:
                raise ValueError(
                    f"On the PyTorch backend {reason}. "
                    f"Received: {name}={arguments[name]!r}"
                )
        for layer in self._flatten_layers():  # type: ignore[attr-defined]
            if "Conv" in type(layer).__name__ and not _differentiates(
                layer.compute_dtype
            ):
                raise ValueError(
                    f"PyTorch can't differentiate {layer.compute_dtype} convolutions on "
                    "this CPU: use float32, or a GPU. "
                    f"Received: {layer.name} in {layer.compute_dtype}"
                )

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
            super().make_train_function(force=True)  # type: ignore[misc]
            # Keras has read the batches before it calls.
            self.train_function = self.position.passing_over(  # type: ignore
                self.train_function, 1, read=lambda batches: None
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
