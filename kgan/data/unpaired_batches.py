"""Batches of two sets of pictures that are no pairs, each set in an order of its own."""

from typing import Any

import numpy as np

from kgan.data.conditions import check_rows
from kgan.data.images import check_pictures
from kgan.data.window_batches import WindowBatches
from kgan.data.windows import Windows
from kgan.types import ArrayLike, Tensors

# The numbers of both sets, from which their orders and their windows are drawn.
_B, _A = 0, 1


class UnpairedBatches(WindowBatches):
    """Shuffled batches of two sets of pictures, A and B, which are no pairs.

    Each set has an order of its own. An epoch shows each picture of the longer set once;
    the shorter set begins again in a new order as often as needed. Orders, windows and
    mirror images depend on the seed, the epoch and the number of the batch only, so a
    resumed training sees the same pictures. CycleGAN enlarges its pictures to 286 pixels,
    and cuts windows of 256 pixels.

    Args:
        a: Array `(n, height, width, channels)`, or a `kgan.data.Store`.
        b: Array `(m, height, width, channels)`, or a `kgan.data.Store`.
        crop: Int, or pair `(height, width)`, the size of the windows; None for whole
            pictures. Each picture gets a window of its own.
        flip: Bool, whether to mirror half of the pictures left to right.
        margin: Int, number of pixels by which windows may lie outside of a picture, where
            its border is repeated. With a `margin` and no `crop`, pictures are moved.
        **options: `batch_size`, the number of pictures of each set in a batch, `shuffle`,
            `seed` and others, see `kgan.data.Batches`.

    Attributes:
        x: The pictures of B, cut to the window in the middle.
        labels: The pictures of A, cut to the window in the middle.

    Raises:
        ValueError: If a set has no pictures, or pictures smaller than the windows.

    Example:

    >>> import kgan, numpy as np
    >>> a, b = np.zeros((5, 4, 4, 3), "uint8"), np.ones((3, 4, 4, 1), "uint8")
    >>> batches = kgan.data.UnpairedBatches(a, b, batch_size=2)
    >>> [(x.shape, y.shape) for y, x in (batches[i] for i in range(len(batches)))][-1]
    ((1, 4, 4, 3), (1, 4, 4, 1))

    Reference:
        [Zhu et al., 2017 (CycleGAN)](https://arxiv.org/abs/1703.10593), section 7.1.
    """

    def __init__(
        self,
        a: ArrayLike,
        b: ArrayLike,
        crop: int | tuple[int, int] | None = None,
        flip: bool = True,
        margin: int = 0,
        **options: Any,
    ):
        check_pictures(a=a, b=b)
        windows = Windows.checked(crop, flip, margin)
        for images in (a, b):
            if not windows.fit(images):
                raise ValueError(
                    "`crop` must be at most the size of the pictures. Received: "
                    f"crop={crop}, a.shape={a.shape}, b.shape={b.shape}"
                )
        super().__init__(b, a, windows, **options)

    def check_labels(self, labels: Tensors | None) -> Any:
        # Both sets have numbers of their own.
        return check_rows(labels=labels)

    @property
    def count(self) -> int:
        return max(len(self.x), len(self.whole[_A]))

    def draw_order(self, epoch: int) -> np.ndarray:
        """Draws the numbers of the pictures of both sets, `(count, 2)`: B, A."""
        return np.stack([self._order_of(side, epoch) for side in (_B, _A)], axis=1)

    def _order_of(self, side: int, epoch: int) -> np.ndarray:
        length = len(self.whole[side])
        if not self.shuffle:
            return np.arange(self.count) % length
        seed = np.random.SeedSequence((self.seed, epoch), spawn_key=(side,))
        generator = np.random.default_rng(seed)
        rounds = [generator.permutation(length) for _ in range(-(-self.count // length))]
        return np.concatenate(rounds)[: self.count]

    def examples(self, count: int) -> tuple[Any, ...]:
        chosen = (np.unique(rows) for rows in self.order(0)[:count].T)
        parts = zip(self.structure, chosen, strict=True)
        return tuple(images[rows] for images, rows in parts)

    def batch(self, number: int) -> tuple[np.ndarray, ...]:
        """Returns the batch with this number, counted from the start of epoch 0.

        Returns:
            `(b, a)`, in the order of the samples and the pictures they are drawn from.
        """
        rows = self.rows(number)
        epoch, index = divmod(number, len(self))
        # The orders of the epoch are drawn with shorter keys.
        seed = np.random.SeedSequence((self.seed, epoch), spawn_key=(_A, index))
        generator = np.random.default_rng(seed)
        found = []
        for images, chosen in zip(self.whole, rows.T, strict=True):
            places = self.windows.draw(generator, len(chosen), images)
            found.append(self.windows.cut(images[chosen], *places))
        return tuple(found)
