"""The samples of one set that are nearest to the samples of another set."""

from typing import NamedTuple, cast

import numpy as np

from kgan import checks
from kgan.metrics.extractors import Extractor, Images, check_extractor
from kgan.metrics.features import check_features
from kgan.metrics.pairwise import BLOCK, centered_blocks, middle, squared_distances
from kgan.types import ArrayLike

# The reals that are in memory at a time.
_PART = 4_096


class Neighbors(NamedTuple):
    """The nearest neighbours of samples.

    Attributes:
        indices: Int array `(n, k)`.
        distances: float64 array `(n, k)`, the Euclidean distances, the shortest first.
    """

    indices: np.ndarray
    distances: np.ndarray


def nearest_neighbors(
    real: ArrayLike | Images,
    fake: ArrayLike,
    k: int = 1,
    extractor: Extractor | None = None,
) -> Neighbors:
    """Finds the k nearest reals of each fake.

    A fake that is very near to a real may show that the generator repeats its training
    data. Compare the distances with the distances of held-out reals.

    Both sets are read in blocks, so the memory does not grow with their sizes.

    Args:
        real: uint8 pixels `(n, ...)`, an array or a `kgan.data.Store`; or floats, samples
            or features.
        fake: The same kind of samples, `(m, ...)`.
        k: Int, at least 1, the number of neighbours.
        extractor: A `kgan.metrics.Extractor`, for distances of features of uint8 images;
            None for distances of the values themselves.

    Returns:
        `Neighbors`: `(indices, distances)`, each `(m, k)`. The nearest reals are
        `real[indices[:, 0]]`.

    Raises:
        ValueError: If there are fewer than k reals, or if both sets are not of one kind.

    Example:

    >>> import kgan
    >>> real = [[0.0, 0.0], [3.0, 4.0], [9.0, 9.0]]
    >>> indices, distances = kgan.metrics.nearest_neighbors(real, [[0.0, 0.0]], k=2)
    >>> indices.tolist(), distances.tolist()
    ([[0, 1]], [[0.0, 5.0]])
    """
    check_extractor(extractor)
    if extractor is not None:
        real, fake = extractor(real).features, extractor(fake).features
    real, fake = _checked(real, "real"), _checked(fake, "fake")
    _check_kinds(real, fake)
    k = checks.count(maximum=len(real), k=k)
    center = middle(real)
    indices = np.zeros((len(fake), k), int)
    squares = np.full((len(fake), k), np.inf)
    for start in range(0, len(real), _PART):
        part = real[start : start + _PART]
        numbers = np.arange(start, start + len(part))
        for rows, found in squared_distances(fake, part, center):
            candidates = np.concatenate([squares[rows], found], axis=1)
            columns = _smallest(candidates, k)
            squares[rows] = np.take_along_axis(candidates, columns, axis=1)
            # Behind the best of the parts before come the samples of this part.
            known = np.take_along_axis(indices[rows], np.minimum(columns, k - 1), axis=1)
            new = numbers[np.maximum(columns - k, 0)]
            indices[rows] = np.where(columns < k, known, new)
    return _ordered(real, fake, indices)


def _checked(x: ArrayLike, argument: str) -> np.ndarray:
    """Returns uint8 pixels as they are, and other samples as features."""
    if getattr(x, "dtype", None) == np.uint8 and len(x.shape) > 1 and len(x):
        # Rows of a store are read as those of an array.
        return cast(np.ndarray, x)
    x = checks.resolved(np.asarray, "samples of one shape", **{argument: x})
    flat = x.ndim > 1 and len(x)
    return check_features(x.reshape(len(x), -1) if flat else x, argument, 1)


def _check_kinds(real: np.ndarray, fake: np.ndarray) -> None:
    pixels = [x.dtype == np.uint8 for x in (real, fake)]
    sizes = [np.prod(x.shape[1:]) for x in (real, fake)]
    if pixels[0] != pixels[1] or sizes[0] != sizes[1]:
        raise ValueError(
            "Both sets must have samples of one size, all uint8 pixels or all floats. "
            f"Received: real of dtype {real.dtype} and shape {tuple(real.shape)}, fake "
            f"of dtype {fake.dtype} and shape {tuple(fake.shape)}"
        )


def _smallest(values: np.ndarray, k: int) -> np.ndarray:
    """Returns the columns of the k smallest values in each row, in ascending order.

    The first of equal values comes first, which `np.argpartition` does not promise.
    """
    values, columns = values.copy(), np.empty((len(values), k), int)
    for place in range(k):
        columns[:, place] = values.argmin(axis=1)
        np.put_along_axis(values, columns[:, place : place + 1], np.inf, axis=1)
    return columns


def _ordered(real: np.ndarray, fake: np.ndarray, indices: np.ndarray) -> Neighbors:
    """Returns the neighbours by their exact distances, which have no rounding of sums."""
    distances = np.empty(indices.shape)
    for rows, block in centered_blocks(fake, np.zeros(1), BLOCK):
        for place in range(indices.shape[1]):
            other = real[indices[rows, place]].reshape(len(block), -1)
            distances[rows, place] = np.linalg.norm(block - other, axis=1)
    order = np.argsort(distances, axis=1, kind="stable")
    return Neighbors(
        np.take_along_axis(indices, order, axis=1),
        np.take_along_axis(distances, order, axis=1),
    )
