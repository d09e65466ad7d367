"""Precision, recall, density and coverage, computed from nearest neighbours."""

import numpy as np

from kgan import checks
from kgan.metrics.features import check_pair
from kgan.metrics.pairwise import ROUNDING, middle, squared_distances
from kgan.types import ArrayLike


def precision_recall(real: ArrayLike, fake: ArrayLike, k: int = 3) -> tuple[float, float]:
    """Computes improved precision and recall.

    Each sample of a set is the center of a ball that reaches to its k-th nearest
    neighbour in the set. Precision is the share of fakes that lie in the ball of any
    real; recall is the share of reals that lie in the ball of any fake.

    Args:
        real: Float array `(n, d)` of features.
        fake: Float array `(m, d)` of features.
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
    k, real, fake, center = _check(real, fake, k)
    # A sample on the surface of a ball is inside, in spite of rounding: radii are a
    # little too long, distances a little too short.
    real_radii, fake_radii = (
        _squared_radii(x, k, center, ROUNDING) for x in (real, fake)
    )
    precise, recalled = np.zeros(len(fake), bool), np.zeros(len(real), bool)
    for rows, distances in squared_distances(real, fake, center, -ROUNDING):
        precise |= (distances <= real_radii[rows, None]).any(axis=0)
        recalled[rows] = (distances <= fake_radii).any(axis=1)
    return float(precise.mean()), float(recalled.mean())


def density_coverage(real: ArrayLike, fake: ArrayLike, k: int = 5) -> tuple[float, float]:
    """Computes density and coverage.

    Both use the balls around reals only, see `precision_recall`. Density is the mean
    number of balls that a fake lies in, divided by k; coverage is the share of balls
    that contain a fake.

    Args:
        real: Float array `(n, d)` of features.
        fake: Float array `(m, d)` of features.
        k: Int.

    Returns:
        `(density, coverage)`; coverage is from 0 to 1, density may exceed 1.

    Raises:
        ValueError: For the same reasons as `precision_recall`.

    Example:

    >>> import kgan, numpy as np
    >>> real = np.array([[0.0], [1.0], [2.0], [4.0]])
    >>> kgan.metrics.density_coverage(real, np.array([[0.5], [9.0]]), k=1)
    (1.0, 0.5)

    Reference:

    - [Naeem et al., 2020](https://arxiv.org/abs/2002.09797), section 3
    """
    k, real, fake, center = _check(real, fake, k)
    # A sample on the surface of a ball is outside, in spite of rounding.
    radii = _squared_radii(real, k, center, -ROUNDING)
    inside = covered = 0
    for rows, distances in squared_distances(real, fake, center, ROUNDING):
        hits = distances < radii[rows, None]
        inside += hits.sum()
        covered += hits.any(axis=1).sum()
    return float(inside / (k * len(fake))), float(covered / len(real))


def _check(
    real: ArrayLike, fake: ArrayLike, k: int
) -> tuple[int, np.ndarray, np.ndarray, np.ndarray]:
    """Returns the checked arguments, and a center for the distances."""
    k = checks.count(k=k)
    real, fake = check_pair(real, fake, ("real", "fake"), k + 1)
    return k, real, fake, middle(real)


def _squared_radii(x: np.ndarray, k: int, center: np.ndarray, shift: float) -> np.ndarray:
    """Returns the squared distance of each sample to its k-th nearest neighbour."""
    radii = np.empty(len(x))
    for rows, distances in squared_distances(x, x, center, shift):
        # The sample itself has index 0.
        distances.partition(k, axis=1)
        radii[rows] = distances[:, k]
    return radii
