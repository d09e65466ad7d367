"""`fit` and `evaluate`: from whatever data a user gives to Keras' own loops."""

from typing import Any

import keras
import numpy as np

from kgan import data
from kgan.metrics import Evaluation, default_extractor
from kgan.models import checks
from kgan.models.follow import Follow, GoOn


class Fitting(keras.Model):
    """How a `GAN` is trained and evaluated on data of all kinds."""

    # What the classes beside it in `GAN` have, for type checkers.
    feed: Any
    d_steps: int
    generator: keras.Model
    position: Any
    has_state: bool
    sample: Any
    num_classes: int | None
    real_labels: np.ndarray | None
    real_samples: np.ndarray | None
    sample_shape: tuple
    seed: int
    check_share: Any

    def fit(
        self,
        x: Any = None,
        y: Any = None,
        batch_size: int | None = None,
        epochs: int = 1,
        verbose: Any = "auto",
        callbacks: Any = None,
        validation_split: float = 0.0,
        validation_data: Any = None,
        shuffle: bool = True,
        initial_epoch: int = 0,
        steps_per_epoch: int | None = None,
        validation_steps: int | None = None,
        validation_batch_size: int | None = None,
        **kwargs: Any,
    ) -> keras.callbacks.History:
        """Trains both networks.

        Args:
            x: Real samples: a uint8 array (scaled to [-1, 1] as it is used), a
                float array in the generator's output range, or a
                `keras.utils.PyDataset`, `tf.data.Dataset` or generator that yields
                batches of either, with or without labels.
            y: Int labels `(n,)` of an array, for a conditional GAN; one without
                conditions leaves them aside.
            batch_size: Int, for arrays only; 32 by default.
            epochs: Int.
            verbose: See `keras.Model.fit`.
            callbacks: See `keras.Model.fit`.
            validation_split: Float, the share of the array's end to hold out.
            validation_data: Held-out samples, like `x`, to log `val_*` losses of.
            shuffle: Bool, whether to shuffle an array, in an order that depends on
                the GAN's seed and the epoch only.
            initial_epoch: Int. A GAN that was saved in the midst of this epoch goes
                on there: see `epoch`.
            steps_per_epoch: Int, batches in an epoch of `fit`. Arrays are then
                shuffled anew whenever they are through.
            validation_steps: See `keras.Model.fit`.
            validation_batch_size: Int, `batch_size` by default.
            **kwargs: `validation_freq`, see `keras.Model.fit`.

        Returns:
            A `keras.callbacks.History`.

        Raises:
            ValueError: If the data can't be trained on.
        """
        _refuse_weights(kwargs)
        self._assert_compile_called("fit")
        if validation_split:
            (x, y), validation_data = data.split(x, validation_split, y)
        given = x
        x, self.real_samples, self.real_labels = self._prepared(
            x, "x", batch_size, d_steps=self.d_steps, shuffle=shuffle, y=y
        )
        self._check_batches(x, self.real_samples, self.d_steps)
        if validation_data is not None:
            validation_data, first, _ = self._prepared(
                validation_data,
                "validation_data",
                validation_batch_size,
                default_batch_size=batch_size or 32,
                shuffle=False,
            )
            self._check_batches(validation_data, first)
        callbacks = _as_list(callbacks)
        ours = x is not given and isinstance(x, data.Batches)
        follow = Follow(x if ours else None, callbacks)
        x, steps_per_epoch = self.feed(x, steps_per_epoch, lambda: self.epoch)
        validation_data, validation_steps = self.feed(validation_data, validation_steps)
        # `BackupAndRestore` leaves in it where an earlier `fit` began.
        self._initial_epoch = None
        try:
            return super().fit(
                x=x,
                epochs=epochs,
                verbose=verbose,
                callbacks=[follow, *callbacks, GoOn(follow)],
                validation_data=validation_data,
                shuffle=False,
                initial_epoch=initial_epoch,
                steps_per_epoch=steps_per_epoch,
                validation_steps=validation_steps,
                **kwargs,
            )
        finally:
            if self.has_state:
                self.position.pause()

    @property
    def epoch(self) -> int:
        """The epoch that training is in, or would begin next.

        It is saved with the GAN: `gan.fit(..., initial_epoch=gan.epoch)` goes on where
        the file was written, in the midst of an epoch too.
        """
        return self.position.epoch

    def evaluate(
        self,
        x: Any = None,
        y: Any = None,
        batch_size: int | None = None,
        metrics: Any = None,
        extractor: Any = None,
        seed: int = 0,
        **kwargs: Any,
    ) -> Any:
        """Computes the losses on held-out reals, in inference mode, and metrics.

        Args:
            x: Samples, as in `fit`.
            y: Labels, as in `fit`.
            batch_size: Int, for arrays only; 32 by default.
            metrics: Names such as `["fd10k", "recall10k"]`, or one, see
                `kgan.metrics.parse`, of samples against these reals: uint8 images.
            extractor: A `kgan.metrics.Extractor`; None for a classifier that is trained
                on the labels, and without labels for `kgan.metrics.untrained`.
            seed: Int, of the samples that metrics are computed of.
            **kwargs: `verbose`, `steps`, `callbacks` and `return_dict`, see
                `keras.Model.evaluate`.

        Returns:
            `[loss, d_loss, g_loss, d_real, d_fake]` and the metrics, or a dict of them.
        """
        given = x, y
        _refuse_weights(kwargs)
        # From inside `fit` the data comes prepared.
        if not kwargs.get("_use_cached_eval_dataset"):
            x, first, _ = self._prepared(x, "x", batch_size, shuffle=False, y=y)
            self._check_batches(x, first)
            x, kwargs["steps"] = self.feed(x, kwargs.get("steps"))
        if metrics is None:
            return super().evaluate(x=x, **kwargs)
        evaluation = self._evaluation(*given, metrics, extractor, seed)
        losses = super().evaluate(x=x, **kwargs)
        found = {result.name: result.value for result in evaluation.of(self.sample)}
        return losses | found if isinstance(losses, dict) else [*losses, *found.values()]

    def _evaluation(self, x: Any, y: Any, names: Any, extractor: Any, seed: int) -> Any:
        x, y = x if isinstance(x, tuple) and len(x) == 2 else (x, y)
        if getattr(x, "dtype", None) != np.uint8 or x.shape[1:] != self.sample_shape:
            raise ValueError(
                "Metrics compare with an array of uint8 images of shape "
                f"{self.sample_shape}. Received: x of type {type(x).__name__} and shape "
                f"{getattr(x, 'shape', None)}"
            )
        return Evaluation(x, extractor or default_extractor(x, y), names, seed)

    def check_data(self, x: Any, batch_size: int | None = None, y: Any = None) -> None:
        """Raises the error with which `fit` would refuse this data, if any.

        Args:
            x: Real samples, as in `fit`.
            batch_size: Int, for arrays only.
            y: Labels, as in `fit`.

        Raises:
            ValueError: If the data can't be trained on.
        """
        self._prepared(x, "x", batch_size, d_steps=self.d_steps, y=y)

    def _prepared(self, x: Any, argument: str, batch_size: Any, **options: Any) -> Any:
        return data.prepare(
            x,
            self.sample_shape,
            checks.output_range(self.generator),
            batch_size,
            argument=argument,
            seed=self.seed,
            num_classes=self.num_classes,
            **options,
        )

    def _check_batches(self, batches: Any, first: np.ndarray, divisor: int = 1) -> None:
        ours = isinstance(batches, data.Batches)
        size = batches.batch_size if ours else len(first)
        last = len(batches.x) % size if ours and not batches.all_full else 0
        self.check_share("batch_size", size, divisor, last)


def _as_list(callbacks: Any) -> list:
    if callbacks is None:
        return []
    return list(callbacks) if isinstance(callbacks, list | tuple) else [callbacks]


def _refuse_weights(arguments: dict[str, Any]) -> None:
    for name in ("class_weight", "sample_weight"):
        if arguments.pop(name, None) is not None:
            raise ValueError(
                f"A GAN learns the distribution of the data as it is, so `{name}` "
                "can't be used: leave it out, or repeat samples in the data. "
                f"Received: {name} that is not None"
            )
