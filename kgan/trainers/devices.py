"""The devices on which a model trains: here, one process without a strategy."""

import contextlib
import functools
import hashlib
import types
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, ClassVar

import keras
import numpy as np

from kgan import checks
from kgan.backend.keras_private import DataAdapter, get_data_adapter
from kgan.data import Batches, CheckedData, fingerprint
from kgan.types import Data, Tensor, Tensors


class Devices:
    """The devices of one process that trains alone; base class of the other devices.

    Args:
        model: The `kgan.trainers.Trainer` that trains on them.
    """

    # The number of devices on which each step runs. Each takes a share of the batch.
    replicas: int = 1
    # What the replicas are, for messages.
    replicas_are: ClassVar[str] = "devices"
    # Whether several processes train together.
    has_workers: bool = False
    # Whether this process writes the files. With several workers, only one does.
    is_chief: bool = True
    # Whether the variables have values. An exception on JAX can lose the values.
    has_state: bool = True
    # Values that replace arguments of `compile` when a file is loaded.
    compile_overrides: ClassVar[dict[str, Any]] = {}
    # The errors that a worker raises after another worker is lost.
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
        """Returns a train function that skips the batches that are already done.

        Args:
            function: The train function of Keras.
        """
        raise NotImplementedError

    def test_function(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """Returns the test function of Keras, adapted to this framework."""
        return function

    def make_predict_function(self, make: Callable[[], None]) -> None:
        """Makes the predict function of the model, adapted to this framework.

        Args:
            make: The method of Keras, which sets `predict_function`.
        """
        make()

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
            parts: Int, number of updates into which each device divides its share.
            last: Int, size of the last batch if it is smaller; 0 otherwise.

        Raises:
            ValueError: If there is a remainder.
        """
        # `kgan.data` checks the batches of one device. The last batch may have any size.
        multiple = self.replicas * parts
        if self.replicas > 1 and size is not None and size % multiple:
            raise ValueError(
                f"Each of the {self.replicas} {self.replicas_are} takes an equal share, "
                f"so `{name}` must be a multiple of {multiple}. "
                f"{checks.received(**{name: size})}"
            )

    def synchronize(self) -> None:
        """Gives all processes the variables of the first process, before training.

        Raises:
            ValueError: If the processes have models that differ.
        """

    def predict(self, inputs: Tensors, network: keras.Model) -> Tensor:
        """Returns the output of the model, or of a network in it, for one batch.

        Args:
            inputs: The batch.
            network: The model or the network.

        Returns:
            An array.
        """
        return network.predict_on_batch(inputs)

    def dataset(
        self,
        data: Data,
        steps: int | None,
        parts: int = 1,
        training: bool = False,
    ) -> tuple[Data, int | None]:
        """Prepares the dataset that Keras iterates over.

        Args:
            data: `kgan.data.Batches`, `kgan.data.CheckedData` or None.
            steps: Int, batches in an epoch; None for all batches.
            parts: Int, number of updates into which a step divides a batch.
            training: Bool, whether each epoch of the model reads batches of its own.

        Returns:
            `(data, steps)` for Keras.
        """
        if data is None:
            return None, steps
        share = functools.partial(self.share, data=data, parts=parts)
        if isinstance(data, CheckedData):
            return CheckedAdapter(data, share), steps
        model = self.model if training else None
        return EpochBatches(data, steps or len(data), model, share), None

    def share(self, batch: Tensors, data: Batches | CheckedData, parts: int) -> Tensors:
        """Returns the share of this process in a batch.

        Args:
            batch: The batch.
            data: The data with the batch.
            parts: See `dataset`.
        """
        return batch

    def exporting(self, network: keras.Model) -> contextlib.AbstractContextManager[None]:
        """Returns the context in which a network is exported."""
        return contextlib.nullcontext()

    @staticmethod
    def strategy_by_name(name: str) -> Any:
        """See `kgan.trainers.strategy`, which has checked the name."""
        return types.SimpleNamespace(scope=contextlib.nullcontext)


class EpochBatches(keras.utils.PyDataset):
    """The batches of the current epoch, whose number is read again for each batch.

    Args:
        batches: The `kgan.data.Batches`.
        steps: Int, batches in an epoch.
        model: The model whose `epoch` is the current epoch; None for epoch 0.
        share: Function of a batch that returns the share of this process.
    """

    def __init__(
        self, batches: Batches, steps: int, model: Any, share: Callable[..., Tensors]
    ):
        super().__init__()
        self.share = share
        self.batches = batches
        self.steps = steps
        self.model = model

    def __len__(self) -> int:
        return self.steps

    def __getitem__(self, index: int) -> tuple[Any, ...]:
        epoch = 0 if self.model is None else self.model.epoch
        return self.share(self.batches.batch(epoch * self.steps + index))


class CheckedAdapter(DataAdapter):
    """Data as Keras iterates over it, with a check of each batch.

    An array is checked before training. A dataset or a generator can yield a bad batch at
    any time, for example a label that no class has, or a last batch that is too small.

    Args:
        data: The `kgan.data.CheckedData`.
        share: See `EpochBatches`.
    """

    def __init__(
        self, data: CheckedData, share: Callable[..., Tensors] = lambda batch: batch
    ):
        self.share = share
        self.data = data.x
        self.adapter = get_data_adapter(data.x)
        self.check = data.check

    def _checked(self, batches: Iterable[Tensors]) -> Iterator[Tensors]:
        for batch in batches:
            self.check.batch(batch)
            yield self.share(batch)

    def get_numpy_iterator(self) -> Iterator[Tensors]:
        return self._checked(self.adapter.get_numpy_iterator())

    def get_jax_iterator(self) -> Iterator[Tensors]:
        return self._checked(self.adapter.get_jax_iterator())

    def get_torch_dataloader(self) -> Iterator[Tensors]:
        return self._checked(self.adapter.get_torch_dataloader())

    def get_tf_dataset(self) -> Any:
        raise NotImplementedError

    @property
    def num_batches(self) -> int | None:
        return self.adapter.num_batches

    @property
    def batch_size(self) -> int | None:
        return self.adapter.batch_size

    @property
    def has_partial_batch(self) -> bool | None:
        return self.adapter.has_partial_batch

    @property
    def partial_batch_size(self) -> int | None:
        return self.adapter.partial_batch_size

    def on_epoch_begin(self) -> None:
        self.adapter.on_epoch_begin()

    def on_epoch_end(self) -> None:
        self.adapter.on_epoch_end()


def divided_rows(size: int, replicas: int, parts: int) -> np.ndarray:
    """Returns the rows of a batch that each replica takes, `(replicas, share)`.

    Every replica gets the same number of rows. Rows that are left over are dropped; the
    rows of a batch that is too small are repeated.

    Args:
        size: Int, number of rows.
        replicas: Int, number of replicas.
        parts: Int, number of updates into which the step divides a batch. Each part is
            divided among the replicas, so each update uses the same samples as on one
            device.
    """
    multiple = replicas * parts
    rows = np.arange(max(size // multiple, 1) * multiple) % size
    return rows.reshape(parts, replicas, -1).swapaxes(0, 1).reshape(replicas, -1)


def hash_of(data: Batches | CheckedData) -> str:
    """Returns a hash of an array and its batches, or of the first batch of a dataset."""
    if isinstance(data, Batches):
        parts = keras.tree.flatten(data.structure)
        order: tuple[Any, ...] = data.shuffle, data.seed, data.batch_size, len(data)
    else:
        parts = [np.asarray(part) for part in keras.tree.flatten(next(iter(data.x)))]
        order = ()
    facts = [(fingerprint(part), str(part.dtype), part.shape) for part in parts]
    return hashlib.sha256(repr((facts, order)).encode()).hexdigest()


def check_supported(
    where: str, supported: Mapping[str, tuple], given: Mapping[str, Any]
) -> None:
    """Checks that each argument has a value that is supported.

    Args:
        where: Beginning of the message, for example "On the PyTorch backend,".
        supported: Dict from names to `(values, reason)`: the values that are supported,
            and the reason why other values are not supported.
        given: Dict from names to the values that the user gave.

    Raises:
        ValueError: If a value is not supported.
    """
    for name, (values, reason) in supported.items():
        if name in given and given[name] not in values:
            received = checks.received(**{name: given[name]})
            raise ValueError(f"{where} {reason}. {received}")
