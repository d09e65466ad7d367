"""Training on TensorFlow."""

from typing import Any

import tensorflow as tf

from kgan.data import Batches


class Trainer:
    """Hands Keras' per-backend hooks to the steps that are written once."""

    def train_step(self, batch: Any) -> dict[str, Any]:
        return self.training_step(batch)  # type: ignore[attr-defined]

    def test_step(self, batch: Any) -> dict[str, Any]:
        return self.validation_step(batch)  # type: ignore[attr-defined]

    def feed(self, batches: Any) -> Any:
        """Returns what `fit` should iterate over; other data than ours as it is."""
        return _dataset(batches) if isinstance(batches, Batches) else batches


def _dataset(batches: Batches) -> tf.data.Dataset:
    def load(index: Any) -> Any:
        (samples,) = batches[int(index)]
        if index == len(batches) - 1:
            batches.on_epoch_end()
        return samples

    size = batches.batch_size if batches.all_full else None
    spec = tf.TensorSpec((size, *batches.x.shape[1:]), batches.x.dtype)

    def on_index(index: Any) -> tuple[Any]:
        return (
            tf.ensure_shape(tf.numpy_function(load, [index], spec.dtype), spec.shape),
        )

    # Not `from_generator`, which makes the C library give freed memory back to the
    # system at once (M_TRIM_THRESHOLD) and small networks train at half the speed.
    dataset = tf.data.Dataset.range(len(batches)).map(on_index)
    options = tf.data.Options()
    # At the end of each epoch `fit` would otherwise wait for the autotuning thread.
    options.autotune.enabled = False
    options.experimental_distribute.auto_shard_policy = (
        tf.data.experimental.AutoShardPolicy.OFF
    )
    return dataset.prefetch(2).with_options(options)
