"""Training on PyTorch."""

from typing import Any

from kgan.trainers.single import Single


class Trainer(Single):
    """Hands Keras' per-backend hooks to the steps that are written once."""

    # What the classes beside it in `GAN` have, for type checkers.
    training_step: Any
    validation_step: Any

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
