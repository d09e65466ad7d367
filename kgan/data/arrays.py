"""Arrays and data sets in memory, as samples or as pictures to make alike."""

import itertools
from collections.abc import Iterator
from typing import Any

import numpy as np
from PIL import Image

from kgan.data.checks import whole_labels
from kgan.data.collect import Data, read
from kgan.data.options import Options
from kgan.data.pictures import MODES
from kgan.data.sources import Entry
from kgan.data.store import Store


class Rows:
    """Arrays of one picture each, as entries.

    Args:
        rows: Callable that returns an iterator over pairs of uint8
            `(height, width, channels)` and a label, or None.
    """

    others, of_files = (), False

    def __init__(self, rows: Any):
        self.rows = rows

    def __iter__(self) -> Iterator[Entry]:
        for number, (pixels, label) in enumerate(self.rows()):
            yield Entry(str(number), lambda pixels=pixels: to_image(pixels), label)


def to_image(pixels: Any) -> Image.Image:
    """Returns a picture of uint8 `(height, width, channels)`."""
    pixels = np.asarray(pixels)
    return Image.fromarray(pixels[..., 0] if pixels.shape[-1] == 1 else pixels)


def of_arrays(samples: Any, labels: Any, options: Options, argument: str) -> Data:
    """Returns data of arrays, changed only where the options ask for it.

    Raises:
        ValueError: If they are no samples, or no pictures and shall be changed.
    """
    labels = None if options.labels == "none" else labels
    samples, labels = standardize(samples, labels, argument)
    if not options.changes_arrays:
        return Data(samples, labels)
    if not _are_pictures(samples.dtype, samples.shape[1:]):
        raise ValueError(
            "`size`, `channels` and `flip` are for pictures: uint8 of shape (n, height, "
            f"width, channels). Received: {argument} of dtype {samples.dtype} and shape "
            f"{samples.shape}"
        )
    given = itertools.repeat(None) if labels is None else labels
    return read(Rows(lambda: zip(samples, given, strict=False)), options, argument)


def standardize(
    samples: Any, labels: Any, argument: str
) -> tuple[Any, np.ndarray | None]:
    """Returns uint8 or float32 samples, and int64 labels or None.

    Raises:
        ValueError: If they are no such things.
    """
    samples = _samples(samples, argument)
    return samples, None if labels is None else whole_labels(labels, len(samples))


def _samples(samples: Any, argument: str) -> Any:
    try:
        samples = samples if isinstance(samples, Store) else np.asarray(samples)
    except ValueError:
        raise ValueError(
            f"Expected samples of one shape. Received: {argument} of several"
        ) from None
    if samples.ndim < 2 or samples.shape[0] == 0:
        raise ValueError(
            "Expected samples of shape (n, ...) with n at least 1. "
            f"Received: {argument} of shape {samples.shape}"
        )
    if isinstance(samples, Store):
        return samples
    if np.issubdtype(samples.dtype, np.floating):
        return samples.astype("float32", copy=False)
    if samples.dtype == np.uint8:
        return samples[..., None] if samples.ndim == 3 else samples
    raise ValueError(
        "Expected uint8 pixels or float samples. "
        f"Received: {argument} of dtype {samples.dtype}"
    )


def of_dataset(dataset: Any, options: Options, argument: str) -> Data:
    """Returns data of what yields samples, or batches of them, with or without labels.

    Args:
        dataset: A `tf.data.Dataset` or a `keras.utils.PyDataset`.
        options: How pictures are made alike.
        argument: What it is called in errors.

    Raises:
        ValueError: If it has no end, or nothing in it.
    """
    _refuse_endless(dataset, argument)
    batched = _yields_batches(dataset, argument)

    def rows() -> Iterator[tuple[Any, Any]]:
        for element in _elements(dataset):
            x, y = _pair(element, argument)
            y = None if options.labels == "none" else y
            if not batched:
                x, y = x[None], None if y is None else y[None]
            yield from zip(_batch(x, argument), _flat(y, len(x), argument), strict=False)

    first = next(rows(), None)
    if first is None:
        raise ValueError(f"There is nothing in it. Received: {argument}={dataset!r}")
    if _are_pictures(first[0].dtype, first[0].shape):
        return read(Rows(rows), options, argument)
    samples, labels = zip(*rows(), strict=True)
    return of_arrays(samples, None if labels[0] is None else labels, options, argument)


def _batch(x: np.ndarray, argument: str) -> np.ndarray:
    if _are_pictures(x.dtype, x.shape):
        raise ValueError(
            "It yields single samples, not batches, or grey pictures that need an axis "
            f"of channels. Received: {argument} that yields shape {x.shape}"
        )
    # Grey pictures may have none otherwise.
    return x[..., None] if x.ndim == 3 and x.dtype == np.uint8 else x


def _elements(dataset: Any) -> Iterator[Any]:
    if hasattr(dataset, "as_numpy_iterator"):
        return dataset.as_numpy_iterator()
    return (dataset[i] for i in range(len(dataset)))


def _refuse_endless(dataset: Any, argument: str) -> None:
    endless = (
        int(dataset.cardinality()) == -1
        if hasattr(dataset, "cardinality")
        else dataset.num_batches is None
    )
    if endless:
        raise ValueError(
            "It has no end: take a part of it, or pass it to `fit` with "
            f"`steps_per_epoch`. Received: {argument}={dataset!r}"
        )


def _pair(element: Any, argument: str) -> tuple[np.ndarray, np.ndarray | None]:
    parts = element if isinstance(element, tuple | list) else (element,)
    if len(parts) > 2 or isinstance(parts[0], dict):
        found = f"{len(parts)} parts" if len(parts) > 2 else f"keys {sorted(parts[0])}"
        raise ValueError(
            "Expected samples, or pairs (samples, labels). "
            f"Received: {argument} that yields {found}"
        )
    x, y = (*parts, None)[:2]
    return np.asarray(x), None if y is None else np.asarray(y)


def _flat(y: np.ndarray | None, count: int, argument: str) -> Any:
    if y is None:
        return itertools.repeat(None)
    if y.size != count:
        raise ValueError(
            "Expected one int for each sample as its label, not one-hot vectors. "
            f"Received: {argument} that yields labels of shape {y.shape}"
        )
    return y.reshape(count)


def _yields_batches(dataset: Any, argument: str) -> bool:
    if not hasattr(dataset, "element_spec"):
        return True
    spec = dataset.element_spec
    spec = spec[0] if isinstance(spec, tuple) else spec
    shape = getattr(spec, "shape", None)
    if isinstance(spec, dict) or shape is None or shape.rank is None:
        raise ValueError(
            "Expected a data set of samples, or of pairs (samples, labels), of known "
            f"rank. Received: {argument} that yields {dataset.element_spec}"
        )
    # Pictures of unknown height rather than batches of grey ones, 1 to 4 pixels wide.
    if shape.rank == 1 or _are_pictures(spec.dtype.as_numpy_dtype, tuple(shape)):
        return False
    if shape.rank == 4 or (shape.rank and shape[0] is None):
        return True
    raise ValueError(
        "These may be samples or batches of them: call `.batch(64)`, without "
        f"`drop_remainder`. Received: {argument} that yields shape {tuple(shape)}"
    )


def _are_pictures(dtype: Any, shape: tuple) -> bool:
    return dtype == np.uint8 and len(shape) == 3 and shape[-1] in MODES
