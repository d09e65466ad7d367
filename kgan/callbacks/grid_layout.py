"""The layout of a grid of samples: what its rows and cells show."""

import warnings
from typing import Any

import numpy as np

from kgan import checks
from kgan.data import map_conditions, parts_of
from kgan.types import ArrayLike, Tensors

# More rows than these are too small to look at.
_MAX_ROWS = 16
_ROWS = 8


class Layout:
    """What the cells of a grid show, chosen when training begins.

    Without conditions, each cell shows a sample of its own latents. With conditions, each
    row has one class, from 0 on, or the conditions of one real sample, and all rows have
    the same latents. The conditions of the rows may also be given. A model that
    translates pictures shows them side by side, in groups of cells, see
    `kgan.Translator.side_by_side`.

    Args:
        model: The `kgan.GAN`, or another `kgan.models.sampling.SamplingModel`.
        rows: Int, or None for one row per class, or for 8 without classes.
        columns: Int. Groups of cells fill the largest multiple of their size up to it.
        seed: Int, seed of the latents.
        latents: Float array `(rows * columns, latent_dim)` to use instead.
        given: The conditions of each row; None to choose them.

    Attributes:
        rows: Int.
        columns: Int.
    """

    def __init__(
        self,
        model: Any,
        rows: int | None,
        columns: int,
        seed: int,
        latents: ArrayLike | None = None,
        given: Tensors | None = None,
    ):
        self._model = model
        if model.group_size > 1 and not (latents is None and given is None):
            raise ValueError(
                "The grids of a model that translates show the pictures of `fit`, so "
                "there are no `latents` and no `conditions`. "
                f"{checks.received(latents=latents, conditions=given)}"
            )
        self._given = None if given is None else model.latents.given(given, None)
        self._group = model.group_size
        labelled = model.conditions.are_labels
        classes = min(model.num_classes or 1, _MAX_ROWS) if labelled else _ROWS
        self.rows = rows or (classes if given is None else _count(self._given))
        self.columns = max(1, columns // self._group) * self._group
        self.conditions = self._conditions()
        self.latents = self._draw_latents(seed) if latents is None else latents

    def _conditions(self) -> Tensors | None:
        """Returns the conditions of each cell; None without conditions."""
        model, count = self._model, self.rows * self.columns
        if not model.conditions or self._group > 1:
            return None
        if self._given is not None:
            chosen = np.arange(count) // self.columns % _count(self._given)
            return map_conditions(lambda x: x[chosen], self._given)
        # Without latents, all samples of one condition are equal.
        numbers = np.arange(count) // (self.columns if model.latent_dim else 1)
        if model.conditions.are_labels:
            return (numbers % model.num_classes).astype("int32")
        chosen = numbers % len(model.real_samples)
        return map_conditions(lambda x: x[chosen], model.real_conditions)

    def _draw_latents(self, seed: int) -> np.ndarray | None:
        """Returns latents `(rows * columns, latent_dim)`; rows of conditions share them.

        None for a generator without latents.
        """
        model = self._model
        if not model.latent_dim or self._group > 1:
            return None
        if self.conditions is None:
            shape = (self.rows * self.columns, model.latent_dim)
            return model.noise.sample(shape, seed=seed)
        latents = model.noise.sample((self.columns, model.latent_dim), seed=seed)
        return np.tile(latents, (self.rows, 1))

    def draw(self) -> np.ndarray:
        """Returns the samples of all cells, a float32 array `(n, ...)`."""
        if self._group == 1:
            return self._model.sample(z=self.latents, conditions=self.conditions)
        groups = self._model.side_by_side(self.rows * self.columns // self._group)
        return groups.reshape(-1, *groups.shape[2:])

    def reals(self) -> np.ndarray | None:
        """Returns a uint8 real sample for each cell; cells without one are white.

        Cells of a label have samples with this label. With other conditions, the sample
        of these conditions is the first of its row. Conditions that were given have no
        real samples, so all cells have any. None if there are no samples, or the grids
        show them already.
        """
        model = self._model
        if model.real_samples is None or self._group > 1:
            return None
        samples, given = model.sample_range.to_uint8(model.real_samples), self.conditions
        if given is None or self._given is not None:
            return samples
        count = _count(given)
        cells = np.full((count, *samples.shape[1:]), 255, "uint8")
        if model.conditions.are_labels:
            for label in np.unique(given):
                places = np.flatnonzero(given == label)
                found = samples[model.real_conditions == label]
                cells[places[: len(found)]] = found[: len(places)]
        else:
            places = np.arange(0, count, self.columns if model.latent_dim else 1)
            cells[places] = samples[np.arange(len(places)) % len(samples)]
        return cells


def _count(conditions: Tensors) -> int:
    """Returns the number of samples that have these conditions."""
    return len(parts_of(conditions)[0])


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
