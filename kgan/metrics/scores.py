"""The Inception score, and how many modes are covered."""

import itertools
from typing import Any, NamedTuple

import numpy as np

from kgan.metrics import checks


def inception_score(probabilities: Any, splits: int = 10) -> float:
    """Computes the Inception score.

    `exp(mean KL(p(y|x) || p(y)))`, of each part of the samples on its own, and the mean
    over the parts. From 1, to the number of classes. It knows nothing of real samples.

    Args:
        probabilities: Float array `(n, classes)`, what a classifier makes of fakes.
            Shuffle fakes that are in an order, such as by class, before.
        splits: Int, into how many parts of neighbours they are divided.

    Returns:
        A float.

    Raises:
        ValueError: If rows are no probabilities, or fewer than parts.

    Example:

    >>> import kgan, numpy as np
    >>> round(kgan.metrics.inception_score(np.eye(5), splits=1), 9)
    5.0

    Reference:

    - [Salimans et al., 2016](https://arxiv.org/abs/1606.03498)
    """
    checks.count(splits, "splits")
    p = checks.features(probabilities, "probabilities", splits)
    lowest, sums = p.min(), p.sum(axis=1, dtype="float64")
    if lowest < 0 or not np.allclose(sums, 1, atol=1e-3):
        raise ValueError(
            "`probabilities` must be at least 0 and add up to 1 in each row: a softmax "
            f"of logits. Received: probabilities from {lowest:g} with sums from "
            f"{sums.min():g} to {sums.max():g}"
        )
    bounds = [i * len(p) // splits for i in range(splits + 1)]
    # Each in float64 by itself: all of them would take twice the memory of what is given.
    parts = (p[a:b].astype("float64") for a, b in itertools.pairwise(bounds))
    return float(np.mean([np.exp(_divergence(part, part.mean(0))) for part in parts]))


def _divergence(p: np.ndarray, q: np.ndarray) -> float:
    """The mean over rows of KL(p || q), where 0 log 0 is 0."""
    ratio = np.divide(p, q, out=np.ones_like(p), where=p > 0)
    return (p * np.log(ratio)).sum(axis=-1).mean()


class Modes(NamedTuple):
    """How modes are covered.

    Args:
        covered: Int, modes with at least one sample.
        reverse_kl: Float, `KL(fakes' modes || data's modes)`.
    """

    covered: int
    reverse_kl: float


def mode_coverage(modes: Any, reference: Any) -> Modes:
    """Counts covered modes, for sets whose modes are known.

    Args:
        modes: Int array `(n,)`, the mode that each fake shows; negative for none.
        reference: Int, the number of modes, of equal probability; or their
            probabilities, a float array.

    Returns:
        `(covered, reverse_kl)`. With n samples of the data itself the divergence is
        about `(modes - 1) / (2 n)`, not 0.

    Raises:
        ValueError: If a mode is out of range, or no fake shows any.

    Example:

    >>> import kgan
    >>> kgan.metrics.mode_coverage([0, 0, 1, 1], reference=4).covered
    2

    Reference:

    - [Metz et al., 2016](https://arxiv.org/abs/1611.02163), section 3.3.1
    """
    modes = np.asarray(modes)
    q = _probabilities(reference)
    whole = np.issubdtype(modes.dtype, np.integer) and modes.ndim == 1
    shown = modes[modes >= 0] if whole else modes[:0]
    if not shown.size:
        raise ValueError(
            "`modes` must be ints of shape (n,), at least one of them not negative. "
            f"Received: modes of dtype {modes.dtype} and shape {modes.shape}"
        )
    if shown.max() >= len(q):
        raise ValueError(
            f"`modes` must be below {len(q)}. Received: modes up to {shown.max()}"
        )
    counts = np.bincount(shown, minlength=len(q))
    return Modes(int((counts > 0).sum()), float(_divergence(counts / counts.sum(), q)))


def _probabilities(reference: Any) -> np.ndarray:
    if np.ndim(reference) == 0:
        checks.count(reference, "reference")
        return np.full(int(reference), 1 / int(reference))
    q = np.asarray(reference, "float64")
    if q.ndim != 1 or not (q > 0).all() or not np.isfinite(q.sum()):
        raise ValueError(
            "`reference` must be how many modes there are, or the probability of each, "
            f"above 0. Received: reference={reference}"
        )
    return q / q.sum()
