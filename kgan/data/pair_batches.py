"""Batches of pairs of pictures, with the same random windows and mirrors for both."""

from typing import Any

import numpy as np

from kgan.data.images import check_pictures
from kgan.data.window_batches import WindowBatches
from kgan.data.windows import Windows
from kgan.types import ArrayLike


class PairBatches(WindowBatches):
    """Shuffled batches of pairs of pictures, with random windows and mirror images.

    Both pictures of a pair get the same window, and are mirrored together. The windows
    depend on the seed, the epoch and the number of the batch only, so a resumed training
    sees the same pictures. pix2pix enlarges its pictures to 286 pixels, and cuts windows
    of 256 pixels.

    Args:
        sources: Array `(n, height, width, channels)`, or a `kgan.data.Store`: the given
            pictures.
        targets: Array `(n, height, width, channels)`, or a `kgan.data.Store`: the
            pictures to draw.
        crop: Int, or pair `(height, width)`, the size of the windows; None for whole
            pictures.
        flip: Bool, whether to mirror half of the pairs left to right.
        margin: Int, number of pixels by which windows may lie outside of a picture, where
            its border is repeated. With a `margin` and no `crop`, pictures are moved.
        **options: `batch_size`, `shuffle`, `seed` and others, see `kgan.data.Batches`.

    Attributes:
        x: The targets, cut to the window in the middle. The GAN checks these, and shows
            them.
        labels: The sources, cut to the window in the middle.

    Raises:
        ValueError: If the pictures are no pairs, or are smaller than the windows.

    Example:

    >>> import kgan, numpy as np
    >>> pictures = np.arange(36, dtype="uint8").reshape(1, 6, 6, 1)
    >>> batches = kgan.data.PairBatches(pictures, pictures + 1, crop=4, batch_size=1)
    >>> target, source = batches[0]
    >>> target.shape, bool((target == source + 1).all())
    ((1, 4, 4, 1), True)

    Reference:
        [Isola et al., 2017](https://arxiv.org/abs/1611.07004), section 6.2, "random
        jitter".
    """

    def __init__(
        self,
        sources: ArrayLike,
        targets: ArrayLike,
        crop: int | tuple[int, int] | None = None,
        flip: bool = True,
        margin: int = 0,
        **options: Any,
    ):
        check_pictures(sources=sources, targets=targets)
        windows = Windows.checked(crop, flip, margin)
        _check_pairs(windows, crop, sources, targets)
        super().__init__(targets, sources, windows, **options)

    def batch(self, number: int) -> tuple[np.ndarray, ...]:
        """Returns the batch with this number, counted from the start of epoch 0.

        Returns:
            `(targets, sources)`.
        """
        rows = self.rows(number)
        epoch, index = divmod(number, len(self))
        # The order of the epoch is drawn from the seed and the epoch alone.
        seed = np.random.SeedSequence((self.seed, epoch), spawn_key=(index,))
        drawn = np.random.default_rng(seed), len(rows), self.whole[0]
        places = self.windows.draw(*drawn)
        return tuple(self.windows.cut(images[rows], *places) for images in self.whole)


def _check_pairs(
    windows: Windows,
    crop: int | tuple[int, int] | None,
    sources: ArrayLike,
    targets: ArrayLike,
) -> None:
    if len(sources) != len(targets):
        raise ValueError(
            "There must be one target for each source. "
            f"Received: {len(sources)} sources and {len(targets)} targets"
        )
    one_size = sources.shape[1:3] == targets.shape[1:3]
    moved = windows.size is not None or windows.margin
    if moved and not (one_size and windows.fit(sources)):
        raise ValueError(
            "`crop` and `margin` need sources and targets of one size, at least as large "
            f"as the windows. Received: crop={crop}, margin={windows.margin}, "
            f"sources.shape={sources.shape}, targets.shape={targets.shape}"
        )
