"""Training on JAX: each step runs in a scope that holds the values of all variables."""

from collections.abc import Callable, Sequence
from typing import Any

import keras

from kgan import checks
from kgan.backend import keras_private
from kgan.trainers.devices import Devices
from kgan.types import Data, Tensors


class FrameworkDevices(Devices):
    """The devices of JAX, over which `keras.distribution` may divide a batch."""

    @property
    def has_state(self) -> bool:
        return keras_private.has_value(self.model.steps_seen)

    def train_step(self, state: Sequence[list], batch: Data) -> tuple[Tensors, tuple]:
        return self._with_state(self.model.training_step, state, batch, self._groups())

    def test_step(self, state: Sequence[list], batch: Data) -> tuple[Tensors, tuple]:
        groups = self._groups_of_evaluation()
        return self._with_state(self.model.validation_step, state, batch, groups)

    def _groups_of_evaluation(self) -> list[list[keras.Variable]]:
        trainable, non_trainable, _, metrics = self._groups()
        return [trainable, non_trainable, metrics]

    def _groups(self) -> list[list[keras.Variable]]:
        """Returns the variables in the groups in which Keras passes their values."""
        return [
            self.model.trainable_variables,
            self.model.non_trainable_variables,
            self.model.optimizer.variables,
            self.model.metrics_variables,
        ]

    def _with_state(
        self,
        step: Callable[[Data], Tensors],
        state: Sequence[list],
        batch: Data,
        groups: list[list[keras.Variable]],
    ) -> tuple[Tensors, tuple]:
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

    def train_function(self, function: Callable[..., Any]) -> Callable[..., Any]:
        progress, steps = self.model.progress, self.model.steps_per_execution
        run = self._putting_back(function, self._groups)

        def train(state: Any, iterator: Any) -> tuple[Any, Any]:
            # The state is kept here, since a skipped batch returns logs but no state.
            kept = [state]

            def logs_of(iterator: Any) -> Any:
                logs, kept[0] = run(state, iterator)
                return logs

            return progress.skipping_done_batches(logs_of, steps)(iterator), kept[0]

        return train

    def test_function(self, function: Callable[..., Any]) -> Callable[..., Any]:
        return self._putting_back(function, self._groups_of_evaluation)

    def _putting_back(
        self,
        function: Callable[..., Any],
        groups: Callable[[], list[list[keras.Variable]]],
    ) -> Callable[..., Any]:
        """Returns a function that gives the model its state back after an exception.

        Keras takes the state out of the model before it reads the batch, so bad data or
        an error while the step is traced would lose the state. Only a computation that
        has begun deletes the values.
        """

        def run(state: Sequence[list], iterator: Any) -> tuple[Any, Any]:
            try:
                return function(state, iterator)
            except BaseException:
                for variables, values in zip(groups(), state, strict=True):
                    for variable, value in zip(variables, values, strict=True):
                        if not value.is_deleted():
                            variable.assign(value)
                raise

        return run

    def check_divisible(
        self, name: str, size: int | None, parts: int = 1, last: int = 0
    ) -> None:
        devices = _devices()
        # JAX divides the batch itself. Noise and parts may have any size.
        if name != "batch_size" or size is None:
            return
        problem = ""
        if size % devices:
            problem = f"so `batch_size` must be a multiple of {devices}"
        elif last % devices:
            problem = (
                f"but the last batch has {last} samples: leave some samples out, for "
                "example with `kgan.data.Batches(..., drop_remainder=True)`"
            )
        if problem:
            raise ValueError(
                f"Each of the {devices} devices of the distribution takes an equal "
                f"share, {problem}. {checks.received(batch_size=size)}"
            )


def _devices() -> int:
    """Returns the number of devices among which Keras divides a batch."""
    distribution = keras.distribution.distribution()
    if distribution is None:
        return 1
    mesh = distribution.device_mesh
    return mesh.shape[mesh.axis_names.index(distribution.batch_dim_name)]
