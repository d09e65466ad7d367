"""The layout of a grid of samples: rows, and the labels and latents of the cells."""

import warnings

import numpy as np

from kgan.models.gan import GAN

# More rows than these are too small to look at.
_MAX_ROWS = 16


def row_count(gan: GAN, rows: int | None) -> int:
    """Returns the number of rows: `rows`, or one per class, or 8 without classes."""
    if rows is not None:
        return rows
    return 8 if gan.num_classes is None else min(gan.num_classes, _MAX_ROWS)


def cell_labels(gan: GAN, rows: int, columns: int) -> np.ndarray | None:
    """Returns one label per cell, the same along a row; None without conditions."""
    if gan.num_classes is None:
        return None
    return np.repeat(np.arange(rows) % gan.num_classes, columns).astype("int32")


def cell_latents(gan: GAN, rows: int, columns: int, seed: int) -> np.ndarray:
    """Returns latents `(rows * columns, latent_dim)`; rows of classes share them."""
    if gan.num_classes is None:
        return gan.noise.sample((rows * columns, gan.latent_dim), seed=seed)
    latents = gan.noise.sample((columns, gan.latent_dim), seed=seed)
    return np.tile(latents, (rows, 1))


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


def arrange_by_label(
    samples: np.ndarray, labels: np.ndarray | None, wanted: np.ndarray | None
) -> np.ndarray:
    """Returns a sample with the wanted label for each cell; cells without one are white.

    Args:
        samples: uint8 array `(n, ...)`.
        labels: Ints `(n,)`; None without conditions, for the samples in their order.
        wanted: Ints, one label per cell; or None, for the samples in their order.
    """
    if labels is None or wanted is None:
        return samples
    cells = np.full((len(wanted), *samples.shape[1:]), 255, "uint8")
    for label in np.unique(wanted):
        places, found = np.flatnonzero(wanted == label), samples[labels == label]
        cells[places[: len(found)]] = found[: len(places)]
    return cells
