"""Samples against reals, and logits against logits, in single numbers."""

import numpy as np


def diversity(samples: np.ndarray, reals: np.ndarray) -> float:
    """Returns how far apart samples are, of how far apart as many reals are."""
    ours, theirs = _distances(samples), _distances(reals)
    # Of reals that come twice, all of them, nearest ones tell nothing.
    return np.fmin(_pairs(ours) / _pairs(theirs), _nearest(ours) / _nearest(theirs))


def range_gap(samples: np.ndarray, reals: np.ndarray) -> float:
    """Returns the distance of the values' distributions in standard deviations."""
    difference = np.sort(samples, axis=None) - np.sort(reals, axis=None)
    return np.abs(difference).mean() / reals.std()


def accuracy(reals: np.ndarray, fakes: np.ndarray) -> float:
    """Returns the chance that a real's logit is above a fake's; a tie counts half."""
    difference = reals[:, None] - fakes
    return ((np.sign(difference) + 1) / 2).mean()


def gap(reals: np.ndarray, fakes: np.ndarray) -> float:
    """Returns the distance of the logits' means in their standard deviations."""
    return (reals.mean() - fakes.mean()) / np.sqrt((reals.var() + fakes.var()) / 2)


def _distances(x: np.ndarray) -> np.ndarray:
    # Centered, so that little is lost in the difference of squares.
    x = x.reshape(len(x), -1).astype("float64")
    x -= x.mean(axis=0)
    squares = np.square(x).sum(axis=1)
    return np.sqrt(np.maximum(squares[:, None] + squares - 2 * x @ x.T, 0))


def _pairs(distances: np.ndarray) -> float:
    return distances[~np.eye(len(distances), dtype=bool)].mean()


def _nearest(distances: np.ndarray) -> float:
    return (distances + np.diag(np.full(len(distances), np.inf))).min(axis=1).mean()
