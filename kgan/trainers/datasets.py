"""Data as Keras iterates over it on TensorFlow.

TensorFlow keeps each Python function of a dataset until the process ends, and everything
that the function refers to. So the functions here refer to data only weakly, and the
adapters keep the data as long as Keras keeps the adapters.
"""

import weakref
from collections.abc import Callable, Iterator
from typing import Any

import tensorflow as tf

from kgan.backend.keras_private import DataAdapter
from kgan.data import Batches, CheckedData
from kgan.trainers.devices import CheckedAdapter, divided_rows
from kgan.types import Data, Tensor, Tensors


class StreamedBatches(DataAdapter):
    """The batches of the current epoch, whose number is read when the epoch begins.

    Args:
        batches: The `kgan.data.Batches`.
        steps: Int, batches in an epoch.
        model: The model whose `epoch` is the current epoch; None for epoch 0.
    """

    # Keras reads these attributes of a data adapter.
    batch_size = None
    has_partial_batch = None
    partial_batch_size = None

    def __init__(self, batches: Batches, steps: int, model: Any):
        self.batches = batches
        self.steps = steps
        self.model = model

    @property
    def num_batches(self) -> int:
        return self.steps

    def get_tf_dataset(self) -> tf.data.Dataset:
        batches = self.batches
        size = None if batches.last_size else batches.batch_size
        structure = batches.structure
        arrays = tf.nest.flatten(structure)
        specs = [tf.TensorSpec((size, *a.shape[1:]), a.dtype) for a in arrays]
        load = _reader(weakref.ref(self))
        # A copy of the structure alone: the dataset must not refer to the arrays.
        structure = tf.nest.map_structure(lambda array: None, structure)

        def on_number(number: Tensor) -> tuple[Tensor, ...]:
            loaded = tf.numpy_function(load, [number], [spec.dtype for spec in specs])
            parts = zip(loaded, specs, strict=True)
            shaped = [tf.ensure_shape(part, spec.shape) for part, spec in parts]
            return tf.nest.pack_sequence_as(structure, shaped)

        # Not `from_generator`: it makes the C library return freed memory to the system
        # at once (M_TRIM_THRESHOLD), and small networks train at half the speed.
        dataset = tf.data.Dataset.range(self.steps).map(on_number)
        options = tf.data.Options()
        # Otherwise `fit` would wait for the autotuning thread at the end of each epoch.
        options.autotune.enabled = False
        return dataset.prefetch(2).with_options(options)


def _reader(adapter: weakref.ref) -> Callable[[Any], tuple[Any, ...]]:
    """Returns a function that reads the batch with a number in the current epoch."""
    first = 0

    def load(number: Any) -> tuple[Any, ...]:
        nonlocal first
        of = adapter()
        assert of is not None  # The adapter lives as long as its dataset is read.
        if number == 0:
            epoch = 0 if of.model is None else of.model.epoch
            first = epoch * of.steps
        return tuple(tf.nest.flatten(of.batches.batch(first + int(number))))

    return load


class CheckedDataset(CheckedAdapter):
    """Data with a check of each batch, see `CheckedAdapter`.

    Args:
        data: The `kgan.data.CheckedData`.
        refusals: List to which the error of a failed check is appended.
    """

    def __init__(self, data: CheckedData, refusals: list[ValueError]):
        super().__init__(data)
        self.refusals = refusals

    def get_tf_dataset(self) -> tf.data.Dataset:
        check, refusals = self.check, self.refusals

        def on_batch(*batch: Tensors) -> Tensors:
            # A copy of the structure alone: `run` must not refer to tensors of a graph.
            structure = tf.nest.map_structure(lambda tensor: None, batch)

            def run(*arrays: Any) -> None:
                try:
                    check.batch(tf.nest.pack_sequence_as(structure, arrays))
                except ValueError as error:
                    refusals.append(error)
                    raise

            checking = tf.numpy_function(run, tf.nest.flatten(batch), [])
            with tf.control_dependencies([checking]):
                checked = tf.nest.map_structure(tf.identity, batch)
            return checked if len(checked) > 1 else checked[0]

        return self.adapter.get_tf_dataset().map(on_batch)


def reads_dataset(data: Data) -> bool:
    """Whether data is read from a `tf.data.Dataset`, or from an array."""
    if isinstance(data, CheckedDataset):
        return isinstance(data.data, tf.data.Dataset)
    return isinstance(data, StreamedBatches)


class DistributedDataset(DataAdapter, tf.distribute.DistributedDataset):
    """A dataset that divides every batch among the devices of this process.

    This class replaces `strategy.experimental_distribute_dataset`, for four reasons. The
    generator dataset of that function makes the C library return freed memory at once, so
    page faults took half of a step. The function also waits for autotuning threads, it
    divides a batch differently from the step, and it fails with several steps per
    execution.

    Args:
        data: `StreamedBatches` or a `CheckedDataset`, batches for all devices together.
            Each worker reads all data, so the data must be the same on all workers.
        steps: Int, batches in an epoch; the next epoch continues with the next batch.
            None for all batches; each epoch then begins with the first batch.
        strategy: The strategy.
        parts: Int, see `divided_rows`.

    Raises:
        ValueError: If the data is not a `tf.data.Dataset`, or its number of batches is
            unknown.
    """

    # Keras reads these attributes of a data adapter.
    num_batches: int | None = None
    batch_size = None
    has_partial_batch = None
    partial_batch_size = None

    def __init__(
        self,
        data: StreamedBatches | CheckedDataset,
        steps: int | None,
        strategy: Any,
        parts: int,
    ):
        if not reads_dataset(data):
            raise ValueError(
                "Under a strategy of `tf.distribute`, data must be an array or a "
                f"`tf.data.Dataset`. Received: data of type {type(data.data).__name__}"
            )
        self.data = data
        dataset = data.get_tf_dataset()
        count = int(dataset.cardinality())
        if steps is None and count < 0:
            raise ValueError(
                "Under a strategy of `tf.distribute`, the number of batches must be "
                "known: pass `steps_per_epoch`, or `validation_steps`. "
                f"Received: a dataset of cardinality {count}"
            )
        self.dataset = dataset if steps is None else dataset.repeat()
        self.num_batches = count if steps is None else None
        self.strategy = strategy
        self.parts = parts

    def __iter__(self) -> Iterator:
        for batch in self.dataset:
            shares = tf.nest.map_structure(self._divided, batch)
            yield self.strategy.experimental_distribute_values_from_function(
                lambda context, shares=shares: tf.nest.map_structure(
                    lambda share: share[context.replica_id_in_sync_group], shares
                )
            )

    def _divided(self, batch: Tensor) -> Tensor:
        """Divides a batch among all replicas: `(replicas, share, ...)`."""
        replicas = self.strategy.num_replicas_in_sync
        return tf.gather(batch, divided_rows(batch.shape[0], replicas, self.parts))

    def get_tf_dataset(self) -> "DistributedDataset":
        return self
