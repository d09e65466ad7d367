"""The Inception score, and the coverage of known modes."""

import itertools
from typing import NamedTuple

import numpy as np

from kgan import checks
from kgan.metrics.features import check_features
from kgan.types import ArrayLike


def inception_score(probabilities: ArrayLike, splits: int = 10) -> float:
    """Computes the Inception score.

    The fakes are split into parts. The score is the mean over the parts of
    `exp(mean KL(p(y|x) || p(y)))`, a number from 1 to the number of classes. Real
    samples play no role in it.

    Args:
        probabilities: Float array `(n, classes)`, the class probabilities that a
            classifier gives to fakes. Shuffle fakes that are sorted, for example by
            class, before.
        splits: Int, the number of parts. Each part consists of consecutive samples.

    Returns:
        A float.

    Raises:
        ValueError: If a row is no probability distribution, or there are fewer rows
            than parts.

    Example:

    >>> import kgan, numpy as np
    >>> round(kgan.metrics.inception_score(np.eye(5), splits=1), 9)
    5.0

    Reference:

    - [Salimans et al., 2016](https://arxiv.org/abs/1606.03498)
    """
    splits = checks.count(splits=splits)
    p = check_features(probabilities, "probabilities", splits)
    lowest, sums = p.min(), p.sum(axis=1, dtype="float64")
    if lowest < 0 or not np.allclose(sums, 1, atol=1e-3):
        raise ValueError(
            "`probabilities` must be at least 0 and add up to 1 in each row: a softmax "
            f"of logits. Received: probabilities from {lowest:g} with sums from "
            f"{sums.min():g} to {sums.max():g}"
        )
    bounds = [i * len(p) // splits for i in range(splits + 1)]
    # One part at a time is in float64: all parts would need twice the memory of `p`.
    parts = (p[a:b].astype("float64") for a, b in itertools.pairwise(bounds))
    return float(np.mean([np.exp(_divergence(part, part.mean(0))) for part in parts]))


def _divergence(p: np.ndarray, q: np.ndarray) -> float:
    """Returns the mean over rows of KL(p || q), where 0 log 0 is 0."""
    ratio = np.divide(p, q, out=np.ones_like(p), where=p > 0)
    return (p * np.log(ratio)).sum(axis=-1).mean()


class Modes(NamedTuple):
    """The coverage of known modes.

    Args:
        covered: Int, the number of modes with at least one sample.
        reverse_kl: Float, `KL(modes of the fakes || modes of the data)`.
    """

    covered: int
    reverse_kl: float


def mode_coverage(modes: ArrayLike, reference: int | ArrayLike) -> Modes:
    """Counts the covered modes of data with known modes.

    Args:
        modes: Int array `(n,)`, the mode that each fake shows; negative for none.
        reference: Int, the number of modes, all equally probable; or a float array, the
            probability of each mode.

    Returns:
        `(covered, reverse_kl)`. For n samples of the data itself the divergence is
        about `(modes - 1) / (2 n)`, not 0.

    Raises:
        ValueError: If a mode is out of range, or no fake shows a mode.

    Example:

    >>> import kgan
    >>> kgan.metrics.mode_coverage([0, 0, 1, 1], reference=4).covered
    2

    Reference:

    - [Metz et al., 2016](https://arxiv.org/abs/1611.02163), section 3.3.1
    """
    modes = np.asarray(modes)
    q = _mode_probabilities(reference)
    is_valid = np.issubdtype(modes.dtype, np.integer) and modes.ndim == 1
    shown = modes[modes >= 0] if is_valid else modes[:0]
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


def _mode_probabilities(reference: int | ArrayLike) -> np.ndarray:
    if np.ndim(reference) == 0:
        count = checks.count(reference=reference)
        return np.full(count, 1 / count)
    q = np.asarray(reference, "float64")
    if q.ndim != 1 or not (q > 0).all() or not np.isfinite(q.sum()):
        raise ValueError(
            "`reference` must be the number of modes, or the probability of each mode, "
            f"above 0. {checks.received(reference=reference)}"
        )
    return q / q.sum()
