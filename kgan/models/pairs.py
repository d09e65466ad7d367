"""Data of pairs, sources and targets, as `kgan.GAN` takes them: the targets first."""

from collections.abc import Iterator
from typing import Any

import keras
import numpy as np

from kgan import checks
from kgan.data import Batches, Store
from kgan.data.prepare import with_batches
from kgan.types import ArrayLike, Data


def targets_first(x: Data, y: ArrayLike | None) -> tuple[Data, ArrayLike | None]:
    """Returns `(samples, conditions)` for `kgan.GAN.fit`: targets and their sources.

    Args:
        x: Sources, a pair `(sources, targets)`, a dataset of batches of pairs, or
            `kgan.data.Batches`, which have the targets first already.
        y: Targets of an array of sources.

    Raises:
        ValueError: If the data is no pairs.
    """
    if y is not None:
        return y, x
    if isinstance(x, tuple | list) and len(x) == 2:
        return x[1], x[0]
    if x is None or isinstance(x, Batches):
        return x, None
    if isinstance(x, Store) or hasattr(x, "__array__"):
        raise ValueError(
            "A translator trains on pairs: pass sources and targets, `fit(x, y)`. "
            f"Received: x of shape {x.shape} and y=None"
        )
    if isinstance(x, keras.utils.PyDataset):
        return _TargetsFirst(x), None
    if hasattr(x, "element_spec"):  # A `tf.data.Dataset`.
        return x.map(lambda *batch: _exchanged(batch)), None
    if hasattr(x, "collate_fn"):  # A `DataLoader` of PyTorch.
        return with_batches(x, _exchanged), None
    if isinstance(x, Iterator):
        return map(_exchanged, x), None
    raise ValueError(
        "`x` must be an array, a pair of arrays, `kgan.data.PairBatches`, a "
        "`tf.data.Dataset`, a `keras.utils.PyDataset`, a `DataLoader` or a generator. "
        f"{checks.received(x=x)}"
    )


def _exchanged(batch: Any) -> tuple[Any, Any]:
    """Returns the targets and the sources of a batch `(sources, targets)`."""
    if not isinstance(batch, tuple | list) or len(batch) != 2:
        kind = type(batch).__name__
        is_tuple = isinstance(batch, tuple | list)
        parts = f" with {checks.counted(len(batch), 'part')}" if is_tuple else ""
        raise ValueError(
            "`x` must yield pairs, (sources, targets). "
            f"Received: x that yields {kind}{parts}"
        )
    source, target = batch
    return target, source


class _TargetsFirst(keras.utils.PyDataset):
    """A dataset with the parts of each batch exchanged.

    Args:
        dataset: A `keras.utils.PyDataset` of pairs `(sources, targets)`.
    """

    def __init__(self, dataset: keras.utils.PyDataset):
        super().__init__(
            dataset.workers, dataset.use_multiprocessing, dataset.max_queue_size
        )
        self.dataset = dataset

    def __len__(self) -> int:
        return len(self.dataset)

    def __getitem__(self, index: int) -> tuple[Any, Any]:
        return _exchanged(self.dataset[index])

    def on_epoch_begin(self) -> None:
        self.dataset.on_epoch_begin()

    def on_epoch_end(self) -> None:
        self.dataset.on_epoch_end()


def like(pictures: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Returns pictures with the channels and the size of other pictures, for grids.

    Grey becomes colour, and colour grey. An alpha channel is left out or is opaque.
    Smaller pictures are enlarged by whole factors.

    Args:
        pictures: Float array `(n, height, width, channels)`.
        others: Float array `(m, height, width, channels)`.
    """
    colours, alpha = divmod(others.shape[-1] - 1, 2)
    found = pictures[..., :3] if pictures.shape[-1] > 2 else pictures[..., :1]
    if colours and found.shape[-1] == 1:
        found = np.repeat(found, 3, axis=-1)
    if not colours and found.shape[-1] == 3:
        found = found.mean(axis=-1, keepdims=True)
    if alpha:
        opaque = np.full((*found.shape[:-1], 1), others.max(), found.dtype)
        found = np.concatenate([found, opaque], axis=-1)
    for axis in (1, 2):
        found = np.repeat(found, max(1, others.shape[axis] // found.shape[axis]), axis)
    return found
