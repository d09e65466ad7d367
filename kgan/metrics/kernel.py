"""The kernel distance of two sets of features, without bias."""

from typing import Any

import numpy as np

from kgan.metrics import checks


def kernel_distance(
    a: Any, b: Any, subsets: int = 100, subset_size: int = 1000, seed: int = 0
) -> float:
    """Computes the mean squared maximum mean discrepancy of random subsets.

    With the kernel `k(x, y) = (x . y / d + 1)^3` and subsets of m samples each,
    `mean over x != x' of k(x, x') + mean over y != y' of k(y, y')
    - 2 mean of k(x, y)`. Of Inception's features this is KID. It has no bias, so that
    numbers of few samples compare with those of many.

    Args:
        a: Float array `(n, d)`.
        b: The same, of any other n.
        subsets: Int, how many subsets to average over.
        subset_size: Int, m, at least 2, at most n.
        seed: Int. Subsets are drawn as torch-fidelity draws them, by
            `numpy.random.RandomState(seed)`.

    Returns:
        A float, which may be a little below 0.

    Raises:
        ValueError: If there are fewer samples than a subset has, NaN or infinite
            values, or features of different lengths.

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
    a: Any, b: Any, subsets: int = 100, subset_size: int = 1000, seed: int = 0
) -> np.ndarray:
    """Computes the distance of each subset, see `kernel_distance`.

    Returns:
        float64 `(subsets,)`, whose deviation tells how sure their mean is.
    """
    checks.count(subsets, "subsets")
    checks.count(subset_size, "subset_size", 2)
    a, b = checks.pair(a, b, ("a", "b"), subset_size)
    random = np.random.RandomState(seed)
    return np.array([_discrepancy(*_drawn(a, b, subset_size, random))
                     for _ in range(subsets)])  # fmt: skip


def _drawn(a: np.ndarray, b: np.ndarray, size: int, random: Any) -> list[np.ndarray]:
    return [
        x[random.choice(len(x), size, replace=False)].astype("float64") for x in (a, b)
    ]


def _discrepancy(a: np.ndarray, b: np.ndarray) -> float:
    size = len(a)
    own = [kernel.sum() - np.trace(kernel) for kernel in (_kernel(a, a), _kernel(b, b))]
    return sum(own) / (size * (size - 1)) - 2 * _kernel(a, b).mean()


def _kernel(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    return (a @ b.T / a.shape[1] + 1) ** 3
