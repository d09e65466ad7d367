"""The kernel distance of two sets of features, an unbiased estimate."""

import numpy as np

from kgan import checks
from kgan.metrics.features import check_pair
from kgan.metrics.pairwise import cubic_kernel
from kgan.types import ArrayLike


def kernel_distance(
    a: ArrayLike, b: ArrayLike, subsets: int = 100, subset_size: int = 1000, seed: int = 0
) -> float:
    """Computes the mean squared maximum mean discrepancy of random subsets.

    With the kernel `k(x, y) = (x . y / d + 1)^3` and subsets of m samples each, the
    distance of two subsets is `mean over x != x' of k(x, x') + mean over y != y' of
    k(y, y') - 2 mean of k(x, y)`. With the features of Inception this is KID. The
    estimate is unbiased, so numbers from few samples are comparable with numbers from
    many samples.

    Args:
        a: Float array `(n, d)`.
        b: Float array with features of the same length, and any number of samples.
        subsets: Int, the number of subsets to average over.
        subset_size: Int, m, at least 2, at most n.
        seed: Int. Subsets are drawn in the way of torch-fidelity, by
            `numpy.random.RandomState(seed)`.

    Returns:
        A float, which may be a little below 0.

    Raises:
        ValueError: If a set has fewer samples than a subset, NaN or infinite values, or
            features of another length.

    Example:

    >>> import kgan, numpy as np
    >>> x = np.random.default_rng(0).normal(size=(200, 8))
    >>> close = kgan.metrics.kernel_distance(x[:100], x[100:], 10, 50)
    >>> close < kgan.metrics.kernel_distance(x[:100], x[100:] + 1, 10, 50)
    True

    Reference:

    - [Binkowski et al., 2018](https://arxiv.org/abs/1801.01401)
    """
    return float(np.mean(kernel_distances(a, b, subsets, subset_size, seed)))


def kernel_distances(
    a: ArrayLike, b: ArrayLike, subsets: int = 100, subset_size: int = 1000, seed: int = 0
) -> np.ndarray:
    """Computes the distance of each pair of subsets, see `kernel_distance`.

    Returns:
        float64 `(subsets,)`. Their standard deviation shows how exact the mean is.
    """
    subsets = checks.count(subsets=subsets)
    subset_size = checks.count(minimum=2, subset_size=subset_size)
    seed = checks.fixed_seed(seed=seed)
    a, b = check_pair(a, b, ("a", "b"), subset_size)
    random = np.random.RandomState(seed)
    values = []
    for _ in range(subsets):
        first, second = _draw(a, subset_size, random), _draw(b, subset_size, random)
        values.append(_discrepancy(first, second))
    return np.array(values)


def _draw(x: np.ndarray, size: int, random: np.random.RandomState) -> np.ndarray:
    return x[random.choice(len(x), size, replace=False)].astype("float64")


def _discrepancy(a: np.ndarray, b: np.ndarray) -> float:
    size = len(a)
    kernels = cubic_kernel(a, a), cubic_kernel(b, b)
    within = sum(kernel.sum() - np.trace(kernel) for kernel in kernels)
    return within / (size * (size - 1)) - 2 * cubic_kernel(a, b).mean()
