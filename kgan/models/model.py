"""A Keras model that trains on any data, and resumes exactly where training stopped."""

import random
from typing import Any

import keras
import numpy as np
from keras import ops

from kgan import backend, checks, data
from kgan.backend import keras_private
from kgan.metrics import Evaluation, default_extractor
from kgan.models.arguments import (
    as_list,
    check_pixels,
    check_used,
    size_of,
    with_checked_arguments,
)
from kgan.models.conditions import ConditionBank, sampler
from kgan.models.progress import (
    PREFIXES,
    EpochProgress,
    Logs,
    ResumeAtBackup,
    SavedProgress,
    TrackProgress,
)
from kgan.models.saving import KerasFile, written_by_chief
from kgan.trainers import Trainer
from kgan.types import Data, KerasArgument, PathLike, Shape, Tensor, Tensors

# Far from the first draws of training, which may have the same seed.
_EVALUATION_DRAWS = 2**30


@with_checked_arguments
class TrainedModel(Trainer):
    """A model with `fit` from any data, `evaluate`, `save`, `load` and exact resume.

    The class is independent of GANs. A subclass implements `training_step`,
    `validation_step` and `sample`, and calls `create_state` in its constructor.

    Attributes:
        sample_shape: Shape of one sample, without the batch.
        sample_range: The `kgan.data.SampleRange` of the samples.
        conditions: The `kgan.data.Conditions` that each sample is given.
        num_classes: Int, number of classes of a model with labels; None without labels.
        updates_per_batch: Int, number of updates into which a step divides a batch.
        images_seen: Variable that counts real samples.
        steps_seen: Variable that counts steps.
        seed_generator: Source of random numbers in training.
        test_seed_generator: Source of random numbers in validation.
        progress: The `EpochProgress`.
        real_samples: Some of the samples given to `fit`, for callbacks to show.
        real_conditions: Their conditions, or None.
        bank: The `ConditionBank` of conditions from the data; None for labels.
    """

    # The class of the check that data must pass.
    _check_type: type[data.DataCheck] = data.DataCheck

    def create_state(
        self,
        seed: int | None,
        sample_shape: Shape,
        sample_range: data.SampleRange = data.UNBOUNDED,
        conditions: data.Conditions = data.NO_CONDITIONS,
    ) -> None:
        """Creates the seeds and counters of training, for the constructor of a subclass.

        Args:
            seed: Int of 0 to 2**31 - 2; None for a seed drawn from Python's generator.
            sample_shape: See the attributes.
            sample_range: See the attributes.
            conditions: See the attributes.
        """
        self.sample_shape = sample_shape
        self.sample_range = sample_range
        self.conditions = conditions
        self.num_classes = conditions.num_classes
        self.bank = ConditionBank.of(conditions, sample_range, self.add_weight)
        seed = checks.seed(seed=seed)
        seed = random.randint(0, 2**31 - 2) if seed is None else seed
        self.seed_generator = keras.random.SeedGenerator(seed)
        self.test_seed_generator = keras.random.SeedGenerator(self.seed + 1)
        self.images_seen = self._counter("images")
        self.steps_seen = self._counter("steps")
        self.updates_per_batch = 1
        self.real_samples: np.ndarray | None = None
        self.real_conditions: Tensors | None = None
        self.logs = Logs()
        self.progress = EpochProgress(self.steps_seen, lambda: self.logs)
        backend.rematerialize(self)

    def _counter(self, name: str) -> keras.Variable:
        return self.add_weight(
            (), "zeros", dtype=backend.COUNTER, trainable=False, name=name
        )

    def _count_step(self, images: Tensor) -> None:
        """Counts a training step on `images` real samples, over all devices together."""
        self.images_seen.assign_add(ops.cast(images, self.images_seen.dtype))
        self.steps_seen.assign_add(1)

    def fit(
        self,
        x: Data = None,
        y: Tensors | None = None,
        batch_size: int | None = None,
        epochs: int = 1,
        verbose: KerasArgument = "auto",
        callbacks: Any = None,
        validation_split: float = 0.0,
        validation_data: Data = None,
        shuffle: bool = True,
        initial_epoch: int = 0,
        steps_per_epoch: int | None = None,
        validation_steps: int | None = None,
        validation_batch_size: int | None = None,
        **kwargs: KerasArgument,
    ) -> keras.callbacks.History:
        """Trains the model.

        Args:
            x: Real samples: a uint8 array (which training scales to `sample_range`), a
                float array in the range of the samples, or a `keras.utils.PyDataset`, a
                `tf.data.Dataset` or a generator that yields batches of these arrays, with
                or without conditions.
            y: The conditions of an array, for a conditional model: int labels `(n,)`,
                floats or uint8 pixels `(n, ...)`, or a tuple of these for several
                conditions. An unconditional model ignores them.
            batch_size: Int, for arrays only; 32 by default.
            epochs: Int.
            verbose: See `keras.Model.fit`.
            callbacks: See `keras.Model.fit`.
            validation_split: Float, the share of the array to hold out, from its end,
                unless there is `validation_data`.
            validation_data: Held-out samples, like `x`, for the `val_*` logs.
            shuffle: Bool, whether to shuffle an array, in an order that depends on the
                seed of the model and the epoch only.
            initial_epoch: Int, the first epoch. If the model was saved in the middle of
                this epoch, training continues there: see `epoch`.
            steps_per_epoch: Int, batches in an epoch of `fit`. If it is given, an array
                is shuffled again each time all its batches are used.
            validation_steps: See `keras.Model.fit`.
            validation_batch_size: Int, `batch_size` by default.
            **kwargs: `validation_freq`, see `keras.Model.fit`.

        Returns:
            A `keras.callbacks.History`.

        Raises:
            ValueError: If the model can't be trained on the data.
        """
        keras_private.assert_compiled(self, "fit")
        self._keep_average_fresh()
        if validation_split and validation_data is None:
            (x, y), validation_data = self._split(x, y, validation_split)
        batches = self._prepared_for_training(x, y, batch_size, shuffle)
        validation_data = self._prepared_for_validation(
            validation_data, validation_batch_size, batch_size, validation_steps
        )
        data.check_end(batches, steps_per_epoch=steps_per_epoch)
        callbacks = as_list(callbacks)
        # `Batches` that the user passes keep the user's own seed.
        reseeded = batches is not x and isinstance(batches, data.Batches)
        tracker = TrackProgress(batches if reseeded else None, callbacks)
        x, steps_per_epoch = self.devices.dataset(
            batches, steps_per_epoch, self.updates_per_batch, training=True
        )
        validation_data, validation_steps = self.devices.dataset(
            validation_data, validation_steps
        )
        # `BackupAndRestore` may have set the first epoch in an earlier `fit`.
        keras_private.set_initial_epoch(self, None)
        try:
            return super().fit(
                x=x,
                epochs=epochs,
                verbose=verbose,
                callbacks=[tracker, *callbacks, ResumeAtBackup(tracker)],
                validation_data=validation_data,
                shuffle=False,
                initial_epoch=initial_epoch,
                steps_per_epoch=steps_per_epoch,
                validation_steps=validation_steps,
                **kwargs,
            )
        finally:
            # Keras calls no method of a callback after an error.
            for callback in callbacks:
                getattr(callback, "on_fit_end", lambda: None)()
            if self.devices.has_state:
                self.progress.pause()

    def evaluate(
        self,
        x: Data = None,
        y: Tensors | None = None,
        batch_size: int | None = None,
        metrics: Any = None,
        extractor: Any = None,
        seed: int = 0,
        **kwargs: KerasArgument,
    ) -> Any:
        """Computes the losses, and metrics, on held-out reals in inference mode.

        The result depends on the model, the data and `seed` only.

        Args:
            x: Samples, as in `fit`.
            y: Labels, as in `fit`.
            batch_size: Int, for arrays only; 32 by default.
            metrics: Names, for example `["fd10k", "recall10k"]`, or one name, see
                `kgan.metrics.parse`. The metrics compare samples of the model with `x`,
                which must be uint8 images.
            extractor: A `kgan.metrics.Extractor`. None for a classifier that is trained
                on the labels, or for `kgan.metrics.untrained` if there are no labels.
            seed: Int of 0 to 2**31 - 2, for the noise and the samples of metrics.
            **kwargs: `verbose`, `steps`, `callbacks` and `return_dict`, see
                `keras.Model.evaluate`.

        Returns:
            `[loss, d_loss, g_loss, d_real, d_fake]` and the metrics, or a dict of them.
        """
        if keras_private.is_called_by_fit(kwargs):
            # `fit` has prepared the data, and `TrackProgress` has set the seed.
            return super().evaluate(x=x, **kwargs)
        seed = checks.fixed_seed(seed=seed)
        self.devices.synchronize()
        evaluation = None
        check_used(extractor, metrics)
        if metrics is not None:
            reals = self._samples_first(x, y)
            evaluation = self._evaluation(*reals, metrics, extractor, seed)
        batches = self._prepared(x, self.data_check(), batch_size, shuffle=False, y=y)[0]
        data.check_end(batches, steps=kwargs.get("steps"))
        batches, kwargs["steps"] = self.devices.dataset(batches, kwargs.get("steps"))
        self.seed_validation(seed, _EVALUATION_DRAWS)
        losses = super().evaluate(x=batches, **kwargs)
        if evaluation is None:
            return losses
        x, y = reals
        given = x[1] if isinstance(x, tuple) and len(x) == 2 else y
        results = evaluation.of(sampler(self, given), self.sample_range)
        found = {result.name: result.value for result in results}
        return losses | found if isinstance(losses, dict) else [*losses, *found.values()]

    def train_on_batch(self, x: Data, y: Tensors | None = None, **kwargs: Any) -> Any:
        self.check_data(x, size_of(x), y)
        return super().train_on_batch(*self._samples_first(x, y), **kwargs)

    def test_on_batch(self, x: Data, y: Tensors | None = None, **kwargs: Any) -> Any:
        self._prepared(x, self.data_check(), size_of(x), y=y)
        return super().test_on_batch(*self._samples_first(x, y), **kwargs)

    def check_data(
        self, x: Data, batch_size: int | None = None, y: Tensors | None = None
    ) -> None:
        """Raises the error that `fit` would raise for this data, if any.

        Args:
            x: Real samples, as in `fit`.
            batch_size: Int, for arrays only.
            y: Labels, as in `fit`.

        Raises:
            ValueError: If the model can't be trained on the data.
        """
        check = self.data_check(d_steps=self.updates_per_batch)
        self._prepared(x, check, batch_size, y=y)

    def _samples_first(self, x: Data, y: Tensors | None) -> tuple[Data, Tensors | None]:
        """Returns the data of `fit` in the order of batches: samples, then conditions.

        A subclass whose `fit` takes the conditions first exchanges both.
        """
        return data.unpack(x, y)

    def _split(self, x: Data, y: Tensors | None, share: float) -> tuple[tuple, tuple]:
        """Returns the data to train on and the held-out data, for `validation_split`."""
        return data.split(x, share, y)

    def _keep_average_fresh(self) -> None:
        """Called before weights are used: an average that has not begun copies them.

        A user may load weights into a network after the model was made.
        """

    def sample(
        self, n: int | None = None, seed: int | None = None, **options: Any
    ) -> np.ndarray:
        """Returns `n` samples. A subclass implements it."""
        raise NotImplementedError

    @property
    def epoch(self) -> int:
        """The current epoch, or between two epochs the next epoch.

        The epoch is saved with the model. For a loaded model,
        `fit(..., initial_epoch=model.epoch)` continues training at the point where the
        model was saved, also in the middle of an epoch.
        """
        return self.progress.epoch

    @property
    def seed(self) -> int:
        """The seed of noise and data order, saved, and the same in all workers."""
        return int(self.seed_generator.state.numpy()[0])

    @property
    def metrics(self) -> list[keras.metrics.Metric]:
        return self.logs.metrics

    def seed_validation(self, seed: int, draws: int) -> None:
        """Sets the noise of validation: its seed, and the number of draws done."""
        self.test_seed_generator.state.assign([seed, draws % 2**31])

    def data_check(self, argument: str = "x", d_steps: int = 1) -> data.DataCheck:
        """Returns the check that the data of this model must pass.

        Args:
            argument: Name of the argument that holds the data, for the errors.
            d_steps: Int, number of updates into which a step divides a batch.
        """
        return self._check_type(
            self.sample_shape, self.sample_range, self.conditions, d_steps, argument
        )

    def _prepared_for_training(
        self, x: Data, y: Tensors | None, batch_size: int | None, shuffle: bool
    ) -> Data:
        # Before the seed of the model gives the data its order.
        self.devices.synchronize()
        check = self.data_check(d_steps=self.updates_per_batch)
        batches, self.real_samples, self.real_conditions = self._prepared(
            x, check, batch_size, shuffle=shuffle, y=y
        )
        for name, reals in self._reals().items():
            self.sample_range.warn_of_half(reals, name, stacklevel=5)
        if self.bank is not None:
            self.bank.keep(self.real_conditions)
        return batches

    def _reals(self) -> dict[str, Any]:
        """Returns some of the data in the range of the samples, by arguments of `fit`."""
        return {"x": self.real_samples}

    def _prepared_for_validation(
        self, x: Data, batch_size: int | None, default: int | None, steps: int | None
    ) -> Data:
        if x is None:
            return None
        check = self.data_check("validation_data")
        options = {"default_batch_size": default or 32, "shuffle": False}
        batches = self._prepared(x, check, batch_size, **options)[0]
        data.check_end(batches, validation_steps=steps)
        return batches

    def _prepared(
        self, x: Data, check: data.DataCheck, batch_size: int | None, **options: Any
    ) -> tuple[Data, np.ndarray, Tensors | None]:
        """Returns batches, some of the samples, and the conditions of these samples."""
        x, options["y"] = self._samples_first(x, options.get("y"))
        prepared = data.prepare(x, check, batch_size, seed=self.seed, **options)
        size, last = len(prepared[1]), 0
        if isinstance(prepared[0], data.Batches):
            size, last = prepared[0].batch_size, prepared[0].last_size
        self.devices.check_divisible("batch_size", size, check.d_steps, last)
        return prepared

    def _evaluation(
        self, x: Data, y: Tensors | None, names: Any, extractor: Any, seed: int
    ) -> Evaluation:
        check_pixels(x, self.sample_shape)
        labels = None if self.conditions and not self.conditions.are_labels else y
        return Evaluation(x, extractor or default_extractor(x, labels), names, seed)

    def save(
        self, filepath: PathLike, overwrite: bool = True, **kwargs: KerasArgument
    ) -> None:
        """Saves networks, averages, optimizers, seeds and progress in one file.

        The file is written under a temporary name and then renamed, so it is never
        half-written. Weights that are NaN or infinite never replace an older file.

        Args:
            filepath: Path that ends in `.keras`.
            overwrite: Bool, whether to replace an existing file without asking.
            **kwargs: See `keras.Model.save`.
        """
        if not str(filepath).endswith(".keras") or kwargs.get("zipped") is False:
            raise ValueError(
                f"A {type(self).__name__} is saved in one file that ends in .keras. "
                f"Received: filepath={filepath}, {kwargs}"
            )
        if not (overwrite or keras_private.may_write(filepath)):
            return
        with (
            written_by_chief(self, filepath) as temporary,
            KerasFile(temporary, "wb") as file,
        ):
            super().save(file, **kwargs)

    def save_weights(
        self, filepath: PathLike, overwrite: bool = True, **kwargs: KerasArgument
    ) -> None:
        """Saves the same as `save`, without the configuration.

        Args:
            filepath: Path that ends in `.weights.h5`.
            overwrite: Bool, whether to replace an existing file without asking.
            **kwargs: See `keras.Model.save_weights`.
        """
        if not str(filepath).endswith(".weights.h5") or kwargs.get("max_shard_size"):
            raise ValueError(
                "The weights are saved in one file that ends in .weights.h5. "
                f"Received: filepath={filepath}, {kwargs}"
            )
        if not (overwrite or keras_private.may_write(filepath)):
            return
        with written_by_chief(self, filepath, ".tmp.weights.h5") as temporary:
            super().save_weights(temporary, **kwargs)

    def compile_from_config(self, config: dict[str, Any]) -> None:
        arguments = keras.saving.deserialize_keras_object(config)
        self.compile(**arguments | self.devices.compile_overrides)

    def save_own_variables(self, store: Any) -> None:
        # Keras saves the variables of the networks after this method.
        self._keep_average_fresh()
        super().save_own_variables(store)
        for name, state in self._seed_states().items():
            store[name] = state
        for name, array in self.progress.save().to_arrays().items():
            store[name] = array

    def load_own_variables(self, store: Any) -> None:
        stored = {name: store[name] for name in store.keys()}  # noqa: SIM118
        for name, state in self._seed_states().items():
            state.assign(stored.pop(name))
        ours = {k: stored.pop(k) for k in list(stored) if k.startswith(PREFIXES)}
        self.progress.restore(SavedProgress.from_arrays(ours))
        super().load_own_variables(stored)

    def _seed_states(self) -> dict[str, keras.Variable]:
        # Keras does not save the states of random layers and of seed generators.
        states = [v for v in self.variables if keras_private.is_seed_state(v)]
        return {f"seed_{i}": state for i, state in enumerate(states)}
