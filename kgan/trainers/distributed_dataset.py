"""Batches divided among the devices of a `tf.distribute` strategy."""

from collections.abc import Iterator
from typing import Any

import tensorflow as tf

from kgan.backend.keras_private import DataAdapter
from kgan.types import Data, Tensor


class DistributedDataset(DataAdapter, tf.distribute.DistributedDataset):
    """A dataset that divides every batch among the devices of this process.

    This class replaces `strategy.experimental_distribute_dataset`, for four reasons. The
    generator dataset of that function makes the C library return freed memory at once, so
    page faults took half of a step. The function also waits for autotuning threads, it
    divides a batch differently from the step, and it fails with several steps per
    execution.

    Args:
        dataset: A `tf.data.Dataset` of batches for all devices together. Each worker
            reads the whole dataset, so the dataset must be the same on all workers.
        steps: Int, batches in an epoch; the next epoch continues with the next batch.
            None for all batches; each epoch then begins with the first batch.
        strategy: The strategy.
        parts: Int, number of updates into which the step divides a batch. Each part is
            divided among the devices, so each update uses the same samples as on one
            device.

    Raises:
        ValueError: If the data is not a `tf.data.Dataset`, or its number of batches is
            unknown.
    """

    # Keras reads these attributes of a data adapter.
    num_batches: int | None = None
    batch_size = None
    has_partial_batch = None
    partial_batch_size = None

    def __init__(self, dataset: Data, steps: int | None, strategy: Any, parts: int):
        if not isinstance(dataset, tf.data.Dataset):
            raise ValueError(
                "Under a strategy of `tf.distribute`, data must be an array or a "
                f"`tf.data.Dataset`. Received: data of type {type(dataset).__name__}"
            )
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
