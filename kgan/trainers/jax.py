"""Training on JAX: the step runs in a scope that holds all state."""

import importlib.util
from typing import Any

import keras

from kgan.trainers.single import Single


class Trainer(Single):
    """Hands Keras' per-backend hooks to the steps that are written once."""

    # What the classes beside it in `GAN` have, for type checkers.
    train_function: Any
    training_step: Any
    validation_step: Any

    @property
    def has_state(self) -> bool:  # type: ignore[override]
        # While it trains, Keras takes the variables' values; an error loses them.
        value = self.images_seen._value  # type: ignore[attr-defined]
        return value is not None and not value.is_deleted()

    def why_no_export(self, format: str) -> str:
        """See `kgan.trainers.tensorflow.Trainer.why_no_export`."""
        if format != "tf_saved_model" or importlib.util.find_spec("tensorflow"):
            return ""
        return "A SavedModel needs TensorFlow: `pip install 'kgan[tensorflow]'`."

    def train_step(self, state: Any, batch: Any) -> tuple[Any, Any]:
        return self._in_scope(self.training_step, state, batch, self._training_state())

    def test_step(self, state: Any, batch: Any) -> tuple[Any, Any]:
        groups = self._training_state()
        del groups[2]  # The optimizers'.
        return self._in_scope(self.validation_step, state, batch, groups)

    def check_share(
        self, name: str, size: int | None, divisor: int = 1, last: int = 0
    ) -> None:
        """See `kgan.trainers.tensorflow.Trainer.check_share`."""
        devices = _devices()
        # Noise and updates are split where they are computed, whatever their size.
        if name != "batch_size" or size is None:
            return
        if size % devices:
            raise ValueError(
                f"Each of the {devices} devices of the distribution takes an equal "
                f"share, so `batch_size` must be a multiple of {devices}. "
                f"Received: batch_size={size}"
            )
        if last % devices:
            raise ValueError(
                f"Each of the {devices} devices of the distribution takes an equal "
                f"share, but the last batch has {last} samples: leave some samples "
                "out, such as by `kgan.data.Batches(..., drop_remainder=True)`. "
                f"Received: batch_size={size}"
            )

    def _training_state(self) -> list[list]:
        return [
            self.trainable_variables,  # type: ignore[attr-defined]
            self.non_trainable_variables,  # type: ignore[attr-defined]
            self.optimizer.variables,  # type: ignore[attr-defined]
            self.metrics_variables,  # type: ignore[attr-defined]
        ]

    def _in_scope(self, step: Any, state: Any, batch: Any, groups: list) -> Any:
        mapping = [
            pair
            for variables, values in zip(groups, state, strict=True)
            for pair in zip(variables, values, strict=True)
        ]
        with keras.StatelessScope(mapping) as scope:
            logs = step(batch)
        state = tuple(
            [scope.get_current_value(variable) for variable in variables]
            for variables in groups
        )
        return logs, state

    def make_train_function(self, force: bool = False) -> None:
        if self.train_function is None or force:
            super().make_train_function(force=True)  # type: ignore[misc]
            position, step = self.position, self.train_function  # type: ignore

            def train(state: Any, iterator: Any) -> tuple[Any, Any]:
                kept = [state]

                def on(iterator: Any) -> Any:
                    logs, kept[0] = step(state, iterator)
                    return logs

                steps = self.steps_per_execution  # type: ignore[attr-defined]
                return position.passing_over(on, steps)(iterator), kept[0]

            self.train_function = train


def _devices() -> int:
    """Returns over how many devices Keras distributes a batch."""
    distribution = keras.distribution.distribution()
    if distribution is None:
        return 1
    mesh = distribution.device_mesh
    return mesh.shape[mesh.axis_names.index(distribution.batch_dim_name)]
