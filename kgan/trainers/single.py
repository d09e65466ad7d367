"""What the backends without strategies of `tf.distribute` have in common."""

import contextlib
import types
from collections.abc import Callable
from typing import Any, ClassVar

import keras

from kgan.data import Batches


class Feed(keras.utils.PyDataset):
    """The batches of an epoch, whose number is asked when they are read.

    Args:
        batches: The `Batches`.
        steps: Int, batches in an epoch.
        epoch: Callable without arguments, returning the number of the epoch.
    """

    def __init__(self, batches: Batches, steps: int, epoch: Callable[[], int]):
        super().__init__()
        self.batches = batches
        self.steps = steps
        self.epoch = epoch

    def __len__(self) -> int:
        return self.steps

    def __getitem__(self, index: int) -> tuple[Any, ...]:
        return self.batches.batch(self.epoch() * self.steps + index)


class Single:
    """One process that trains alone."""

    replicas = 1
    has_workers = False
    is_chief = True
    has_state = True
    replaced: ClassVar[dict[str, Any]] = {}

    def check_compile(self, optimizers: list, **arguments: Any) -> None:
        """Does nothing: there is no strategy."""

    def check_share(
        self, name: str, size: int | None, divisor: int = 1, last: int = 0
    ) -> None:
        """Does nothing: batches are not shared."""

    def draw(self, latents: Any) -> Any:
        """Returns samples from latents."""
        return self.predict_on_batch(latents)  # type: ignore[attr-defined]

    def feed(
        self, data: Any, steps: int | None, epoch: Callable[[], int] | None = None
    ) -> tuple[Any, Any]:
        """See `kgan.trainers.tensorflow.Trainer.feed`."""
        if not isinstance(data, Batches):
            return data, steps
        return Feed(data, steps or len(data), epoch or (lambda: 0)), None


WorkerLost: tuple = ()


def strategy(name: str) -> Any:
    """Refuses all strategies but none: they are TensorFlow's."""
    if name != "none":
        raise ValueError(
            "Strategies of `tf.distribute` need KERAS_BACKEND=tensorflow. "
            f"Received: strategy={name}"
        )
    return types.SimpleNamespace(scope=contextlib.nullcontext)
