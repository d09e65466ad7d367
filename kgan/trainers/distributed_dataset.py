"""Batches divided among the devices of a `tf.distribute` strategy."""

from collections.abc import Iterator
from typing import Any

import tensorflow as tf

from kgan.backend.keras_private import DataAdapter
from kgan.types import Data, Tensor


class DistributedDataset(DataAdapter, tf.distribute.DistributedDataset):
    """A dataset that divides every batch among the devices of this process.

    It replaces the result of `strategy.experimental_distribute_dataset`. That result goes
    through a generator dataset, which makes the C library return freed memory at once
    (half of a step went into page faults), waits for autotuning threads, divides batches
    differently from the step, and fails with several steps per execution.

    Args:
        dataset: A `tf.data.Dataset` of batches for all devices together. Each worker
            reads all of it, so the dataset must be the same everywhere.
        steps: Int, batches in an epoch, after which iteration continues; None for all
            batches, from the beginning in each epoch.
        strategy: The strategy.
        parts: Int, into how many updates the step divides a batch. Each part is divided
            among the devices, so together they see the parts that one device would see.

    Raises:
        ValueError: If the data is no `tf.data.Dataset`, or its number of batches is
            unknown.
    """

    # Keras asks a data adapter for these.
    num_batches: int | None = None
    batch_size = None
    has_partial_batch = None
    partial_batch_size = None

    def __init__(self, dataset: Data, steps: int | None, strategy: Any, parts: int):
        if not isinstance(dataset, tf.data.Dataset):
            raise ValueError(
                "Under a strategy of `tf.distribute` data must be an array or a "
                f"`tf.data.Dataset`. Received: data of type {type(dataset).__name__}"
            )
        count = int(dataset.cardinality())
        if steps is None and count < 0:
            raise ValueError(
                "Under a strategy of `tf.distribute` the number of batches must be "
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
        """Divides a batch among all replicas: `(replicas, share, ...)`.

        Every replica gets the same number of rows. Rows that are left over are dropped;
        the rows of a batch that is too small are repeated.
        """
        replicas = self.strategy.num_replicas_in_sync
        size, multiple = batch.shape[0], replicas * self.parts
        rows = tf.range(max(size // multiple, 1) * multiple) % size
        rows = tf.reshape(rows, (self.parts, replicas, -1))
        rows = tf.reshape(tf.transpose(rows, (1, 0, 2)), (replicas, -1))
        return tf.gather(batch, rows)

    def get_tf_dataset(self) -> "DistributedDataset":
        return self
