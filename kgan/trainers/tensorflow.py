"""Training on TensorFlow, on one device or under a `tf.distribute` strategy."""

import functools
import os
from collections.abc import Callable
from typing import Any, ClassVar

import tensorflow as tf

from kgan.data import Batches
from kgan.trainers.refuse import refuse
from kgan.trainers.shares import Shares

# What a worker gets when another one is gone.
WorkerLost = (
    tf.errors.AbortedError,
    tf.errors.CancelledError,
    tf.errors.DeadlineExceededError,
    tf.errors.InternalError,
    tf.errors.UnavailableError,
)


# What several devices can't do: the values that they can, and why not others.
_WHERE = "Under a strategy of `tf.distribute` with several devices"
_CLIPPING = "each would clip its own share of the gradient, other than one device does"
_REFUSED_OF_OPTIMIZERS = {
    "clipnorm": ((None,), _CLIPPING),
    "clipvalue": ((None,), _CLIPPING),
    "global_clipnorm": ((None,), _CLIPPING),
    "gradient_accumulation_steps": ((None,), "Keras can't accumulate gradients"),
}
_REFUSED: dict[str, tuple] = {
    "compute_dtype": (
        (None,),
        "Keras looks for an overflow on the first of them only: use mixed_bfloat16",
    ),
    "jit_compile": ((False, "auto"), "XLA can't compile the step"),
    # The devices' threads would set them in each other's way.
    "schedules": ((set(),), "of an optimizer only the learning rate can be scheduled"),
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
    num_classes: int | None
    d_steps: int
    variables: list
    _logs: Any

    def train_step(self, batch: Any) -> Any:
        return self._reducible(self.training_step(batch), "train")

    def test_step(self, batch: Any) -> Any:
        return self._reducible(self.validation_step(batch), "test")

    def make_train_function(self, force: bool = False) -> None:
        if self.train_function is None or force:
            super().make_train_function(force=True)
            steps = self.steps_per_execution
            self.train_function = self.position.passing_over(
                self._as_dict(self.train_function, "train"), steps
            )

    def make_test_function(self, force: bool = False) -> None:
        if self.test_function is None or force:
            super().make_test_function(force=True)
            self.test_function = self._as_dict(self.test_function, "test")

    def _maybe_symbolic_build(self, *args: Any, **kwargs: Any) -> None:
        """Does nothing: the networks come built, and `call` takes no samples."""

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
        if resolver is None or resolver.task_type in (None, "", "chief"):
            return True
        return resolver.task_id == 0 and "chief" not in resolver.cluster_spec().jobs

    has_state = True
    # What replaces arguments of `compile` in a file of another backend.
    replaced: ClassVar[dict[str, Any]] = {}

    def why_no_export(self, format: str) -> str:
        """Returns why this backend can't export to a format; empty if it can."""
        return ""

    def check_compile(self, optimizers: list, **arguments: Any) -> None:
        """Refuses what several devices would train otherwise than one, or not at all.

        Args:
            optimizers: Of both networks.
            **arguments: Further arguments of `compile`.

        Raises:
            ValueError: If there is such a thing.
        """
        strategy = tf.distribute.get_strategy()
        for variable in self.variables if tf.distribute.has_strategy() else ():
            if not strategy.extended.variable_created_in_scope(variable.value):
                raise ValueError(
                    "Make the networks and the GAN inside `with strategy.scope():` too. "
                    f"Received: {variable.path}, made outside of it"
                )
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
                refuse(_WHERE, _REFUSED_OF_OPTIMIZERS, vars(optimizer))
        if self.replicas > 1:
            refuse(_WHERE, _REFUSED, arguments)

    def check_share(
        self, name: str, size: int | None, divisor: int = 1, last: int = 0
    ) -> None:
        """Refuses batches that the devices can't share equally.

        Args:
            name: Of the argument that the size is.
            size: Int, of a whole batch; None where it does not matter.
            divisor: Int, into how many updates each device splits its share.
            last: Int, the size of a last batch that is smaller; here it may be any.

        Raises:
            ValueError: If there is a remainder.
        """
        # What one device does with a batch that doesn't divide is checked elsewhere.
        if self.replicas > 1 and size is not None and size % (self.replicas * divisor):
            raise ValueError(
                f"Each of the {self.replicas} devices of the strategy takes an equal "
                f"share, so `{name}` must be a multiple of {self.replicas * divisor}. "
                f"Received: {name}={size}"
            )

    def draw(self, latents: Any) -> Any:
        """Returns samples from latents, on this process alone."""
        return self._draw(latents).numpy()

    @functools.cached_property
    def _draw(self) -> Callable:
        latents: Any = tf.TensorSpec((None, self.latent_dim))
        if self.num_classes is not None:
            latents = [latents, tf.TensorSpec((None,), "int32")]
        return tf.function(
            lambda inputs: self(inputs, training=False),  # type: ignore[operator]
            input_signature=[latents],
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
        if isinstance(data, Batches):
            # As many batches as there are, and Keras sees them.
            data, steps = _stream(data, steps or len(data), epoch), None
        mirrored = isinstance(self.distribute_strategy, tf.distribute.MirroredStrategy)
        alone = self.replicas == 1 and not (mirrored or self.has_workers)
        # Of one device under a strategy Keras takes more kinds of data than we do.
        if data is None or alone or (self.replicas == 1 and not _is_dataset(data)):
            return data, steps
        parts = self.d_steps if epoch else 1
        return Shares(data, steps, self.distribute_strategy, parts), steps


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


def _is_dataset(data: Any) -> bool:
    return isinstance(data, tf.data.Dataset)


def _stream(
    batches: Batches, steps: int, epoch: Callable[[], int] | None
) -> tf.data.Dataset:
    first = 0

    def load(number: Any) -> Any:
        nonlocal first
        if number == 0:
            first = epoch() * steps if epoch else 0
        return batches.batch(first + int(number))

    size = batches.batch_size if batches.all_full else None
    arrays = [a for a in (batches.x, batches.labels) if a is not None]
    specs = [tf.TensorSpec((size, *a.shape[1:]), a.dtype) for a in arrays]

    def on_number(number: Any) -> tuple[Any, ...]:
        loaded = tf.numpy_function(load, [number], [spec.dtype for spec in specs])
        parts = zip(loaded, specs, strict=True)
        return tuple(tf.ensure_shape(part, spec.shape) for part, spec in parts)

    # Not `from_generator`, which makes the C library give freed memory back to the
    # system at once (M_TRIM_THRESHOLD) and small networks train at half the speed.
    dataset = tf.data.Dataset.range(steps).map(on_number)
    options = tf.data.Options()
    # At the end of each epoch `fit` would otherwise wait for the autotuning thread.
    options.autotune.enabled = False
    return dataset.prefetch(2).with_options(options)
