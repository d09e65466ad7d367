"""Batches of arrays, in an order that depends on the seed and the epoch only."""

from collections.abc import Iterator
from typing import Any

import keras
import numpy as np
from keras import ops

from kgan import checks
from kgan.data.checks import ONE_LABEL, to_array, to_rows
from kgan.data.conditions import Conditions, check_rows, map_conditions
from kgan.data.sample_range import SampleRange
from kgan.types import ArrayLike, Tensor, Tensors


def divide_batch(
    parts: int, samples: Tensor, conditions: Tensors | None = None
) -> Iterator[tuple[Tensor, Tensors | None]]:
    """Yields equal parts of a batch. Samples that are left over are dropped.

    Args:
        parts: Int, the number of parts.
        samples: Tensor `(batch, ...)`.
        conditions: The conditions of the samples; None without conditions.
    """
    size = ops.shape(samples)[0] // parts
    for i in range(parts):
        part = slice(i * size, (i + 1) * size)
        yield samples[part], map_conditions(lambda x, part=part: x[part], conditions)


def unpack_batch(
    batch: Tensors, sample_range: SampleRange, conditions: Conditions
) -> tuple[Tensor, Tensors | None]:
    """Returns the samples of a batch as floats, and their conditions.

    Args:
        batch: Samples, or `(samples, conditions)`.
        sample_range: The range to which uint8 pixels are scaled.
        conditions: The conditions of the model; others are ignored.

    Returns:
        A float32 tensor, and the result of `Conditions.to_tensors`.
    """
    samples, given, _ = keras.utils.unpack_x_y_sample_weight(batch)
    samples = sample_range.to_float(samples)
    return samples, conditions.to_tensors(given, sample_range)


class Batches(keras.utils.PyDataset):
    """Shuffled batches of an array, the same batches for the same seed and epoch.

    `GAN.fit` wraps arrays in this class. Every epoch has its own order,
    `numpy.random.default_rng((seed, epoch)).permutation(len(x))`.

    Args:
        x: Array `(n, ...)`, or a `kgan.data.Store`.
        batch_size: Int, number of samples in a batch.
        shuffle: Bool, whether to shuffle the samples in each epoch.
        seed: Int of at least 0.
        epoch: Int, number of the first epoch when Keras counts the epochs. `GAN.fit`
            uses its own `initial_epoch`.
        drop_remainder: Bool, whether to drop the last batch if it is not full. An array
            smaller than one batch is kept as one small batch.
        labels: Array `(n,)` of the labels of the samples, or an array, a
            `kgan.data.Store` or a tuple of these with other conditions; or None.
        smallest: Int; a last batch with fewer samples is left out.

    Raises:
        ValueError: If there are no samples, or not one row of labels for each sample, or
            an argument is out of bounds.

    Example:

    >>> import numpy as np
    >>> batches = Batches(np.arange(10), batch_size=4, shuffle=False)
    >>> [batch.tolist() for (batch,) in batches]
    [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9]]
    """

    def __init__(
        self,
        x: ArrayLike,
        batch_size: int = 32,
        shuffle: bool = True,
        seed: int = 0,
        epoch: int = 0,
        drop_remainder: bool = False,
        labels: Tensors | None = None,
        smallest: int = 1,
    ):
        super().__init__()
        self.x = to_rows(x, "x")
        if isinstance(labels, list):
            labels = to_array(labels, "labels", ONE_LABEL)
        self.labels = self.check_labels(labels)
        self.batch_size = checks.count(batch_size=batch_size)
        self.shuffle = checks.flag(shuffle=shuffle)
        self.seed = checks.fixed_seed(seed=seed)
        self.epoch = checks.count(minimum=0, epoch=epoch)
        drop_remainder = checks.flag(drop_remainder=drop_remainder)
        self.drop_remainder = drop_remainder and self.count >= batch_size
        self.smallest = checks.count(smallest=smallest)
        if not len(self):
            raise ValueError(
                "`smallest` must be at most the number of samples. "
                f"{checks.received(smallest=smallest)}, {self.count} samples"
            )
        # The newest order, with the seed and the epoch for which it was drawn.
        self._order = (-1, -1), np.arange(0)

    def check_labels(self, labels: Tensors | None) -> Any:
        """Checks that each sample has a row of labels, and returns arrays."""
        return check_rows(len(self.x), labels=labels)

    def __len__(self) -> int:
        return self.count // self.batch_size + bool(self.last_size)

    @property
    def count(self) -> int:
        """The number of samples in an epoch."""
        return len(self.x)

    @property
    def structure(self) -> tuple[Any, ...]:
        """The arrays in the form of a batch: `(samples,)` or `(samples, labels)`."""
        return (self.x,) if self.labels is None else (self.x, self.labels)

    @property
    def last_size(self) -> int:
        """The number of samples in the last batch if it is not full; 0 otherwise."""
        rest = self.count % self.batch_size
        return 0 if self.drop_remainder or rest < self.smallest else rest

    def order(self, epoch: int) -> np.ndarray:
        """Returns the indices of the samples in the order of an epoch."""
        epoch = checks.count(minimum=0, epoch=epoch)
        drawn_for, order = self._order
        if drawn_for != (self.seed, epoch):
            order = self.draw_order(epoch)
            self._order = (self.seed, epoch), order
        return order

    def draw_order(self, epoch: int) -> np.ndarray:
        """Draws the result of `order`."""
        if not self.shuffle:
            return np.arange(self.count)
        return np.random.default_rng((self.seed, epoch)).permutation(self.count)

    def examples(self, count: int) -> tuple[Any, ...]:
        """Returns the first samples of epoch 0, in the form of a batch."""
        chosen = np.sort(self.order(0)[:count])
        return tuple(map_conditions(lambda x: x[chosen], p) for p in self.structure)

    def rows(self, number: int) -> np.ndarray:
        """Returns the indices of the samples in the batch with this number."""
        number = checks.count(minimum=0, number=number)
        epoch, index = divmod(number, len(self))
        start = index * self.batch_size
        return self.order(epoch)[start : start + self.batch_size]

    def batch(self, number: int) -> tuple[Any, ...]:
        """Returns the batch with this number, counted from the start of epoch 0.

        Returns:
            `(samples,)`, or `(samples, labels)`.
        """
        rows = self.rows(number)
        return tuple(map_conditions(lambda x: x[rows], p) for p in self.structure)

    def __getitem__(self, index: int) -> tuple[Any, ...]:
        # Python iterates up to this error.
        if not checks.is_count(index, 0, len(self) - 1):
            raise IndexError(
                f"`index` must be an int of 0 to {len(self) - 1}. "
                f"{checks.received(index=index)}"
            )
        return self.batch(self.epoch * len(self) + index)

    def on_epoch_end(self) -> None:
        self.epoch += 1
