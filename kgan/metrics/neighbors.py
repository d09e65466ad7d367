"""Precision, recall, density and coverage, by nearest neighbours."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from kgan.metrics import checks

# Samples of each set whose distances are computed at once, in float64.
_BLOCK = 512


def precision_recall(real: Any, fake: Any, k: int = 3) -> tuple[float, float]:
    """Computes improved precision and recall.

    Around each sample of a set is a ball that reaches to its k-th nearest neighbour in
    the set. Precision is the share of fakes in a ball of any real, recall that of reals
    in a ball of any fake.

    Args:
        real: Float array `(n, d)` of features.
        fake: The same, of any other n.
        k: Int.

    Returns:
        `(precision, recall)`, each from 0 to 1.

    Raises:
        ValueError: If a set has no more than k samples, NaN or infinite values, or
            features of another length.

    Example:

    >>> import kgan, numpy as np
    >>> real = np.array([[0.0], [1.0], [2.0], [3.0]])
    >>> kgan.metrics.precision_recall(real, real[:2] + 0.25, k=1)
    (1.0, 0.75)

    Reference:

    - [Kynkäänniemi et al., 2019](https://arxiv.org/abs/1904.06991), section 2
    """
    real, fake = _pair(real, fake, k)
    return _within(fake, real, k), _within(real, fake, k)


def density_coverage(real: Any, fake: Any, k: int = 5) -> tuple[float, float]:
    """Computes density and coverage.

    With balls around the reals only, as in `precision_recall`: density is how many of
    them a fake is in, over k; coverage the share of them with a fake inside.

    Args:
        real: Float array `(n, d)` of features.
        fake: The same, of any other n.
        k: Int.

    Returns:
        `(density, coverage)`; coverage is from 0 to 1, density may exceed 1.

    Raises:
        ValueError: As `precision_recall` does.

    Example:

    >>> import kgan, numpy as np
    >>> real = np.array([[0.0], [1.0], [2.0], [4.0]])
    >>> kgan.metrics.density_coverage(real, np.array([[0.5], [9.0]]), k=1)
    (1.0, 0.5)

    Reference:

    - [Naeem et al., 2020](https://arxiv.org/abs/2002.09797), section 3
    """
    real, fake = _pair(real, fake, k)
    radii, inside, covered = _radii(real, k), 0, 0
    for rows, distances in _distances(real, fake):
        hits = distances < radii[rows, None]
        inside += hits.sum()
        covered += hits.any(axis=1).sum()
    return float(inside / (k * len(fake))), float(covered / len(real))


def _pair(real: Any, fake: Any, k: int) -> tuple[np.ndarray, np.ndarray]:
    if k < 1:
        raise ValueError(f"`k` must be at least 1. Received: k={k}")
    return checks.pair(real, fake, ("real", "fake"), k + 1)


def _within(samples: np.ndarray, others: np.ndarray, k: int) -> float:
    """The share of samples in a ball of any of the others."""
    radii = _radii(others, k)
    inside = sum((d <= radii).any(axis=1).sum() for _, d in _distances(samples, others))
    return float(inside / len(samples))


def _radii(x: np.ndarray, k: int) -> np.ndarray:
    # The nearest of all is the sample itself.
    parts = [np.partition(d, k, axis=1)[:, k] for _, d in _distances(x, x)]
    return np.concatenate(parts)


def _distances(a: np.ndarray, b: np.ndarray) -> Iterator[tuple[slice, np.ndarray]]:
    """Yields rows of a, and their squared distances to all of b, in float64."""
    middle = b.mean(axis=0, dtype="float64")
    for start in range(0, len(a), _BLOCK):
        rows = slice(start, start + _BLOCK)
        block = a[rows] - middle
        squares = np.empty((len(block), len(b)))
        for other in range(0, len(b), _BLOCK):
            columns = slice(other, other + _BLOCK)
            squares[:, columns] = _squares(block, b[columns] - middle)
        yield rows, squares


def _squares(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    sums = (a * a).sum(axis=1)[:, None] + (b * b).sum(axis=1)
    squares = sums - 2 * a @ b.T
    # The same point twice is at no distance, whatever rounding leaves of it.
    squares[squares < 1e-13 * sums] = 0.0
    return squares
