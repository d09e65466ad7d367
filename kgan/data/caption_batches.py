"""Batches of pictures, each with one of its captions."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from kgan import checks
from kgan.data.batches import Batches
from kgan.data.checks import to_array, to_rows
from kgan.data.store import Store
from kgan.types import ArrayLike


class CaptionBatches(Batches):
    """Shuffled batches of pictures, each with the vector of one of its captions.

    In each epoch, one caption of each picture is drawn, and noise is added to its vector.
    Without noise, the networks memorise the vectors of the captions, and later texts mean
    less. Captions and noise depend on the seed, the epoch and the
    number of the batch only, so a resumed training sees the same batches.

    Args:
        x: Array `(n, ...)`, or a `kgan.data.Store`: the pictures.
        vectors: Float array `(m, d)`, the vectors of all captions: first the captions of
            the first picture, then the captions of the second picture, and so on.
        counts: List of n ints of at least 1, the number of captions of each picture; None
            for one caption each.
        batch_size: Int, number of pictures in a batch.
        shuffle: Bool, whether to shuffle the pictures in each epoch.
        seed: Int of at least 0.
        epoch: Int, see `kgan.data.Batches`.
        drop_remainder: Bool, whether to drop the last batch if it is not full.
        smallest: Int; a last batch with fewer pictures is left out.
        noise: Float of at least 0, the standard deviation of the noise. The default is
            for standardised vectors, see `kgan.text.Standardize`.

    Attributes:
        labels: The vectors of the first caption of each picture, `(n, d)`. The GAN keeps
            some of these, and shows them in grids.

    Raises:
        ValueError: If there is not a vector for each caption, or an argument is out of
            bounds.

    Example:

    >>> import kgan, numpy as np
    >>> pictures, vectors = np.zeros((2, 8, 8, 1)), np.array([[0.0], [1.0], [2.0]])
    >>> batches = kgan.data.CaptionBatches(
    ...     pictures, vectors, [2, 1], shuffle=False, noise=0
    ... )
    >>> [batches.batch(epoch)[1].ravel().tolist() for epoch in (0, 3)]
    [[1.0, 2.0], [0.0, 2.0]]

    Reference:
        The noise stands for the conditioning augmentation of
        [Zhang et al., 2017 (StackGAN)](https://arxiv.org/abs/1612.03242), section 3.2,
        which learns the deviation.
    """

    def __init__(
        self,
        x: ArrayLike | Store,
        vectors: ArrayLike,
        counts: Sequence[int] | None = None,
        batch_size: int = 32,
        shuffle: bool = True,
        seed: int = 0,
        epoch: int = 0,
        drop_remainder: bool = False,
        smallest: int = 1,
        noise: float = 0.5,
    ):
        x = to_rows(x, "x")
        self.vectors = _check_vectors(vectors)
        self.noise = checks.number(minimum=0, noise=noise)
        self.counts = _check_counts(counts, self.vectors, len(x))
        self._starts = np.cumsum(self.counts) - self.counts
        super().__init__(
            x,
            batch_size,
            shuffle,
            seed,
            epoch,
            drop_remainder,
            labels=self.vectors[self._starts],
            smallest=smallest,
        )

    def batch(self, number: int) -> tuple[Any, ...]:
        """Returns the batch with this number, counted from the start of epoch 0.

        Returns:
            `(samples, vectors)`.
        """
        rows = self.rows(number)
        epoch, index = divmod(number, len(self))
        # The order of the epoch is drawn from the seed and the epoch alone.
        seed = np.random.SeedSequence((self.seed, epoch), spawn_key=(index,))
        generator = np.random.default_rng(seed)
        drawn = generator.integers(self.counts[rows])
        vectors = self.vectors[self._starts[rows] + drawn]
        noise = generator.standard_normal(vectors.shape, "float32")
        return self.x[rows], vectors + np.float32(self.noise) * noise


def _check_vectors(vectors: ArrayLike) -> np.ndarray:
    found = to_array(vectors, "vectors", "a vector for each caption")
    if not np.issubdtype(found.dtype, np.number) or not np.isfinite(found).all():
        raise ValueError(
            f"`vectors` must be finite numbers. {checks.received(vectors=vectors)}"
        )
    return found.astype("float32", copy=False)


def _check_counts(
    counts: Sequence[int] | None, vectors: np.ndarray, pictures: int
) -> np.ndarray:
    """Returns the number of captions of each picture."""
    found = np.ones(pictures, "int64")
    if counts is not None:
        found = to_array(counts, "counts", "the number of captions of each picture")
    are_counts = found.ndim == 1 and np.issubdtype(found.dtype, np.integer)
    if not are_counts or len(found) != pictures or (found < 1).any():
        raise ValueError(
            "`counts` must be a list of ints of at least 1, the number of captions of "
            f"each of the {pictures} pictures. {checks.received(counts=counts)}"
        )
    if vectors.ndim != 2 or len(vectors) != found.sum():
        raise ValueError(
            f"`vectors` must be an array (m, d), a vector for each of the {found.sum()} "
            f"captions. Received: vectors.shape={vectors.shape}"
        )
    return found.astype("int64")
