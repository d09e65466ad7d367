"""Precision, recall, density and coverage, by nearest neighbours."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from kgan.metrics import checks

# Samples of each set whose distances are computed at once, in float64.
_BLOCK = 256
# Of two samples' squares, what rounding may leave of their distance. Samples that are
# there twice, and neighbours at equal distances, must count as such: where equal is
# within, distances are taken too short and radii too long by that, elsewhere the reverse.
_ROUNDING = 1e-12


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
    real, fake, middle = _pair(real, fake, k)
    reach, others = (_radii(x, k, middle, _ROUNDING) for x in (real, fake))
    precise, recalled = np.zeros(len(fake), bool), np.zeros(len(real), bool)
    for rows, distances in _distances(real, fake, middle, -_ROUNDING):
        precise |= (distances <= reach[rows, None]).any(axis=0)
        recalled[rows] = (distances <= others).any(axis=1)
    return float(precise.mean()), float(recalled.mean())


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
    real, fake, middle = _pair(real, fake, k)
    radii, inside, covered = _radii(real, k, middle, -_ROUNDING), 0, 0
    for rows, distances in _distances(real, fake, middle, _ROUNDING):
        hits = distances < radii[rows, None]
        inside += hits.sum()
        covered += hits.any(axis=1).sum()
    return float(inside / (k * len(fake))), float(covered / len(real))


def _pair(real: Any, fake: Any, k: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Returns both sets, and a place in their midst, which no outlier moves."""
    checks.count(k, "k")
    real, fake = checks.pair(real, fake, ("real", "fake"), k + 1)
    some = real[:: max(1, len(real) // _BLOCK)].astype("float64")
    return real, fake, np.median(some, axis=0)


def _radii(x: np.ndarray, k: int, middle: np.ndarray, lean: float) -> np.ndarray:
    """Returns how far the k-th neighbour of each is."""
    radii = np.empty(len(x))
    for rows, distances in _distances(x, x, middle, lean):
        # The nearest of all is the sample itself.
        distances.partition(k, axis=1)
        radii[rows] = distances[:, k]
    return radii


def _distances(
    a: np.ndarray, b: np.ndarray, middle: np.ndarray, lean: float
) -> Iterator[tuple[slice, np.ndarray]]:
    """Yields rows of a, and their squared distances to all of b, valid until the next.

    Args:
        a: Float array `(n, d)`.
        b: The same, of any other n.
        middle: float64 `(d,)`, from where both are looked at: of numbers far from 0
            rounding leaves nothing.
        lean: Float, the share of the pair's squares by which a distance is too long.
    """
    squares = np.empty((min(_BLOCK, len(a)), len(b)))
    for rows, block in _blocks(a, middle):
        found = squares[: len(block)]
        for columns, other in _blocks(b, middle):
            np.matmul(-2 * block, other.T, out=found[:, columns])
            found[:, columns] += (1 + lean) * (other * other).sum(axis=1)
        found += (1 + lean) * (block * block).sum(axis=1)[:, None]
        yield rows, found


def _blocks(x: np.ndarray, middle: np.ndarray) -> Iterator[tuple[slice, np.ndarray]]:
    for start in range(0, len(x), _BLOCK):
        rows = slice(start, start + _BLOCK)
        yield rows, x[rows] - middle
