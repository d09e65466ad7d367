from collections.abc import Sequence
from typing import Any

import keras

from kgan.files import PathLike
from kgan.metrics import Evaluation, Result, default_extractor, parse


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
        metrics: Names, see `kgan.metrics.parse`.
        extractor: A `kgan.metrics.Extractor`; None for a small classifier that is trained
            on the labels when training begins, `kgan.metrics.classifier`.
        every: Int, epochs between two evaluations. After the last epoch there is one.
        seed: Int, of latents and subsets.
        cache: Folder in which the features of real sets are kept.

    Raises:
        ValueError: If there is no such metric, or neither extractor nor labels.

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
        metrics: Sequence[str] = ("fd1k",),
        extractor: Any = None,
        every: int = 1,
        seed: int = 0,
        cache: PathLike | None = None,
    ):
        super().__init__()
        if every < 1:
            raise ValueError(f"`every` must be at least 1. Received: every={every}")
        self.images, labels = reals if isinstance(reals, tuple) else (reals, None)
        self.extractor = extractor or default_extractor(self.images, labels)
        for name in metrics:
            parse(name, self.extractor)
        self.metrics, self.every, self.seed, self.cache = metrics, every, seed, cache
        self.evaluation: Evaluation | None = None
        self.results: list[Result] = []

    def on_train_begin(self, logs=None):
        if self.evaluation is None:
            self.evaluation = Evaluation(
                self.images, self.extractor, self.metrics, self.seed, self.cache
            )

    def on_epoch_end(self, epoch, logs=None):
        last = epoch + 1 == self.params["epochs"]
        if (epoch + 1) % self.every and not last:
            return
        count = self.evaluation.count
        fakes = self.model.sample(count, seed=self.seed, as_uint8=True)
        self.results = self.evaluation(fakes)
        if logs is not None:
            logs.update({f"val_{r.name}": r.value for r in self.results})
