"""Distances and kernels between the rows of two arrays.

All metrics that compare pairs of samples use these functions. Each computes in float64
and, where there may be many rows, in blocks of rows.
"""

from collections.abc import Iterator

import numpy as np

# Rows of each array in one block of distances.
BLOCK = 256
# Rounding may change a squared distance by this share of the squares of both rows. A
# caller that must treat equal rows as equal moves all distances by that share.
ROUNDING = 1e-12


def centered_blocks(
    x: np.ndarray, center: np.ndarray, size: int = BLOCK
) -> Iterator[tuple[slice, np.ndarray]]:
    """Yields blocks of rows in float64, with a center subtracted.

    Args:
        x: Array `(n, d)`, or samples `(n, ...)` of d values each, also on disk.
        center: float64 `(d,)`.
        size: Int, rows in a block.

    Yields:
        Pairs of a slice of rows and the block of these rows.
    """
    for start in range(0, len(x), size):
        rows = slice(start, start + size)
        block = x[rows]
        yield rows, block.reshape(len(block), -1) - center


def middle(x: np.ndarray) -> np.ndarray:
    """Returns a point in the middle of samples, float64 `(d,)`: a center for distances.

    Args:
        x: Samples, see `centered_blocks`.
    """
    some = x[:: max(1, len(x) // BLOCK)]
    # Outliers move a mean, and hardly move a median.
    return np.median(some.reshape(len(some), -1).astype("float64"), axis=0)


def squared_distances(
    a: np.ndarray, b: np.ndarray, center: np.ndarray, shift: float = 0.0
) -> Iterator[tuple[slice, np.ndarray]]:
    """Yields the squared distances of blocks of rows of `a` to all rows of `b`.

    Args:
        a: Samples of d values each, see `centered_blocks`.
        b: Samples of d values each.
        center: float64 `(d,)`, subtracted from all rows. Rows far from 0 would lose
            their digits to rounding, so choose a point in the middle of the rows.
        shift: Float, the share of the squares of both rows to add to each distance:
            `ROUNDING` makes each distance a little too long, `-ROUNDING` too short.

    Yields:
        Pairs of a slice of rows of `a` and their squared distances, `(rows, m)`. The
        next step overwrites the array.
    """
    memory = np.empty((min(BLOCK, len(a)), len(b)))
    for rows, block in centered_blocks(a, center):
        squares = memory[: len(block)]
        for columns, other in centered_blocks(b, center):
            np.matmul(-2 * block, other.T, out=squares[:, columns])
            squares[:, columns] += (1 + shift) * (other * other).sum(axis=1)
        squares += (1 + shift) * (block * block).sum(axis=1)[:, None]
        yield rows, squares


def distances(x: np.ndarray) -> np.ndarray:
    """Returns the distances of each row to each row; equal rows have distance 0.

    Args:
        x: Array `(n, d)`.

    Returns:
        float64 `(n, n)`.
    """
    x = x.astype("float64")
    blocks = squared_distances(x, x, x.mean(axis=0), -ROUNDING)
    squares = np.concatenate([squares.copy() for _, squares in blocks])
    return np.sqrt(np.maximum(squares, 0))


def cubic_kernel(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Returns the kernel `(x . y / d + 1)^3` of each row x of `a` and y of `b`.

    Args:
        a: float64 `(n, d)`.
        b: float64 `(m, d)`.

    Returns:
        float64 `(n, m)`.
    """
    return (a @ b.T / a.shape[1] + 1) ** 3
