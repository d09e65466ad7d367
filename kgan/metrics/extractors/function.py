"""Features computed by a function."""

from collections.abc import Callable

import numpy as np

from kgan import checks
from kgan.metrics.extractors.base import Extracted, Extractor
from kgan.types import ArrayLike


class Function(Extractor):
    """Features computed by any function of a batch of uint8 images.

    Args:
        function: Callable from uint8 `(n, height, width, channels)` to a float array
            `(n, ...)`.
        name: Str, part of the name of each number.
        batch_size: Int, the number of images in a call of the function.

    Example:

    >>> import kgan, numpy as np
    >>> means = kgan.metrics.Function(lambda x: x.mean(axis=(1, 2)), name="means")
    >>> means(np.zeros((5, 8, 8, 3), "uint8")).features.shape
    (5, 3)
    """

    def __init__(
        self,
        function: Callable[[np.ndarray], ArrayLike],
        name: str,
        batch_size: int = 64,
    ):
        super().__init__(name, batch_size)
        if not callable(function):
            raise ValueError(
                "`function` must be a function from images to features. "
                f"{checks.received(function=function)}"
            )
        self.function = function

    def extract(self, images: np.ndarray) -> Extracted:
        """Returns the result of the function, with all axes but the first flattened."""
        features = np.asarray(self.function(images))
        has_rows = features.ndim > 1 and len(features) == len(images)
        return Extracted(features.reshape(len(images), -1) if has_rows else features)
