"""Precision, recall, density and coverage, by nearest neighbours."""

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

from kgan.metrics import checks

# Samples of each set whose distances are computed at once, in float64.
_BLOCK = 256
# Of the largest square, what rounding may leave of a distance of 0. Samples that are
# there twice, and neighbours at equal distances, must count as such.
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
    real, fake, space = _space(real, fake, k)
    reach, others = (space.radii(x, k) + space.slack for x in (real, fake))
    precise, recalled = np.zeros(len(fake), bool), np.zeros(len(real), bool)
    for rows, distances in space.distances(real, fake):
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
    real, fake, space = _space(real, fake, k)
    radii, inside, covered = space.radii(real, k) - space.slack, 0, 0
    for rows, distances in space.distances(real, fake):
        hits = distances < radii[rows, None]
        inside += hits.sum()
        covered += hits.any(axis=1).sum()
    return float(inside / (k * len(fake))), float(covered / len(real))


class _Space(NamedTuple):
    """Where squared distances are measured, in float64.

    Args:
        middle: float64 `(d,)`, from where samples are looked at: of numbers far from 0
            rounding leaves nothing.
        slack: Float, by how much two equal distances may be rounded apart.
    """

    middle: np.ndarray
    slack: float

    def radii(self, x: np.ndarray, k: int) -> np.ndarray:
        """Returns how far the k-th neighbour of each is."""
        radii = np.empty(len(x))
        for rows, distances in self.distances(x, x):
            # The nearest of all is the sample itself.
            distances.partition(k, axis=1)
            radii[rows] = distances[:, k]
        return radii

    def distances(
        self, a: np.ndarray, b: np.ndarray
    ) -> Iterator[tuple[slice, np.ndarray]]:
        """Yields rows of a, and their distances to all of b, valid until the next."""
        squares = np.empty((min(_BLOCK, len(a)), len(b)))
        for rows, block in self._blocks(a):
            found = squares[: len(block)]
            for columns, other in self._blocks(b):
                np.matmul(-2 * block, other.T, out=found[:, columns])
                found[:, columns] += (other * other).sum(axis=1)
            found += (block * block).sum(axis=1)[:, None]
            yield rows, found

    def _blocks(self, x: np.ndarray) -> Iterator[tuple[slice, np.ndarray]]:
        for start in range(0, len(x), _BLOCK):
            rows = slice(start, start + _BLOCK)
            yield rows, x[rows] - self.middle


def _space(real: Any, fake: Any, k: int) -> tuple[np.ndarray, np.ndarray, _Space]:
    checks.count(k, "k")
    real, fake = checks.pair(real, fake, ("real", "fake"), k + 1)
    space = _Space(real.mean(axis=0, dtype="float64"), 0.0)
    blocks = (block for x in (real, fake) for _, block in space._blocks(x))
    farthest = max((block * block).sum(axis=1).max() for block in blocks)
    return real, fake, space._replace(slack=_ROUNDING * float(farthest))
