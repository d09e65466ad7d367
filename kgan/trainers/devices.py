"""The devices on which a model trains: here, one process without a strategy."""

import contextlib
import types
from collections.abc import Callable, Mapping
from typing import Any, ClassVar

import keras

from kgan import checks
from kgan.data import Batches
from kgan.types import Data, Tensor, Tensors


class Devices:
    """The devices of one process that trains alone; base class for each framework.

    Args:
        model: The `kgan.trainers.Trainer` that trains on them.
    """

    # On how many devices each step runs, each with its share of the batch.
    replicas: int = 1
    # Whether several processes train together.
    has_workers: bool = False
    # Whether this process writes the files: with several workers, one of them does.
    is_chief: bool = True
    # Whether the variables have values. An exception on JAX can lose the values.
    has_state: bool = True
    # Arguments of `compile` that a file from another framework must not set.
    compile_overrides: ClassVar[dict[str, Any]] = {}
    # The errors of a worker that has lost another worker.
    worker_lost: ClassVar[tuple[type[Exception], ...]] = ()

    def __init__(self, model: Any) -> None:
        self.model = model

    def train_step(self, *inputs: Any) -> Any:
        """Runs `training_step` with the arguments of Keras' `train_step`."""
        return self.model.training_step(*inputs)

    def test_step(self, *inputs: Any) -> Any:
        """Runs `validation_step` with the arguments of Keras' `test_step`."""
        return self.model.validation_step(*inputs)

    def train_function(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """Returns the train function of Keras so that it skips batches already done.

        Args:
            function: `train_function` as Keras made it.
        """
        raise NotImplementedError

    def test_function(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """Returns the test function of Keras as this framework needs it."""
        return function

    def check_compile(self, optimizers: list, **arguments: Any) -> None:
        """Checks arguments of `compile` that these devices may not support.

        Args:
            optimizers: The optimizers of the model.
            **arguments: Further arguments of `compile`.

        Raises:
            ValueError: If the devices do not support a value.
        """

    def check_divisible(
        self, name: str, size: int | None, parts: int = 1, last: int = 0
    ) -> None:
        """Checks that the devices can divide a batch equally.

        Args:
            name: Name of the argument that sets the size.
            size: Int, size of a whole batch; None if unknown.
            parts: Int, into how many updates each device divides its share.
            last: Int, size of a last batch that is smaller; 0 if there is none.

        Raises:
            ValueError: If there is a remainder.
        """

    def predict(self, inputs: Tensors) -> Tensor:
        """Returns the output of the model for one batch, an array."""
        return self.model.predict_on_batch(inputs)

    def dataset(
        self,
        data: Data,
        steps: int | None,
        epoch: Callable[[], int] | None = None,
        parts: int = 1,
    ) -> tuple[Data, int | None]:
        """Prepares the dataset that Keras iterates over.

        Args:
            data: `kgan.data.Batches`, or other data, which one device takes as it is.
            steps: Int, batches in an epoch; None for all batches.
            epoch: Returns the number of the epoch when the iteration begins; None for
                data to evaluate on.
            parts: Int, into how many updates a step divides a batch.

        Returns:
            `(data, steps)` for Keras.
        """
        if not isinstance(data, Batches):
            return data, steps
        return EpochBatches(data, steps or len(data), epoch or (lambda: 0)), None

    def export_error(self, format: str) -> str:
        """Returns why this framework can't export to a format; empty if it can."""
        return ""

    @staticmethod
    def strategy_by_name(name: str) -> Any:
        """See `kgan.trainers.strategy`."""
        if name != "none":
            raise ValueError(
                "Strategies of `tf.distribute` need KERAS_BACKEND=tensorflow. "
                f"Received: strategy={name}"
            )
        return types.SimpleNamespace(scope=contextlib.nullcontext)


class EpochBatches(keras.utils.PyDataset):
    """The batches of an epoch. Its number is asked at each batch.

    Args:
        batches: The `kgan.data.Batches`.
        steps: Int, batches in an epoch.
        epoch: Returns the number of the epoch.
    """

    def __init__(self, batches: Batches, steps: int, epoch: Callable[[], int]):
        super().__init__()
        self.batches = batches
        self.steps = steps
        self.epoch = epoch

    def __len__(self) -> int:
        return self.steps

    def __getitem__(self, index: int) -> tuple[Any, ...]:
        return self.batches.batch(self.epoch() * self.steps + index)


def check_supported(
    where: str, supported: Mapping[str, tuple], given: Mapping[str, Any]
) -> None:
    """Checks that each argument has a value that is supported.

    Args:
        where: Beginning of the message, such as "On the PyTorch backend".
        supported: From names to `(values, reason)`: the values that are supported, and
            why others are not.
        given: The values by name.

    Raises:
        ValueError: If a value is not supported.
    """
    for name, (values, reason) in supported.items():
        if name in given and given[name] not in values:
            received = checks.received(**{name: given[name]})
            raise ValueError(f"{where} {reason}. {received}")
