"""Random windows and mirror images of pictures, for batches."""

from typing import NamedTuple

import numpy as np

from kgan import checks
from kgan.data.store import Store
from kgan.types import ArrayLike


class Windows(NamedTuple):
    """Cuts windows out of pictures, and mirrors half of the windows left to right.

    Attributes:
        size: `(height, width)` of the windows; None for the size of the pictures.
        flip: Bool, whether to mirror.
        margin: Int, the pixels by which a window may lie outside of its picture. There,
            the window repeats the border of the picture.
    """

    size: tuple[int, int] | None = None
    flip: bool = False
    margin: int = 0

    @classmethod
    def checked(
        cls, crop: int | tuple[int, int] | None, flip: bool, margin: int = 0
    ) -> "Windows":
        """Returns the windows for the arguments of a user.

        Args:
            crop: Int, or pair `(height, width)`, or None for whole pictures.
            flip: Bool.
            margin: Int of at least 0.

        Raises:
            ValueError: If an argument can't be used.
        """
        flip = checks.flag(flip=flip)
        margin = checks.count(minimum=0, margin=margin)
        if crop is None:
            return cls(None, flip, margin)
        sides = crop if isinstance(crop, tuple | list) else (crop, crop)
        form = "an int, or (height, width)"
        height, width = checks.shape(rank=2, form=form, crop=sides)
        return cls((height, width), flip, margin)

    def fit(self, images: ArrayLike) -> bool:
        """Whether the pictures are at least as large as the windows."""
        sides = zip(self.size or (0, 0), images.shape[1:3], strict=True)
        return all(window <= side for window, side in sides)

    def draw(
        self, generator: np.random.Generator, count: int, images: ArrayLike
    ) -> tuple[np.ndarray, np.ndarray]:
        """Draws top and left of each window, and whether the window is mirrored.

        Args:
            generator: The source of the random numbers.
            count: Int, number of windows.
            images: Array `(n, height, width, channels)`, or a `kgan.data.Store`.
        """
        mirrored = generator.integers(2, size=count) > 0
        if self.size is None and not self.margin:
            return np.zeros((count, 2), "int64"), mirrored & self.flip
        sides = images.shape[1:3]
        room = np.subtract(sides, self.size or sides) + 2 * self.margin
        places = generator.integers(room + 1, size=(count, 2)) - self.margin
        return places, mirrored & self.flip

    def cut(
        self, images: np.ndarray, places: np.ndarray, mirrored: np.ndarray
    ) -> np.ndarray:
        """Returns a window of each picture, see `draw`."""
        height, width = self.size or images.shape[1:3]
        cut = np.empty((len(images), height, width, images.shape[3]), images.dtype)
        if self.margin:
            sides = self.margin, self.margin
            images = np.pad(images, ((0, 0), sides, sides, (0, 0)), "edge")
        for number, (top, left) in enumerate((places + self.margin).tolist()):
            window = images[number, top : top + height, left : left + width]
            cut[number] = window[:, ::-1] if mirrored[number] else window
        return cut

    def middle(self, images: np.ndarray | Store) -> np.ndarray | Store:
        """Returns the window in the middle of each picture, without a copy."""
        if self.size is None:
            return images
        height, width = self.size
        top, left = (images.shape[1] - height) // 2, (images.shape[2] - width) // 2
        if isinstance(images, Store):
            return images.window(top, left, height, width)
        return images[:, top : top + height, left : left + width]
