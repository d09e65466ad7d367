"""The Fréchet distance of two sets of features, each treated as a Gaussian."""

import dataclasses
import functools

import numpy as np

from kgan import checks
from kgan.metrics.features import check_features
from kgan.metrics.pairwise import centered_blocks
from kgan.types import ArrayLike

# Rows that are in float64 at once.
_BLOCK = 1024


@dataclasses.dataclass(frozen=True, eq=False)
class Statistics:
    """Mean and covariance of features.

    Args:
        mean: float64 `(d,)`.
        covariance: float64 `(d, d)`, unbiased: the sum of products divided by n - 1.
        size: Int, n, the number of samples.
    """

    mean: np.ndarray
    covariance: np.ndarray
    size: int

    @functools.cached_property
    def root(self) -> np.ndarray:
        """A matrix r with `r @ r.T` equal to the covariance."""
        values, vectors = np.linalg.eigh(self.covariance)
        # Rounding turns an eigenvalue of zero into a small one with a much larger root.
        kept = values > len(values) * np.finfo("float64").eps * max(values[-1], 0.0)
        return vectors[:, kept] * np.sqrt(values[kept])


def statistics(features: ArrayLike) -> Statistics:
    """Computes mean and covariance, in float64 and in blocks.

    Args:
        features: Float array `(n, d)`, n at least 2.

    Returns:
        `Statistics`.

    Raises:
        ValueError: If there are too few features, or NaN or infinite values.

    Example:

    >>> import kgan, numpy as np
    >>> kgan.metrics.statistics(np.array([[0.0, 1.0], [2.0, 1.0]])).mean.tolist()
    [1.0, 1.0]
    """
    return _statistics(features, "features")


def _statistics(features: ArrayLike | Statistics, argument: str) -> Statistics:
    if isinstance(features, Statistics):
        return features
    x = check_features(features, argument)
    mean = x.mean(axis=0, dtype="float64")
    products = np.zeros((x.shape[1], x.shape[1]))
    for _, block in centered_blocks(x, mean, _BLOCK):
        products += block.T @ block
    return Statistics(mean, products / (len(x) - 1), len(x))


def frechet_distance(a: ArrayLike | Statistics, b: ArrayLike | Statistics) -> float:
    """Computes the Fréchet distance between two sets of features.

    `|mean_a - mean_b|^2 + trace(cov_a + cov_b - 2 (cov_a cov_b)^(1/2))`, the squared
    2-Wasserstein distance of Gaussians with these moments. With the features of the 2015
    Inception network this is FID; other features give another scale, and the number
    has another name.

    The distance is biased: fewer samples give larger values. See
    `frechet_distance_infinity`.

    Args:
        a: Float array `(n, d)`, or its `Statistics`.
        b: Float array `(m, d)`, or its `Statistics`.

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
    a, b = _statistics(a, "a"), _statistics(b, "b")
    if a.mean.shape != b.mean.shape:
        raise ValueError(
            "Both sets must have features of the same length. "
            f"Received: lengths {len(a.mean)} and {len(b.mean)}"
        )
    difference = a.mean - b.mean
    traces = np.trace(a.covariance) + np.trace(b.covariance)
    # The trace of (a b)^(1/2) is the sum of the singular values of the product of both
    # roots. No root of a matrix without symmetry is needed.
    cross = np.linalg.svd(a.root.T @ b.root, compute_uv=False).sum()
    return float(max(difference @ difference + traces - 2 * cross, 0.0))


def frechet_distance_infinity(
    real: ArrayLike | Statistics,
    fake: ArrayLike,
    points: int = 15,
    least: int | None = None,
    seed: int = 0,
) -> float:
    """Extrapolates the Fréchet distance to infinitely many fakes.

    The bias of the distance is nearly linear in 1/n. The function computes the distance
    for random subsets of growing size n, fits a line in 1/n, and returns the value of
    the line at 0.

    Args:
        real: Float array `(n, d)`, or its `Statistics`.
        fake: Float array `(m, d)`.
        points: Int, the number of sizes, evenly spaced.
        least: Int, the smallest size; a third of the fakes by default.
        seed: Int, seed of the subsets.

    Returns:
        A float, which may be below 0 for sets of the same distribution.

    Raises:
        ValueError: For the same reasons as `frechet_distance`, and if `points` or
            `least` is out of range.

    Reference:

    - [Chong and Forsyth, 2020](https://arxiv.org/abs/1911.07023), section 4
    """
    fake = check_features(fake, "fake", minimum=6)
    least = max(2, len(fake) // 3) if least is None else least
    points = checks.count(minimum=2, points=points)
    least = checks.count(minimum=2, least=least)
    seed = checks.fixed_seed(seed=seed)
    if least >= len(fake):
        raise ValueError(
            "`least` must be below the number of fakes. "
            f"Received: least={least}, fake.shape={fake.shape}"
        )
    real = _statistics(real, "real")
    random = np.random.default_rng(seed)
    sizes = np.linspace(least, len(fake), points).round().astype(int)
    distances = [
        frechet_distance(real, fake[random.choice(len(fake), size, replace=False)])
        for size in sizes
    ]
    return float(np.polyfit(1 / sizes, distances, 1)[1])
