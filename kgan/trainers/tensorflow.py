"""Training on TensorFlow, on one device or under a `tf.distribute` strategy."""

import functools
import os
from collections.abc import Callable
from typing import Any

import tensorflow as tf

from kgan.data import Batches

# What a worker gets when another one is gone.
WorkerLost = (
    tf.errors.AbortedError,
    tf.errors.CancelledError,
    tf.errors.DeadlineExceededError,
    tf.errors.InternalError,
    tf.errors.UnavailableError,
)


# What several devices can't do: the values that they can, and why not others.
_CLIPPING = "each would clip its own share of the gradient, other than one device does"
_REFUSED_OF_OPTIMIZERS = {
    "clipnorm": ((None,), _CLIPPING),
    "clipvalue": ((None,), _CLIPPING),
    "global_clipnorm": ((None,), _CLIPPING),
    "gradient_accumulation_steps": ((None,), "Keras can't accumulate gradients"),
}
_REFUSED = {
    "jit_compile": ((False, "auto"), "XLA can't compile the step"),
    "steps_per_execution": ((1,), "Keras can't run several steps in one execution"),
}


class Trainer:
    """Hands Keras' per-backend hooks to the steps that are written once."""

    # What the classes beside it in `GAN` have, for type checkers.
    distribute_strategy: Any
    steps_per_execution: int
    train_function: Any
    test_function: Any
    training_step: Callable
    validation_step: Callable
    position: Any
    latent_dim: int
    d_steps: int
    _logs: Any

    def train_step(self, batch: Any) -> Any:
        return self._reducible(self.training_step(batch), "train")

    def test_step(self, batch: Any) -> Any:
        return self._reducible(self.validation_step(batch), "test")

    def make_train_function(self, force: bool = False) -> None:
        if self.train_function is None or force:
            super().make_train_function(force=True)
            steps = self.steps_per_execution
            self.train_function = self.position.counted(
                self._as_dict(self.train_function, "train"), self._pass_over, steps
            )

    def make_test_function(self, force: bool = False) -> None:
        if self.test_function is None or force:
            super().make_test_function(force=True)
            self.test_function = self._as_dict(self.test_function, "test")

    def _maybe_symbolic_build(self, *args: Any, **kwargs: Any) -> None:
        """Does nothing: the networks come built, and `call` takes no samples."""

    def _pass_over(self, iterator: Any) -> dict[str, Any]:
        for _ in range(self.steps_per_execution):
            next(iterator)
        return self._logs.results()

    # Several workers reduce each log on its own, and scalars not at all (keras
    # #20585): there they go as one vector.

    def _reducible(self, logs: dict[str, Any], step: str) -> Any:
        if not self.has_workers:
            return logs
        setattr(self, f"_{step}_log_names", tuple(logs))
        return tf.stack(list(logs.values()))[tf.newaxis]

    def _as_dict(self, function: Callable, step: str) -> Callable:
        if not self.has_workers:
            return function

        def call(iterator: Any) -> dict[str, Any]:
            logs = tf.unstack(tf.reshape(function(iterator), [-1]))
            return dict(zip(getattr(self, f"_{step}_log_names"), logs, strict=True))

        return call

    @property
    def replicas(self) -> int:
        """On how many devices each step runs, each with its share of the batch."""
        return self.distribute_strategy.num_replicas_in_sync

    @property
    def has_workers(self) -> bool:
        """Whether several processes train together."""
        workers = tf.distribute.MultiWorkerMirroredStrategy
        return isinstance(self.distribute_strategy, workers)

    @property
    def is_chief(self) -> bool:
        """Whether this process writes the files: one of several workers does."""
        resolver = getattr(self.distribute_strategy, "cluster_resolver", None)
        return resolver is None or not resolver.task_id

    def check_strategy(self, optimizers: list, **arguments: Any) -> None:
        """Refuses what several devices would train otherwise than one, or not at all.

        Args:
            optimizers: Of both networks.
            **arguments: Further arguments of `compile`.

        Raises:
            ValueError: If there is such a thing.
        """
        for optimizer in optimizers:
            made_under = optimizer._distribution_strategy
            if made_under is not self.distribute_strategy:
                raise ValueError(
                    "Make the networks, the GAN and its optimizers, and call "
                    "`compile`, inside one `with strategy.scope():`. Received: a GAN "
                    f"made under {type(self.distribute_strategy).__name__}, "
                    f"{optimizer.name} under {type(made_under).__name__}"
                )
            if self.replicas > 1:
                _refuse_under_strategy(_REFUSED_OF_OPTIMIZERS, vars(optimizer))
        if self.replicas > 1:
            _refuse_under_strategy(_REFUSED, arguments)

    def draw(self, latents: Any) -> Any:
        """Returns samples from latents, on this process alone."""
        return self._draw(latents).numpy()

    @functools.cached_property
    def _draw(self) -> Callable:
        return tf.function(
            lambda latents: self(latents, training=False),  # type: ignore[operator]
            input_signature=[tf.TensorSpec((None, self.latent_dim))],
        )

    def feed(
        self,
        data: Any,
        steps: int | None,
        epoch: Callable[[], int] | None = None,
    ) -> tuple[Any, Any]:
        """Prepares what `fit` iterates over.

        Args:
            data: `Batches`, or other data, which is left as it is on one device.
            steps: Batches in an epoch; None for all there are.
            epoch: Called when iteration begins, for the number of the epoch; None for
                data to evaluate on.

        Returns:
            `(data, steps)` for Keras.
        """
        distributed = data is not None and self.replicas > 1
        if isinstance(data, Batches):
            steps = steps or len(data)
            # Under a strategy Keras makes one iterator for all epochs.
            data = _stream(data, steps, epoch, endless=distributed and epoch is not None)
            if not distributed:
                return data, None  # As many as there are.
        if not distributed:
            return data, steps
        _check_dataset(data)
        steps = steps or _cardinality(data)
        if epoch is None:
            return self._distributed(data.take(steps), parts=1), steps
        return self._distributed(data.repeat(), self.d_steps), steps

    def _distributed(self, dataset: tf.data.Dataset, parts: int) -> Any:
        def make(context: Any) -> tf.data.Dataset:
            # Each worker reads all and keeps the shares of its own devices.
            local = self.replicas // context.num_input_pipelines
            first = context.input_pipeline_id * local

            def divide(*batch: Any) -> tf.data.Dataset:
                shares = tf.nest.map_structure(
                    lambda x: _shares(x, self.replicas, parts), batch
                )
                mine = tf.nest.map_structure(lambda x: x[first : first + local], shares)
                return tf.data.Dataset.from_tensor_slices(mine)

            count = int(dataset.cardinality())
            # Unless it is known, workers ask each other before every batch.
            known = tf.data.experimental.assert_cardinality(
                count if count < 0 else count * local
            )
            return _quiet(dataset.flat_map(divide).apply(known))

        return self.distribute_strategy.distribute_datasets_from_function(make)


def _refuse_under_strategy(refused: dict[str, tuple], given: dict[str, Any]) -> None:
    for name, (allowed, reason) in refused.items():
        if name in given and given[name] not in allowed:
            raise ValueError(
                f"Under a strategy of `tf.distribute` with several devices {reason}. "
                f"Received: {name}={given[name]!r}"
            )


def strategy(name: str) -> tf.distribute.Strategy:
    """Returns a new strategy of `tf.distribute`.

    Args:
        name: `"none"`, `"mirrored"` for all devices of this machine, or
            `"multi_worker"` for the cluster in the environment's `TF_CONFIG`.
    """
    if name == "multi_worker" and "TF_CONFIG" not in os.environ:
        raise ValueError(
            "Several workers need the environment variable TF_CONFIG, which lists them "
            "and says which one this process is. Received: TF_CONFIG unset"
        )
    return {
        "none": tf.distribute.get_strategy,
        "mirrored": tf.distribute.MirroredStrategy,
        "multi_worker": tf.distribute.MultiWorkerMirroredStrategy,
    }[name]()


def _stream(
    batches: Batches, steps: int, epoch: Callable[[], int] | None, endless: bool
) -> tf.data.Dataset:
    first = 0

    def load(number: Any) -> Any:
        nonlocal first
        if number == 0:
            first = epoch() * steps if epoch else 0
        return batches.batch(first + int(number))

    size = batches.batch_size if batches.all_full else None
    spec = tf.TensorSpec((size, *batches.x.shape[1:]), batches.x.dtype)

    def on_number(number: Any) -> tuple[Any]:
        return (
            tf.ensure_shape(tf.numpy_function(load, [number], spec.dtype), spec.shape),
        )

    # Not `from_generator`, which makes the C library give freed memory back to the
    # system at once (M_TRIM_THRESHOLD) and small networks train at half the speed.
    numbers = tf.data.Dataset.counter() if endless else tf.data.Dataset.range(steps)
    return _quiet(numbers.map(on_number).prefetch(2))


def _quiet(dataset: tf.data.Dataset) -> tf.data.Dataset:
    options = tf.data.Options()
    # At the end of each epoch `fit` would otherwise wait for the autotuning thread.
    options.autotune.enabled = False
    options.experimental_distribute.auto_shard_policy = (
        tf.data.experimental.AutoShardPolicy.OFF
    )
    return dataset.with_options(options)


def _check_dataset(data: Any) -> None:
    if not isinstance(data, tf.data.Dataset):
        raise ValueError(
            "Under a strategy of `tf.distribute` data must be an array or a "
            f"`tf.data.Dataset`. Received: data of type {type(data).__name__}"
        )


def _cardinality(data: tf.data.Dataset) -> int:
    count = int(data.cardinality())
    if count < 0:
        raise ValueError(
            "Under a strategy of `tf.distribute` the number of batches must be known: "
            "pass `steps_per_epoch`, or `validation_steps`. "
            f"Received: a dataset of cardinality {count}"
        )
    return count


def _shares(batch: Any, replicas: int, parts: int) -> Any:
    """Divides a batch among replicas, `(replicas, share, ...)`.

    All get as many rows: a surplus is left out, and rows of a batch that is too
    small come twice. A batch that the step divides into `parts` is divided within
    each, so that all replicas together see the parts that one device would.
    """
    size, multiple = tf.shape(batch)[0], replicas * parts
    kept = tf.maximum(size // multiple, 1) * multiple
    rows = tf.reshape(tf.range(kept) % size, (parts, replicas, -1))
    rows = tf.reshape(tf.transpose(rows, (1, 0, 2)), (replicas, -1))
    return tf.gather(batch, rows)
