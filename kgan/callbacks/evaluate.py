"""Computes metrics during training."""

from collections.abc import Sequence
from typing import Any

from kgan import checks
from kgan.callbacks.interval import (
    check_every,
    samples_interval,
    shown_before_epoch,
)
from kgan.callbacks.model_callback import ModelCallback
from kgan.callbacks.paths import check_folder
from kgan.data.conditions import check_rows
from kgan.metrics import (
    Evaluation,
    Extractor,
    Result,
    check_extractor,
    check_images,
    default_extractor,
    parse_all,
)
from kgan.metrics.extractors import Images
from kgan.models.conditions import sampler
from kgan.types import ArrayLike, PathLike, Tensors


class Evaluate(ModelCallback):
    """Computes metrics of samples during training, and adds them to the logs.

    The averaged generator, where there is one, draws the samples from the same latents
    each time. The metrics compare them with real images. The key in the logs is `val_`
    and the name of the number, for example `val_fd1k_classifier`, so
    `keras.callbacks.ModelCheckpoint` and `EarlyStopping` can monitor it, if they come
    after this callback in the list. Training is the same as without this callback: the
    weights are equal bit for bit.

    Args:
        reals: The real images: uint8 images, or a pair `(images, labels)`; an array or a
            `kgan.data.Store`.
        metrics: Names of metrics, see `kgan.metrics.parse`, or one name.
        extractor: A `kgan.metrics.Extractor`. None for a small classifier that is trained
            on the labels, `kgan.metrics.classifier`, or without labels for
            `kgan.metrics.untrained`.
        every: Int, the number of real samples to show from one evaluation to the next;
            None for an evaluation after each epoch. An evaluation takes place at the end
            of the epoch that completes this number, and at the end of training. Epochs
            without an evaluation, and the epoch in which training is stopped, lack these
            keys in their logs, and callbacks that monitor a key warn about that.
        seed: Int, seed of latents and subsets.
        cache: Folder for the features of real sets, see `kgan.metrics.Evaluation`.
        conditions: Conditions of the data, from which each sample has one, for a GAN with
            conditions other than labels; None for the few that the GAN keeps.

    Raises:
        ValueError: If no metric has one of the names, or the reals are no uint8 images.

    Example:

    ```python
    evaluate = kgan.callbacks.Evaluate((images, labels), ["fd1k", "recall1k"])
    best = keras.callbacks.ModelCheckpoint(
        "best.keras", save_best_only=True, **evaluate.monitor
    )
    gan.fit(images, epochs=50, callbacks=[evaluate, best])
    ```
    """

    def __init__(
        self,
        reals: Images | tuple[Images, ArrayLike],
        metrics: str | Sequence[str] = ("fd1k",),
        extractor: Extractor | None = None,
        every: int | None = None,
        seed: int = 0,
        cache: PathLike | None = None,
        conditions: Tensors | None = None,
    ):
        super().__init__()
        self.every = check_every(every)
        self._interval = samples_interval(self.every, self)
        self.seed = checks.fixed_seed(seed=seed)
        if isinstance(reals, tuple) and len(reals) != 2:
            raise ValueError(
                "`reals` must be uint8 images, or a pair (images, labels). "
                f"Received: reals of type tuple with {checks.counted(len(reals), 'part')}"
            )
        self.images, labels = reals if isinstance(reals, tuple) else (reals, None)
        check_images(self.images)
        check_extractor(extractor)
        if cache is not None:
            check_folder(cache=cache)
        self.extractor = extractor or default_extractor(self.images, labels)
        # Raises before training if a name is unknown.
        self._first = parse_all(metrics, self.extractor)[0]
        self.metrics, self.cache = metrics, cache
        self.conditions = check_rows(conditions=conditions)
        self.evaluation: Evaluation | None = None
        self.results: list[Result] = []

    @property
    def monitor(self) -> dict[str, str]:
        """The arguments `monitor` and `mode` of Keras' callbacks: the first metric."""
        mode = "max" if self._first.spec.higher_is_better else "min"
        return {"monitor": f"val_{self._first.name(self.extractor)}", "mode": mode}

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        if self.images.shape[1:] != self.model.sample_shape:
            raise ValueError(
                "`reals` must have the shape of the samples, "
                f"{self.model.sample_shape}. Received: reals.shape={self.images.shape}"
            )
        conditions = self.model.conditions
        if self.conditions is not None and (not conditions or conditions.are_labels):
            raise ValueError(
                "`conditions` are for a GAN with conditions other than labels. "
                f"{checks.received(conditions=self.conditions)}"
            )
        if self.evaluation is None:
            self.evaluation = Evaluation(
                self.images, self.extractor, self.metrics, self.seed, self.cache
            )

    def on_epoch_begin(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        if self._interval is not None:
            self._interval.begin(shown_before_epoch(self.model))

    def _is_due(self, epoch: int) -> bool:
        if self._interval is None:
            return True
        # An epoch that was stopped before its last batch is the current epoch still.
        if self.model.epoch == epoch:
            return False
        return self._interval.has_passed() or self.model.epoch == self.params["epochs"]

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        if not self._is_due(epoch):
            return
        assert self.evaluation is not None
        draw = sampler(self.model, self.conditions)
        self.results = self.evaluation.of(draw, self.model.sample_range)
        if logs is not None:
            logs.update({f"val_{r.name}": r.value for r in self.results})
