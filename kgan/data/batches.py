"""Arrays, in batches whose order is a function of the seed and the epoch."""

import keras
import numpy as np


class Batches(keras.utils.PyDataset):
    """Shuffled batches of an array, the same ones for the same seed and epoch.

    `GAN.fit` wraps arrays in it by itself. Every epoch has an order of its own,
    `numpy.random.default_rng((seed, epoch)).permutation(len(x))`.

    Args:
        x: Array `(n, ...)`.
        batch_size: Int, samples in a batch.
        shuffle: Bool, whether to shuffle in each epoch.
        seed: Int, at least 0.
        epoch: Int, number of the first epoch where Keras counts by itself; `GAN.fit`
            goes by its own `initial_epoch`.
        labels: Array `(n,)` that comes with the samples; None without.
        drop_remainder: Bool. The last batch holds what is left over: with True
            it is dropped unless it is full.

    Example:

    >>> import numpy as np
    >>> batches = Batches(np.arange(10), batch_size=4, shuffle=False)
    >>> [batch.tolist() for (batch,) in (batches[i] for i in range(len(batches)))]
    [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9]]
    """

    def __init__(
        self,
        x: np.ndarray,
        batch_size: int = 32,
        shuffle: bool = True,
        seed: int = 0,
        epoch: int = 0,
        drop_remainder: bool = False,
        labels: np.ndarray | None = None,
    ):
        super().__init__()
        self.x = x
        self.labels = labels
        self.batch_size = batch_size
        self.shuffle = shuffle
        self.seed = seed
        self.epoch = epoch
        self.drop_remainder = drop_remainder and len(x) >= batch_size
        # The last order made, and for which seed and epoch.
        self._order = (-1, -1), np.arange(0)

    def __len__(self) -> int:
        full, rest = divmod(len(self.x), self.batch_size)
        return full + bool(rest and not self.drop_remainder)

    @property
    def all_full(self) -> bool:
        """Whether no batch is smaller than `batch_size`."""
        return self.drop_remainder or len(self.x) % self.batch_size == 0

    def order(self, epoch: int) -> np.ndarray:
        """Returns the indices of the samples in the order of that epoch."""
        if not self.shuffle:
            return np.arange(len(self.x))
        made_for, order = self._order
        if made_for != (self.seed, epoch):
            made_for = self.seed, epoch
            order = np.random.default_rng(made_for).permutation(len(self.x))
            self._order = made_for, order
        return order

    def batch(self, number: int) -> tuple[np.ndarray, ...]:
        """Returns a batch by its number since the beginning of epoch 0.

        That is `(samples,)`, or `(samples, labels)`.
        """
        epoch, index = divmod(number, len(self))
        start = index * self.batch_size
        rows = self.order(epoch)[start : start + self.batch_size]
        if self.labels is None:
            return (self.x[rows],)
        return self.x[rows], self.labels[rows]

    def __getitem__(self, index: int) -> tuple[np.ndarray, ...]:
        return self.batch(self.epoch * len(self) + index)

    def on_epoch_end(self) -> None:
        self.epoch += 1
