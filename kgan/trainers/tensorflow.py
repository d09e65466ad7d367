"""Training on TensorFlow, on one device or under a `tf.distribute` strategy."""

from collections.abc import Callable
from typing import Any, ClassVar

import keras
import tensorflow as tf

from kgan.backend import keras_private
from kgan.data import Batches, CheckedData
from kgan.trainers import workers
from kgan.trainers.datasets import (
    CheckedDataset,
    DistributedDataset,
    StreamedBatches,
    reads_dataset,
)
from kgan.trainers.devices import Devices, check_supported, hash_of
from kgan.types import Data, Tensor, Tensors

# The values that several devices support, and the reasons why other values are refused.
_WHERE = "Under a strategy of `tf.distribute` with several devices,"
_CLIPPING = "each device would clip its own share of the gradient, unlike a single device"
_SUPPORTED_OF_OPTIMIZERS = {
    "clipnorm": ((None,), _CLIPPING),
    "clipvalue": ((None,), _CLIPPING),
    "global_clipnorm": ((None,), _CLIPPING),
    "gradient_accumulation_steps": ((None,), "Keras can't accumulate gradients"),
}
_SUPPORTED: dict[str, tuple] = {
    "compute_dtype": (
        (None,),
        "Keras checks for an overflow on the first device only: use mixed_bfloat16",
    ),
    "jit_compile": ((False, "auto"), "XLA can't compile the step"),
    # The threads of the devices would overwrite each other's values.
    "schedules": ((set(),), "only the learning rate of an optimizer can be scheduled"),
}


class FrameworkDevices(Devices):
    """The devices of the `tf.distribute` strategy under which the model was made."""

    replicas_are: ClassVar[str] = "devices of the strategy"
    worker_lost: ClassVar[tuple[type[Exception], ...]] = (
        tf.errors.AbortedError,
        tf.errors.CancelledError,
        tf.errors.DeadlineExceededError,
        tf.errors.InternalError,
        tf.errors.UnavailableError,
    )

    def __init__(self, model: Any) -> None:
        super().__init__(model)
        self._predict: dict[keras.Model, Callable[[Tensors], Tensor]] = {}
        # The errors of checks that ran inside a dataset.
        self._refusals: list[ValueError] = []

    @property
    def strategy(self) -> tf.distribute.Strategy:
        return self.model.distribute_strategy

    @property
    def replicas(self) -> int:
        return self.strategy.num_replicas_in_sync

    @property
    def has_workers(self) -> bool:
        return isinstance(self.strategy, tf.distribute.MultiWorkerMirroredStrategy)

    @property
    def _is_alone(self) -> bool:
        """Whether there is one device, and no strategy that could have several."""
        mirrored = isinstance(self.strategy, tf.distribute.MirroredStrategy)
        return self.replicas == 1 and not (mirrored or self.has_workers)

    @property
    def is_chief(self) -> bool:
        resolver = getattr(self.strategy, "cluster_resolver", None)
        if resolver is None or resolver.task_type in (None, "", "chief"):
            return True
        return resolver.task_id == 0 and "chief" not in resolver.cluster_spec().jobs

    def train_step(self, batch: Data) -> Tensors:
        with _after(batch):
            return self._reducible(self.model.training_step(batch), "train")

    def test_step(self, batch: Data) -> Tensors:
        with _after(batch):
            return self._reducible(self.model.validation_step(batch), "test")

    def train_function(self, function: Callable[..., Any]) -> Callable[..., Any]:
        return self.model.progress.skipping_done_batches(
            self._refusing(self._with_log_names(function, "train")),
            self.model.steps_per_execution,
        )

    def test_function(self, function: Callable[..., Any]) -> Callable[..., Any]:
        return self._refusing(self._with_log_names(function, "test"))

    def _refusing(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """Returns a function that raises the error of a check as the check raised it.

        TensorFlow raises another error, with the traceback as its text.
        """

        def refusing(iterator: Any) -> Any:
            try:
                return function(iterator)
            except tf.errors.OpError:
                if self._refusals:
                    raise self._refusals.pop() from None
                raise

        return refusing

    # With several workers, Keras reduces each log separately, and fails on scalars (keras
    # #20585). So the workers reduce all logs as one vector.

    def _reducible(self, logs: dict[str, Tensor], step: str) -> Tensors:
        if not self.has_workers:
            return logs
        setattr(self, f"_{step}_log_names", tuple(logs))
        return tf.stack(list(logs.values()))[tf.newaxis]

    def _with_log_names(
        self, function: Callable[..., Any], step: str
    ) -> Callable[..., Any]:
        if not self.has_workers:
            return function

        def named(iterator: Any) -> dict[str, Tensor]:
            logs = tf.unstack(tf.reshape(function(iterator), [-1]))
            return dict(zip(getattr(self, f"_{step}_log_names"), logs, strict=True))

        return named

    def make_predict_function(self, make: Callable[[], None]) -> None:
        # Keras would compile an inner function of its own by XLA.
        model, compiles = self.model, self.model.jit_compile
        model.jit_compile = False
        try:
            make()
        finally:
            model.jit_compile = compiles
        if not model.run_eagerly:
            model.predict_function = tf.function(
                _Counted(model.predict_function.python_function),
                reduce_retracing=True,
                # XLA can't compile the step of a strategy.
                jit_compile=True if compiles and self._is_alone else None,
            )

    def check_compile(self, optimizers: list, **arguments: Any) -> None:
        strategy = tf.distribute.get_strategy()
        for variable in self.model.variables if tf.distribute.has_strategy() else ():
            if not strategy.extended.variable_created_in_scope(variable.value):
                raise ValueError(
                    "Make the networks and the GAN inside `with strategy.scope():` too. "
                    f"Received: {variable.path}, made outside of it"
                )
        for optimizer in optimizers:
            made_under = keras_private.strategy_of(optimizer)
            if made_under is not self.strategy:
                raise ValueError(
                    "Make the networks, the GAN and its optimizers, and call "
                    "`compile`, inside one `with strategy.scope():`. Received: a GAN "
                    f"made under {type(self.strategy).__name__}, "
                    f"{optimizer.name} under {type(made_under).__name__}"
                )
            if self.replicas > 1:
                check_supported(_WHERE, _SUPPORTED_OF_OPTIMIZERS, vars(optimizer))
        if self.replicas > 1:
            check_supported(_WHERE, _SUPPORTED, arguments)

    def predict(self, inputs: Tensors, network: keras.Model) -> Tensor:
        # Not `predict_on_batch`: under a strategy, all workers would have to call it.
        if network not in self._predict:
            signature = tf.nest.map_structure(
                lambda x: tf.TensorSpec((None, *x.shape[1:]), x.dtype), inputs
            )
            self._predict[network] = tf.function(
                _Counted(lambda inputs: network(inputs, training=False)),
                input_signature=[signature],
            )
        outputs = self._predict[network](inputs)
        return tf.nest.map_structure(lambda x: x.numpy(), outputs)

    def dataset(
        self,
        data: Data,
        steps: int | None,
        parts: int = 1,
        training: bool = False,
    ) -> tuple[Data, int | None]:
        if training and self.has_workers:
            self._check_same_data(data)
        if isinstance(data, Batches):
            # The dataset ends by itself, and Keras knows the number of its batches.
            model = self.model if training else None
            data, steps = StreamedBatches(data, steps or len(data), model), None
        elif isinstance(data, CheckedData):
            data = CheckedDataset(data, self._refusals)
        # With one device, Keras takes more kinds of data than `DistributedDataset`.
        other = self.replicas == 1 and not reads_dataset(data)
        if data is None or self._is_alone or other:
            return data, steps
        return DistributedDataset(data, steps, self.strategy, parts), steps

    def _check_same_data(self, data: Batches | CheckedData) -> None:
        """Checks that all workers were given the same data, before the first step."""
        own = hash_of(data)
        number = tf.constant([int(own[:15], 16)], tf.int64)

        def gather() -> Tensor:
            context = tf.distribute.get_replica_context()
            return context.all_gather(number, axis=0)

        gathered = self.strategy.run(tf.function(gather))
        found = self.strategy.experimental_local_results(gathered)[0].numpy()
        if len(set(found)) > 1:
            raise ValueError(
                "All workers must train on the same data, of which each worker takes its "
                f"share. Received: {len(set(found))} kinds of data among {len(found)} "
                f"devices, with the hash {own[:15]} in this worker"
            )

    @staticmethod
    def strategy_by_name(name: str) -> tf.distribute.Strategy:
        if name == "multi_worker":
            workers.meet(workers.Cluster.from_environment())
        return {
            "none": tf.distribute.get_strategy,
            "mirrored": tf.distribute.MirroredStrategy,
            "multi_worker": tf.distribute.MultiWorkerMirroredStrategy,
        }[name]()


class _Counted:
    """A function whose traces TensorFlow counts for itself.

    TensorFlow warns of many traces of one function, and takes functions with the same
    code for one. So several GANs in a process, each traced once, would cause the warning.
    An object of this class has no code of its own.

    Args:
        function: Function of the inputs of a network.
    """

    def __init__(self, function: Callable[[Tensors], Tensors]):
        self.function = function

    def __call__(self, inputs: Tensors) -> Tensors:
        return self.function(inputs)


def _after(batch: Data) -> Any:
    """Returns a context whose operations begin after a batch has been read.

    At the end of data of unknown length there is no batch. Without this context, counters
    and seeds, which do not depend on the batch, could be changed nevertheless. A batch of
    `train_on_batch` has `None` where labels and weights are absent.
    """
    return tf.control_dependencies(
        [part for part in tf.nest.flatten(batch) if part is not None]
    )
