"""Batches of pairs of pictures, with the same random windows and mirrors for both."""

from typing import Any

import numpy as np

from kgan import checks
from kgan.data.batches import Batches
from kgan.data.images import is_image_shape
from kgan.data.store import Store
from kgan.types import ArrayLike


class PairBatches(Batches):
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
        batch_size: Int, number of pairs in a batch.
        shuffle: Bool, whether to shuffle the pairs in each epoch.
        seed: Int of at least 0.
        epoch: Int, see `kgan.data.Batches`.
        drop_remainder: Bool, whether to drop the last batch if it is not full.
        smallest: Int; a last batch with fewer pairs is left out.

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
        batch_size: int = 32,
        shuffle: bool = True,
        seed: int = 0,
        epoch: int = 0,
        drop_remainder: bool = False,
        smallest: int = 1,
    ):
        _check_pairs(sources, targets)
        self.crop = _check_crop(crop, sources, targets)
        self.flip = checks.flag(flip=flip)
        self._whole = targets, sources
        target, source = (_middle(images, self.crop) for images in self._whole)
        super().__init__(
            target,
            batch_size,
            shuffle,
            seed,
            epoch,
            drop_remainder,
            labels=source,
            smallest=smallest,
        )

    def batch(self, number: int) -> tuple[np.ndarray, ...]:
        """Returns the batch with this number, counted from the start of epoch 0.

        Returns:
            `(targets, sources)`.
        """
        rows = self.rows(number)
        epoch, index = divmod(number, len(self))
        # The order of the epoch is drawn from the seed and the epoch alone.
        seed = np.random.SeedSequence((self.seed, epoch), spawn_key=(index,))
        places, mirrored = self._drawn(np.random.default_rng(seed), len(rows))
        return tuple(self._cut(images[rows], places, mirrored) for images in self._whole)

    def _drawn(
        self, generator: np.random.Generator, count: int
    ) -> tuple[np.ndarray, np.ndarray]:
        """Draws top and left of each window, and whether each pair is mirrored."""
        mirrored = generator.integers(2, size=count) > 0
        if self.crop is None:
            return np.zeros((count, 2), "int64"), mirrored & self.flip
        room = np.subtract(self._whole[0].shape[1:3], self.crop)
        places = generator.integers(room + 1, size=(count, 2))
        return places, mirrored & self.flip

    def _cut(
        self, images: np.ndarray, places: np.ndarray, mirrored: np.ndarray
    ) -> np.ndarray:
        height, width = self.crop or images.shape[1:3]
        cut = np.empty((len(images), height, width, images.shape[3]), images.dtype)
        for row, (top, left) in enumerate(places.tolist()):
            window = images[row, top : top + height, left : left + width]
            cut[row] = window[:, ::-1] if mirrored[row] else window
        return cut


def _check_pairs(sources: Any, targets: Any) -> None:
    images = {"sources": sources, "targets": targets}
    for name, value in images.items():
        shape = getattr(value, "shape", ())
        if not is_image_shape(shape[1:]) or not shape[0]:
            raise ValueError(
                f"`{name}` must be images of shape (n, height, width, channels). "
                f"Received: {name} of type {type(value).__name__} and shape {shape}"
            )
    if len(sources) != len(targets):
        raise ValueError(
            "There must be one target for each source. "
            f"Received: {len(sources)} sources and {len(targets)} targets"
        )


def _check_crop(
    crop: int | tuple[int, int] | None, sources: ArrayLike, targets: ArrayLike
) -> tuple[int, int] | None:
    if crop is None:
        return None
    sides = crop if isinstance(crop, tuple | list) else (crop, crop)
    height, width = checks.shape(rank=2, form="an int, or (height, width)", crop=sides)
    sizes = {images.shape[1:3] for images in (sources, targets)}
    fits = all(height <= size[0] and width <= size[1] for size in sizes)
    if len(sizes) > 1 or not fits:
        raise ValueError(
            "`crop` needs sources and targets of one size, at least as large as the "
            f"windows. Received: crop={crop}, sources.shape={sources.shape}, "
            f"targets.shape={targets.shape}"
        )
    return height, width


def _middle(
    images: np.ndarray | Store, crop: tuple[int, int] | None
) -> np.ndarray | Store:
    """Returns the window in the middle of each image, without a copy."""
    if crop is None:
        return images
    height, width = crop
    top, left = (images.shape[1] - height) // 2, (images.shape[2] - width) // 2
    if isinstance(images, Store):
        return images.window(top, left, height, width)
    return images[:, top : top + height, left : left + width]
