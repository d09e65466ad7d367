"""What grids of samples are drawn from."""

from typing import Any

import numpy as np

# More rows than that are too small to look at.
_MOST = 16


def rows_of(model: Any, asked: int | None) -> int:
    """Returns how many rows a grid has: those asked for, one per class, or 8."""
    if asked is not None:
        return asked
    return 8 if model.num_classes is None else min(model.num_classes, _MOST)


def labels_of(model: Any, rows: int, columns: int) -> np.ndarray | None:
    """Returns one label per cell, the same along a row; None without conditions."""
    if model.num_classes is None:
        return None
    return np.repeat(np.arange(rows) % model.num_classes, columns).astype("int32")


def latents_of(model: Any, rows: int, columns: int, seed: int) -> np.ndarray:
    """Returns latents `(rows * columns, latent_dim)`, alike in all rows of classes."""
    if model.num_classes is None:
        return model.noise.sample((rows * columns, model.latent_dim), seed=seed)
    latents = model.noise.sample((columns, model.latent_dim), seed=seed)
    return np.tile(latents, (rows, 1))


def by_class(
    samples: np.ndarray, labels: np.ndarray | None, wanted: np.ndarray | None
) -> np.ndarray:
    """Returns samples of the wanted label in each cell, white where there is none.

    Args:
        samples: Array `(n, ...)`.
        labels: Ints `(n,)`; None without conditions, for the samples as they are.
        wanted: Ints, one per cell.
    """
    if labels is None or wanted is None:
        return samples
    cells = np.ones((len(wanted), *samples.shape[1:]), samples.dtype)
    if samples.dtype == np.uint8:
        cells *= 255
    for label in np.unique(wanted):
        places, found = np.flatnonzero(wanted == label), samples[labels == label]
        cells[places[: len(found)]] = found[: len(places)]
    return cells
