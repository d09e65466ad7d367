"""Batches of two sets of pictures, of which random windows are cut."""

from typing import Any

from kgan.data.batches import Batches
from kgan.data.windows import Windows
from kgan.types import ArrayLike


class WindowBatches(Batches):
    """Base class of batches of pictures of two sets, of which windows are cut.

    A subclass checks the pictures, and implements `batch` with `whole` and `windows`.

    Args:
        samples: Array `(n, height, width, channels)`, or a `kgan.data.Store`.
        given: Array `(m, height, width, channels)`, or a `kgan.data.Store`.
        windows: The `kgan.data.windows.Windows`, which fit the pictures.
        **options: See `kgan.data.Batches`.

    Attributes:
        whole: The samples and the given pictures, not cut.
        x: The samples, cut to the window in the middle. The model checks these, and shows
            them.
        labels: The given pictures, cut to the window in the middle.
    """

    def __init__(
        self, samples: ArrayLike, given: ArrayLike, windows: Windows, **options: Any
    ):
        self.windows = windows
        self.whole = samples, given
        x, labels = map(windows.middle, self.whole)
        super().__init__(x, labels=labels, **options)
