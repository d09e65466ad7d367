"""The Fréchet distance of two sets of features, as if each were a Gaussian."""

import dataclasses
import functools
from typing import Any

import numpy as np

from kgan.metrics import checks

# Rows that are in float64 at once.
_BLOCK = 1024


@dataclasses.dataclass(frozen=True, eq=False)
class Statistics:
    """Mean and covariance of features.

    Args:
        mean: float64 `(d,)`.
        covariance: float64 `(d, d)`, without bias: divided by n - 1.
        size: Int, n, the number of samples.
    """

    mean: np.ndarray
    covariance: np.ndarray
    size: int

    @functools.cached_property
    def root(self) -> np.ndarray:
        """A matrix r with `r @ r.T` the covariance: a column for each direction."""
        values, vectors = np.linalg.eigh(self.covariance)
        # What rounding leaves of an eigenvalue of zero would have a large root.
        kept = values > len(values) * np.finfo("float64").eps * max(values[-1], 0.0)
        return vectors[:, kept] * np.sqrt(values[kept])


def statistics(features: Any) -> Statistics:
    """Computes mean and covariance, in float64 and by blocks.

    Args:
        features: Float array `(n, d)`, n at least 2.

    Returns:
        `Statistics`.

    Raises:
        ValueError: If they are too few, or have NaN or infinite values.

    Example:

    >>> import kgan, numpy as np
    >>> kgan.metrics.statistics(np.array([[0.0, 1.0], [2.0, 1.0]])).mean.tolist()
    [1.0, 1.0]
    """
    return _statistics(features, "features")


def _statistics(features: Any, argument: str) -> Statistics:
    x = checks.features(features, argument)
    mean = x.mean(axis=0, dtype="float64")
    products = np.zeros((x.shape[1], x.shape[1]))
    for start in range(0, len(x), _BLOCK):
        block = x[start : start + _BLOCK] - mean
        products += block.T @ block
    return Statistics(mean, products / (len(x) - 1), len(x))


def frechet_distance(a: Any, b: Any) -> float:
    """Computes the Fréchet distance between two sets of features.

    `|mean_a - mean_b|^2 + trace(cov_a + cov_b - 2 (cov_a cov_b)^(1/2))`, the squared
    2-Wasserstein distance of Gaussians of these moments. Of the features of the 2015
    Inception network this is FID; of any others it has another scale and another name.

    It is biased: fewer samples give larger values. See `frechet_distance_infinity`.

    Args:
        a: Float array `(n, d)`, or its `Statistics`.
        b: The same, of any other n.

    Returns:
        A float, at least 0.

    Raises:
        ValueError: If there are fewer than 2 samples, NaN or infinite values, or
            features of different lengths.

    Example:

    >>> import kgan, numpy as np
    >>> points = np.array([[0.0, 0.0], [2.0, 0.0], [0.0, 2.0], [2.0, 2.0]])
    >>> round(kgan.metrics.frechet_distance(points, points + [3.0, 4.0]), 9)
    25.0

    Reference:

    - [Heusel et al., 2017](https://arxiv.org/abs/1706.08500)
    """
    a, b = (
        x if isinstance(x, Statistics) else _statistics(x, name)
        for x, name in ((a, "a"), (b, "b"))
    )
    if a.mean.shape != b.mean.shape:
        raise ValueError(
            "Both sets must have features of the same length. "
            f"Received: lengths {len(a.mean)} and {len(b.mean)}"
        )
    difference = a.mean - b.mean
    traces = np.trace(a.covariance) + np.trace(b.covariance)
    # The trace of (a b)^(1/2) is the sum of the singular values of the product of their
    # roots, which needs no root of a matrix that is not symmetric.
    cross = np.linalg.svd(a.root.T @ b.root, compute_uv=False).sum()
    return float(max(difference @ difference + traces - 2 * cross, 0.0))


def frechet_distance_infinity(
    real: Any, fake: Any, points: int = 15, least: int | None = None, seed: int = 0
) -> float:
    """Extrapolates the Fréchet distance to infinitely many fakes.

    The bias of the distance is nearly linear in 1/n. It is computed of random subsets of
    growing size, a line is fitted in 1/n, and its value at 0 returned.

    Args:
        real: Float array `(n, d)`, or its `Statistics`.
        fake: Float array `(n, d)`.
        points: Int, how many sizes, evenly spaced.
        least: Int, the smallest size; a third of all by default.
        seed: Int, of the subsets.

    Returns:
        A float, which may be below 0 for sets of the same distribution.

    Raises:
        ValueError: As `frechet_distance` does, and if the sizes are none.

    Reference:

    - [Chong and Forsyth, 2020](https://arxiv.org/abs/1911.07023), section 4
    """
    fake = checks.features(fake, "fake", least=6)
    least = max(2, len(fake) // 3) if least is None else least
    checks.count(points, "points", 2)
    checks.count(least, "least", 2)
    if least >= len(fake):
        raise ValueError(
            "`least` must be below the number of fakes. "
            f"Received: least={least}, fake.shape={fake.shape}"
        )
    real = real if isinstance(real, Statistics) else _statistics(real, "real")
    generator = np.random.default_rng(seed)
    sizes = np.linspace(least, len(fake), points).round().astype(int)
    distances = [
        frechet_distance(real, fake[generator.choice(len(fake), size, replace=False)])
        for size in sizes
    ]
    return float(np.polyfit(1 / sizes, distances, 1)[1])
