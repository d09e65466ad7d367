"""The layout of a grid of samples: rows, and conditions and latents of the cells."""

import warnings

import numpy as np

from kgan.data import map_conditions, parts_of
from kgan.models.gan import GAN
from kgan.types import Tensors

# More rows than these are too small to look at.
_MAX_ROWS = 16


def row_count(gan: GAN, rows: int | None) -> int:
    """Returns the number of rows: `rows`, or one per class, or 8 without classes."""
    if rows is not None:
        return rows
    if gan.conditions.are_labels:
        return min(gan.num_classes or 1, _MAX_ROWS)
    return 8


def cell_conditions(gan: GAN, rows: int, columns: int) -> Tensors | None:
    """Returns the conditions of each cell, the same along a row; None without any.

    The rows have the classes from 0 on, or the conditions of the first real samples.
    """
    if not gan.conditions:
        return None
    if gan.conditions.are_labels:
        classes = gan.num_classes or 1
        return np.repeat(np.arange(rows) % classes, columns).astype("int32")
    given = gan.real_conditions
    assert given is not None and gan.real_samples is not None
    # Without latents, all samples of one condition are equal.
    numbers = (
        np.repeat(np.arange(rows), columns)
        if gan.latent_dim
        else np.arange(rows * columns)
    )
    chosen = numbers % len(gan.real_samples)
    return map_conditions(lambda x: x[chosen], given)


def cell_latents(gan: GAN, rows: int, columns: int, seed: int) -> np.ndarray | None:
    """Returns latents `(rows * columns, latent_dim)`; rows of conditions share them.

    None for a generator without latents.
    """
    if not gan.latent_dim:
        return None
    if not gan.conditions:
        return gan.noise.sample((rows * columns, gan.latent_dim), seed=seed)
    latents = gan.noise.sample((columns, gan.latent_dim), seed=seed)
    return np.tile(latents, (rows, 1))


def draw(gan: GAN, latents: np.ndarray | None, conditions: Tensors | None) -> np.ndarray:
    """Returns the samples of all cells, a float32 array `(n, ...)`."""
    return gan.sample(z=latents, conditions=conditions)


def are_drawable(samples: np.ndarray, callback: str, step: int) -> bool:
    """Whether samples are finite; a warning if not, since a picture would be black.

    Args:
        samples: Array `(n, ...)`.
        callback: Name of the callback, for the warning.
        step: Int, number of steps that are done, for the warning.
    """
    if np.isfinite(samples).all():
        return True
    warnings.warn(
        f"The samples after {step:,} steps are NaN or infinite, so {callback} draws no "
        "grid of them.",
        stacklevel=3,
    )
    return False


def arrange_reals(gan: GAN, wanted: Tensors | None, columns: int) -> np.ndarray:
    """Returns a uint8 real sample for each cell; cells without one are white.

    Args:
        gan: The GAN, whose `real_samples` are arranged.
        wanted: The conditions of the cells, see `cell_conditions`; None for the samples
            in their order. Cells of a label have samples with this label. With other
            conditions, the sample of these conditions is the first of its row.
        columns: Int, cells in a row.
    """
    assert gan.real_samples is not None
    samples, given = gan.sample_range.to_uint8(gan.real_samples), gan.real_conditions
    if wanted is None or given is None:
        return samples
    count = len(parts_of(wanted)[0])
    cells = np.full((count, *samples.shape[1:]), 255, "uint8")
    if gan.conditions.are_labels:
        for label in np.unique(wanted):
            places, found = np.flatnonzero(wanted == label), samples[given == label]
            cells[places[: len(found)]] = found[: len(places)]
    else:
        places = np.arange(0, count, columns if gan.latent_dim else 1)
        cells[places] = samples[np.arange(len(places)) % len(samples)]
    return cells
