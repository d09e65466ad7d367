from collections.abc import Sequence
from typing import Any

import keras

from kgan.files import PathLike
from kgan.metrics import (
    Evaluation,
    Result,
    check_images,
    default_extractor,
    parse_all,
)


class Evaluate(keras.callbacks.Callback):
    """Computes metrics of samples as training goes on, into the logs.

    Samples are drawn by the averaged generator, where there is one, from the same
    latents each time, and compared with real images. The logs get `val_` and the name of
    the number, such as `val_fd1k_classifier`, so that `keras.callbacks.ModelCheckpoint`
    and `EarlyStopping`, which come after it in the list, can watch it. Training is not
    disturbed: weights are bit for bit those of a run without it.

    Args:
        reals: What to compare with: uint8 images, or a pair `(images, labels)`; an array
            or a `kgan.data.Store`.
        metrics: Names, see `kgan.metrics.parse`, or one.
        extractor: A `kgan.metrics.Extractor`; None for a small classifier that is trained
            on the labels, `kgan.metrics.classifier`, and without labels for
            `kgan.metrics.untrained`.
        every: Int, epochs between two evaluations; also after the last epoch, unless
            training is stopped before. In epochs without one the logs have no such
            number, of which callbacks that watch it warn.
        seed: Int, of latents and subsets.
        cache: Folder in which the features of real sets are kept.

    Raises:
        ValueError: If there is no such metric, or the reals are no uint8 images.

    Example:

    ```python
    evaluate = kgan.callbacks.Evaluate((images, labels), ["fd1k", "recall1k"])
    best = keras.callbacks.ModelCheckpoint(
        "best.keras", monitor="val_fd1k_classifier", mode="min", save_best_only=True
    )
    gan.fit(images, epochs=50, callbacks=[evaluate, best])
    ```
    """

    def __init__(
        self,
        reals: Any,
        metrics: str | Sequence[str] = ("fd1k",),
        extractor: Any = None,
        every: int = 1,
        seed: int = 0,
        cache: PathLike | None = None,
    ):
        super().__init__()
        if every < 1:
            raise ValueError(f"`every` must be at least 1. Received: every={every}")
        self.images, labels = reals if isinstance(reals, tuple) else (reals, None)
        check_images(self.images)
        self.extractor = extractor or default_extractor(self.images, labels)
        parse_all(metrics, self.extractor)
        self.metrics, self.every, self.seed, self.cache = metrics, every, seed, cache
        self.evaluation: Evaluation | None = None
        self.results: list[Result] = []

    def on_train_begin(self, logs=None):
        if self.images.shape[1:] != self.model.sample_shape:
            raise ValueError(
                "`reals` must have the shape of the samples, "
                f"{self.model.sample_shape}. Received: reals.shape={self.images.shape}"
            )
        if self.evaluation is None:
            self.evaluation = Evaluation(
                self.images, self.extractor, self.metrics, self.seed, self.cache
            )

    def on_epoch_end(self, epoch, logs=None):
        last = epoch + 1 == self.params["epochs"]
        if (epoch + 1) % self.every and not last:
            return
        self.results = self.evaluation.of(self.model.sample)
        if logs is not None:
            logs.update({f"val_{r.name}": r.value for r in self.results})
