"""Batches divided among the devices of a `tf.distribute` strategy."""

from collections.abc import Iterator
from typing import Any

import tensorflow as tf
from keras.src.trainers.data_adapters.data_adapter import DataAdapter


class Shares(DataAdapter, tf.distribute.DistributedDataset):
    """A dataset of which each device of this process gets its share of every batch.

    It takes the place of what `strategy.experimental_distribute_dataset` returns. That
    one goes through a generator dataset, which makes the C library give freed memory
    back at once (half of a step went into page faults), waits for autotuning threads,
    divides batches otherwise than the step divides them, and fails with several steps
    in an execution.

    Args:
        dataset: A `tf.data.Dataset` of batches for all devices together. Each worker
            reads all of it, so it must be the same everywhere.
        steps: Int, batches in an epoch, after which iteration goes on; None for all
            that there are, again in each epoch.
        strategy: The strategy.
        parts: Int, into how many updates the step divides a batch. It is divided
            among the devices within each, so that all of them together see the parts
            that one device would.

    Raises:
        ValueError: If the data is no `tf.data.Dataset`, or without a number of batches.
    """

    def __init__(self, dataset: Any, steps: int | None, strategy: Any, parts: int):
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

    def _divided(self, batch: Any) -> Any:
        """Divides among all replicas, `(replicas, share, ...)`.

        All get as many rows: a surplus is left out, and rows of a batch that is too
        small come twice.
        """
        replicas = self.strategy.num_replicas_in_sync
        size, multiple = batch.shape[0], replicas * self.parts
        rows = tf.range(max(size // multiple, 1) * multiple) % size
        rows = tf.reshape(rows, (self.parts, replicas, -1))
        rows = tf.reshape(tf.transpose(rows, (1, 0, 2)), (replicas, -1))
        return tf.gather(batch, rows)

    def get_tf_dataset(self) -> "Shares":
        return self

    # What Keras asks of a data adapter.
    num_batches: int | None = None  # type: ignore[assignment]
    batch_size = None  # type: ignore[assignment]
    has_partial_batch = None  # type: ignore[assignment]
    partial_batch_size = None  # type: ignore[assignment]
