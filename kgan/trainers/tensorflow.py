"""Training on TensorFlow."""

import ctypes
import functools
import os
from typing import Any

import tensorflow as tf

from kgan.data import Batches

# glibc gives memory back to the system as soon as this much lies free at the end of
# a heap (M_TOP_PAD of mallopt(3)), and takes it again, page by page, at the next
# step: up to half of the time of small networks. benchmarks/memory.py measures it.
_M_TOP_PAD = -2
_KEPT_BYTES = 100_000_000


class Trainer:
    """Hands Keras' per-backend hooks to the steps that are written once."""

    def train_step(self, batch: Any) -> dict[str, Any]:
        return self.training_step(batch)  # type: ignore[attr-defined]

    def test_step(self, batch: Any) -> dict[str, Any]:
        return self.validation_step(batch)  # type: ignore[attr-defined]

    def feed(self, batches: Any) -> Any:
        """Returns what `fit` should iterate over; other data than ours as it is."""
        _keep_freed_memory()
        return _dataset(batches) if isinstance(batches, Batches) else batches


def _dataset(batches: Batches) -> tf.data.Dataset:
    def epoch() -> Any:
        for index in range(len(batches)):
            yield batches[index]
        batches.on_epoch_end()

    size = batches.batch_size if batches.all_full else None
    dataset = tf.data.Dataset.from_generator(
        epoch,
        output_signature=(tf.TensorSpec((size, *batches.x.shape[1:]), batches.x.dtype),),
    )
    dataset = dataset.apply(tf.data.experimental.assert_cardinality(len(batches)))
    options = tf.data.Options()
    # At the end of each epoch `fit` would otherwise wait for the autotuning thread.
    options.autotune.enabled = False
    options.experimental_distribute.auto_shard_policy = (
        tf.data.experimental.AutoShardPolicy.OFF
    )
    return dataset.prefetch(2).with_options(options)


@functools.cache
def _keep_freed_memory() -> None:
    if "MALLOC_TOP_PAD_" in os.environ:
        return
    try:
        ctypes.CDLL(None).mallopt(_M_TOP_PAD, _KEPT_BYTES)
    except (AttributeError, OSError, TypeError):
        pass  # Not glibc.
