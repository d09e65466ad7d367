"""Numbers that compare samples with reals, and logits of samples with logits of reals."""

import numpy as np

from kgan.metrics import pairwise


def diversity(samples: np.ndarray, reals: np.ndarray) -> float:
    """Returns how far apart the samples are, relative to as many reals."""
    ours, theirs = (pairwise.distances(x.reshape(len(x), -1)) for x in (samples, reals))
    # If every real occurs twice, the nearest distances of the reals are 0, and their
    # ratio is NaN or infinite: `fmin` drops it.
    return np.fmin(
        _mean_distance(ours) / _mean_distance(theirs),
        _mean_nearest(ours) / _mean_nearest(theirs),
    )


def range_gap(samples: np.ndarray, reals: np.ndarray) -> float:
    """Returns the distance of the distributions of values, in standard deviations."""
    difference = np.sort(samples, axis=None) - np.sort(reals, axis=None)
    return np.abs(difference).mean() / reals.std()


def accuracy(reals: np.ndarray, fakes: np.ndarray) -> float:
    """Returns the share of pairs in which the real has the higher logit; ties count half.

    Args:
        reals: Logits of reals, `(n,)`.
        fakes: Logits of fakes, `(m,)`.
    """
    difference = reals[:, None] - fakes
    return ((np.sign(difference) + 1) / 2).mean()


def gap(reals: np.ndarray, fakes: np.ndarray) -> float:
    """Returns the difference of the mean logits, in standard deviations."""
    return (reals.mean() - fakes.mean()) / np.sqrt((reals.var() + fakes.var()) / 2)


def _mean_distance(distances: np.ndarray) -> float:
    return distances[~np.eye(len(distances), dtype=bool)].mean()


def _mean_nearest(distances: np.ndarray) -> float:
    return (distances + np.diag(np.full(len(distances), np.inf))).min(axis=1).mean()
